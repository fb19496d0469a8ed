import type { Entry, EntryName, Value } from '@doublehop/directory/entry';
import { Schema } from '@doublehop/directory/schema/schema';
import {
  effectiveRights,
  isVisible,
  mayDo,
  mayRead,
  readableParts,
  type Wish,
} from '@doublehop/domain-controller/ldap/access/access';
import { Decisions } from '@doublehop/domain-controller/ldap/access/decisions';
import { ControlRight } from '@doublehop/domain-controller/ldap/access/guids';
import {
  type EntrySource,
  isHeuristics,
  parseHeuristics,
} from '@doublehop/domain-controller/ldap/access/heuristics';
import { hasPrivilege } from '@doublehop/domain-controller/ldap/access/privileges';
import { isAdministrator, type Subject } from '@doublehop/domain-controller/ldap/access/subject';
import { checkValidated } from '@doublehop/domain-controller/ldap/access/validated-writes';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { parseSid, type Sid, withRid } from '@doublehop/security/sid';
import { describe, expect, it } from 'vitest';

const DOMAIN = parseSid('S-1-5-21-1-2-3');
const ME = withRid(DOMAIN, 1104);
const OTHER = withRid(DOMAIN, 1105);
const GROUP = withRid(DOMAIN, 1106);
const schema = new Schema();
const domain = {
  dn: 'DC=contoso,DC=com',
  dnsName: 'contoso.com',
  realm: 'CONTOSO.COM',
  netbiosName: 'CONTOSO',
  sid: DOMAIN,
  configurationDn: 'CN=Configuration,DC=contoso,DC=com',
  schemaDn: 'CN=Schema,CN=Configuration,DC=contoso,DC=com',
  siteName: 'Default-First-Site-Name',
  controllerName: 'DC',
  serverDn:
    'CN=DC,CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration,DC=contoso,DC=com',
  dsaDn:
    'CN=NTDS Settings,CN=DC,CN=Servers,CN=Default-First-Site-Name,CN=Sites,' +
    'CN=Configuration,DC=contoso,DC=com',
  dsaGuid: '11111111-2222-4333-8444-555555555555',
  invocationId: '11111111-2222-4333-8444-666666666666',
} as const;

interface Made {
  readonly sddl?: string;
  readonly values?: Readonly<Record<string, Value>>;
  readonly sid?: Sid;
  readonly type?: string;
  readonly id?: number;
  readonly parentId?: number;
  readonly descriptorId?: number;
}

/** An entry with a descriptor in SDDL; how often that is read is counted. */
function entry(
  made: Made,
): Entry & { readonly descriptorId: number; readonly reads: () => number } {
  let reads = 0;
  const values: Record<string, Value> = { ...made.values };
  if (made.sddl !== undefined) {
    values['nTSecurityDescriptor'] = encodeDescriptor(parseSddl(made.sddl, { domain: DOMAIN }));
  }
  const valueOf = (name: string): Value | undefined => {
    if (name === 'nTSecurityDescriptor') reads += 1;
    return values[name];
  };
  return {
    id: made.id ?? 2,
    parentId: made.parentId ?? 1,
    guid: '00000000-0000-0000-0000-000000000000',
    dn: 'CN=x',
    sid: made.sid ?? OTHER,
    structuralClass: made.type ?? 'computer',
    descriptorId: made.descriptorId ?? 0,
    isContextHead: values['instanceType'] === '13',
    values: (name) => [valueOf(name)].filter((value) => value !== undefined),
    valuesOf: ({ name }) => [valueOf(name)].filter((value) => value !== undefined),
    stretchOf: () => ({ values: [], isMore: false, isEmpty: true }),
    text: (name) => [valueOf(name)].find((value) => typeof value === 'string'),
    bytes: (name) => [valueOf(name)].find((value) => value instanceof Uint8Array),
    attributeNames: () => [],
    reads: () => reads,
  };
}

const withDescriptor = (sddl: string, sid?: Sid): Entry =>
  entry({ sddl, ...(sid === undefined ? {} : { sid }) });

