import { AceFlag, AceType, buildAce } from '@doublehop/security/ace';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import type { Sid } from '@doublehop/security/sid';
import { describe, expect, test } from 'vitest';
import { lintDescriptor, lintSentence } from '../src/lint.ts';
import { decideS4U2Proxy } from '../src/s4u2proxy.ts';
import {
  domainComputers,
  listing,
  middles,
  proxyFacts,
  serverB,
  serverB2,
  withAces,
} from './scene.ts';

// What a KDC makes of each form of the attribute, measured on a Samba AD DC 4.22.6, beside what
// the lint says of it. SERVERB$ is in Domain Computers and in the group `middles`.

type Forms = readonly (readonly [
  form: string,
  descriptor: SecurityDescriptor | 'absent' | 'unparsable',
  granted: boolean,
  lints: readonly string[],
])[];

const CR = 0x100;
const ace = (sid: Sid, mask: number, flags = 0, type: number = AceType.allowed) =>
  buildAce({ type, mask, sid, flags });
const one = (...fields: Parameters<typeof ace>) => withAces([ace(...fields)]);
const deny = (sid: Sid, mask = CR) => ace(sid, mask, 0, AceType.denied);
const objectType = '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79';
const objectAce = buildAce({ type: AceType.allowedObject, mask: CR, sid: serverB, objectType });
const admins = 'S-1-5-32-544';

/** An entry for SERVERB$ that counts only for members of a group. */
const given = (entry: string, group: Sid): SecurityDescriptor =>
  parseSddl(`O:BAD:(${entry};;;${serverB};(Member_of {SID(${group})}))`);
const acesOf = ({ dacl }: SecurityDescriptor) =>
  dacl === undefined || dacl === 'null' ? [] : dacl.aces;

const FORMS: Forms = [
  ['absent', 'absent', false, []],
  ['unparsable bytes', 'unparsable', false, ['unparsable']],
  ['empty DACL', withAces([]), false, ['empty-dacl']],
  ['DACL not present', { control: 0x8000, owner: admins }, false, ['no-dacl']],
  [
    'owner without an ACE',
    { ...withAces([]), owner: serverB },
    false,
    ['empty-dacl', 'owner-only'],
  ],
  ['NULL DACL', { control: 0x8004, dacl: 'null' }, true, ['null-dacl']],
  ['A 0xF01FF', listing(serverB), true, []],
  ['A 0x100', one(serverB, CR), true, []],
  ['A 0xF31FFFFF', one(serverB, 0xf31fffff), true, []],
  ['A GA only', one(serverB, 0x10000000), false, ['generic-only']],
  ['A GW only', one(serverB, 0x40000000), false, ['generic-only']],
  ['A WP', one(serverB, 0x20), false, ['no-right']],
  ['A RP', one(serverB, 0x10), false, ['no-right']],
  ['Everyone', one('S-1-1-0', CR), true, ['everyone']],
  ['Authenticated Users', one('S-1-5-11', CR), true, ['authenticated-users']],
  ['NETWORK: not in the token of a Windows KDC', one('S-1-5-2', CR), false, []],
  ['Domain Computers', one(domainComputers, CR), true, []],
  ['a group that contains it', listing(middles), true, []],
  ['deny, then allow', withAces([deny(serverB), ace(serverB, CR)]), false, ['denied-before']],
  ['allow, then deny', withAces([ace(serverB, CR), deny(serverB)]), true, ['deny-after-allow']],
  ['deny a group, then allow', withAces([deny(middles), ace(serverB, CR)]), false, []],
  [
    'deny WP only, then allow',
    withAces([deny(serverB, 0x20), ace(serverB, CR)]),
    true,
    ['deny-without-right'],
  ],
  [
    'deny GA only, then allow',
    withAces([deny(serverB, 0x10000000), ace(serverB, CR)]),
    true,
    ['deny-without-right'],
  ],
  ['object ACE with the attribute', withAces([objectAce]), false, ['object-ace']],
  ['object ACE without', one(serverB, CR, 0, AceType.allowedObject), false, ['object-ace']],
  [
    'inherit-only (CIIO)',
    one(serverB, CR, AceFlag.containerInherit | AceFlag.inheritOnly),
    false,
    ['inherit-only'],
  ],
  ['CI alone', one(serverB, CR, AceFlag.containerInherit), true, []],
  ['ID alone', one(serverB, CR, AceFlag.inherited), true, []],
  ['SELF', one('S-1-5-10', CR), false, ['no-trustee']],
  ['OWNER RIGHTS', { ...one('S-1-3-4', CR), owner: serverB }, false, ['no-trustee']],
  ['no owner', { control: 0x8004, dacl: { revision: 4, aces: [ace(serverB, CR)] } }, true, []],
  ['an audit ACE', one(serverB, CR, 0, AceType.audit), false, ['audit-in-dacl']],
  [
    'everybody denied, then allow',
    withAces([deny('S-1-1-0'), ace(serverB, CR)]),
    false,
    ['denied-everybody'],
  ],
  ['condition on its group', given('XA;;CR', middles), true, ['conditional']],
  ['condition on another group', given('XA;;CR', serverB2), false, ['conditional']],
  ['condition, but GA only', given('XA;;GA', middles), false, ['generic-only']],
  [
    'deny if it is in its group, then allow',
    withAces([...acesOf(given('XD;;CR', middles)), ace(serverB, CR)]),
    false,
    ['conditional'],
  ],
  [
    'deny if it is in another group, then allow',
    withAces([...acesOf(given('XD;;CR', serverB2)), ace(serverB, CR)]),
    true,
    ['conditional'],
  ],
  ['the same twice', listing(serverB, serverB), true, ['duplicate']],
  ['another middle', listing(serverB2), false, []],
];

