import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AceFlag, AceType, buildAce } from '../src/ace.ts';
import { FULL_CONTROL, mapGenericRights, Right } from '../src/access-mask.ts';
import { createDescriptor } from '../src/create-descriptor.ts';
import {
  Control,
  decodeDescriptor,
  encodeDescriptor,
  type SecurityDescriptor,
} from '../src/descriptor.ts';
import { parseGuid } from '../src/guid.ts';
import { formatSddl, parseSddl } from '../src/sddl.ts';
import { parseSid, withRid } from '../src/sid.ts';

const domain = parseSid('S-1-5-21-1-2-3');
const administrators = withRid(domain, 512);
const GROUP = parseGuid('bf967a9c-0de6-11d0-a285-00aa003049e2');
const NAME = 'bf967a0e-0de6-11d0-a285-00aa003049e2';
const OTHER = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const FULL = 'CCDCLCSWRPWPDTLOCRSDRCWDWO';

interface Given {
  readonly parent?: string;
  readonly creator?: string;
}

/** The descriptor of a group made by an administrator, as SDDL. */
function made({ parent, creator }: Given): string {
  const read = (text: string): SecurityDescriptor => parseSddl(text, { domain });
  const descriptor = createDescriptor({
    parent: parent === undefined ? undefined : read(parent),
    creator: creator === undefined ? undefined : read(creator),
    objectTypes: new Set([GROUP]),
    owner: administrators,
    group: administrators,
  });
  return formatSddl(decodeDescriptor(encodeDescriptor(descriptor)), { domain });
}

const AU = 'O:AUG:AUD:AI(A;;CC;;;AU)';

describe('ACEs of the parent (MS-DTYP 2.5.3.4.4)', () => {
  // Expectations of Samba's sec_descriptor.py (DaclDescriptorTests), which Windows meets: the ACE
  // of the parent, those that the group has of it, and those that it has not.
  const cases: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
    ['202: not inheritable', '(D;;WP;;;DU)(A;;RP;;;DU)', [], ['ID', 'WP', 'RP']],
    ['203: CI', '(D;CI;WP;;;DU)', ['(D;CIID;WP;;;DU)'], []],
    ['204: OI', '(D;OI;WP;;;DU)', ['(D;OIIOID;WP;;;DU)'], []],
    ['205: CI, property', `(OA;CI;WP;${NAME};;DU)`, [`(OA;CIID;WP;${NAME};;DU)`], []],
    ['206: OI, property', `(OA;OI;WP;${NAME};;DU)`, [`(OA;OIIOID;WP;${NAME};;DU)`], []],
    ['209: CREATOR OWNER', '(D;CI;WP;;;CO)', ['(D;ID;WP;;;AU)', '(D;CIIOID;WP;;;CO)'], []],
    ['CREATOR GROUP', '(D;CI;WP;;;CG)', ['(D;ID;WP;;;AU)', '(D;CIIOID;WP;;;CG)'], []],
    ['214: GA', '(A;CI;GA;;;DU)', [`(A;ID;${FULL};;;DU)`, '(A;CIIOID;GA;;;DU)'], []],
    ['215: IO goes', '(A;CIIO;WP;;;DU)', ['(A;CIID;WP;;;DU)'], ['(A;CIIOID;WP;;;DU)']],
    ['CI, OI', `(OA;CIOI;WP;${NAME};;DU)`, [`(OA;OICIID;WP;${NAME};;DU)`], []],
    ['CI, NP', `(OA;CINP;WP;${NAME};;DU)`, [`(OA;ID;WP;${NAME};;DU)`], []],
    ['OI, NP', `(OA;OINP;WP;${NAME};;DU)`, [], [NAME]],
    [
      'GA, this class',
      `(OA;CI;GA;;${GROUP};DA)`,
      [`(A;ID;${FULL};;;DA)`, `(OA;CIIOID;GA;;${GROUP};DA)`],
      [],
    ],
    ['GA, other class', `(OA;CI;GA;;${OTHER};DA)`, [`(OA;CIIOID;GA;;${OTHER};DA)`], ['(A;ID;']],
    [
      'GA, property, this class',
      `(OA;CI;GA;${NAME};${GROUP};DA)`,
      [`(OA;ID;${FULL};${NAME};;DA)`, `(OA;CIIOID;GA;${NAME};${GROUP};DA)`],
      [],
    ],
    [
      'GA, property, other class',
      `(OA;CI;GA;${NAME};${OTHER};DA)`,
      [`(OA;CIIOID;GA;${NAME};${OTHER};DA)`],
      ['(OA;ID;'],
    ],
    ['LC, this class', `(OA;CI;LC;;${GROUP};DA)`, [`(OA;CIID;LC;;${GROUP};DA)`], ['(A;ID;LC']],
    ['LC, other class', `(OA;CI;LC;;${OTHER};DA)`, [`(OA;CIIOID;LC;;${OTHER};DA)`], ['(A;ID;LC']],
    ['NP, GA, this class', `(OA;CINP;GA;;${GROUP};DA)`, [`(A;ID;${FULL};;;DA)`], [GROUP]],
    ['NP, GA, other class', `(OA;CINP;GA;;${OTHER};DA)`, [], ['ID', OTHER]],
    [
      'NP, GA, property',
      `(OA;CINP;GA;${NAME};${GROUP};DA)`,
      [`(OA;ID;${FULL};${NAME};;DA)`],
      [GROUP],
    ],
    ['NP, LC, this class', `(OA;CINP;LC;;${GROUP};DA)`, ['(A;ID;LC;;;DA)'], [GROUP]],
    ['NP, LC, other class', `(OA;CINP;LC;${NAME};${OTHER};DA)`, [], [NAME, OTHER]],
  ];
  it.each(cases)('%s', (_name, ace, present, absent) => {
    const text = made({ parent: `D:P${ace}`, creator: AU });
    for (const each of ['(A;;CC;;;AU)', ...present]) expect(text).toContain(each);
    for (const each of absent) expect(text).not.toContain(each);
    // Nothing but what was given and what is listed.
    expect(text.match(/\(/g)).toHaveLength(1 + present.length);
  });

  it('keep the bits of audits', () => {
    const parent = `D:S:(OU;CISA;GA;;${GROUP};WD)`;
    expect(made({ parent, creator: AU })).toBe(
      `${AU}S:AI(AU;IDSA;${FULL};;;WD)(OU;CIIOIDSA;GA;;${GROUP};WD)`,
    );
  });

  it('are not inherited by a protected list', () => {
    const parent = 'D:(A;CI;RP;;;AU)S:(AU;CISA;WP;;;WD)';
    expect(made({ parent, creator: 'D:P(A;;CC;;;AU)' })).toBe(
      'O:DAG:DAD:P(A;;CC;;;AU)S:AI(AU;CIIDSA;WP;;;WD)',
    );
    expect(made({ parent, creator: 'D:(A;;CC;;;AU)S:P' })).toBe(
      'O:DAG:DAD:AI(A;;CC;;;AU)(A;CIID;RP;;;AU)S:P',
    );
  });
});