/** A directory of a few entries, and its dSHeuristics. */
function source(heuristics = '', entries: readonly Entry[] = []): EntrySource {
  const service = entry({ values: { dSHeuristics: heuristics } });
  return {
    find(name: EntryName | string) {
      if (typeof name === 'string') {
        return name.startsWith('CN=Directory Service,') ? service : undefined;
      }
      return 'id' in name ? entries.find(({ id }) => id === name.id) : undefined;
    },
  };
}

function subject(extra: readonly Sid[] = [], from: EntrySource = source()): Subject {
  const token = { sids: new Set<Sid>([ME, GROUP, 'S-1-1-0', 'S-1-5-11', ...extra]) };
  const decisions = new Decisions({ source: from, schema, domain, token });
  return { sid: ME, token, administrator: isAdministrator(token, DOMAIN), decisions };
}

const me = subject();
const ADMINISTRATORS = 'S-1-5-32-544';
const administrator = subject([ADMINISTRATORS, withRid(DOMAIN, 512)]);

function attributeType(name: string) {
  const attribute = schema.attribute(name);
  if (attribute === undefined) throw new Error(`no ${name}`);
  return attribute;
}

function classType(name: string) {
  const type = schema.classType(name);
  if (type === undefined) throw new Error(`no ${name}`);
  return type;
}

const write = (name: string): Wish => ({ kind: 'write', attribute: attributeType(name) });

const RBCD = write('msDS-AllowedToActOnBehalfOfOtherIdentity');
const ATTRIBUTE = '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79';
const ACCOUNT_RESTRICTIONS = '4c164200-20c0-11d0-a768-00aa006e0529';
const COMPUTER = 'bf967a86-0de6-11d0-a285-00aa003049e2';
const USER = 'bf967aba-0de6-11d0-a285-00aa003049e2';

describe('isAdministrator', () => {
  it.each([
    ['S-1-5-32-544', true],
    [withRid(DOMAIN, 512), true],
    [withRid(DOMAIN, 519), true],
    [withRid(DOMAIN, 513), false],
    ['S-1-5-21-9-9-9-512', false],
    ['S-1-5-11', false],
  ] as const)('%s: %s', (sid, expected) => {
    expect(isAdministrator({ sids: new Set<Sid>([sid]) }, DOMAIN)).toBe(expected);
  });
});

