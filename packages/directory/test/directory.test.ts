import { pooledRandom } from '@doublehop/crypto/random';
import { encodeSid, withRid } from '@doublehop/security/sid';
import { beforeEach, describe, expect, it } from 'vitest';
import { Directory } from '../src/directory.ts';
import type { Modification, Value } from '../src/entry.ts';
import type { DirectoryErrorCode } from '../src/errors.ts';
import { memoryStore } from '../src/store/memory.ts';
import type { Store } from '../src/store/store.ts';
import { contoso, DOMAIN_DN, DOMAIN_SID, NOW } from './support/fixtures.ts';

const USERS = `CN=Users,${DOMAIN_DN}`;
const ALICE = `CN=Alice,${USERS}`;
const SERVERS = `OU=Servers,${DOMAIN_DN}`;

const change = (
  operation: Modification['operation'],
  attribute: string,
  ...values: Value[]
): Modification => ({ operation, attribute, values });

const fails = (code: DirectoryErrorCode): object => expect.objectContaining({ code });

let directory: Directory;
beforeEach(async () => {
  directory = await contoso();
  await directory.add(SERVERS, { objectClass: 'organizationalUnit' });
  await directory.add(ALICE, {
    objectClass: 'user',
    sAMAccountName: 'alice',
    userPrincipalName: 'alice@contoso.com',
    userAccountControl: '512',
  });
});

const addComputer = (
  name: string,
  more: { [name: string]: Value | Value[] } = {},
): Promise<unknown> =>
  directory.add(`CN=${name},${SERVERS}`, {
    objectClass: 'computer',
    sAMAccountName: `${name}$`,
    userAccountControl: '4096',
    ...more,
  });

