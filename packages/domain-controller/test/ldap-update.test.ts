import { utf16le } from '@doublehop/wire/bytes';
import { decodeDescriptor, encodeDescriptor } from '@doublehop/security/descriptor';
import { encodeSid, withRid } from '@doublehop/security/sid';
import { parseSddl } from '@doublehop/security/sddl';
import type { LdapClient } from '@doublehop/ldap/client/client';
import type { ClientChange } from '@doublehop/ldap/client/types';
import { setPassword } from '@doublehop/domain-controller/directory-keys';
import { plainControl } from '@doublehop/ldap/controls';
import { CONTROLS } from '@doublehop/ldap/oids';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ALICE,
  BASE,
  connectAs,
  connectClear,
  connectTls,
  entriesOf,
  octetsOf,
  passwordOf,
  type RunningDomain,
  serverDn,
  SERVERS,
  startDomain,
  textsOf,
  ticketFor,
} from './support/domain.ts';

let domain: RunningDomain;
let administrator: LdapClient;
let alice: LdapClient;
let serverB: LdapClient;

beforeAll(async () => {
  domain = await startDomain();
  administrator = await connectAs(domain, 'Administrator');
  alice = await connectAs(domain, 'alice');
  serverB = await connectAs(domain, 'SERVERB');
});
afterAll(async () => {
  for (const client of [administrator, alice, serverB]) await client.close();
  await domain.close();
  expect(domain.defects).toEqual([]);
});

const RBCD = 'msDS-AllowedToActOnBehalfOfOtherIdentity';
const TARGET = serverDn('SERVERC');
const DENIED = {
  code: 'insufficientAccessRights',
  message: expect.stringMatching(/^00002098: SecErr: /),
};

/** The descriptor that lets an account act on a target, as the article's cmdlet writes it. */
function grantTo(name: string): Uint8Array {
  const sid = domain.dc.accounts.byName(name)?.sid ?? '';
  return encodeDescriptor(parseSddl(`O:BAD:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;${sid})`));
}

async function rbcdOf(dn: string): Promise<Uint8Array | undefined> {
  const options = { base: dn, scope: 'base', attributes: [RBCD] } as const;
  const [entry] = await entriesOf(alice, options);
  return octetsOf(entry, RBCD);
}

const replace = (attribute: string, ...values: (string | Uint8Array)[]): ClientChange => ({
  operation: 'replace',
  attribute,
  values,
});