describe('directory-semantics 2.10: who may write the RBCD attribute', () => {
  it.each([
    ['1. WP with the attribute', `(OA;;WP;${ATTRIBUTE};;${ME})`, true],
    ['1. WP with the property set', `(OA;;WP;${ACCOUNT_RESTRICTIONS};;${ME})`, true],
    ['1. WP with the class of the entry', `(OA;;WP;${COMPUTER};;${ME})`, true],
    ['1. WP with another class', `(OA;;WP;${USER};;${ME})`, false],
    ['1. WP with another attribute', `(OA;;WP;bf967950-0de6-11d0-a285-00aa003049e2;;${ME})`, false],
    ['1. WP with no type', `(A;;WP;;;${ME})`, true],
    ['1. WP with no type, in an object ACE', `(OA;;WP;;;${ME})`, true],
    ['1. GenericWrite', `(A;;GW;;;${ME})`, true],
    ['1. GenericAll', `(A;;GA;;;${ME})`, true],
    ['1. a group', `(A;;WP;;;${GROUP})`, true],
    ['1. somebody else', `(A;;WP;;;${OTHER})`, false],
    ['1. another right', `(A;;RPCRCCDCLC;;;${ME})`, false],
    ['1. a validated write', `(A;;SW;;;${ME})`, false],
    ['1. inheritance only', `(A;CIIO;WP;;;${ME})`, false],
    ['2. WriteDacl is another right', `(A;;WD;;;${ME})`, false],
    ['2. WriteOwner is another right', `(A;;WO;;;${ME})`, false],
    ['deny first', `(D;;WP;;;${GROUP})(A;;WP;;;${ME})`, false],
    ['deny of the attribute first', `(OD;;WP;${ATTRIBUTE};;${GROUP})(A;;WP;;;${ME})`, false],
    ['deny of the set first', `(OD;;WP;${ACCOUNT_RESTRICTIONS};;WD)(A;;GA;;;${ME})`, false],
    ['generic deny first', `(D;;GA;;;${GROUP})(A;;WP;;;${ME})`, false],
    ['deny of another right first', `(D;;RP;;;${GROUP})(A;;WP;;;${ME})`, true],
    ['allow first', `(A;;WP;;;${ME})(D;;WP;;;${GROUP})`, true],
    ['an empty DACL', '', false],
  ])('%s', (_what, aces, expected) => {
    expect(mayDo(me, withDescriptor(`O:BAD:${aces}`), RBCD)).toBe(expected);
  });

  it('2. WriteDacl and ownership let the descriptor be rewritten, WriteOwner its owner', () => {
    const dacl: Wish = { kind: 'writeDescriptor', flags: 4 };
    const owner: Wish = { kind: 'writeDescriptor', flags: 1 };
    expect(mayDo(me, withDescriptor(`O:BAD:(A;;WD;;;${ME})`), dacl)).toBe(true);
    expect(mayDo(me, withDescriptor(`O:BAD:(A;;WD;;;${ME})`), owner)).toBe(false);
    expect(mayDo(me, withDescriptor(`O:BAD:(A;;WO;;;${ME})`), dacl)).toBe(false);
    expect(mayDo(me, withDescriptor(`O:BAD:(A;;WO;;;${ME})`), owner)).toBe(true);
    expect(mayDo(me, withDescriptor(`O:${ME}D:(A;;RP;;;AU)`), dacl)).toBe(true);
    expect(mayDo(me, withDescriptor(`O:${ME}D:(A;;RP;;;AU)`), owner)).toBe(false);
    expect(mayDo(me, withDescriptor(`O:${GROUP}D:(D;;GA;;;WD)`), dacl)).toBe(true);
    expect(mayDo(me, withDescriptor(`O:${OTHER}D:(A;;RP;;;AU)`), dacl)).toBe(false);
  });

  it('2. an OWNER RIGHTS entry takes the place of what owning gives', () => {
    const dacl: Wish = { kind: 'writeDescriptor', flags: 4 };
    expect(mayDo(me, withDescriptor(`O:${ME}D:(A;;RC;;;OW)`), dacl)).toBe(false);
    expect(mayDo(me, withDescriptor(`O:${ME}D:(A;;WD;;;OW)`), dacl)).toBe(true);
    expect(mayDo(me, withDescriptor(`O:${ME}D:(A;CIIO;RC;;;OW)`), dacl)).toBe(true);
  });

  it('2. BlockOwnerImplicitRights: of computers, by those who administer no domain', () => {
    const dacl: Wish = { kind: 'writeDescriptor', flags: 4 };
    const blocking = source('00000000010000000002000000011');
    const owned = `O:${GROUP}D:(A;;RP;;;AU)`;
    expect(mayDo(subject([], blocking), entry({ sddl: owned }), dacl)).toBe(false);
    expect(mayDo(subject([], blocking), entry({ sddl: owned, type: 'user' }), dacl)).toBe(true);
    expect(mayDo(subject([withRid(DOMAIN, 512)], blocking), entry({ sddl: owned }), dacl)).toBe(
      true,
    );
    // Said outright, the right is there all the same.
    const explicit = `O:${GROUP}D:(A;;WD;;;${ME})`;
    expect(mayDo(subject([], blocking), entry({ sddl: explicit }), dacl)).toBe(true);
    expect(mayDo(subject([], blocking), entry({ sddl: explicit }), RBCD)).toBe(false);
  });

  it('3. SELF is the account itself', () => {
    const sddl = `O:BAD:(OA;CIOI;RPWP;${ATTRIBUTE};;PS)`;
    expect(mayDo(me, withDescriptor(sddl, ME), RBCD)).toBe(true);
    expect(mayDo(me, withDescriptor(sddl, OTHER), RBCD)).toBe(false);
    expect(mayDo(me, withDescriptor(sddl, ME), write('description'))).toBe(false);
    // A group's members are the group too.
    expect(mayDo(me, withDescriptor(sddl, GROUP), RBCD)).toBe(true);
    expect(mayDo(me, withDescriptor(`O:BAD:(D;;WP;;;PS)(A;;GA;;;${ME})`, ME), RBCD)).toBe(false);
    expect(mayDo(me, withDescriptor('O:BAD:', ME), RBCD)).toBe(false);
  });

  it('deny first: administrators too have what the descriptor gives', () => {
    expect(mayDo(administrator, withDescriptor('O:BAD:(D;;WP;;;DA)(A;;GA;;;BA)'), RBCD)).toBe(
      false,
    );
    expect(mayDo(administrator, withDescriptor('O:BAD:(A;;GA;;;BA)'), RBCD)).toBe(true);
    expect(mayDo(administrator, withDescriptor('O:DAD:(A;;RP;;;AU)'), RBCD)).toBe(false);
  });

  it('MS-ADTS 5.1.3.3.1: without a DACL, or with a NULL one, everybody may', () => {
    expect(mayDo(me, withDescriptor('O:BA'), RBCD)).toBe(true);
    expect(mayDo(me, withDescriptor('O:BAD:NO_ACCESS_CONTROL'), RBCD)).toBe(true);
  });
});