describe('MS-ADTS 3.1.1.5.2 add', () => {
  it('gives an account its identity and its defaults', () => {
    const alice = directory.get(ALICE);
    expect(alice.values('objectClass')).toEqual(['top', 'person', 'organizationalPerson', 'user']);
    expect(alice.sid?.startsWith(`${DOMAIN_SID}-`)).toBe(true);
    expect(alice.guid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
    expect(alice.text('cn')).toBe('Alice');
    expect(alice.text('name')).toBe('Alice');
    expect(alice.text('sAMAccountType')).toBe('805306368');
    expect(alice.text('primaryGroupID')).toBe('513');
    expect(alice.text('whenCreated')).toBe('20261122170000.0Z');
    expect(alice.text('accountExpires')).toBe('9223372036854775807');
    expect(alice.text('objectCategory')).toBe(`CN=Person,CN=Schema,CN=Configuration,${DOMAIN_DN}`);
    expect(Number(alice.text('uSNChanged'))).toBe(directory.highestUsn());
    expect(alice.dn).toBe(ALICE);
    expect(alice.structuralClass).toBe('user');
  });

  it('gives machines their own account type and primary group', async () => {
    await addComputer('SERVERB');
    const computer = directory.get(`CN=SERVERB,${SERVERS}`);
    expect(computer.text('sAMAccountType')).toBe('805306369');
    expect(computer.text('primaryGroupID')).toBe('515');
    await directory.modify({ id: computer.id }, [change('replace', 'userAccountControl', '8192')]);
    expect(directory.get({ id: computer.id }).text('primaryGroupID')).toBe('516');
    expect(directory.get({ id: computer.id }).values('memberOf')).toEqual([]);
  });

  const user = { objectClass: 'user', sAMAccountName: 'new' };
  const refused: readonly (readonly [string, DirectoryErrorCode, string, object])[] = [
    ['an existing name', 'entryAlreadyExists', ALICE.toUpperCase(), user],
    ['a parent that is not there', 'noSuchObject', `CN=x,OU=None,${DOMAIN_DN}`, user],
    ['no class', 'objectClassViolation', `CN=x,${USERS}`, { sAMAccountName: 'x' }],
    ['an unknown class', 'noSuchAttribute', `CN=x,${USERS}`, { objectClass: 'alien' }],
    ['an abstract class', 'objectClassViolation', `CN=x,${USERS}`, { objectClass: 'top' }],
    [
      'classes of two kinds',
      'objectClassViolation',
      `CN=x,${USERS}`,
      { objectClass: ['user', 'group'] },
    ],
    ['an unknown attribute', 'noSuchAttribute', `CN=x,${USERS}`, { ...user, nonsense: '1' }],
    [
      'an attribute of another class',
      'objectClassViolation',
      `CN=x,${USERS}`,
      { ...user, groupType: '2' },
    ],
    [
      'two values of one',
      'constraintViolation',
      `CN=x,${USERS}`,
      { ...user, displayName: ['a', 'b'] },
    ],
    [
      'the same value twice',
      'attributeOrValueExists',
      `CN=x,${USERS}`,
      { ...user, url: ['a', 'A'] },
    ],
    [
      'a bad number',
      'invalidAttributeSyntax',
      `CN=x,${USERS}`,
      { ...user, userAccountControl: 'x' },
    ],
    [
      'a value out of range',
      'constraintViolation',
      `CN=x,${USERS}`,
      { ...user, initials: '1234567' },
    ],
    [
      'a SID',
      'constraintViolation',
      `CN=x,${USERS}`,
      { ...user, objectSid: encodeSid(DOMAIN_SID) },
    ],
    [
      'a password as an attribute',
      'unwillingToPerform',
      `CN=x,${USERS}`,
      { ...user, unicodePwd: 'x' },
    ],
    ['a back link', 'constraintViolation', `CN=x,${USERS}`, { ...user, memberOf: ALICE }],
    [
      'a constructed attribute',
      'constraintViolation',
      `CN=x,${USERS}`,
      { ...user, tokenGroups: 'x' },
    ],
    ['the wrong naming attribute', 'namingViolation', `OU=x,${USERS}`, user],
    [
      'a place its class is not for',
      'namingViolation',
      `OU=x,${ALICE}`,
      { objectClass: 'organizationalUnit' },
    ],
    ['a bad name', 'invalidDNSyntax', `CN=x+SN=y,${USERS}`, user],
    [
      'a name that is taken',
      'entryAlreadyExists',
      `CN=x,${USERS}`,
      { ...user, sAMAccountName: 'ALICE' },
    ],
    [
      'a name with a slash',
      'constraintViolation',
      `CN=x,${USERS}`,
      { ...user, sAMAccountName: 'a/b' },
    ],
    [
      'a UPN that is taken',
      'constraintViolation',
      `CN=x,${USERS}`,
      { ...user, userPrincipalName: 'Alice@CONTOSO.com' },
    ],
    [
      'a UPN with the name of another account',
      'entryAlreadyExists',
      `CN=x,${USERS}`,
      { ...user, userPrincipalName: 'GUEST@contoso.com' },
    ],
    [
      'a UPN that is the name of another account',
      'entryAlreadyExists',
      `CN=x,${USERS}`,
      { ...user, userPrincipalName: 'guest' },
    ],
    [
      'a manager that is not there',
      'constraintViolation',
      `CN=x,${USERS}`,
      { ...user, manager: `CN=none,${USERS}` },
    ],
  ];
  it.each(refused)('refuses %s: %s', async (_what, code, dn, attributes) => {
    const before = directory.highestUsn();
    await expect(directory.add(dn, { ...attributes })).rejects.toThrow(fails(code));
    directory.refresh();
    expect(directory.highestUsn()).toBe(before);
    expect(directory.find(`CN=x,${USERS}`)).toBeUndefined();
  });

  it('tells how far down a missing name leads', async () => {
    const error = directory.add(`CN=x,OU=None,${SERVERS}`, { objectClass: 'user' });
    await expect(error).rejects.toThrow(expect.objectContaining({ matchedDn: SERVERS }));
    const outside = expect.objectContaining({ code: 'noSuchObject', matchedDn: '' });
    expect(() => directory.get('DC=fabrikam,DC=com')).toThrow(outside);
  });

  it('refuses a service principal name that is taken', async () => {
    await addComputer('SERVERB', { servicePrincipalName: ['HOST/serverb', 'HTTP/web'] });
    await expect(addComputer('SERVERC', { servicePrincipalName: 'http/WEB' })).rejects.toThrow(
      expect.objectContaining({ code: 'constraintViolation', win32: 0x21c7 }),
    );
  });

  it('makes a name for an account that has none', async () => {
    const entry = await directory.add(`CN=x,${USERS}`, { objectClass: 'user' });
    expect(entry.text('sAMAccountName')).toMatch(/^\$[A-Z0-5]{6}-[A-Z0-5]{12}$/);
    expect(entry.text('userAccountControl')).toBe('546');
  });
});

describe('MS-ADTS 3.1.1.5.3 modify', () => {
  const modify = (...changes: Modification[]): Promise<unknown> => directory.modify(ALICE, changes);

  it('what no other controller is told of leaves uSNChanged and whenChanged', async () => {
    const stamps = (): (string | undefined)[] =>
      ['uSNChanged', 'whenChanged'].map((name) => directory.get(ALICE).text(name));
    const before = stamps();
    await directory.modify(ALICE, [
      change('replace', 'badPwdCount', '2'),
      change('replace', 'lastLogon', '1'),
    ]);
    expect(directory.get(ALICE).text('badPwdCount')).toBe('2');
    expect(stamps()).toEqual(before);
    await directory.modify(ALICE, [
      change('replace', 'badPwdCount', '3'),
      change('replace', 'lockoutTime', '1'),
    ]);
    expect(stamps()[0]).not.toBe(before[0]);
  });

  it('notes a logon: two attributes and nothing else', async () => {
    const all = (): Map<string, readonly Value[]> => {
      const entry = directory.get(ALICE);
      return new Map(entry.attributeNames().map((name) => [name, entry.values(name)]));
    };
    const before = all();
    const { id } = directory.get(ALICE);
    const usn = directory.highestUsn();
    await directory.write((writer) => writer.note(id, { lastLogon: '17', logonCount: '1' }));
    expect(all()).toEqual(new Map([...before, ['lastLogon', ['17']], ['logonCount', ['1']]]));
    await directory.write((writer) => writer.note(id, { logonCount: '100' }));
    expect(all()).toEqual(new Map([...before, ['lastLogon', ['17']], ['logonCount', ['100']]]));
    expect(directory.highestUsn()).toBe(usn);
    const gone = directory.write((writer) => writer.note(2 ** 40, { logonCount: '1' }));
    await expect(gone).rejects.toMatchObject({ code: 'noSuchObject' });
  });

  it('adds, deletes and replaces values', async () => {
    await modify(
      change('add', 'url', 'a', 'b'),
      change('delete', 'url', 'A'),
      change('add', 'url', 'c'),
    );
    expect(directory.get(ALICE).values('url')).toEqual(['b', 'c']);
    await modify(change('replace', 'url', 'd'));
    expect(directory.get(ALICE).values('url')).toEqual(['d']);
    await modify(change('replace', 'url'), change('replace', 'url'));
    expect(directory.get(ALICE).values('url')).toEqual([]);
  });

  const refused: readonly (readonly [string, DirectoryErrorCode, Modification[]])[] = [
    [
      'adding a value that is there',
      'attributeOrValueExists',
      [change('add', 'userPrincipalName', 'x@y')],
    ],
    ['adding a value twice', 'attributeOrValueExists', [change('add', 'url', 'a', 'A')]],
    ['adding nothing', 'constraintViolation', [change('add', 'url')]],
    ['deleting what is not there', 'noSuchAttribute', [change('delete', 'url')]],
    [
      'deleting another value',
      'noSuchAttribute',
      [change('replace', 'url', 'a'), change('delete', 'url', 'b')],
    ],
    ['deleting what is needed', 'objectClassViolation', [change('delete', 'sAMAccountName')]],
    [
      'another structural class',
      'objectClassViolation',
      [change('add', 'objectClass', 'computer')],
    ],
    ['its name', 'notAllowedOnRDN', [change('replace', 'cn', 'Bob')]],
    ['what the system writes', 'constraintViolation', [change('replace', 'uSNChanged', '1')]],
    ['an unknown attribute', 'noSuchAttribute', [change('replace', 'nonsense', '1')]],
    ['a name that is taken', 'entryAlreadyExists', [change('replace', 'sAMAccountName', 'krbtgt')]],
    [
      'a primary group it is not in',
      'unwillingToPerform',
      [change('replace', 'primaryGroupID', '512')],
    ],
  ];
  it.each(refused)('refuses %s: %s', async (_what, code, changes) => {
    const before = directory.get(ALICE).text('uSNChanged');
    const attempt = modify(change('replace', 'description', 'half'), ...changes);
    await expect(attempt).rejects.toThrow(fails(code));
    expect(directory.get(ALICE).text('description')).toBeUndefined();
    expect(directory.get(ALICE).text('uSNChanged')).toBe(before);
  });

  it('deletes exactly the descriptor that was read, so that no other change is lost', async () => {
    await addComputer('SERVERC');
    const dn = `CN=SERVERC,${SERVERS}`;
    const name = 'msDS-AllowedToActOnBehalfOfOtherIdentity';
    const [one, two, three] = [Uint8Array.of(1, 0), Uint8Array.of(1, 0, 0), Uint8Array.of(2)];
    await directory.modify(dn, [change('add', name, one)]);
    await directory.modify(dn, [change('delete', name, one), change('add', name, two)]);
    const late = directory.modify(dn, [change('delete', name, one), change('add', name, three)]);
    await expect(late).rejects.toThrow(fails('noSuchAttribute'));
    expect(directory.get(dn).bytes(name)).toEqual(two);
  });

  it('takes auxiliary classes in and out', async () => {
    await modify(change('add', 'objectClass', 'posixAccount'), change('add', 'uidNumber', '1000'));
    expect(directory.get(ALICE).values('objectClass')).toContain('posixAccount');
    expect(directory.get(ALICE).values('objectClass').at(-1)).toBe('user');
  });

  it('MS-SAMR 3.1.1.8.2: a new primary group swaps membership', async () => {
    const admins = `CN=Domain Admins,${USERS}`;
    await directory.modify(admins, [change('add', 'member', ALICE)]);
    await modify(change('replace', 'primaryGroupID', '512'));
    expect(directory.get(admins).values('member')).not.toContain(ALICE);
    expect(directory.get(`CN=Domain Users,${USERS}`).values('member')).toContain(ALICE);
  });
});

describe('MS-ADTS 3.1.1.1.6 links', () => {
  const staff = `CN=Staff,${USERS}`;
  beforeEach(async () => {
    await directory.add(staff, { objectClass: 'group', sAMAccountName: 'staff', member: ALICE });
  });

  it('are seen from both sides', async () => {
    expect(directory.get(staff).values('member')).toEqual([ALICE]);
    expect(directory.get(ALICE).values('memberOf')).toEqual([staff]);
    expect(directory.get(staff).attributeNames()).toContain('member');
    expect(directory.get(ALICE).attributeNames()).toContain('memberOf');
    await directory.modify(staff, [change('delete', 'member', ALICE)]);
    expect(directory.get(ALICE).values('memberOf')).toEqual([]);
    expect(directory.get(staff).attributeNames()).not.toContain('member');
  });

  it('are replaced as a set', async () => {
    await addComputer('SERVERB');
    const server = `CN=SERVERB,${SERVERS}`;
    await directory.modify(staff, [change('replace', 'member', server, `CN=krbtgt,${USERS}`)]);
    expect(new Set(directory.get(staff).values('member'))).toEqual(
      new Set([server, `CN=krbtgt,${USERS}`]),
    );
    await directory.modify(staff, [change('replace', 'member')]);
    expect(directory.get(staff).values('member')).toEqual([]);
    expect(directory.get(server).values('memberOf')).toEqual([]);
  });

  it('are read in stretches, of which alone the names are looked up', async () => {
    const store = memoryStore();
    const made = await contoso(store);
    const users = Array.from({ length: 300 }, (_, at) => `CN=Member ${at},${USERS}`);
    await made.write((writer) => {
      for (const dn of users) writer.add(dn, { objectClass: 'contact' });
      writer.add(staff, { objectClass: 'group', sAMAccountName: 'staff', member: users });
    });
    let reads = 0;
    const counted: Store = {
      ...store,
      get: (key) => {
        reads += 1;
        return store.get(key);
      },
      range: (range) => store.range(range),
      revision: () => store.revision(),
    };
    const other = new Directory({ store: counted, random: pooledRandom(), clock: () => NOW });
    const { member } = other.known;
    const group = other.get(staff);
    const all = group.values('member');
    expect(all).toHaveLength(300);
    reads = 0;
    expect(group.stretchOf(member, 0, 10)).toEqual({
      values: all.slice(0, 10),
      isMore: true,
      isEmpty: false,
    });
    expect(group.stretchOf(member, 290, 10)).toMatchObject({
      values: all.slice(290),
      isMore: false,
    });
    expect(reads).toBeLessThan(40);
    const nothing = { values: [], isMore: false };
    expect(group.stretchOf(member, 300, 10)).toEqual({ ...nothing, isEmpty: false });
    const type = other.schema.attribute('memberOf') ?? member;
    expect(group.stretchOf(type, 5, 10)).toEqual({ ...nothing, isEmpty: true });
    const classes = other.schema.attribute('objectClass') ?? member;
    expect(group.stretchOf(classes, 1, 1)).toEqual({
      values: ['group'],
      isMore: false,
      isEmpty: false,
    });
  });

  it('answer doubles and absences as groups do', async () => {
    await expect(directory.modify(staff, [change('add', 'member', ALICE)])).rejects.toThrow(
      expect.objectContaining({ code: 'entryAlreadyExists', win32: 0x562 }),
    );
    const absent = [change('delete', 'member', `CN=krbtgt,${USERS}`)];
    await expect(directory.modify(staff, absent)).rejects.toThrow(
      expect.objectContaining({ code: 'unwillingToPerform', win32: 0x561 }),
    );
    await expect(directory.modify(ALICE, [change('delete', 'manager')])).rejects.toThrow(
      fails('noSuchAttribute'),
    );
  });

  it('hold one value where the attribute does', async () => {
    await directory.modify(ALICE, [change('add', 'manager', `CN=krbtgt,${USERS}`)]);
    const second = directory.modify(ALICE, [change('add', 'manager', staff)]);
    await expect(second).rejects.toThrow(fails('attributeOrValueExists'));
    expect(directory.get(`CN=krbtgt,${USERS}`).values('directReports')).toEqual([ALICE]);
  });

  it('follow renames and end with their entries', async () => {
    await directory.rename(ALICE, { newRdn: 'CN=Alice Smith' });
    expect(directory.get(staff).values('member')).toEqual([`CN=Alice Smith,${USERS}`]);
    const usn = directory.get(staff).text('uSNChanged');
    await directory.remove(`CN=Alice Smith,${USERS}`);
    expect(directory.get(staff).values('member')).toEqual([]);
    expect(directory.get(staff).text('uSNChanged')).toBe(usn);
    await directory.add(ALICE, { objectClass: 'user', sAMAccountName: 'alice' });
    expect(directory.get(ALICE).values('memberOf')).toEqual([]);
  });

  it('accept names by SID and GUID', async () => {
    const { guid } = directory.get(`CN=krbtgt,${USERS}`);
    const guest = `<SID=${withRid(DOMAIN_SID, 501)}>`;
    await directory.modify(staff, [change('replace', 'member', `<GUID=${guid}>`, guest)]);
    expect(new Set(directory.get(staff).values('member'))).toEqual(
      new Set([`CN=Guest,${USERS}`, `CN=krbtgt,${USERS}`]),
    );
  });
});

describe('MS-ADTS 3.1.1.5.4 and 3.1.1.5.5 rename and remove', () => {
  it('renames what is below a container with it', async () => {
    await addComputer('SERVERB');
    const { id } = directory.get(`CN=SERVERB,${SERVERS}`);
    await directory.rename(SERVERS, { newRdn: 'OU=Machines' });
    expect(directory.get({ id }).dn).toBe(`CN=SERVERB,OU=Machines,${DOMAIN_DN}`);
    expect(directory.find(`CN=SERVERB,${SERVERS}`)).toBeUndefined();
    expect(directory.get(`OU=Machines,${DOMAIN_DN}`).text('ou')).toBe('Machines');
  });

  it('moves, and changes the case of a name', async () => {
    const moved = await directory.rename(ALICE, { newRdn: 'CN=ALICE', newSuperior: SERVERS });
    expect(moved.dn).toBe(`CN=ALICE,${SERVERS}`);
    expect(directory.find(ALICE)).toBeUndefined();
    expect((await directory.rename(moved.dn, { newRdn: 'cn=Alice' })).text('cn')).toBe('Alice');
  });

  const refused: readonly (readonly [string, DirectoryErrorCode, string, object])[] = [
    ['onto another', 'entryAlreadyExists', ALICE, { newRdn: 'CN=krbtgt' }],
    ['below itself', 'unwillingToPerform', SERVERS, { newRdn: 'OU=x', newSuperior: SERVERS }],
    ['to nowhere', 'other', ALICE, { newRdn: 'CN=x', newSuperior: `OU=none,${DOMAIN_DN}` }],
    ['by another attribute', 'unwillingToPerform', ALICE, { newRdn: 'OU=x' }],
    ['keeping the old name', 'unwillingToPerform', ALICE, { newRdn: 'CN=x', deleteOldRdn: false }],
    ['of a naming context', 'unwillingToPerform', DOMAIN_DN, { newRdn: 'DC=x' }],
    [
      'below what cannot hold it',
      'namingViolation',
      SERVERS,
      { newRdn: 'OU=x', newSuperior: ALICE },
    ],
  ];
  it.each(refused)('refuses a rename %s: %s', async (_what, code, dn, renaming) => {
    await expect(directory.rename(dn, { newRdn: '', ...renaming })).rejects.toThrow(fails(code));
  });

  it('removes leaves, trees when told, and nothing that the domain needs', async () => {
    await addComputer('SERVERB');
    await expect(directory.remove(SERVERS)).rejects.toThrow(fails('notAllowedOnNonLeaf'));
    await directory.remove(SERVERS, { subtree: true });
    expect(directory.find(SERVERS)).toBeUndefined();
    expect(directory.find(`CN=SERVERB,${SERVERS}`)).toBeUndefined();
    const krbtgt = directory.remove(`CN=krbtgt,${USERS}`);
    await expect(krbtgt).rejects.toThrow(fails('unwillingToPerform'));
    await expect(directory.remove(DOMAIN_DN)).rejects.toThrow(fails('unwillingToPerform'));
    await expect(directory.remove(SERVERS)).rejects.toThrow(fails('noSuchObject'));
  });

  it('gives no keys to what was removed while they were made', async () => {
    const { id } = directory.get(ALICE);
    await directory.remove(ALICE);
    const late = directory.setKeys({ id }, { kvno: 3, keys: [] });
    await expect(late).rejects.toThrow(fails('noSuchObject'));
    expect(directory.get({ id }).text('pwdLastSet')).toBeUndefined();
  });

  it('frees the names of what is removed and never its numbers', async () => {
    const { id, sid } = directory.get(ALICE);
    await directory.remove(ALICE);
    const again = await directory.add(ALICE, { objectClass: 'user', sAMAccountName: 'alice' });
    expect(again.id).toBeGreaterThan(id);
    expect(again.sid).not.toBe(sid);
  });
});

describe('several writes as one', () => {
  it('see each other, and go together', async () => {
    const both = directory.write((writer) => {
      writer.add(`OU=A,${DOMAIN_DN}`, { objectClass: 'organizationalUnit' });
      writer.add(`CN=x,OU=A,${DOMAIN_DN}`, { objectClass: 'computer', sAMAccountName: 'x$' });
      return writer.find(`CN=x,OU=A,${DOMAIN_DN}`)?.text('sAMAccountName');
    });
    expect(await both).toBe('x$');
    const failing = directory.write((writer) => {
      writer.rename(`OU=A,${DOMAIN_DN}`, { newRdn: 'OU=B' });
      writer.add(ALICE, { objectClass: 'user' });
    });
    await expect(failing).rejects.toThrow(fails('entryAlreadyExists'));
    expect(directory.find(`CN=x,OU=A,${DOMAIN_DN}`)).toBeDefined();
  });

  it('of two that want one name, let one have it', async () => {
    const results = await Promise.allSettled(
      [1, 2, 3].map((n) =>
        directory.add(`CN=n${n},${USERS}`, { objectClass: 'user', sAMAccountName: 'same' }),
      ),
    );
    expect(results.map((result) => result.status).toSorted()).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
    ]);
  });
});

