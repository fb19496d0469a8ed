import type { LdapClient } from '@doublehop/ldap/client/client';
import type { ClientChange } from '@doublehop/ldap/client/types';
import { CONTROLS } from '@doublehop/ldap/oids';
import { decodeDescriptor, encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { decodeSid, type Sid } from '@doublehop/security/sid';
import { utf16le } from '@doublehop/wire/bytes';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ALICE,
  BASE,
  connectAs,
  connectTls,
  entriesOf,
  type RunningDomain,
  serverDn,
  SERVERS,
  startDomain,
  textsOf,
} from './support/domain.ts';

let domain: RunningDomain;
let administrator: LdapClient;
let alice: LdapClient;
let serverB: LdapClient;
let sids: { readonly alice: Sid; readonly bob: Sid; readonly serverB: Sid };

beforeAll(async () => {
  domain = await startDomain();
  administrator = await connectAs(domain, 'Administrator');
  alice = await connectAs(domain, 'alice');
  serverB = await connectAs(domain, 'SERVERB');
  const sidOf = (name: string): Sid => {
    const sid = domain.dc.accounts.byName(name)?.sid;
    if (sid === undefined) throw new Error(`no ${name}`);
    return sid;
  };
  sids = { alice: sidOf('alice'), bob: sidOf('bob'), serverB: sidOf('SERVERB$') };
});
afterAll(async () => {
  for (const client of [administrator, alice, serverB]) await client.close();
  await domain.close();
  expect(domain.defects).toEqual([]);
});

const RBCD = 'msDS-AllowedToActOnBehalfOfOtherIdentity';
const ATTRIBUTE = '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79';
const ACCOUNT_RESTRICTIONS = '4c164200-20c0-11d0-a768-00aa006e0529';
const COMPUTER = 'bf967a86-0de6-11d0-a285-00aa003049e2';
const COMPUTERS = `CN=Computers,${BASE}`;
const TARGET = `CN=TARGET,${SERVERS}`;
const SERVICE = `CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,${BASE}`;
const DENIED = { code: 'insufficientAccessRights' };

const replace = (attribute: string, ...values: (string | Uint8Array)[]): ClientChange => ({
  operation: 'replace',
  attribute,
  values,
});

const descriptor = (sddl: string): Uint8Array =>
  encodeDescriptor(parseSddl(sddl, { domain: domain.dc.domain.sid }));

const grant = (): ClientChange => replace(RBCD, descriptor(`O:BAD:(A;;0xf01ff;;;${sids.serverB})`));

/** Writes the parts of a descriptor that the flags name. */
async function putDescriptor(
  client: LdapClient,
  dn: string,
  sddl: string,
  flags: number,
): Promise<void> {
  const change = replace('nTSecurityDescriptor', descriptor(sddl));
  const control = { type: CONTROLS.sdFlags, critical: true };
  await client.modify(dn, [change], {
    controls: [{ ...control, value: Uint8Array.of(48, 3, 2, 1, flags) }],
  });
}

const owner = 1;
const dacl = 4;

/** The entry's own access list: the one given and nothing inherited. */
const putAces = (dn: string, aces: string): Promise<void> =>
  putDescriptor(administrator, dn, `D:P(A;;GA;;;DA)${aces}`, dacl);