describe('other wishes', () => {
  const wishes: readonly (readonly [Wish, string])[] = [
    [{ kind: 'create', type: classType('computer') }, 'CC'],
    [{ kind: 'deleteChild', type: classType('computer') }, 'DC'],
    [{ kind: 'delete' }, 'SD'],
    [{ kind: 'deleteTree' }, 'DT'],
    [{ kind: 'resetPassword' }, 'CR'],
    [{ kind: 'validatedWrite', attribute: attributeType('servicePrincipalName') }, 'SW'],
    [{ kind: 'writeDescriptor', flags: 4 }, 'WD'],
    [{ kind: 'writeDescriptor', flags: 2 }, 'WO'],
    [write('nTSecurityDescriptor'), 'WDWO'],
  ];

  it('MS-ADTS 5.1.3.2: each has a right of its own', () => {
    for (const [wish, right] of wishes) {
      expect(mayDo(me, withDescriptor(`O:BAD:(A;;${right};;;${ME})`), wish)).toBe(true);
      for (const [, other] of wishes) {
        if (other.includes(right) || right.includes(other)) continue;
        expect(mayDo(me, withDescriptor(`O:BAD:(A;;${other};;;${ME})`), wish)).toBe(false);
      }
    }
  });

  it('MS-ADTS 5.1.3.2: children by the GUID of their class', () => {
    const computers = withDescriptor(`O:BAD:(OA;;CCDC;${COMPUTER};;${ME})`);
    for (const kind of ['create', 'deleteChild'] as const) {
      expect(mayDo(me, computers, { kind, type: classType('computer') })).toBe(true);
      expect(mayDo(me, computers, { kind, type: classType('user') })).toBe(false);
    }
  });

  it('MS-ADTS 5.1.3.3.4: control access rights by their GUID', () => {
    const one = withDescriptor(`O:BAD:(OA;;CR;${ControlRight.userForceChangePassword};;${ME})`);
    expect(mayDo(me, one, { kind: 'resetPassword' })).toBe(true);
    expect(mayDo(me, one, { kind: 'changePassword' })).toBe(false);
    const right = ControlRight.reanimateTombstones;
    expect(mayDo(me, one, { kind: 'control', right })).toBe(false);
    expect(
      mayDo(me, withDescriptor(`O:BAD:(OA;;CR;${right};;${ME})`), { kind: 'control', right }),
    ).toBe(true);
  });

  it('MS-ADTS 5.1.3.3.5: validated writes by their GUID', () => {
    const spn: Wish = { kind: 'validatedWrite', attribute: attributeType('servicePrincipalName') };
    const dns: Wish = { kind: 'validatedWrite', attribute: attributeType('dNSHostName') };
    const one = withDescriptor(`O:BAD:(OA;;SW;f3a64788-5306-11d1-a9c5-0000f80367c1;;PS)`, ME);
    expect(mayDo(me, one, spn)).toBe(true);
    expect(mayDo(me, one, dns)).toBe(false);
    const none: Wish = { kind: 'validatedWrite', attribute: attributeType('description') };
    expect(mayDo(me, withDescriptor(`O:BAD:(A;;SW;;;${ME})`), none)).toBe(false);
  });

  it('a descriptor that does not decode gives nothing', () => {
    const broken = entry({ values: { nTSecurityDescriptor: Uint8Array.of(1, 2, 3) }, sid: ME });
    expect(mayDo(me, broken, RBCD)).toBe(false);
    expect(mayDo(administrator, broken, RBCD)).toBe(false);
    expect(mayRead(administrator, broken, attributeType('cn'))).toBe(false);
  });

  it('MS-ADTS 5.1.3.3.1, 6.1.3.5: privileges for owner and SACL', () => {
    const closed = withDescriptor('O:SYD:');
    expect(mayDo(administrator, closed, { kind: 'writeDescriptor', flags: 1 })).toBe(true);
    expect(mayDo(administrator, closed, { kind: 'writeDescriptor', flags: 8 })).toBe(true);
    expect(mayDo(administrator, closed, { kind: 'writeDescriptor', flags: 4 })).toBe(false);
    expect(
      mayDo(me, withDescriptor('O:SYD:(A;;GA;;;WD)'), { kind: 'writeDescriptor', flags: 8 }),
    ).toBe(false);
  });
});

