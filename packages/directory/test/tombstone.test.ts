import { everything, equals } from '@doublehop/ldap/filter';
import { beforeEach, describe, expect, it } from 'vitest';
import { Accounts } from '../src/accounts.ts';
import type { Directory } from '../src/directory.ts';
import type { Entry } from '../src/entry.ts';
import { contoso, DOMAIN_DN, NOW } from './support/fixtures.ts';

const USERS = `CN=Users,${DOMAIN_DN}`;
const ALICE = `CN=Alice,${USERS}`;
const STAFF = `CN=Staff,${USERS}`;
const DELETED = `CN=Deleted Objects,${DOMAIN_DN}`;
const CONFIGURATION = `CN=Configuration,${DOMAIN_DN}`;
const USER = { objectClass: 'user', sAMAccountName: 'alice', description: 'x' };

let directory: Directory;
let alice: Entry;
beforeEach(async () => {
  directory = await contoso();
  alice = await directory.add(ALICE, USER);
  await directory.add(STAFF, { objectClass: 'group', sAMAccountName: 'Staff', member: ALICE });
});

const fails = (code: string): object => expect.objectContaining({ code });
const buried = (): Entry => {
  const entry = directory.find({ guid: alice.guid }, { deleted: true });
  if (entry === undefined) throw new Error('no tombstone');
  return entry;
};
const restored = (dn: string, changes: Parameters<Directory['modify']>[1] = []) =>
  directory.write((writer) => writer.reanimate({ guid: alice.guid }, dn, changes).id);

describe('MS-ADTS 3.1.1.5.5.1.1 tombstones', () => {
  it('take the links to them along, and their owners do not change by it', async () => {
    const stamps = (): unknown =>
      ['uSNChanged', 'whenChanged'].map((name) => directory.get(STAFF).text(name));
    const before = stamps();
    await directory.remove(ALICE);
    expect(directory.get(STAFF).values('member')).toEqual([]);
    expect(stamps()).toEqual(before);
  });

  it('of hidden classes come back to be seen, as by Windows', async () => {
    const hidden = await directory.add(`CN=Hidden,${USERS}`, { objectClass: 'container' });
    expect(hidden.text('showInAdvancedViewOnly')).toBe('TRUE');
    await directory.remove(hidden.dn);
    await directory.write((writer) => writer.reanimate({ guid: hidden.guid }, hidden.dn, []).id);
    expect(directory.get(hidden.dn).text('showInAdvancedViewOnly')).toBeUndefined();
  });

  it('and their links: two links to one entry are refused as an entry that is there', async () => {
    const attributes = { objectClass: 'group', member: [ALICE, ALICE] };
    await expect(directory.add(`CN=Twice,${USERS}`, attributes)).rejects.toEqual(
      fails('entryAlreadyExists'),
    );
  });

  it('keep what tells what was deleted, under a name of their own', async () => {
    await directory.remove(ALICE);
    const entry = buried();
    expect(entry.dn).toBe(`CN=Alice\\0ADEL:${alice.guid},${DELETED}`);
    expect([...entry.attributeNames()].sort()).toEqual(
      [
        'cn',
        'distinguishedName',
        'instanceType',
        'isDeleted',
        'isRecycled',
        'lastKnownParent',
        'name',
        ...entry.attributeNames().filter((name) => name === 'nTSecurityDescriptor'),
        'objectClass',
        'objectGUID',
        'objectSid',
        'sAMAccountName',
        'uSNChanged',
        'uSNCreated',
        'userAccountControl',
        'whenChanged',
        'whenCreated',
      ].sort(),
    );
    expect(entry.text('isDeleted')).toBe('TRUE');
    expect(entry.text('lastKnownParent')).toBe(USERS);
    expect(entry.text('cn')).toBe(`Alice\nDEL:${alice.guid}`);
    expect(entry.sid).toBe(alice.sid);
    expect(directory.get(STAFF).values('member')).toEqual([]);
  });

  it('are seen by those alone who ask for them', async () => {
    await directory.remove(ALICE);
    const { dn } = buried();
    for (const name of [dn, DELETED, `<GUID=${alice.guid}>`, `<SID=${alice.sid ?? ''}>`]) {
      expect([name, directory.find(name)]).toEqual([name, undefined]);
    }
    expect(new Accounts(directory).byName('alice')).toBeUndefined();
    const found = (filter: typeof everything, deleted: boolean, base = DOMAIN_DN) =>
      Array.from(
        directory.search({ base, scope: 'subtree', filter, deleted }),
        (entry) => entry.dn,
      );
    const filters = [
      equals('sAMAccountName', 'alice'),
      equals('objectClass', 'user'),
      equals('objectGUID', alice.guid),
      equals('isDeleted', 'TRUE'),
      everything,
    ];
    for (const filter of filters) {
      expect(found(filter, false)).not.toContain(dn);
      const all = found(filter, true);
      expect(all.filter((each) => each === dn)).toEqual([dn]);
      expect(new Set(all).size).toBe(all.length);
    }
    expect(found(everything, true, DELETED).sort()).toEqual([dn, DELETED].sort());
    expect(found(equals('isDeleted', 'TRUE'), true, USERS)).toEqual([]);
  });

  it('leave their names to others', async () => {
    await directory.remove(ALICE);
    const next = await directory.add(ALICE, USER);
    expect(next.guid).not.toBe(alice.guid);
    await directory.remove(ALICE);
    expect(directory.find({ guid: next.guid }, { deleted: true })?.dn).toContain(next.guid);
  });

  it('are not deleted again', async () => {
    await directory.remove(ALICE);
    await expect(directory.remove(ALICE)).rejects.toThrow(fails('noSuchObject'));
    const remove = directory.remove(buried().dn, { deleted: true });
    await expect(remove).rejects.toThrow(fails('noSuchObject'));
    const container = directory.remove(DELETED, { deleted: true });
    await expect(container).rejects.toThrow(fails('unwillingToPerform'));
  });

  it('stay where they were for sites and servers (3.1.1.5.5.6.1)', async () => {
    const sites = `CN=Sites,${CONFIGURATION}`;
    if (directory.find(sites) === undefined) {
      await directory.add(sites, { objectClass: 'sitesContainer' });
    }
    const { guid } = await directory.add(`CN=Berlin,${sites}`, { objectClass: 'site' });
    await directory.remove(`CN=Berlin,${sites}`);
    const entry = directory.find({ guid }, { deleted: true });
    expect(entry?.dn).toBe(`CN=Berlin\\0ADEL:${guid},${sites}`);
  });

  it('go when their time is over (garbage collection)', async () => {
    await directory.remove(ALICE);
    const collect = (before: number) =>
      directory.write((writer) => writer.collectGarbage(before, 100));
    await expect(collect(NOW)).resolves.toBe(0);
    await expect(collect(NOW + 1000)).resolves.toBe(1);
    expect(directory.find({ guid: alice.guid }, { deleted: true })).toBeUndefined();
    expect(directory.find(DELETED, { deleted: true })).toBeDefined();
  });
});