describe('ACEs that are given (MS-DTYP 2.5.3.4.5)', () => {
  // sec_descriptor.py 210 to 217.
  it.each([
    ['201: as they are', AU, AU],
    ['210: inherited ones go', 'D:(D;CIIO;WP;;;CO)(A;ID;WP;;;AU)', 'O:DAG:DAD:(D;CIIO;WP;;;CO)'],
    ['211: CREATOR OWNER', 'D:(D;CI;WP;;;CO)', 'O:DAG:DAD:(D;;WP;;;DA)(D;CIIO;WP;;;CO)'],
    ['212: IO alone', 'D:(D;CIIO;WP;;;CO)', 'O:DAG:DAD:(D;CIIO;WP;;;CO)'],
    ['213: for nothing', 'D:(D;IO;WP;;;DA)', 'O:DAG:DAD:'],
    ['214: GA, CI', 'D:(A;CI;GA;;;DU)', `O:DAG:DAD:(A;;${FULL};;;DU)(A;CIIO;GA;;;DU)`],
    ['214: GA, CI, IO', 'D:(A;CIIO;GA;;;DU)', 'O:DAG:DAD:(A;CIIO;GA;;;DU)'],
    ['214: GA', 'D:(A;;GA;;;DU)', `O:DAG:DAD:(A;;${FULL};;;DU)`],
    ['214: GA, IO', 'D:(A;IO;GA;;;DU)', 'O:DAG:DAD:'],
    ['216: inherited, not protected', 'D:(D;ID;WP;;;AU)', 'O:DAG:DAD:'],
    ['217: inherited, protected', 'D:P(A;ID;WP;;;AU)', 'O:DAG:DAD:P(A;;WP;;;AU)'],
  ])('%s', (_name, creator, expected) => {
    expect(made({ creator })).toBe(expected);
    expect(made({ parent: 'D:P(A;;WPRPLCCCDCWDRCSD;;;DA)', creator })).toBe(expected);
  });

  it('come first, denied before allowed, regular before object ACEs (MS-ADTS 6.1.3.1)', () => {
    const parent = `D:(D;CI;RP;;;AU)(A;CI;LC;;;AU)(OA;CI;RP;${NAME};;AU)(A;CI;CC;;;AU)`;
    const creator = `D:(OD;;WP;${NAME};;DU)(D;;WP;;;DU)(OA;;WP;${NAME};;DU)(A;;WP;;;DU)`;
    expect(made({ parent, creator })).toBe(
      `O:DAG:DAD:AI(D;;WP;;;DU)(OD;;WP;${NAME};;DU)(A;;WP;;;DU)(OA;;WP;${NAME};;DU)` +
        `(D;CIID;RP;;;AU)(A;CIID;CC;;;AU)(A;CIID;LC;;;AU)(OA;CIID;RP;${NAME};;AU)`,
    );
  });

  it('stay in an order that is not canonical', () => {
    expect(made({ creator: 'D:(A;;WP;;;DU)(D;;WP;;;DU)' })).toBe(
      'O:DAG:DAD:(A;;WP;;;DU)(D;;WP;;;DU)',
    );
  });
});