describe('writes of one connection that are under way together', () => {
  it('see those before them', async () => {
    const ou = `OU=Pipeline,${BASE}`;
    const child = `CN=Box,${ou}`;
    const box = (host: string) => ({
      objectClass: 'computer',
      sAMAccountName: 'PIPEBOX$',
      servicePrincipalName: [`HOST/${host}`],
    });
    const done = await Promise.allSettled([
      administrator.add(ou, { objectClass: 'organizationalUnit' }),
      administrator.add(child, box('pipe')),
      administrator.modify(child, [replace('description', 'made')]),
      administrator.add(child, box('other')),
      administrator.delete(child),
      administrator.add(child, box('other')),
    ]);
    expect(done.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    await administrator.delete(child);
    await administrator.delete(ou);
  });

  it('do not take each other’s service names', async () => {
    const add = (name: string, spn: string) =>
      administrator.add(`CN=${name},${BASE}`, {
        objectClass: 'computer',
        sAMAccountName: `${name}$`,
        servicePrincipalName: [spn],
      });
    const done = await Promise.allSettled([add('PIPE1', 'cifs/pipe1'), add('PIPE2', 'HOST/pipe1')]);
    expect(done.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await administrator.delete(`CN=PIPE1,${BASE}`);
  });
});

describe('msDS-AllowedToActOnBehalfOfOtherIdentity', () => {
  beforeEach(async () => {
    await administrator.modify(TARGET, [replace(RBCD)]);
  });

  it('is written, read back octet by octet, and removed', async () => {
    await administrator.modify(TARGET, [replace(RBCD, grantTo('SERVERB$'))]);
    await expect(rbcdOf(TARGET)).resolves.toEqual(grantTo('SERVERB$'));
    await administrator.modify(TARGET, [{ operation: 'delete', attribute: RBCD }]);
    await expect(rbcdOf(TARGET)).resolves.toBeUndefined();
    const again = administrator.modify(TARGET, [{ operation: 'delete', attribute: RBCD }]);
    await expect(again).rejects.toMatchObject({
      code: 'noSuchAttribute',
      message: expect.stringMatching(/^00002085: AtrErr: /),
    });
  });

  it('is exchanged against the value that was read; a stale one is refused', async () => {
    const exchange = (old: Uint8Array, next: Uint8Array): ClientChange[] => [
      { operation: 'delete', attribute: RBCD, values: [old] },
      { operation: 'add', attribute: RBCD, values: [next] },
    ];
    const [first, second] = [grantTo('SERVERB$'), grantTo('alice')];
    await administrator.modify(TARGET, [replace(RBCD, first)]);
    await administrator.modify(TARGET, exchange(first, second));
    await expect(rbcdOf(TARGET)).resolves.toEqual(second);
    const stale = administrator.modify(TARGET, exchange(first, grantTo('bob')));
    await expect(stale).rejects.toMatchObject({ code: 'noSuchAttribute' });
    await expect(rbcdOf(TARGET)).resolves.toEqual(second);
  });

  it('goes to one of two writers who both start from nothing', async () => {
    const add = (value: Uint8Array) =>
      administrator.modify(TARGET, [{ operation: 'add', attribute: RBCD, values: [value] }]);
    const outcomes = await Promise.allSettled([add(grantTo('alice')), add(grantTo('bob'))]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'attributeOrValueExists' } });
    await expect(rbcdOf(TARGET)).resolves.toEqual(grantTo('alice'));
  });

  it('directory-semantics 2.10: a computer may write its own, a user nobody else’s', async () => {
    const change = [replace(RBCD, grantTo('alice'))];
    await serverB.modify(serverDn('SERVERB'), change);
    await expect(rbcdOf(serverDn('SERVERB'))).resolves.toEqual(grantTo('alice'));
    await expect(serverB.modify(TARGET, change)).rejects.toMatchObject(DENIED);
    await expect(alice.modify(TARGET, change)).rejects.toMatchObject(DENIED);
    await alice.modify(ALICE, change);
    await expect(rbcdOf(TARGET)).resolves.toBeUndefined();
  });

  it('may be given when a computer is made', async () => {
    const dn = `CN=NEW,${SERVERS}`;
    await administrator.add(dn, {
      objectClass: 'computer',
      sAMAccountName: 'NEW$',
      [RBCD]: grantTo('SERVERB$'),
    });
    await expect(rbcdOf(dn)).resolves.toEqual(grantTo('SERVERB$'));
    await administrator.delete(dn);
  });
});