describe('MS-ADTS 3.1.1.5.5.5 what is not deleted', () => {
  it('crossRefs of contexts held here', async () => {
    const crossRef = (name: string) =>
      directory.remove(`CN=${name},CN=Partitions,${CONFIGURATION}`);
    await expect(crossRef('Enterprise Schema')).rejects.toThrow(fails('unwillingToPerform'));
    await expect(crossRef('Enterprise Configuration')).rejects.toThrow(
      fails('notAllowedOnNonLeaf'),
    );
    await expect(crossRef('CONTOSO')).rejects.toThrow(fails('notAllowedOnNonLeaf'));
  });
});

describe('MS-ADTS 3.1.1.5.3.7.2 reanimation', () => {
  it('gives back name, identity and the account', async () => {
    await directory.remove(ALICE);
    const url = { operation: 'add', attribute: 'url', values: ['http://a'] } as const;
    const id = await restored(`CN=Alicia,${USERS}`, [url]);
    const entry = directory.get({ id });
    expect(entry.dn).toBe(`CN=Alicia,${USERS}`);
    expect(entry.guid).toBe(alice.guid);
    expect(entry.sid).toBe(alice.sid);
    expect(entry.values('isDeleted')).toEqual([]);
    expect(entry.values('isRecycled')).toEqual([]);
    expect(entry.text('lastKnownParent')).toBe(USERS);
    expect(entry.text('sAMAccountType')).toBe('805306368');
    expect(entry.text('objectCategory')).toBe(`CN=Person,CN=Schema,${CONFIGURATION}`);
    expect(entry.text('url')).toBe('http://a');
    expect(new Accounts(directory).byName('alice')?.sid).toBe(alice.sid);
  });

  it('is refused for names that are taken or in another naming context', async () => {
    await directory.remove(ALICE);
    const elsewhere = restored(`CN=Alice,${CONFIGURATION}`);
    await expect(elsewhere).rejects.toThrow();
    await directory.add(ALICE, { objectClass: 'contact' });
    await expect(restored(ALICE)).rejects.toThrow(fails('entryAlreadyExists'));
    const container = directory.write((writer) => writer.reanimate(DELETED, ALICE, []).id);
    await expect(container).rejects.toThrow(fails('unwillingToPerform'));
  });

  it('is refused where another account has taken the account name', async () => {
    await directory.remove(ALICE);
    await directory.add(`CN=Other,${USERS}`, USER);
    await expect(restored(ALICE)).rejects.toThrow(fails('entryAlreadyExists'));
  });

  it('3.1.1.5.3.7.2: containers do not change their naming context', async () => {
    const { guid } = await directory.add(`CN=box,${USERS}`, { objectClass: 'container' });
    await directory.remove(`CN=box,${USERS}`);
    const move = (dn: string) => directory.write((writer) => writer.reanimate({ guid }, dn, []).id);
    await expect(move(`CN=box,CN=Services,${CONFIGURATION}`)).rejects.toThrow(
      fails('operationsError'),
    );
    await expect(move(`CN=box,${USERS}`)).resolves.toBeGreaterThan(0);
  });
});
