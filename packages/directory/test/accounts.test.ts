import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import { encodeSid, withRid } from '@doublehop/security/sid';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Account, KeySet } from '../src/account.ts';
import { Accounts } from '../src/accounts.ts';
import { Directory } from '../src/directory.ts';
import type { Modification } from '../src/entry.ts';
import { HOST_CLASSES, mappedSpn, parseSpnMappings } from '../src/spn.ts';
import { lmdbStore } from '../src/store/lmdb.ts';
import { contoso, DOMAIN_DN, DOMAIN_SID, NOW } from './support/fixtures.ts';

const USERS = `CN=Users,${DOMAIN_DN}`;
const ALICE = `CN=Alice,${USERS}`;
const SERVERB = `CN=SERVERB,CN=Computers,${DOMAIN_DN}`;
const KEYS: KeySet = { kvno: 2, keys: [{ etype: 18, bytes: new Uint8Array(32), salt: 'x' }] };

const add = (attribute: string, ...values: string[]): Modification => ({
  operation: 'add',
  attribute,
  values,
});

async function populate(directory: Directory): Promise<void> {
  await directory.write((writer) => {
    writer.add(
      ALICE,
      {
        objectClass: 'user',
        sAMAccountName: 'alice',
        userPrincipalName: 'alice@corp.example',
        userAccountControl: '512',
      },
      { keys: KEYS },
    );
    writer.add(SERVERB, {
      objectClass: 'computer',
      sAMAccountName: 'SERVERB$',
      userAccountControl: '4096',
      dNSHostName: 'serverb.contoso.com',
      servicePrincipalName: ['HOST/serverb.contoso.com', 'HOST/SERVERB', 'WSMAN/serverb'],
      'msDS-SupportedEncryptionTypes': '24',
    });
  });
}

/** All that there is to know of an account, read now. */
function everything(account: Account | undefined): unknown {
  return {
    ...account,
    sid: account?.sid,
    dn: account?.dn,
    samAccountName: account?.samAccountName,
    userPrincipalName: account?.userPrincipalName,
    displayName: account?.displayName,
    dnsHostName: account?.dnsHostName,
    servicePrincipalNames: account?.servicePrincipalNames,
    logonHours: account?.logonHours,
    allowedToDelegateTo: account?.allowedToDelegateTo,
    allowedToActOnBehalf: account?.allowedToActOnBehalf,
    groups: account?.groups,
    resourceGroups: account?.resourceGroups,
    builtinGroups: account?.builtinGroups,
    extraSids: account?.extraSids,
    protectedUser: account?.protectedUser,
    keys: account?.keys,
    previousKeys: account?.previousKeys,
  };
}

let directory: Directory;
let accounts: Accounts;
beforeEach(async () => {
  directory = await contoso();
  await populate(directory);
  accounts = new Accounts(directory);
});

describe('MS-KILE 3.3.5.6.1 names of accounts', () => {
  it.each(['alice', 'ALICE', 'alice@corp.example', 'Alice@contoso.com', 'alice@CONTOSO'])(
    'finds a user as %s',
    (name) => {
      expect(accounts.byName(name)?.dn).toBe(ALICE);
    },
  );

  it.each(['SERVERB$', 'serverb', 'serverb$@CONTOSO.COM', 'serverb@contoso.com'])(
    'finds a machine as %s',
    (name) => {
      expect(accounts.byName(name)?.dn).toBe(SERVERB);
    },
  );

  it.each(['', '@', 'bob', 'alice@fabrikam.com', '@contoso.com', 'alice$', 'Domain Users'])(
    'finds nobody as %j, twice',
    (name) => {
      expect(accounts.byName(name)).toBeUndefined();
      expect(accounts.byName(name)).toBeUndefined();
    },
  );

  it('finds by SID, DN and number', () => {
    const alice = accounts.byName('alice');
    expect(accounts.bySid(alice?.sid ?? DOMAIN_SID)).toBe(alice);
    expect(accounts.byDn(ALICE.toLowerCase())).toBe(alice);
    expect(accounts.byId(alice?.id ?? 0)).toBe(alice);
    expect(accounts.bySid(DOMAIN_SID)).toBeUndefined();
    expect(accounts.byDn('not a name')).toBeUndefined();
    expect(accounts.byDn(USERS)).toBeUndefined();
    expect(accounts.byId(0)).toBeUndefined();
  });
});