describe('privileges', () => {
  it.each([
    ['SeEnableDelegationPrivilege', ADMINISTRATORS, true],
    ['SeEnableDelegationPrivilege', 'S-1-5-11', false],
    ['SeMachineAccountPrivilege', 'S-1-5-11', true],
    ['SeRestorePrivilege', 'S-1-5-32-551', true],
    ['SeTakeOwnershipPrivilege', 'S-1-5-32-551', false],
    ['SeSecurityPrivilege', 'S-1-5-18', true],
  ] as const)('%s of %s: %s', (privilege, sid, expected) => {
    expect(hasPrivilege({ sids: new Set<Sid>([sid]) }, privilege)).toBe(expected);
  });
});

describe('MS-ADTS 3.1.1.4.3: reading', () => {
  const description = attributeType('description');
  const accountExpires = attributeType('accountExpires');

  it.each([
    ['RP', '(A;;RP;;;AU)', true, true],
    ['nothing', '', false, false],
    ['the property set', `(OA;;RP;${ACCOUNT_RESTRICTIONS};;AU)`, false, true],
    ['all but the property set', `(OD;;RP;${ACCOUNT_RESTRICTIONS};;AU)(A;;RP;;;AU)`, true, false],
    ['the class', `(OA;;RP;${COMPUTER};;AU)`, true, true],
    ['WP alone', '(A;;WP;;;AU)', false, false],
  ])('%s', (_what, aces, describes, expires) => {
    const one = withDescriptor(`O:BAD:${aces}`);
    expect(mayRead(me, one, description)).toBe(describes);
    expect(mayRead(me, one, accountExpires)).toBe(expires);
  });

  it('MS-ADTS 3.1.1.4.4: confidential attributes take CONTROL_ACCESS too', () => {
    const confidential = [...schema.attributes()].find((one) => (one.searchFlags & 128) !== 0);
    if (confidential === undefined) throw new Error('no confidential attribute');
    const guid = confidential.schemaIdGuid;
    const cases = [
      ['(A;;RP;;;AU)', false],
      ['(A;;RPCR;;;AU)', true],
      ['(A;;CR;;;AU)', false],
      [`(A;;RP;;;AU)(OA;;CR;${guid};;AU)`, true],
      [`(A;;RP;;;AU)(OA;;CR;${ControlRight.userChangePassword};;AU)`, false],
    ] as const;
    for (const [aces, expected] of cases) {
      expect(mayRead(me, withDescriptor(`O:BAD:${aces}`), confidential)).toBe(expected);
    }
  });

  it('MS-ADTS 3.1.1.4.4: an attribute made confidential is so for those who have read it', () => {
    const flags = description.searchFlags;
    const one = withDescriptor('O:BAD:(A;;RP;;;AU)');
    expect(mayRead(me, one, description)).toBe(true);
    schema.extend([{ ...description, searchFlags: flags | 128 }], []);
    expect(mayRead(me, one, description)).toBe(false);
    schema.extend([{ ...description, searchFlags: flags }], []);
    expect(mayRead(me, one, description)).toBe(true);
  });

  it('MS-ADTS 3.1.1.4.4: secrets are nobody’s; userPassword is one by dSHeuristics', () => {
    const open = withDescriptor('O:BAD:(A;;GA;;;WD)');
    expect(mayRead(administrator, open, attributeType('unicodePwd'))).toBe(false);
    const plain = attributeType('userPassword');
    expect(mayRead(me, open, plain)).toBe(true);
    expect(mayRead(subject([], source('000000001')), open, plain)).toBe(false);
  });

  it('parts of the descriptor: READ_CONTROL, and the SACL by a privilege', () => {
    expect(readableParts(me, withDescriptor('O:BAD:(A;;RC;;;AU)'))).toBe(7);
    expect(readableParts(me, withDescriptor('O:BAD:(A;;RP;;;AU)'))).toBe(0);
    expect(readableParts(me, withDescriptor(`O:${ME}D:`))).toBe(7);
    expect(readableParts(administrator, withDescriptor('O:SYD:'))).toBe(8);
    const type = attributeType('nTSecurityDescriptor');
    expect(mayRead(me, withDescriptor('O:BAD:(A;;RP;;;AU)'), type)).toBe(false);
    expect(mayRead(me, withDescriptor('O:BAD:(A;;RC;;;AU)'), type)).toBe(true);
  });
});