describe('the rest of a descriptor', () => {
  it('with nothing given or inherited is the default of a token', () => {
    expect(made({})).toBe(`O:DAG:DAD:(A;;${FULL};;;DA)(A;;${FULL};;;SY)`);
    expect(made({ parent: 'D:(A;CI;RP;;;AU)' })).toBe('O:DAG:DAD:AI(A;CIID;RP;;;AU)');
  });

  it('keeps SECURITY_PRIVATE_OBJECT alone of resource manager bits (MS-ADTS 6.1.3.3)', () => {
    const creator = { ...parseSddl(AU), rmControl: 0xff };
    const control = creator.control | Control.rmControlValid | Control.serverSecurity;
    const request = { objectTypes: new Set([GROUP]), owner: domain, group: domain };
    const result = createDescriptor({ ...request, creator: { ...creator, control } });
    expect(result.rmControl).toBe(1);
    expect(result.control & Control.serverSecurity).toBe(0);
  });

  it('has the revision of directories', () => {
    const request = { objectTypes: new Set([GROUP]), owner: domain, group: domain };
    expect(createDescriptor({ ...request, creator: parseSddl(AU) }).dacl).toMatchObject({
      revision: 4,
    });
  });
});

describe('generic rights (MS-ADTS 6.1.3, GenericMapping)', () => {
  it.each([
    [Right.genericAll, FULL_CONTROL],
    [Right.genericRead, 0x2_0094],
    [Right.genericWrite, 0x2_0028],
    [Right.genericExecute, 0x2_0004],
    [Right.genericRead | Right.delete, 0x3_0094],
    [Right.createChild, Right.createChild],
  ])('%i', (mask, expected) => {
    expect(mapGenericRights(mask >>> 0)).toBe(expected);
  });
});

describe('any descriptor', () => {
  const trustees = ['S-1-3-0', 'S-1-3-1', 'S-1-5-11', 'S-1-5-21-1-2-3-1104'];
  const sid = fc.constantFrom(...trustees.map(parseSid));
  const guid = fc.option(fc.constantFrom(GROUP, parseGuid(OTHER), parseGuid(NAME)), {
    nil: undefined,
  });
  const ace = fc
    .record({
      type: fc.constantFrom(AceType.allowed, AceType.denied, AceType.allowedObject, AceType.audit),
      flags: fc.integer({ min: 0, max: 0x1f }),
      mask: fc.constantFrom(0x1000_0000, 0x8000_0000, 0x10, 0x100, 0xf01ff),
      sid,
      objectType: guid,
      inheritedObjectType: guid,
    })
    .map(({ objectType, inheritedObjectType, ...rest }) =>
      buildAce({
        ...rest,
        ...(objectType === undefined ? {} : { objectType }),
        ...(inheritedObjectType === undefined ? {} : { inheritedObjectType }),
      }),
    );
  const descriptor: fc.Arbitrary<SecurityDescriptor> = fc
    .tuple(fc.array(ace, { maxLength: 6 }), fc.boolean())
    .map(([aces, isProtected]) => ({
      control:
        Control.selfRelative | Control.daclPresent | (isProtected ? Control.daclProtected : 0),
      dacl: { revision: 4, aces },
    }));
  const request = {
    objectTypes: new Set([GROUP]),
    owner: administrators,
    group: withRid(domain, 513),
  };
  const bytes = (value: SecurityDescriptor): string =>
    Buffer.from(encodeDescriptor(value)).toString('hex');

  it('made again of itself under the same parent is the same', () => {
    fc.assert(
      fc.property(descriptor, descriptor, (parent, creator) => {
        const once = createDescriptor({ ...request, parent, creator });
        const again = createDescriptor({ ...request, parent, creator: once });
        expect(bytes(again)).toBe(bytes(once));
      }),
    );
  });

  it('has no effect that is generic, nobody’s, or handed on by no flag', () => {
    fc.assert(
      fc.property(descriptor, descriptor, (parent, creator) => {
        const { dacl } = createDescriptor({ ...request, parent, creator });
        if (dacl === undefined || dacl === 'null') throw new TypeError('no list');
        for (const each of dacl.aces) {
          const inheritOnly = (each.flags & AceFlag.inheritOnly) !== 0;
          const goesOn = (each.flags & (AceFlag.objectInherit | AceFlag.containerInherit)) !== 0;
          expect(inheritOnly && !goesOn).toBe(false);
          if (inheritOnly) continue;
          expect(mapGenericRights(each.mask)).toBe(each.mask);
          expect(each.sid).not.toMatch(/^S-1-3-[01]$/);
        }
      }),
    );
  });

  it('of a protected list has nothing of the parent', () => {
    fc.assert(
      fc.property(descriptor, descriptor, (parent, creator) => {
        const control = creator.control | Control.daclProtected;
        const isolated = { ...creator, control };
        expect(bytes(createDescriptor({ ...request, parent, creator: isolated }))).toBe(
          bytes(createDescriptor({ ...request, creator: isolated })),
        );
      }),
    );
  });
});