describe('sPNMappings', () => {
  it('makes HOST stand for 53 classes', () => {
    const classes = HOST_CLASSES.split(',');
    expect(new Set(classes).size).toBe(53);
    for (const name of classes) {
      expect(accounts.bySpn(`${name}/serverb.contoso.com`)?.dn).toBe(SERVERB);
    }
  });

  it.each(['cifs/SERVERB', 'HTTP/serverb', 'rpcss/serverb', 'host/Serverb', 'WSMAN/SERVERB'])(
    'finds %s',
    (spn) => {
      expect(accounts.bySpn(spn)?.samAccountName).toBe('SERVERB$');
    },
  );

  // directory-independent: these classes are registered or not found.
  it.each([
    'ldap/serverb',
    'TERMSRV/serverb',
    'MSSQLSvc/serverb',
    'RestrictedKrbHost/serverb',
    'wsman/serverb.contoso.com',
    'cifs/serverc',
    'cifs',
    '/serverb',
    'cifs/',
  ])('does not find %s', (spn) => {
    expect(accounts.bySpn(spn)).toBeUndefined();
  });

  it('prefers what is registered to what HOST stands for', async () => {
    expect(accounts.bySpn('http/serverb')?.dn).toBe(SERVERB);
    await directory.modify(ALICE, [add('servicePrincipalName', 'HTTP/serverb')]);
    expect(accounts.bySpn('http/serverb')?.dn).toBe(ALICE);
    expect(accounts.bySpn('cifs/serverb')?.dn).toBe(SERVERB);
  });

  it('reads values with spaces and without sense', () => {
    const mappings = parseSpnMappings([' host = a , B', 'nonsense']);
    expect(mappedSpn(mappings, 'b/x/y')).toBe('host/x/y');
    expect(mappedSpn(mappings, 'c/x')).toBeUndefined();
  });
});

describe('what the KDC reads', () => {
  it('is all there', () => {
    expect(accounts.byName('SERVERB$')).toMatchObject({
      kind: 'computer',
      userAccountControl: 4096,
      supportedEncryptionTypes: 24,
      dnsHostName: 'serverb.contoso.com',
      primaryGroupRid: 515,
      accountExpires: 0x7fff_ffff_ffff_ffffn,
      lockoutTime: 0n,
      allowedToDelegateTo: [],
      allowedToActOnBehalf: undefined,
      keys: undefined,
      previousKeys: [],
    });
    expect(accounts.byName('alice')).toMatchObject({
      kind: 'user',
      supportedEncryptionTypes: undefined,
      userPrincipalName: 'alice@corp.example',
      keys: KEYS,
      protectedUser: false,
    });
  });

  it('keeps the keys of earlier passwords, as many as told', async () => {
    await directory.setKeys(ALICE, { kvno: 3, keys: [] });
    await directory.setKeys(ALICE, { kvno: 4, keys: [] }, { keep: 2 });
    const { keys, previousKeys } = accounts.byName('alice') ?? {};
    expect(keys?.kvno).toBe(4);
    expect(previousKeys?.map((set) => set.kvno)).toEqual([3, 2]);
    await directory.setKeys(ALICE, { kvno: 5, keys: [] });
    expect(accounts.byName('alice')?.previousKeys.map((set) => set.kvno)).toEqual([4]);
  });

  it('sorts groups as a PAC has them (MS-KILE 3.3.5.7.3)', async () => {
    const group = (name: string, groupType: number, member: string[]): Promise<unknown> =>
      directory.add(`CN=${name},${USERS}`, {
        objectClass: 'group',
        sAMAccountName: name,
        groupType: String(groupType | 0),
        member,
      });
    await group('global', 0x80000002, [ALICE]);
    await group('universal', 0x80000008, [`CN=global,${USERS}`]);
    await group('local', 0x80000004, [`CN=universal,${USERS}`]);
    await group('mail', 0x00000002, [ALICE]);
    await group('behind mail', 0x80000002, [`CN=mail,${USERS}`]);
    await directory.modify(`CN=Protected Users,${USERS}`, [add('member', `CN=global,${USERS}`)]);
    const alice = accounts.byName('alice');
    const nameOf = (sid: string): string =>
      directory.get(`<SID=${sid}>`).text('sAMAccountName') ?? '';
    expect(new Set(alice?.groups.map((one) => nameOf(one.sid)))).toEqual(
      new Set(['Domain Users', 'global', 'universal', 'Protected Users']),
    );
    expect(alice?.groups.every((one) => one.attributes === 7)).toBe(true);
    expect(alice?.resourceGroups.map((one) => nameOf(one.sid))).toEqual(['local']);
    expect(alice?.resourceGroups.map((one) => one.attributes)).toEqual([0x20000007]);
    expect(alice?.builtinGroups).toEqual(['S-1-5-32-545']);
    expect(alice?.protectedUser).toBe(true);
    expect(alice?.extraSids).toEqual([]);
    expect(alice?.groups.map((one) => one.sid)).toContain(withRid(DOMAIN_SID, 513));
  });
});