describe('MS-ADTS 3.1.1.5.3 modify', () => {
  it('makes all changes or none', async () => {
    const changes = [replace('location', 'here'), replace('nosuchattribute', 'x')];
    await expect(administrator.modify(TARGET, changes)).rejects.toMatchObject({
      code: 'noSuchAttribute',
      message: expect.stringMatching(/^00000057: /),
    });
    await expect(administrator.compare(TARGET, 'location', 'here')).rejects.toMatchObject({
      code: 'noSuchAttribute',
    });
  });

  it('adds and deletes single values', async () => {
    const spn = 'HTTP/serverc.contoso.com';
    const change = (operation: 'add' | 'delete') =>
      administrator.modify(TARGET, [
        { operation, attribute: 'servicePrincipalName', values: [spn] },
      ]);
    await change('add');
    await expect(change('add')).rejects.toMatchObject({ code: 'attributeOrValueExists' });
    await expect(administrator.compare(TARGET, 'servicePrincipalName', spn)).resolves.toBe(true);
    await change('delete');
    await expect(change('delete')).rejects.toMatchObject({ code: 'noSuchAttribute' });
  });

  it.each([
    ['an attribute of the account database', 'objectSid', 'unwillingToPerform'],
    ['an attribute that only the system writes', 'whenCreated', 'constraintViolation'],
    ['a computed one', 'canonicalName', 'constraintViolation'],
    ['the one that names the entry', 'cn', 'notAllowedOnRDN'],
    ['one that sets a password by other rules', 'dBCSPwd', 'unwillingToPerform'],
    ['one that is none', 'clearTextPassword', 'noSuchAttribute'],
    ['one of another class', 'groupType', 'objectClassViolation'],
  ])('refuses %s', async (_what, attribute, code) => {
    const sid = encodeSid('S-1-5-21-1-2-3-4');
    const values = attribute === 'objectSid' ? [sid] : ['1'];
    const change = administrator.modify(TARGET, [replace(attribute, ...values)]);
    await expect(change).rejects.toMatchObject({ code });
  });

  it('refuses values of a wrong syntax', async () => {
    const change = (attribute: string, value: string | Uint8Array) =>
      administrator.modify(ALICE, [replace(attribute, value)]);
    const wrong = { code: 'invalidAttributeSyntax' };
    await expect(change('userAccountControl', 'many')).rejects.toMatchObject(wrong);
    await expect(change('description', Uint8Array.of(0xff))).rejects.toMatchObject(wrong);
    await expect(change('nTSecurityDescriptor', Uint8Array.of(1, 2))).rejects.toMatchObject({
      code: 'constraintViolation',
      message: expect.stringMatching(/^0000053A: /),
    });
  });

  it('MS-SAMR 3.1.1.8.8: pwdLastSet takes 0 and -1', async () => {
    const { directory } = domain.dc;
    await administrator.modify(ALICE, [replace('pwdLastSet', '0')]);
    expect(directory.get(ALICE).text('pwdLastSet')).toBe('0');
    await administrator.modify(ALICE, [replace('pwdLastSet', '-1')]);
    expect(directory.get(ALICE).text('pwdLastSet')).toMatch(/^1\d{17}$/);
  });

  it('is for administrators', async () => {
    const change = [replace('description', 'mine')];
    await expect(alice.modify(ALICE, change)).rejects.toMatchObject(DENIED);
    const secret = [replace('msDS-AllowedToDelegateTo', 'cifs/serverc')];
    await expect(serverB.modify(serverDn('SERVERB'), secret)).rejects.toMatchObject(DENIED);
    await expect(alice.modify(`CN=nobody,${BASE}`, change)).rejects.toMatchObject({
      code: 'noSuchObject',
    });
  });

  it('MS-ADTS 3.1.1.3.4.1.11: writes the parts of a descriptor that are named', async () => {
    const ou = `OU=NA,${BASE}`;
    const { directory } = domain.dc;
    const put = (sddl: string, flags: number) =>
      administrator.modify(
        ou,
        [replace('nTSecurityDescriptor', encodeDescriptor(parseSddl(sddl)))],
        {
          controls: [
            { type: CONTROLS.sdFlags, critical: true, value: Uint8Array.of(48, 3, 2, 1, flags) },
          ],
        },
      );
    await put('O:BAG:BAD:(A;;RP;;;AU)', 15);
    await put('O:SYG:SYD:(A;;GA;;;BA)', 4);
    const bytes = directory.get(ou).bytes('nTSecurityDescriptor') ?? new Uint8Array(0);
    const { owner, group, dacl } = decodeDescriptor(bytes);
    expect([owner, group]).toEqual(['S-1-5-32-544', 'S-1-5-32-544']);
    if (dacl === undefined || dacl === 'null') throw new Error('no access list');
    const explicit = dacl.aces.filter((ace) => (ace.flags & 0x10) === 0);
    expect(explicit.map(({ sid, mask }) => [sid, mask])).toEqual([['S-1-5-32-544', 0xf01ff]]);
  });
});