async function outcome(change: Promise<unknown>): Promise<string> {
  try {
    await change;
    return 'success';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}

describe('directory-semantics 2.10: who may write the RBCD attribute, by LDAP', () => {
  beforeEach(async () => {
    await domain.dc.directory.remove(TARGET).catch(() => undefined);
    const entry = { objectClass: 'computer', sAMAccountName: 'TARGET$' };
    await administrator.add(TARGET, entry);
  });

  it.each([
    ['WP with the attribute', (sid: Sid) => `(OA;;WP;${ATTRIBUTE};;${sid})`, 'success'],
    ['WP with the set', (sid: Sid) => `(OA;;WP;${ACCOUNT_RESTRICTIONS};;${sid})`, 'success'],
    ['WP with no type', (sid: Sid) => `(A;;WP;;;${sid})`, 'success'],
    ['GenericWrite', (sid: Sid) => `(A;;GW;;;${sid})`, 'success'],
    ['GenericAll', (sid: Sid) => `(A;;GA;;;${sid})`, 'success'],
    ['WP of another', () => `(A;;WP;;;${sids.bob})`, 'insufficientAccessRights'],
    ['RP', (sid: Sid) => `(A;;RP;;;${sid})`, 'insufficientAccessRights'],
    ['deny first', (sid: Sid) => `(D;;WP;;;WD)(A;;GA;;;${sid})`, 'insufficientAccessRights'],
    ['nothing', () => '', 'insufficientAccessRights'],
  ] as const)('1. %s', async (_what, aces, expected) => {
    await putAces(TARGET, aces(sids.alice));
    await expect(outcome(alice.modify(TARGET, [grant()]))).resolves.toBe(expected);
  });

  it('2. WriteDacl leads there', async () => {
    await putAces(TARGET, `(A;;RPWD;;;${sids.alice})`);
    await expect(alice.modify(TARGET, [grant()])).rejects.toMatchObject(DENIED);
    await putDescriptor(alice, TARGET, `D:(A;;GA;;;${sids.alice})`, dacl);
    await alice.modify(TARGET, [grant()]);
  });

  it('2. WriteOwner leads there: to oneself, not to others', async () => {
    await putAces(TARGET, `(A;;RPWO;;;${sids.alice})`);
    await expect(putDescriptor(alice, TARGET, `O:${sids.bob}`, owner)).rejects.toMatchObject({
      code: 'constraintViolation',
      message: expect.stringMatching(/^0000051B: /),
    });
    await expect(
      putDescriptor(alice, TARGET, `D:(A;;GA;;;${sids.alice})`, dacl),
    ).rejects.toMatchObject(DENIED);
    await putDescriptor(alice, TARGET, `O:${sids.alice}`, owner);
    await putDescriptor(alice, TARGET, `D:(A;;GA;;;${sids.alice})`, dacl);
    await alice.modify(TARGET, [grant()]);
  });

  it('2. an owner may rewrite the access list, unless BlockOwnerImplicitRights', async () => {
    await putDescriptor(administrator, TARGET, `O:${sids.alice}`, owner);
    await putAces(TARGET, '');
    await administrator.modify(SERVICE, [replace('dSHeuristics', '00000000010000000002000000011')]);
    const own = `D:(A;;GA;;;${sids.alice})`;
    await expect(putDescriptor(alice, TARGET, own, dacl)).rejects.toMatchObject(DENIED);
    await administrator.modify(SERVICE, [replace('dSHeuristics')]);
    await putDescriptor(alice, TARGET, own, dacl);
    await alice.modify(TARGET, [grant()]);
  });

  it('3. every account may write its own, by what the domain hands down', async () => {
    await serverB.modify(serverDn('SERVERB'), [grant()]);
    await alice.modify(ALICE, [grant()]);
    await expect(serverB.modify(TARGET, [grant()])).rejects.toMatchObject(DENIED);
    await serverB.modify(serverDn('SERVERB'), [replace(RBCD)]);
    await alice.modify(ALICE, [replace(RBCD)]);
  });

  it('4. the creator of a computer keeps its account restrictions', async () => {
    const dn = `CN=MINE,${COMPUTERS}`;
    await alice.add(dn, machine('MINE'));
    await alice.modify(dn, [grant()]);
    await expect(serverB.modify(dn, [grant()])).rejects.toMatchObject(DENIED);
    const bytes = domain.dc.directory.get(dn).bytes('nTSecurityDescriptor') ?? new Uint8Array(0);
    const admins = `${domain.dc.domain.sid}-512`;
    expect(decodeDescriptor(bytes)).toMatchObject({ owner: admins, group: admins });
    await administrator.delete(dn);
  });

  it('5. who is delegated account restrictions on a unit', async () => {
    const unit = `OU=Delegated,${BASE}`;
    await administrator.add(unit, { objectClass: 'organizationalUnit' });
    await putAces(unit, `(OA;CIIO;WP;${ACCOUNT_RESTRICTIONS};${COMPUTER};${sids.alice})`);
    const dn = `CN=BELOW,${unit}`;
    await administrator.add(dn, { objectClass: 'computer', sAMAccountName: 'BELOW$' });
    await alice.modify(dn, [grant()]);
    // The right is inherited by computers alone, though users have the attribute too.
    const user = `CN=Person,${unit}`;
    await administrator.add(user, { objectClass: 'user', sAMAccountName: 'BelowPerson' });
    await expect(alice.modify(user, [grant()])).rejects.toMatchObject(DENIED);
  });

  it('6. who has full control of a unit has it of what is below', async () => {
    const unit = `OU=Controlled,${BASE}`;
    await administrator.add(unit, { objectClass: 'organizationalUnit' });
    const dn = `CN=UNDER,${unit}`;
    await administrator.add(dn, { objectClass: 'computer', sAMAccountName: 'UNDER$' });
    await expect(alice.modify(dn, [grant()])).rejects.toMatchObject(DENIED);
    // The list is handed down to what is there already.
    await putAces(unit, `(A;CI;GA;;;${sids.alice})`);
    await alice.modify(dn, [grant()]);
  });

  it('a deny binds administrators too, until they rewrite the list', async () => {
    await putDescriptor(administrator, TARGET, 'D:P(D;;WP;;;DA)(A;;GA;;;DA)', dacl);
    await expect(administrator.modify(TARGET, [grant()])).rejects.toMatchObject(DENIED);
    await putDescriptor(administrator, TARGET, 'D:P(A;;GA;;;DA)', dacl);
    await administrator.modify(TARGET, [grant()]);
  });
});

/** A machine as somebody without rights may make it. */
function machine(name: string): Record<string, string | string[] | Uint8Array> {
  const host = `${name.toLowerCase()}.contoso.com`;
  return {
    objectClass: ['top', 'person', 'organizationalPerson', 'user', 'computer'],
    sAMAccountName: `${name}$`,
    userAccountControl: '4096',
    dNSHostName: host,
    servicePrincipalName: [`HOST/${name}`, `HOST/${host}`, `RestrictedKrbHost/${host}`],
    unicodePwd: utf16le('"Machine.Passw0rd"'),
  };
}

describe('MS-SAMR 3.1.5.4.4: the machine account quota', () => {
  it('lets everybody make ten machines, and the machines count too', async () => {
    const dns = Array.from({ length: 10 }, (_, at) => `CN=Q${at},${COMPUTERS}`);
    for (const [at, dn] of dns.entries()) await alice.add(dn, machine(`Q${at}`));
    await expect(alice.add(`CN=Q10,${COMPUTERS}`, machine('Q10'))).rejects.toMatchObject({
      code: 'unwillingToPerform',
      message: expect.stringMatching(/^0000216D: SvcErr: /),
    });
    const creator = domain.dc.directory.get(dns[0] ?? '').bytes('mS-DS-CreatorSID');
    expect(creator === undefined ? '' : decodeSid(creator)).toBe(sids.alice);
    await administrator.modify(BASE, [replace('ms-DS-MachineAccountQuota', '0')]);
    await expect(serverB.add(`CN=Q11,${COMPUTERS}`, machine('Q11'))).rejects.toMatchObject({
      code: 'unwillingToPerform',
    });
    await administrator.modify(BASE, [replace('ms-DS-MachineAccountQuota', '10')]);
    for (const dn of dns) await administrator.delete(dn);
  });

  it.each([
    ['a controller', { userAccountControl: '8192' }, 'unwillingToPerform'],
    ['trusted for delegation', { userAccountControl: String(0x81000) }, 'unwillingToPerform'],
    ['with the host name of another', { dNSHostName: 'dc.contoso.com' }, 'invalidAttributeSyntax'],
    [
      'with the SPN of another',
      { servicePrincipalName: 'HOST/dc.contoso.com' },
      'invalidAttributeSyntax',
    ],
    ['with more than it needs', { description: 'x' }, 'objectClassViolation'],
    ['without a host name', { dNSHostName: undefined }, 'objectClassViolation'],
    ['open and without a password', { unicodePwd: undefined }, 'objectClassViolation'],
    ['without $ (CVE-2021-42278)', { sAMAccountName: 'Z' }, 'unwillingToPerform'],
  ])('makes none %s', async (_what, more, code) => {
    const entries = Object.entries({ ...machine('Z'), ...more });
    const attributes = Object.fromEntries(
      entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    await expect(alice.add(`CN=Z,${COMPUTERS}`, attributes)).rejects.toMatchObject({ code });
  });

  it('makes nothing but machines, and only in their place', async () => {
    const user = { objectClass: 'user', sAMAccountName: 'zuser' };
    await expect(alice.add(`CN=z,${COMPUTERS}`, user)).rejects.toMatchObject(DENIED);
    await expect(alice.add(`CN=Z,${SERVERS}`, machine('Z'))).rejects.toMatchObject(DENIED);
    await expect(alice.add(`CN=Z,CN=Users,${BASE}`, machine('Z'))).rejects.toMatchObject(DENIED);
  });
});

describe('MS-ADTS 3.1.1.5.2.1.1, CVE-2021-42291: attributes of new computers', () => {
  const unit = `OU=Added,${BASE}`;
  const dn = `CN=ADDED,${unit}`;
  const computer = { objectClass: 'computer', sAMAccountName: 'ADDED$' };
  // Not one of those that the class's own descriptor gives its creator.
  const located = { ...computer, location: 'x' };
  const wide = (): Record<string, string | Uint8Array> => ({
    ...computer,
    nTSecurityDescriptor: descriptor(`O:${sids.alice}D:(A;;GA;;;${sids.alice})`),
  });

  beforeAll(async () => {
    await administrator.add(unit, { objectClass: 'organizationalUnit' });
    await putAces(unit, `(OA;;CC;;;${sids.alice})`);
  });
  beforeEach(async () => {
    await administrator.modify(SERVICE, [replace('dSHeuristics')]);
    await outcome(administrator.delete(dn));
  });
  afterAll(async () => {
    await administrator.modify(SERVICE, [replace('dSHeuristics')]);
  });

  it('are whatever their maker likes, until dSHeuristics says otherwise', async () => {
    await alice.add(dn, located);
    await administrator.delete(dn);
    await alice.add(dn, wide());
  });

  it('are written by right then, administrators excepted', async () => {
    const checked = replace('dSHeuristics', '0000000001000000000200000001');
    await administrator.modify(SERVICE, [checked]);
    await expect(alice.add(dn, located)).rejects.toMatchObject(DENIED);
    expect(domain.dc.directory.find(dn)).toBeUndefined();
    await alice.add(dn, computer);
    await administrator.delete(dn);
    await administrator.add(dn, located);
    await administrator.delete(dn);
    // The descriptor is its owner's to give, unless owners are blocked as well.
    await alice.add(dn, wide());
    await administrator.delete(dn);
    const blocked = replace('dSHeuristics', '00000000010000000002000000011');
    await administrator.modify(SERVICE, [blocked]);
    await expect(alice.add(dn, wide())).rejects.toMatchObject(DENIED);
    // Who is given WRITE_DAC outright may give it all the same.
    await putAces(unit, `(OA;;CC;;;${sids.alice})(A;CI;WD;;;${sids.alice})`);
    await alice.add(dn, wide());
  });
});

describe('MS-ADTS 3.1.1.5.3.1.1: validated writes', () => {
  const dn = serverDn('SERVERB');
  const spn = (operation: 'add' | 'delete', ...values: string[]): ClientChange => ({
    operation,
    attribute: 'servicePrincipalName',
    values,
  });

  it.each(['HTTP/serverb.contoso.com', 'TERMSRV/SERVERB', 'cifs/ServerB.contoso.COM'])(
    'a computer adds its own SPN %s',
    async (name) => {
      await serverB.modify(dn, [spn('add', name)]);
      await serverB.modify(dn, [spn('delete', name)]);
    },
  );

  it.each([
    'HTTP/serverc.contoso.com',
    'HTTP/serverb.contoso.com/contoso.com',
    'MSSQLSvc/serverb.contoso.com:instance',
    'HTTP/',
    'serverb',
  ])('and not %s', async (name) => {
    await expect(serverB.modify(dn, [spn('add', name)])).rejects.toMatchObject({
      code: 'constraintViolation',
    });
  });

  it('its DNS name by its account name alone', async () => {
    await serverB.modify(dn, [replace('dNSHostName', 'SERVERB.contoso.com')]);
    for (const name of ['dc.contoso.com', 'serverb.other.com', 'serverb']) {
      await expect(serverB.modify(dn, [replace('dNSHostName', name)])).rejects.toMatchObject({
        code: 'constraintViolation',
      });
    }
    await expect(
      serverB.modify(serverDn('SERVERC'), [replace('dNSHostName', 'serverc.contoso.com')]),
    ).rejects.toMatchObject(DENIED);
  });

  it('Self-Membership: oneself and nobody else', async () => {
    const group = `CN=Club,${SERVERS}`;
    await administrator.add(group, { objectClass: 'group', sAMAccountName: 'club' });
    await putAces(group, '(OA;;SW;bf9679c0-0de6-11d0-a285-00aa003049e2;;AU)');
    const member = (operation: 'add' | 'delete' | 'replace', ...values: string[]) =>
      alice.modify(group, [{ operation, attribute: 'member', values }]);
    await member('add', ALICE);
    await expect(member('add', `CN=Bob,CN=Users,${BASE}`)).rejects.toMatchObject(DENIED);
    await expect(member('replace', ALICE)).rejects.toMatchObject(DENIED);
    await member('delete', ALICE);
    await administrator.delete(group);
  });
});

describe('CVE-2021-42282: one name, one account', () => {
  const unique = (win32: string) => ({
    code: 'constraintViolation',
    message: expect.stringMatching(new RegExp(`^${win32}: AtrErr: `)),
  });

  it('SPNs', async () => {
    const change = replace('servicePrincipalName', 'HOST/serverc.contoso.com');
    await expect(administrator.modify(ALICE, [change])).rejects.toMatchObject(unique('000021C7'));
  });

  it('SPNs that stand for each other', async () => {
    // HTTP there is served by the holder of HOST: an administrator of both may part them.
    const http = 'HTTP/serverc.contoso.com';
    await putAces(ALICE, `(A;;GA;;;${sids.alice})`);
    await expect(
      alice.modify(ALICE, [replace('servicePrincipalName', http)]),
    ).rejects.toMatchObject(DENIED);
    await administrator.modify(ALICE, [replace('servicePrincipalName', http)]);
    await administrator.modify(ALICE, [replace('servicePrincipalName', 'cifs/nohost.contoso.com')]);
    const host = [replace('servicePrincipalName', 'HOST/nohost.contoso.com')];
    const bob = `CN=Bob,CN=Users,${BASE}`;
    await expect(administrator.modify(bob, host)).rejects.toMatchObject(unique('000021C7'));
    await administrator.modify(SERVICE, [replace('dSHeuristics', '000000000100000000024')]);
    await administrator.modify(bob, host);
    await administrator.modify(SERVICE, [replace('dSHeuristics')]);
    for (const dn of [ALICE, bob])
      await administrator.modify(dn, [replace('servicePrincipalName')]);
  });

  it('UPNs and names, said or implied', async () => {
    const upn = (value: string) =>
      administrator.modify(ALICE, [replace('userPrincipalName', value)]);
    await expect(upn('bob@contoso.com')).rejects.toMatchObject(unique('000021C8'));
    await expect(upn('serverb$@contoso.com')).rejects.toMatchObject({
      code: 'entryAlreadyExists',
      message: expect.stringMatching(/^00000524: UpdErr: /),
    });
    await upn('somebody@contoso.com');
    const name = replace('sAMAccountName', 'somebody');
    await expect(administrator.modify(`CN=Bob,CN=Users,${BASE}`, [name])).rejects.toMatchObject(
      unique('000021C8'),
    );
    await upn('alice@contoso.com');
  });
});

describe('MS-SAMR 3.1.1.8.10: userAccountControl', () => {
  const unit = `OU=Control,${BASE}`;
  const computer = `CN=UAC,${unit}`;
  const user = `CN=uacuser,${unit}`;
  const set = (client: LdapClient, dn: string, value: number): Promise<string> =>
    outcome(client.modify(dn, [replace('userAccountControl', String(value))]));

  beforeAll(async () => {
    await administrator.add(unit, { objectClass: 'organizationalUnit' });
    await putAces(unit, `(A;CI;RPWPCC;;;${sids.alice})`);
    const account = { objectClass: 'computer', sAMAccountName: 'UAC$' };
    await administrator.add(computer, account);
    await administrator.add(user, { objectClass: 'user', sAMAccountName: 'uacuser' });
  });

  it.each([
    ['disabled', 0x1022, 'success'],
    ['a password that does not expire', 0x1_1022, 'success'],
    ['trusted for delegation', 0x8_1020, 'insufficientAccessRights'],
    ['trusted to authenticate', 0x100_1020, 'insufficientAccessRights'],
    ['a controller', 0x2020, 'insufficientAccessRights'],
    ['a read-only controller', 0x400_1020, 'insufficientAccessRights'],
    ['a normal account', 0x220, 'objectClassViolation'],
    ['two kinds', 0x1220, 'other'],
    ['a local duplicate', 0x1120, 'other'],
    ['a trust', 0x820, 'objectClassViolation'],
  ])('who may write makes a computer %s: %s', async (_what, value, expected) => {
    await expect(set(alice, computer, value)).resolves.toBe(expected);
  });

  it.each([
    ['trusted for delegation', 0x8_1020, 'success'],
    ['trusted to authenticate', 0x100_1020, 'success'],
    ['a controller', 0x2020, 'success'],
    ['a read-only controller', 0x400_1020, 'success'],
    ['trusted and read-only', 0x408_1020, 'other'],
    ['a normal account', 0x220, 'success'],
    ['a workstation', 0x1020, 'success'],
  ])('an administrator makes it %s: %s', async (_what, value, expected) => {
    await expect(set(administrator, computer, value)).resolves.toBe(expected);
  });

  it('kinds follow: primary group, account type, critical or not', async () => {
    await set(administrator, computer, 0x2020);
    const entry = domain.dc.directory.get(computer);
    expect(entry.text('primaryGroupID')).toBe('516');
    expect(entry.text('isCriticalSystemObject')).toBe('TRUE');
    const fixed = administrator.modify(computer, [replace('primaryGroupID', '515')]);
    await expect(fixed).rejects.toMatchObject({ code: 'unwillingToPerform' });
    await set(administrator, computer, 0x1020);
    expect(domain.dc.directory.get(computer).text('isCriticalSystemObject')).toBe('FALSE');
  });

  it.each([
    ['a workstation', 0x1020, 'objectClassViolation'],
    ['a controller', 0x2020, 'objectClassViolation'],
    ['open, without a password', 0x200, 'unwillingToPerform'],
    ['open, needing no password', 0x220, 'success'],
    ['of no kind', 0x22, 'success'],
  ])('who may write makes a user %s: %s', async (_what, value, expected) => {
    await expect(set(alice, user, value)).resolves.toBe(expected);
  });

  it('bits that are computed are not stored', async () => {
    await set(administrator, user, 0x80_0233);
    expect(domain.dc.directory.get(user).text('userAccountControl')).toBe(String(0x222));
  });

  it('CVE-2021-42278: a machine’s name keeps its $', async () => {
    const name = (client: LdapClient, value: string): Promise<string> =>
      outcome(client.modify(computer, [replace('sAMAccountName', value)]));
    await expect(name(alice, 'UAC')).resolves.toBe('unwillingToPerform');
    await expect(name(alice, 'UAC$$')).resolves.toBe('unwillingToPerform');
    await expect(name(alice, 'UAC2$')).resolves.toBe('success');
    await expect(name(administrator, 'UAC')).resolves.toBe('success');
    await expect(name(administrator, 'UAC$')).resolves.toBe('success');
  });

  it('delegation takes the privilege, whatever the descriptor says', async () => {
    const change = [replace('msDS-AllowedToDelegateTo', 'cifs/serverc.contoso.com')];
    await expect(alice.modify(computer, change)).rejects.toMatchObject(DENIED);
    await administrator.modify(computer, change);
  });
});

describe('MS-ADTS 3.1.1.5.3.2 and MS-SAMR 3.1.1.6: other attributes', () => {
  it.each([
    ['badPwdCount', '0'],
    ['isCriticalSystemObject', 'FALSE'],
    ['lastLogon', '0'],
    ['sAMAccountType', '805306368'],
  ])('refuses %s of a user', async (attribute, value) => {
    await expect(administrator.modify(ALICE, [replace(attribute, value)])).rejects.toMatchObject({
      code: 'unwillingToPerform',
      message: expect.stringMatching(/^0000209A: /),
    });
  });

  it('has one description of an account, and no second', async () => {
    const two = administrator.modify(ALICE, [replace('description', 'a', 'b')]);
    await expect(two).rejects.toMatchObject({ code: 'attributeOrValueExists' });
    await administrator.modify(ALICE, [replace('description', 'a')]);
    const add = { operation: 'add', attribute: 'description', values: ['b'] } as const;
    await expect(administrator.modify(ALICE, [add])).rejects.toMatchObject({
      code: 'attributeOrValueExists',
    });
    await administrator.modify(ALICE, [replace('description')]);
  });

  it('counts the tens of dSHeuristics', async () => {
    const wrong = administrator.modify(SERVICE, [replace('dSHeuristics', '0000000000')]);
    await expect(wrong).rejects.toMatchObject({ code: 'constraintViolation' });
  });

  it('changes group types by way of universal', async () => {
    const dn = `CN=Typed,${SERVERS}`;
    await administrator.add(dn, { objectClass: 'group', sAMAccountName: 'typed' });
    const type = (value: number): Promise<string> =>
      outcome(administrator.modify(dn, [replace('groupType', String(value | 0))]));
    await expect(type(0x8000_0004)).resolves.toBe('unwillingToPerform');
    await expect(type(0x8000_0005)).resolves.toBe('unwillingToPerform');
    await expect(type(0x8000_0008)).resolves.toBe('success');
    await expect(type(0x8000_0004)).resolves.toBe('success');
    await expect(type(0x4)).resolves.toBe('success');
    await administrator.delete(dn);
  });

  it('MS-ADTS 3.1.1.3.4.1.8: a permissive modify passes over what is done', async () => {
    const controls = [{ type: CONTROLS.permissiveModify, critical: true }];
    const change = (operation: 'add' | 'delete', value: string) =>
      administrator.modify(ALICE, [{ operation, attribute: 'otherTelephone', values: [value] }], {
        controls,
      });
    await change('add', '1');
    await change('add', '1');
    await change('delete', '2');
    await change('delete', '1');
    await change('delete', '1');
    const plain = { operation: 'delete', attribute: 'otherTelephone' } as const;
    await expect(administrator.modify(ALICE, [plain])).rejects.toMatchObject({
      code: 'noSuchAttribute',
    });
  });

  it('MS-ADTS 3.1.1.3.1.5.2: userPassword is a password where dSHeuristics says so', async () => {
    const bob = `CN=Bob,CN=Users,${BASE}`;
    await administrator.modify(bob, [replace('userPassword', 'plain')]);
    expect(domain.dc.directory.get(bob).bytes('userPassword')).toBeDefined();
    await administrator.modify(bob, [replace('userPassword')]);
    await administrator.modify(SERVICE, [replace('dSHeuristics', '000000001')]);
    await administrator.modify(bob, [replace('userPassword', 'Other.Passw0rd')]);
    expect(domain.dc.directory.get(bob).bytes('userPassword')).toBeUndefined();
    const client = await connectTls(domain);
    await client.bindSimple('bob', 'Other.Passw0rd');
    await client.close();
    await administrator.modify(SERVICE, [replace('dSHeuristics')]);
  });
});

describe('MS-ADTS 3.1.1.5.4.1, 3.1.1.5.5: moves and deletions by right', () => {
  const from = `OU=From,${BASE}`;
  const to = `OU=To,${BASE}`;

  beforeAll(async () => {
    for (const dn of [from, to]) await administrator.add(dn, { objectClass: 'organizationalUnit' });
  });

  it('a move takes names, a place, and leave to go', async () => {
    const dn = `CN=MOVED,${from}`;
    await administrator.add(dn, { objectClass: 'computer', sAMAccountName: 'MOVED$' });
    const move = (): Promise<string> =>
      outcome(alice.modifyDn(dn, { newRdn: 'CN=MOVED', newSuperior: to }));
    await putAces(dn, `(A;;WP;;;${sids.alice})`);
    await expect(move()).resolves.toBe('insufficientAccessRights');
    await putAces(to, `(OA;;CC;${COMPUTER};;${sids.alice})`);
    await expect(move()).resolves.toBe('insufficientAccessRights');
    await putAces(from, `(OA;;DC;${COMPUTER};;${sids.alice})`);
    await expect(move()).resolves.toBe('success');
  });

  it('DELETE, DELETE_CHILD of the class, or DELETE_TREE', async () => {
    const dn = `CN=GONE,${from}`;
    const again = async (own: string, above: string): Promise<string> => {
      await outcome(domain.dc.directory.remove(dn));
      await administrator.add(dn, { objectClass: 'computer', sAMAccountName: 'GONE$' });
      await putAces(dn, own);
      await putAces(from, above);
      return await outcome(alice.delete(dn));
    };
    const { alice: sid } = sids;
    await expect(again(`(A;;RPWPDT;;;${sid})`, '')).resolves.toBe('insufficientAccessRights');
    await expect(again(`(A;;SD;;;${sid})`, '')).resolves.toBe('success');
    await expect(again('', `(A;;DC;;;${sid})`)).resolves.toBe('success');
    const user = 'bf967aba-0de6-11d0-a285-00aa003049e2';
    await expect(again('', `(OA;;DC;${user};;${sid})`)).resolves.toBe('insufficientAccessRights');
    const tree = { controls: [{ type: CONTROLS.treeDelete, critical: true }] };
    await expect(outcome(alice.delete(dn, tree))).resolves.toBe('insufficientAccessRights');
    await putAces(dn, `(A;;DT;;;${sid})`);
    await expect(outcome(alice.delete(dn, tree))).resolves.toBe('success');
  });
});

describe('MS-ADTS 5.1.3.3.6: searches from a base that is not to be seen', () => {
  const top = `OU=hidden,${BASE}`;
  const middle = `OU=middle,${top}`;
  const leaf = `OU=leaf,${middle}`;

  const seen = async (base: string, scope: 'base' | 'one' | 'subtree', filter = '(ou=*)') => {
    const found = await entriesOf(alice, { base, scope, filter, attributes: ['1.1'] });
    return found.map(({ dn }) => dn);
  };

  beforeAll(async () => {
    for (const dn of [top, middle, leaf]) {
      await administrator.add(dn, { objectClass: 'organizationalUnit' });
    }
    // The head hides `top`'s children by nothing; `top` hides `middle`, and `middle` shows `leaf`.
    await putAces(top, '(A;;RP;;;AU)');
    await putAces(middle, '(A;;RPLC;;;AU)');
    await putAces(leaf, '(A;;RP;;;AU)');
  });

  it('find what is to be seen below it', async () => {
    await expect(seen(top, 'subtree')).resolves.toEqual([top, leaf]);
    await expect(seen(middle, 'subtree')).resolves.toEqual([leaf]);
    await expect(seen(middle, 'one')).resolves.toEqual([leaf]);
  });

  it('are told that it is not there, where nothing is', async () => {
    const absent = { code: 'noSuchObject', matchedDn: top };
    await expect(seen(middle, 'base')).rejects.toMatchObject(absent);
    await expect(seen(middle, 'subtree', '(ou=nobody)')).rejects.toMatchObject(absent);
    await expect(seen(top, 'one')).resolves.toEqual([]);
  });
});

describe('MS-ADTS 3.1.1.4.5.4: sDRightsEffective of computers', () => {
  it('is told only to who may write every part of the descriptor', async () => {
    const dn = `CN=RIGHTS,${SERVERS}`;
    await administrator.add(dn, { objectClass: 'computer', sAMAccountName: 'RIGHTS$' });
    await putAces(dn, `(A;;GAWDWO;;;${sids.alice})`);
    const read = async (client: LdapClient, base: string) => {
      const attributes = ['sDRightsEffective'];
      const [entry] = await entriesOf(client, { base, scope: 'base', attributes });
      return textsOf(entry, 'sDRightsEffective');
    };
    await expect(read(alice, dn)).resolves.toBeUndefined();
    await expect(read(alice, SERVERS)).resolves.toEqual(['0']);
    await expect(read(administrator, dn)).resolves.toEqual(['15']);
  });
});

describe('MS-ADTS 5.1.3: operations of the anonymous', () => {
  const anonymous = async (heuristics: string): Promise<string> => {
    await administrator.modify(SERVICE, [replace('dSHeuristics', heuristics)]);
    const nobody = await connectTls(domain);
    const found = entriesOf(nobody, { base: BASE, scope: 'base', attributes: ['1.1'] });
    const result = await outcome(found);
    const added = await outcome(nobody.add(`CN=x,${BASE}`, { objectClass: 'container' }));
    await nobody.close();
    return `${result} ${added}`;
  };

  it('are what descriptors say, by fLDAPBlockAnonOps, and none without it', async () => {
    await expect(anonymous('0000002')).resolves.toBe('success insufficientAccessRights');
    await expect(anonymous('0000001')).resolves.toBe('operationsError operationsError');
  });
});

describe('MS-ADTS 3.1.1.5.3.7.1: the rights of a reanimation', () => {
  const shown = { controls: [{ type: CONTROLS.showDeleted, critical: true }] };
  const home = `OU=home,${BASE}`;
  const dn = `CN=lost,${home}`;

  /** What comes of it when alice has some rights on the deleted entry and on its place. */
  async function reanimate(own: string, place: string): Promise<string> {
    await administrator.add(dn, { objectClass: 'container' });
    const { guid } = domain.dc.directory.get(dn);
    await putAces(dn, own);
    await putAces(home, place);
    await administrator.delete(dn);
    const deleted = domain.dc.directory.find({ guid }, { deleted: true })?.dn ?? '';
    const back: ClientChange[] = [
      { operation: 'delete', attribute: 'isDeleted', values: [] },
      replace('distinguishedName', dn),
    ];
    const result = await outcome(alice.modify(deleted, back, shown));
    if (result !== 'success') await administrator.modify(deleted, back, shown);
    await administrator.delete(dn);
    return result;
  }

  it('are those of a rename and of creation in the new place', async () => {
    await administrator.add(home, { objectClass: 'organizationalUnit' });
    const head = domain.dc.directory.get(BASE).bytes('nTSecurityDescriptor');
    const right = `(OA;;CR;45ec5156-db7e-47bb-b53f-dbeb2d03c40f;;${sids.alice})`;
    await putDescriptor(administrator, BASE, `D:(A;;GA;;;DA)(A;;GR;;;AU)${right}`, dacl);
    const write = `(A;;WP;;;${sids.alice})`;
    const create = `(A;;CC;;;${sids.alice})`;
    await expect(reanimate(write, create)).resolves.toBe('success');
    await expect(reanimate('', create)).resolves.toBe('insufficientAccessRights');
    await expect(reanimate(write, '')).resolves.toBe('insufficientAccessRights');
    if (head !== undefined) {
      await administrator.modify(BASE, [replace('nTSecurityDescriptor', head)]);
    }
  });

  it('let a deleted entry’s descriptor be written, and nothing else of it', async () => {
    await administrator.add(dn, { objectClass: 'container' });
    const { guid } = domain.dc.directory.get(dn);
    await administrator.delete(dn);
    const deleted = domain.dc.directory.find({ guid }, { deleted: true })?.dn ?? '';
    const sd = replace('nTSecurityDescriptor', descriptor('O:DAD:(A;;GA;;;DA)'));
    await expect(outcome(administrator.modify(deleted, [sd], shown))).resolves.toBe('success');
    const other = administrator.modify(deleted, [replace('description', 'x')], shown);
    await expect(outcome(other)).resolves.toBe('unwillingToPerform');
    await expect(outcome(alice.modify(deleted, [sd], shown))).resolves.toBe('unwillingToPerform');
  });
});

describe('MS-SAMR 3.1.1.6, 3.1.1.8: accounts and groups', () => {
  const users = `CN=Users,${BASE}`;

  it('refuse what an account cannot be', async () => {
    const user = (more: Record<string, string>) =>
      outcome(administrator.add(`CN=odd,${users}`, { objectClass: 'user', ...more }));
    await expect(user({ sAMAccountName: 'a'.repeat(21) })).resolves.toBe('other');
    await expect(user({ pwdLastSet: '1' })).resolves.toBe('other');
    await expect(user({ primaryGroupToken: '1' })).resolves.toBe('undefinedAttributeType');
    await expect(user({ fSMORoleOwner: BASE })).resolves.toBe('unwillingToPerform');
    await expect(user({ sAMAccountName: 'a'.repeat(20) })).resolves.toBe('success');
    const emptied = administrator.modify(`CN=odd,${users}`, [replace('countryCode')]);
    await expect(outcome(emptied)).resolves.toBe('unwillingToPerform');
    await expect(outcome(administrator.modify(ALICE, []))).resolves.toBe('unwillingToPerform');
  });

  it('keep built-in accounts, and groups that are somebody’s primary one', async () => {
    const group = `CN=first,${users}`;
    const admins = administrator.delete(`CN=Domain Admins,${users}`);
    await expect(outcome(admins)).resolves.toBe('other');
    await administrator.add(group, {
      objectClass: 'group',
      groupType: '2147483650',
      member: ALICE,
    });
    const { sid } = domain.dc.directory.get(group);
    const rid = sid?.split('-').at(-1) ?? '';
    const nobody = `CN=nobody,${users}`;
    const add: ClientChange = { operation: 'add', attribute: 'member', values: [nobody] };
    await expect(outcome(administrator.modify(group, [add]))).resolves.toBe('noSuchObject');
    const gone = administrator.modify(group, [{ ...add, operation: 'delete' }]);
    await expect(outcome(gone)).resolves.toBe('unwillingToPerform');
    await administrator.modify(ALICE, [replace('primaryGroupID', rid)]);
    await expect(outcome(administrator.delete(group))).resolves.toBe('entryAlreadyExists');
    await administrator.modify(ALICE, [replace('primaryGroupID', '513')]);
    await expect(outcome(administrator.delete(group))).resolves.toBe('success');
  });

  it('let SPNs follow the names of a computer', async () => {
    const dn = `CN=MOVER,${SERVERS}`;
    const spnsOf = () =>
      domain.dc.directory.get(dn).values('servicePrincipalName').map(String).sort();
    await administrator.add(dn, {
      objectClass: 'computer',
      sAMAccountName: 'MOVER$',
      dNSHostName: 'mover.contoso.com',
      servicePrincipalName: ['HOST/mover', 'HOST/mover.contoso.com', 'http/elsewhere'],
    });
    await administrator.modify(dn, [replace('dNSHostName', 'moved.contoso.com')]);
    expect(spnsOf()).toEqual(['HOST/moved.contoso.com', 'HOST/mover', 'http/elsewhere']);
    await administrator.modify(dn, [replace('sAMAccountName', 'ROVER$')]);
    expect(spnsOf()).toEqual(['HOST/ROVER', 'HOST/moved.contoso.com', 'http/elsewhere']);
  });
});