describe('an account that is kept', () => {
  it('is the same object until something that it was made from changes', async () => {
    const before = accounts.byName('alice');
    await directory.modify(SERVERB, [add('description', 'x')]);
    expect(accounts.byName('alice')).toBe(before);
    await directory.modify(ALICE, [add('displayName', 'Alice')]);
    expect(accounts.byName('alice')?.displayName).toBe('Alice');
  });

  const changes: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    [
      'joins a group',
      () => directory.modify(`CN=Key Admins,${USERS}`, [add('member', ALICE)]),
      '526',
    ],
    [
      'is in a group that joins another',
      () => directory.modify(`CN=Key Admins,${USERS}`, [add('member', `CN=Domain Users,${USERS}`)]),
      '526',
    ],
  ];
  it.each(changes)('changes when it %s', async (_what, make, rid) => {
    const rids = (): string[] | undefined =>
      accounts.byName('alice')?.groups.map((group) => String(group.rid));
    expect(rids()).toEqual(['513']);
    await make();
    expect(rids()).toContain(rid);
    const members = { operation: 'replace', attribute: 'member', values: [] } as const;
    await directory.modify(`CN=Key Admins,${USERS}`, [members]);
    expect(rids()).toEqual(['513']);
  });

  it('stays for groups that are not its own, and until its own were asked for', async () => {
    const alice = accounts.byName('alice');
    const serverb = accounts.byName('serverb');
    expect(serverb?.groups.map(({ rid }) => rid)).toEqual([515]);
    await directory.modify(`CN=Domain Users,${USERS}`, [add('description', 'x')]);
    expect(accounts.byName('serverb')).toBe(serverb);
    expect(accounts.byName('alice')).toBe(alice);
    expect(alice?.groups.map(({ rid }) => rid)).toEqual([513]);
    await directory.modify(`CN=Domain Users,${USERS}`, [add('info', 'x')]);
    expect(accounts.byName('serverb')).toBe(serverb);
    expect(accounts.byName('alice')).not.toBe(alice);
  });

  it('changes when a group that did not count becomes one that does', async () => {
    const name = `CN=list,${USERS}`;
    const groupType = '2';
    await directory.add(name, { objectClass: 'group', sAMAccountName: 'list', groupType });
    await directory.modify(name, [add('member', ALICE)]);
    expect(accounts.byName('alice')?.groups).toHaveLength(1);
    const values = [String(0x80000002 | 0)];
    await directory.modify(name, [{ operation: 'replace', attribute: 'groupType', values }]);
    expect(accounts.byName('alice')?.groups).toHaveLength(2);
  });

  it('finds its primary group when that comes into being', async () => {
    const set = (rid: number): Promise<unknown> =>
      directory.write((writer) => {
        const attributes = { objectClass: 'group', sAMAccountName: `g${rid}` };
        const objectSid = encodeSid(withRid(DOMAIN_SID, rid));
        writer.add(`CN=g${rid},${USERS}`, { ...attributes, objectSid }, { system: true });
      });
    const primaryGroupID = '7777';
    await directory.write((writer) => {
      const attributes = { objectClass: 'user', sAMAccountName: 'carol', primaryGroupID };
      writer.add(`CN=Carol,${USERS}`, attributes, { system: true });
    });
    const carol = accounts.byName('carol');
    expect(carol?.groups).toEqual([]);
    await set(7778);
    expect(accounts.byName('carol')?.groups).toEqual([]);
    await set(7777);
    expect(accounts.byName('carol')?.groups.map(({ rid }) => rid)).toEqual([7777]);
  });

  it('shares its groups with those that are in the same ones', async () => {
    await directory.add(`CN=Bob,${USERS}`, { objectClass: 'user', sAMAccountName: 'bob' });
    const bob = accounts.byName('bob');
    expect(bob?.groups).toHaveLength(1);
    expect(bob?.groups).toBe(accounts.byName('alice')?.groups);
    const few = new Accounts(directory, { size: 1 });
    for (const name of ['alice', 'serverb', 'bob', 'Administrator', 'alice', 'serverb']) {
      expect(few.byName(name)?.groups).toEqual(accounts.byName(name)?.groups);
    }
  });

  it('can still be read by who holds it when it is gone', async () => {
    const alice = accounts.byName('alice');
    await directory.remove(ALICE);
    expect(alice).toMatchObject({
      samAccountName: 'alice',
      userAccountControl: 512,
      dn: expect.stringContaining('DEL:'),
    });
    expect(alice?.groups.map(({ rid }) => rid)).toEqual([513]);
    expect(alice?.keys).toBeUndefined();
    expect(accounts.byName('alice')).toBeUndefined();
  });

  it('goes with its entry, its names with it', async () => {
    expect(accounts.bySpn('cifs/serverb')).toBeDefined();
    await directory.remove(SERVERB);
    expect(accounts.bySpn('cifs/serverb')).toBeUndefined();
    expect(accounts.byName('serverb')).toBeUndefined();
    await directory.add(SERVERB, { objectClass: 'computer', sAMAccountName: 'SERVERB$' });
    expect(accounts.byName('serverb')).toBeDefined();
  });

  it('bears the new name when its container is renamed', async () => {
    await directory.add(`OU=Old,${DOMAIN_DN}`, { objectClass: 'organizationalUnit' });
    await directory.rename(ALICE, { newRdn: 'CN=Alice', newSuperior: `OU=Old,${DOMAIN_DN}` });
    expect(accounts.byName('alice')?.dn).toBe(`CN=Alice,OU=Old,${DOMAIN_DN}`);
    await directory.rename(`OU=Old,${DOMAIN_DN}`, { newRdn: 'OU=New' });
    expect(accounts.byName('alice')?.dn).toBe(`CN=Alice,OU=New,${DOMAIN_DN}`);
  });

  it('is dropped when more changed than is followed', async () => {
    const before = accounts.byName('alice');
    await directory.write((writer) => {
      for (let i = 0; i < 5000; i += 1) {
        const values = [`x${i}`];
        writer.modify(SERVERB, [{ operation: 'replace', attribute: 'description', values }]);
      }
    });
    const after = accounts.byName('alice');
    expect(after).not.toBe(before);
    expect(everything(after)).toEqual(everything(before));
  });

  it('makes room when there are more accounts than places', () => {
    const few = new Accounts(directory, { size: 2 });
    for (const name of ['alice', 'serverb', 'krbtgt', 'Administrator', 'alice']) {
      expect(few.byName(name)?.samAccountName.toLowerCase()).toContain(name.toLowerCase());
    }
  });

  it('follows what is written through another handle on the same LMDB file', async () => {
    const path = await mkdtemp(join(tmpdir(), 'doublehop-accounts-'));
    const [one, two] = [await lmdbStore({ path }), await lmdbStore({ path })];
    const writing = await contoso(one);
    await populate(writing);
    two.refresh();
    const reading = new Directory({ store: two, random: pooledRandom(), clock: () => NOW });
    const watching = new Accounts(reading);
    expect(watching.bySpn('http/serverb')?.dn).toBe(SERVERB);
    await writing.modify(SERVERB, [add('description', 'x'), add('servicePrincipalName', 'HTTP/y')]);
    watching.refresh();
    expect(watching.bySpn('http/y')?.dn).toBe(SERVERB);
    expect(watching.byName('serverb')?.usn).toBe(writing.highestUsn());
    await Promise.all([one.close(), two.close()]);
    await rm(path, { recursive: true });
  });
});