describe('MS-ADTS 3.1.1.4.5 constructed attributes', () => {
  it('are computed when asked for', async () => {
    await directory.setKeys(ALICE, { kvno: 3, keys: [] });
    const alice = directory.get(ALICE);
    expect(alice.values('canonicalName')).toEqual(['contoso.com/Users/Alice']);
    expect(alice.values('msDS-KeyVersionNumber')).toEqual(['3']);
    expect(alice.values('tokenGroups')).toEqual([
      encodeSid(withRid(DOMAIN_SID, 513)),
      Uint8Array.from(encodeSid('S-1-5-32-545')),
    ]);
    expect(alice.values('parentGUID')).toHaveLength(1);
    expect(alice.values('createTimeStamp')).toEqual(alice.values('whenCreated'));
    expect(directory.get(`CN=Domain Users,${USERS}`).text('primaryGroupToken')).toBe('513');
    expect(directory.get(USERS).values('allowedChildClasses')).toContain('user');
    expect(alice.values('allowedAttributes')).toContain('msDS-AllowedToDelegateTo');
    expect(alice.attributeNames()).not.toContain('canonicalName');
    expect(alice.values('nonsense')).toEqual([]);
  });
});

describe('keys', () => {
  it('are no attributes', async () => {
    const bytes = new Uint8Array(32).fill(7);
    await directory.setKeys(ALICE, { kvno: 1, keys: [{ etype: 18, bytes }] });
    const alice = directory.get(ALICE);
    const shown = alice.attributeNames().flatMap((name) => alice.values(name));
    const needle = Buffer.from(bytes.subarray(0, 8));
    expect(shown.some((value) => Buffer.from(value).includes(needle))).toBe(false);
    expect(alice.text('pwdLastSet')).toBe('134398404000000000');
    await expect(directory.setKeys(`CN=none,${USERS}`, { kvno: 1, keys: [] })).rejects.toThrow(
      fails('noSuchObject'),
    );
  });
});