describe('MS-ADTS 3.1.1.3.1.5 unicodePwd', () => {
  const quoted = (password: string): Uint8Array => utf16le(`"${password}"`);
  const BOB = `CN=Bob,CN=Users,${BASE}`;

  it('is set by an administrator; the KDC takes the new one only, LDAP the last two', async () => {
    await administrator.modify(BOB, [replace('unicodePwd', quoted('Between.1'))]);
    await administrator.modify(BOB, [replace('unicodePwd', quoted('N3w.password'))]);
    const client = await connectTls(domain);
    await client.bindSimple('bob', 'N3w.password');
    // OldPasswordAllowedPeriod: an hour.
    await client.bindSimple('bob', 'Between.1');
    await expect(client.bindSimple('bob', passwordOf('bob'))).rejects.toMatchObject({
      code: 'invalidCredentials',
    });
    await client.close();
    await expect(
      ticketFor(domain, 'bob', ['host', 'serverb'], 'N3w.password'),
    ).resolves.toBeDefined();
    await expect(ticketFor(domain, 'bob', ['host', 'serverb'])).rejects.toThrow();
    await setPassword(domain.dc.directory, domain.dc.domain, BOB, passwordOf('bob'));
    expect(domain.dc.directory.get(BOB).text('msDS-KeyVersionNumber')).toBe('4');
  });

  it('of a policy without history is the only one (KB906305, MS-SAMR 3.1.1.7.1)', async () => {
    const { directory } = domain.dc;
    const kept = (): number | undefined => {
      const sid = directory.get(BOB).sid;
      domain.dc.accounts.refresh();
      return sid === undefined ? undefined : domain.dc.accounts.bySid(sid)?.previousKeys.length;
    };
    const before = directory.get(BASE).text('pwdHistoryLength') ?? '';
    const client = await connectTls(domain);
    for (const next of ['First.001', 'Second.02', 'Third.003', 'Fourth.04']) {
      await administrator.modify(BOB, [replace('unicodePwd', quoted(next))]);
    }
    expect(kept()).toBeGreaterThan(3);
    await administrator.modify(BASE, [replace('pwdHistoryLength', '1')]);
    await administrator.modify(BOB, [replace('unicodePwd', quoted('Fifth.005'))]);
    // Two are kept for tickets, but nobody logs on by them.
    expect(kept()).toBe(2);
    await client.bindSimple('bob', 'Fifth.005');
    await expect(client.bindSimple('bob', 'Fourth.04')).rejects.toMatchObject({
      code: 'invalidCredentials',
    });
    await administrator.modify(BASE, [replace('pwdHistoryLength', before)]);
    await client.bindSimple('bob', 'Fourth.04');
    await administrator.modify(BOB, [replace('pwdLastSet', '0')]);
    await expect(client.bindSimple('bob', 'Fourth.04')).rejects.toMatchObject({
      code: 'invalidCredentials',
    });
    await client.close();
    await setPassword(directory, domain.dc.domain, BOB, passwordOf('bob'));
  });

  it('is changed by who knows the old one', async () => {
    const change = (old: string, next: string): ClientChange[] => [
      { operation: 'delete', attribute: 'unicodePwd', values: [quoted(old)] },
      { operation: 'add', attribute: 'unicodePwd', values: [quoted(next)] },
    ];
    await expect(alice.modify(ALICE, change('wrong', 'Next.1'))).rejects.toMatchObject({
      code: 'constraintViolation',
      message: expect.stringMatching(/^00000056: /),
    });
    const refused = (win32: string) => ({
      code: 'constraintViolation',
      message: expect.stringMatching(new RegExp(`^${win32}: AtrErr: `)),
    });
    const own = passwordOf('alice');
    // MS-SAMR 3.1.1.7.1: not before a day has gone by.
    await expect(alice.modify(ALICE, change(own, 'Next.Pass1'))).rejects.toMatchObject(
      refused('0000052D'),
    );
    await administrator.modify(BASE, [replace('minPwdAge', '0')]);
    for (const next of ['Aa1.', 'nocapitalsatall', 'x.Alice.0']) {
      await expect(alice.modify(ALICE, change(own, next))).rejects.toMatchObject(
        refused('0000052D'),
      );
    }
    await alice.modify(ALICE, change(own, 'Next.Pass1'));
    await alice.bindSimple('alice', 'Next.Pass1');
    await expect(alice.modify(ALICE, change('Next.Pass1', 'Next.Pass1'))).rejects.toMatchObject(
      refused('0000052D'),
    );
    await setPassword(domain.dc.directory, domain.dc.domain, ALICE, own);
  });

  it('is not set by others, and not in clear text', async () => {
    const set = [replace('unicodePwd', quoted('x'))];
    await expect(alice.modify(BOB, set)).rejects.toMatchObject(DENIED);
    await expect(alice.modify(ALICE, set)).rejects.toMatchObject(DENIED);
    const other = await startDomain({ ldap: { allowClearTextSimpleBind: true } });
    const clear = await connectClear(other, { allowClearTextPassword: true });
    await clear.bindSimple('Administrator', 'Adm1n.istrator');
    await expect(clear.modify(BOB, set)).rejects.toMatchObject({
      code: 'unwillingToPerform',
      message: expect.stringMatching(/^0000001F: SvcErr: .*5003 \(WILL_NOT_PERFORM\)/),
    });
    await clear.close();
    await other.close();
  });

  it.each([
    ['without quotes', [utf16le('secret')]],
    ['of an odd length', [Uint8Array.of(34, 0, 34)]],
    ['empty', [quoted('')]],
    ['of half a character', [utf16le('"\u{d800}"')]],
    ['twice', [quoted('a'), quoted('b')]],
    ['not at all', []],
  ])('refuses a value %s', async (_what, values) => {
    await expect(
      administrator.modify(BOB, [{ operation: 'replace', attribute: 'unicodePwd', values }]),
    ).rejects.toMatchObject({ code: 'unwillingToPerform' });
  });

  it('refuses other sequences of changes', async () => {
    const one = (operation: 'add' | 'delete' | 'replace'): ClientChange => ({
      operation,
      attribute: 'unicodePwd',
      values: [quoted('a')],
    });
    const cases = [
      [[one('add')], 'unwillingToPerform'],
      [[one('delete')], 'constraintViolation'],
      [[{ ...one('delete'), values: [] }], 'unwillingToPerform'],
      [[{ ...one('add'), values: [] }], 'constraintViolation'],
      // A reset to a password that is too short.
      [[{ ...one('delete'), values: [] }, one('add')], 'unwillingToPerform'],
      [[one('delete'), one('add'), one('add')], 'unwillingToPerform'],
      [[one('delete'), one('add'), one('replace')], 'unwillingToPerform'],
    ] as const;
    for (const [changes, code] of cases) {
      await expect(administrator.modify(BOB, changes)).rejects.toMatchObject({ code });
    }
    const wrong = administrator.modify(SERVERS, [one('replace')]);
    await expect(wrong).rejects.toMatchObject({ code: 'objectClassViolation' });
  });
});