describe('MS-ADTS 5.1.3.3.6: visibility', () => {
  const see = (parentAces: string, ownAces: string, heuristics = ''): boolean => {
    const parent = entry({ sddl: `O:BAD:${parentAces}`, id: 1, parentId: 7, type: 'container' });
    const child = entry({ sddl: `O:BAD:${ownAces}`, id: 2, parentId: 1 });
    return isVisible(subject([], source(heuristics, [parent])), child);
  };

  it.each([
    ['LC of the parent', '(A;;LC;;;AU)', '', '', true],
    ['nothing of the parent', '(A;;RP;;;AU)', '(A;;GA;;;AU)', '', false],
    ['LO of both, out of the mode', '(A;;LO;;;AU)', '(A;;LO;;;AU)', '', false],
    ['LO of both', '(A;;LO;;;AU)', '(A;;LO;;;AU)', '001', true],
    ['LO of the parent', '(A;;LO;;;AU)', '(A;;RP;;;AU)', '001', false],
    ['LO of the entry', '(A;;RP;;;AU)', '(A;;LO;;;AU)', '001', false],
    ['LC of the parent in the mode', '(A;;LC;;;AU)', '', '001', true],
  ])('%s', (_what, parentAces, ownAces, heuristics, expected) => {
    expect(see(parentAces, ownAces, heuristics)).toBe(expected);
  });

  it('heads of naming contexts are always visible', () => {
    const parent = entry({ sddl: 'O:BAD:', id: 1, parentId: 0 });
    const head = entry({ sddl: 'O:BAD:', parentId: 1, values: { instanceType: '13' } });
    const other = entry({ sddl: 'O:BAD:', parentId: 1, values: { instanceType: '4' } });
    const from = source('', [parent]);
    expect(isVisible(subject([], from), parent)).toBe(true);
    expect(isVisible(subject([], from), head)).toBe(true);
    expect(isVisible(subject([], from), other)).toBe(false);
  });
});