describe('RFC 4511 §4.10 compare', () => {
  it("compares by the attribute's rule", () => {
    expect(directory.compare(ALICE, 'sAMAccountName', 'ALICE')).toBe(true);
    expect(directory.compare(ALICE, 'sAMAccountName', 'bob')).toBe(false);
    expect(() => directory.compare(ALICE, 'mail', 'x')).toThrow(fails('noSuchAttribute'));
    expect(() => directory.compare(ALICE, 'nonsense', 'x')).toThrow(
      fails('undefinedAttributeType'),
    );
  });
});

describe('service classes', () => {
  it('that no SPN begins with are known not to be there', async () => {
    expect(directory.servicesAmong(['cifs'])).toEqual([]);
    const spns = ['HOST/a', 'HOST/a.contoso.com', 'http/a:80', 'odd'];
    await addComputer('A', { servicePrincipalName: spns });
    const names = ['host', 'http', 'cifs', 'ldap'];
    expect(directory.servicesAmong(names)).toEqual(['host', 'http']);
  });

  it('are known from the store too, and from a unit of work before it ends', async () => {
    const store = memoryStore();
    const made = await contoso(store);
    const seen = await made.write((writer) => {
      writer.add(`CN=B,${DOMAIN_DN}`, {
        objectClass: 'computer',
        sAMAccountName: 'B$',
        servicePrincipalName: ['CIFS/b', 'gc/b/contoso.com'],
      });
      return made.servicesAmong(['cifs', 'mssqlsvc']);
    });
    expect(seen).toEqual(['cifs']);
    const other = new Directory({ store, random: pooledRandom(), clock: () => NOW });
    const names = ['cifs', 'gc', 'host', 'mssqlsvc'];
    expect(other.servicesAmong(names)).toEqual(['cifs', 'gc']);
  });
});