describe('MS-ADTS 3.1.1.5.2 add, 3.1.1.5.5 delete, 3.1.1.5.4 rename', () => {
  it.each([
    ['user', 'carol', {}, '546'],
    ['computer', 'SERVERD$', {}, '4130'],
    [
      'msDS-GroupManagedServiceAccount',
      'gmsa$',
      { 'msDS-ManagedPasswordInterval': '30', userAccountControl: '4096' },
      '4096',
    ],
  ])('adds a %s', async (objectClass, sAMAccountName, more, control) => {
    const dn = `CN=${sAMAccountName},${SERVERS}`;
    await administrator.add(dn, { objectClass, sAMAccountName, ...more });
    const [entry] = await entriesOf(administrator, { base: dn, scope: 'base' });
    expect(textsOf(entry, 'userAccountControl')).toEqual([control]);
    expect(octetsOf(entry, 'objectSid')?.length).toBe(28);
    await administrator.delete(dn);
    await expect(administrator.delete(dn)).rejects.toMatchObject({ code: 'noSuchObject' });
  });

  it('adds a user with a password who can log on', async () => {
    const dn = `CN=Dora,CN=Users,${BASE}`;
    await administrator.add(dn, {
      objectClass: ['top', 'person', 'organizationalPerson', 'user'],
      sAMAccountName: 'dora',
      userAccountControl: '512',
      unicodePwd: utf16le('"Passw0rd.carol"'),
    });
    const client = await connectTls(domain);
    await client.bindSimple('dora', 'Passw0rd.carol');
    await expect(client.whoAmI()).resolves.toBe('u:CONTOSO\\dora');
    await client.close();
    const ticket = ticketFor(domain, 'dora', ['host', 'serverb'], 'Passw0rd.carol');
    await expect(ticket).resolves.toBeDefined();
    await administrator.delete(dn);
  });

  it('adds groups with members, seen from both sides', async () => {
    const dn = `CN=Testers,CN=Users,${BASE}`;
    await administrator.add(dn, { objectClass: 'group', sAMAccountName: 'Testers', member: ALICE });
    const [entry] = await entriesOf(alice, {
      base: ALICE,
      scope: 'base',
      attributes: ['memberOf'],
    });
    expect(textsOf(entry, 'memberOf')).toEqual([dn]);
    await administrator.delete(dn);
  });

  it('refuses what cannot be', async () => {
    const ou = { objectClass: 'organizationalUnit' };
    const add = (dn: string, entry: Record<string, string>) => administrator.add(dn, entry);
    await expect(add(SERVERS, ou)).rejects.toMatchObject({ code: 'entryAlreadyExists' });
    await expect(add(`OU=x,OU=y,${BASE}`, ou)).rejects.toMatchObject({
      code: 'noSuchObject',
      matchedDn: BASE,
    });
    await expect(add(`OU=x,${ALICE}`, ou)).rejects.toMatchObject({ code: 'namingViolation' });
    await expect(add(`CN=x,${BASE}`, ou)).rejects.toMatchObject({ code: 'namingViolation' });
    await expect(add(`CN=x,${BASE}`, { cn: 'x' })).rejects.toMatchObject({
      code: 'objectClassViolation',
    });
    await expect(add(`OU=x,${BASE}`, { ...ou, OBJECTCLASS: 'top' })).rejects.toMatchObject({
      code: 'attributeOrValueExists',
    });
    const twice = { objectClass: 'user', sAMAccountName: 'ALICE' };
    await expect(add(`CN=x,${BASE}`, twice)).rejects.toMatchObject({ code: 'entryAlreadyExists' });
  });

  it('deletes a leaf, or a tree when told to', async () => {
    const ou = `OU=Tree,${BASE}`;
    await administrator.add(ou, { objectClass: 'organizationalUnit' });
    await administrator.add(`OU=Leaf,${ou}`, { objectClass: 'organizationalUnit' });
    await expect(administrator.delete(ou)).rejects.toMatchObject({ code: 'notAllowedOnNonLeaf' });
    await administrator.delete(ou, { controls: [plainControl(CONTROLS.treeDelete)] });
    await expect(administrator.compare(ou, 'ou', 'Tree')).rejects.toMatchObject({
      code: 'noSuchObject',
    });
    const users = `CN=Users,${BASE}`;
    await expect(administrator.delete(users)).rejects.toMatchObject({ code: 'unwillingToPerform' });
  });

  it('renames and moves', async () => {
    const dn = `CN=Old,CN=Users,${BASE}`;
    await administrator.add(dn, { objectClass: 'user', sAMAccountName: 'mover' });
    await administrator.modifyDn(dn, { newRdn: 'CN=New', newSuperior: SERVERS });
    const moved = `CN=New,${SERVERS}`;
    await expect(administrator.compare(moved, 'sAMAccountName', 'mover')).resolves.toBe(true);
    await administrator.delete(moved);
  });

  it('is for administrators', async () => {
    const ou = { objectClass: 'organizationalUnit' };
    await expect(alice.add(`OU=Mine,${BASE}`, ou)).rejects.toMatchObject(DENIED);
    await expect(alice.delete(TARGET)).rejects.toMatchObject(DENIED);
    await expect(alice.modifyDn(ALICE, { newRdn: 'CN=A' })).rejects.toMatchObject(DENIED);
    const move = { newRdn: 'CN=Alice', newSuperior: SERVERS };
    await expect(alice.modifyDn(ALICE, move)).rejects.toMatchObject(DENIED);
  });

  it('lets who a descriptor allows make and remove computers', async () => {
    const ou = `OU=Join,${BASE}`;
    await administrator.add(ou, { objectClass: 'organizationalUnit' });
    const sid = domain.dc.accounts.byName('alice')?.sid ?? '';
    const computer = 'bf967a86-0de6-11d0-a285-00aa003049e2';
    const sddl = `O:BAD:(OA;;CCDC;${computer};;${sid})`;
    const descriptor = encodeDescriptor(parseSddl(sddl));
    await administrator.modify(ou, [replace('nTSecurityDescriptor', descriptor)]);
    const dn = `CN=JOINED,${ou}`;
    const entry = { objectClass: 'computer', sAMAccountName: 'JOINED$' };
    const trusted = { ...entry, userAccountControl: String(0x81000) };
    await expect(alice.add(dn, trusted)).rejects.toMatchObject(DENIED);
    // RFC 4512 §2.5: the same attribute by its OID; and sIDHistory with Domain Admins.
    const byOid = { ...entry, '1.2.840.113556.1.4.8': String(0x81000) };
    await expect(alice.add(dn, byOid)).rejects.toMatchObject(DENIED);
    const sidHistory = encodeSid(withRid(domain.dc.domain.sid, 512));
    const history = { ...entry, '1.2.840.113556.1.4.609': sidHistory };
    await expect(alice.add(dn, history)).rejects.toMatchObject(DENIED);
    await expect(
      alice.add(`OU=x,${ou}`, { objectClass: 'organizationalUnit' }),
    ).rejects.toMatchObject(DENIED);
    await alice.add(dn, { ...entry, userAccountControl: '4096' });
    // Made by right, not by the quota.
    expect(domain.dc.directory.get(dn).bytes('mS-DS-CreatorSID')).toBeUndefined();
    await alice.delete(dn);
    await expect(alice.delete(TARGET)).rejects.toMatchObject(DENIED);
  });
});