describe('MS-ADTS 3.1.1.4.5.4 to 3.1.1.4.5.7: effective rights', () => {
  it('tells what may be written and made', () => {
    const aces = [
      `(OA;;WP;${ACCOUNT_RESTRICTIONS};;AU)`,
      `(OA;;SW;f3a64788-5306-11d1-a9c5-0000f80367c1;;AU)`,
      `(OA;;CC;${COMPUTER};;AU)(A;;WD;;;AU)`,
    ];
    const rights = effectiveRights(me, withDescriptor(`O:BAD:${aces.join('')}`));
    const may = (name: string) => rights.mayWrite(attributeType(name));
    expect(['accountExpires', 'servicePrincipalName', 'description', 'member'].map(may)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(rights.mayCreate(classType('computer'))).toBe(true);
    expect(rights.mayCreate(classType('user'))).toBe(false);
    expect(rights.descriptor).toBe(4);
    expect(effectiveRights(administrator, withDescriptor('O:SYD:')).descriptor).toBe(11);
  });
});

describe('decisions', () => {
  it('are made once for entries with one descriptor', () => {
    const asker = subject();
    const sddl = `O:BAD:(OA;;RP;${ACCOUNT_RESTRICTIONS};;AU)(OA;;WP;${ATTRIBUTE};;PS)`;
    const first = entry({ sddl, descriptorId: 5 });
    const second = entry({ sddl, descriptorId: 5, sid: ME });
    expect(mayRead(asker, first, attributeType('accountExpires'))).toBe(true);
    expect(mayRead(asker, second, attributeType('accountExpires'))).toBe(true);
    expect(first.reads()).toBe(1);
    expect(second.reads()).toBe(0);
    // What SELF is given is not mixed up.
    expect(mayDo(asker, first, RBCD)).toBe(false);
    expect(mayDo(asker, second, RBCD)).toBe(true);
    expect(mayDo(asker, first, RBCD)).toBe(false);
  });

  it('are shared with units of work, for a number never means another descriptor', () => {
    const asker = subject();
    const unit = { ...asker, decisions: asker.decisions.within(source()) };
    const written = entry({ sddl: 'O:BAD:(A;;GA;;;AU)', descriptorId: 9 });
    const later = entry({ sddl: 'O:BAD:(A;;GA;;;AU)', descriptorId: 9 });
    expect(mayDo(unit, written, RBCD)).toBe(true);
    expect(mayDo(asker, later, RBCD)).toBe(true);
    expect([written.reads(), later.reads()]).toEqual([1, 0]);
  });

  it('of containers are kept until something changes', () => {
    let revision = 1;
    const head = entry({ id: 1, sddl: 'O:BAD:(A;;LC;;;AU)', descriptorId: 3 });
    const closed = entry({ id: 1, sddl: 'O:BAD:', descriptorId: 4 });
    const changing: EntrySource = {
      find: (name) =>
        typeof name !== 'string' && 'id' in name ? (revision === 1 ? head : closed) : undefined,
      revision: () => revision,
    };
    const from = { ...subject(), decisions: subject().decisions.within(changing) };
    const child = entry({ sddl: 'O:BAD:', parentId: 1 });
    expect(isVisible(from, child)).toBe(true);
    expect(from.decisions.containers()).toBe(from.decisions.containers());
    revision = 2;
    expect(isVisible(from, child)).toBe(false);
  });
});

describe('MS-ADTS 6.1.1.2.4.1.2: dSHeuristics', () => {
  it('reads characters that are there, and "0" for others', () => {
    const none = parseHeuristics('');
    expect(Object.values(none).every((value) => value === false)).toBe(true);
    const all = parseHeuristics('00101020111000000002700000011');
    expect(Object.values(all).every((value) => value === true)).toBe(true);
    expect(parseHeuristics('000000002')).toEqual(none);
    expect(parseHeuristics('00000000010000000002000000022')).toEqual(none);
    // What means nothing means the safer value.
    expect(parseHeuristics('0000000001000000000200000009x')).toMatchObject({
      checkAddedAttributes: true,
      blockOwner: true,
    });
  });

  it.each([
    ['', true],
    ['001', true],
    ['0000000001', true],
    ['0000000000', false],
    ['00000000010000000002', true],
    ['00000000010000000001', false],
  ])('MS-ADTS 3.1.1.5.3.2: %j may be stored: %s', (value, expected) => {
    expect(isHeuristics(value)).toBe(expected);
  });
});

describe('MS-ADTS 3.1.1.5.3.1.1.4: the validated write of SPNs', () => {
  it('takes the name in _msdcs of the controller’s own DSA', () => {
    const writing = (spn: string, userAccountControl: string): (() => void) => {
      const values = { sAMAccountName: 'DC$', userAccountControl };
      const target = {
        entry: entry({ sddl: 'O:BAD:', type: 'computer', values }),
        structuralClass: 'computer',
        changes: [],
        domainHead: undefined,
      };
      const change = {
        operation: 'add',
        attribute: 'servicePrincipalName',
        values: [spn],
      } as const;
      return () => checkValidated(subject([]), target, change);
    };
    const own = `ldap/${domain.dsaGuid}._msdcs.contoso.com`;
    expect(writing(own, '8192')).not.toThrow();
    expect(writing(own, '4096')).toThrow(/validated write/);
    expect(writing(own.replace('1', '2'), '8192')).toThrow(/validated write/);
  });
});