describe('MS-SFU 3.2.5.2.3, forms of msDS-AllowedToActOnBehalfOfOtherIdentity', () => {
  for (const [form, descriptor, granted, lints] of FORMS) {
    test(`${form}: ${granted ? 'granted' : 'refused'}`, () => {
      const decision = decideS4U2Proxy(proxyFacts({ target: { descriptor } }));
      expect(decision.allowed).toBe(granted);
      expect(lintDescriptor(descriptor).map((lint) => lint.id)).toEqual(lints);
    });
  }

  test('a condition is noted; a conditional deny does not hide a grant behind it', () => {
    const applicationData = Uint8Array.from([0x61, 0x72, 0x74, 0x78]);
    const conditional = (type: number) =>
      buildAce({ type, mask: CR, sid: serverB, applicationData });
    const sd = withAces([
      conditional(AceType.deniedCallback),
      conditional(AceType.allowedCallback),
      ace(serverB, CR),
    ]);
    expect(lintDescriptor(sd)).toMatchObject([
      { id: 'conditional', index: 0 },
      { id: 'conditional', index: 1 },
    ]);
  });
});

describe('lint sentences', () => {
  const nameOf = (sid: Sid): string => (sid === serverB ? 'CONTOSO\\SERVERB$' : sid);

  test('name the entry, counted from 1, and its trustee', () => {
    const [lint] = lintDescriptor(one(serverB, 0x10000000));
    expect(lint).toEqual({ id: 'generic-only', severity: 'ineffective', index: 0, sid: serverB });
    expect(lint === undefined ? '' : lintSentence(lint, nameOf)).toBe(
      'entry 1 (CONTOSO\\SERVERB$) has generic rights only, which a KDC does not expand',
    );
  });

  test('there is one for every finding', () => {
    const sentences = FORMS.flatMap(([, descriptor]) => lintDescriptor(descriptor)).map((lint) =>
      lintSentence(lint, nameOf),
    );
    expect(sentences.every((sentence) => /^(the descriptor|entry \d|being)/.test(sentence))).toBe(
      true,
    );
    expect(sentences).toContain(
      'being the owner grants CONTOSO\\SERVERB$ nothing: the owner needs an entry too',
    );
  });

  test('what grants too much is a danger', () => {
    const dangers = FORMS.flatMap(([, descriptor]) => lintDescriptor(descriptor))
      .filter((lint) => lint.severity === 'danger')
      .map((lint) => lint.id);
    expect(new Set(dangers)).toEqual(
      new Set(['null-dacl', 'everyone', 'authenticated-users', 'deny-after-allow']),
    );
  });
});
