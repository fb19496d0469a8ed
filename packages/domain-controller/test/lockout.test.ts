import { pooledRandom } from '@doublehop/crypto/random';
import { Accounts } from '@doublehop/directory/accounts';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import { Lockouts } from '@doublehop/domain-controller/accounts/lockout';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { setPassword } from '@doublehop/domain-controller/directory-keys';
import { fileTimeOf } from '@doublehop/security/filetime';
import { beforeEach, describe, expect, test } from 'vitest';

const BASE = 'DC=contoso,DC=com';
const ALICE = `CN=Alice,CN=Users,${BASE}`;
const SETTINGS = `CN=Password Settings Container,CN=System,${BASE}`;
const MINUTE = 60_000;
const INTERACTIVE = { interactive: true };

let now = Date.UTC(2026, 2, 2, 10);
let directory: Directory;
let accounts: Accounts;
let lockouts: Lockouts;

const alice = () => {
  accounts.refresh();
  const found = accounts.byName('alice');
  if (found === undefined) throw new Error('no alice');
  return found;
};
const textOf = (attribute: string, dn = ALICE): string | undefined =>
  directory.get(dn).text(attribute);
const set = (dn: string, attribute: string, value: string) =>
  directory.modify(dn, [{ operation: 'replace', attribute, values: [value] }]);

beforeEach(async () => {
  const random = pooledRandom();
  directory = new Directory({ store: memoryStore(), clock: () => now, random });
  const domain = await createDomain(
    directory,
    {
      dnsName: 'contoso.com',
      netbiosName: 'CONTOSO',
      administratorPassword: 'Adm1n.istrator',
      controllerName: 'DC',
    },
    random,
  );
  await directory.add(ALICE, {
    objectClass: 'user',
    sAMAccountName: 'alice',
    userAccountControl: '512',
  });
  await setPassword(directory, domain, ALICE, 'Passw0rd.alice');
  await set(BASE, 'lockoutThreshold', '3');
  accounts = new Accounts(directory);
  lockouts = new Lockouts({
    directory,
    clock: () => now,
    onDefect: (error) => {
      throw error;
    },
  });
});

describe('wrong passwords (MS-SAMR 3.1.5.14.6)', () => {
  test('are counted and lock the account at the threshold', async () => {
    const account = alice();
    lockouts.noteFailure(account);
    lockouts.noteFailure(account);
    expect(lockouts.isLocked(account, now)).toBe(false);
    lockouts.noteFailure(account);
    // At once, by an account object from before, and before anything is written.
    expect(lockouts.isLocked(account, now)).toBe(true);
    expect(textOf('lockoutTime')).toBeUndefined();
    await lockouts.settle();
    expect(textOf('badPwdCount')).toBe('3');
    expect(textOf('lockoutTime')).toBe(fileTimeOf(now).toString());
    expect(textOf('badPasswordTime')).toBe(fileTimeOf(now).toString());
  });

  test('of a locked account do not count', async () => {
    for (let guess = 0; guess < 100; guess += 1) lockouts.noteFailure(alice());
    await lockouts.settle();
    expect(textOf('badPwdCount')).toBe('3');
  });

  test('that are noted while earlier ones are written are not lost', async () => {
    lockouts.noteFailure(alice());
    const written = lockouts.settle();
    lockouts.noteFailure(alice());
    await written;
    lockouts.noteFailure(alice());
    expect(lockouts.isLocked(alice(), now)).toBe(true);
    await lockouts.settle();
    expect(textOf('badPwdCount')).toBe('3');
  });

  test('become durable by themselves', async () => {
    lockouts.noteFailure(alice());
    await expect.poll(() => textOf('badPwdCount')).toBe('1');
  });

  test('are forgotten after the observation window, a lock after its duration', async () => {
    for (const _ of [1, 2]) lockouts.noteFailure(alice());
    now += 30 * MINUTE;
    for (const _ of [1, 2]) lockouts.noteFailure(alice());
    expect(lockouts.isLocked(alice(), now)).toBe(false);
    lockouts.noteFailure(alice());
    expect(lockouts.isLocked(alice(), now + 30 * MINUTE - 1)).toBe(true);
    expect(lockouts.isLocked(alice(), now + 30 * MINUTE)).toBe(false);
    await set(BASE, 'lockoutDuration', '0');
    expect(lockouts.isLocked(alice(), now + 1e12)).toBe(true);
  });

  test('do not lock the built-in Administrator unless pwdProperties says so', async () => {
    const administrator = () => accounts.byName('Administrator') ?? alice();
    for (const _ of [1, 2, 3, 4]) lockouts.noteFailure(administrator());
    expect(lockouts.isLocked(administrator(), now)).toBe(false);
    await set(BASE, 'pwdProperties', '9');
    lockouts.noteFailure(administrator());
    expect(lockouts.isLocked(administrator(), now)).toBe(true);
  });

  test('lock nobody where the threshold is 0, and are counted', async () => {
    await set(BASE, 'lockoutThreshold', '0');
    for (let guess = 0; guess < 20; guess += 1) lockouts.noteFailure(alice());
    expect(lockouts.isLocked(alice(), now)).toBe(false);
    await lockouts.settle();
    expect(textOf('badPwdCount')).toBe('20');
  });
});

describe('unlocking', () => {
  test('is a write of lockoutTime, seen while the lock is in memory', async () => {
    for (const _ of [1, 2, 3]) lockouts.noteFailure(alice());
    await lockouts.settle();
    await directory.modify(ALICE, [
      { operation: 'replace', attribute: 'lockoutTime', values: ['0'] },
      { operation: 'replace', attribute: 'badPwdCount', values: ['0'] },
    ]);
    expect(lockouts.isLocked(alice(), now)).toBe(false);
    lockouts.noteFailure(alice());
    expect(lockouts.isLocked(alice(), now)).toBe(false);
    await lockouts.settle();
    expect(textOf('badPwdCount')).toBe('1');
  });

  test('of another process is found by one that knows of no failure', async () => {
    await directory.write((writer) =>
      writer.modify(
        ALICE,
        [{ operation: 'replace', attribute: 'lockoutTime', values: [fileTimeOf(now).toString()] }],
        { system: true },
      ),
    );
    expect(lockouts.isLocked(alice(), now)).toBe(true);
  });
});

describe('right passwords', () => {
  test('end a row of wrong ones at once', async () => {
    lockouts.noteFailure(alice());
    lockouts.noteSuccess(alice(), { interactive: false });
    await expect.poll(() => textOf('lastLogon')).toBe(fileTimeOf(now).toString());
    expect(textOf('badPwdCount')).toBe('0');
    expect(textOf('logonCount')).toBe('0');
  });

  test('are counted together, and only interactive ones', async () => {
    const { usn } = alice();
    for (let logon = 0; logon < 50; logon += 1) lockouts.noteSuccess(alice(), INTERACTIVE);
    lockouts.noteSuccess(alice(), { interactive: false });
    // Nothing about the account changes with a logon.
    expect(alice().usn).toBe(usn);
    await lockouts.settle();
    expect(textOf('logonCount')).toBe('50');
    expect(textOf('lastLogon')).toBe(fileTimeOf(now).toString());
  });

  test('move lastLogonTimestamp within 14 days, not each time (MS-ADA1 2.352)', async () => {
    const first = fileTimeOf(now).toString();
    lockouts.noteSuccess(alice(), INTERACTIVE);
    await lockouts.settle();
    expect(textOf('lastLogonTimestamp')).toBe(first);
    now += 8 * 24 * 60 * MINUTE;
    lockouts.noteSuccess(alice(), INTERACTIVE);
    await lockouts.settle();
    expect(textOf('lastLogonTimestamp')).toBe(first);
    expect(textOf('lastLogon')).not.toBe(first);
    now += 6 * 24 * 60 * MINUTE;
    lockouts.noteSuccess(alice(), INTERACTIVE);
    await lockouts.settle();
    expect(textOf('lastLogonTimestamp')).toBe(fileTimeOf(now).toString());
  });
});

describe('password settings objects (MS-ADTS 3.1.1.4.5.36)', () => {
  const addSettings = (
    name: string,
    precedence: number,
    threshold: number,
    to: string[],
    container = SETTINGS,
  ) =>
    directory.add(`CN=${name},${container}`, {
      objectClass: 'msDS-PasswordSettings',
      'msDS-PasswordSettingsPrecedence': String(precedence),
      'msDS-LockoutThreshold': String(threshold),
      'msDS-LockoutObservationWindow': '-600000000',
      'msDS-LockoutDuration': '-9223372036854775808',
      'msDS-MaximumPasswordAge': '-9223372036854775808',
      'msDS-MinimumPasswordAge': '0',
      'msDS-MinimumPasswordLength': '12',
      'msDS-PasswordHistoryLength': '3',
      'msDS-PasswordComplexityEnabled': 'FALSE',
      'msDS-PasswordReversibleEncryptionEnabled': 'FALSE',
      'msDS-PSOAppliesTo': to,
    });

  beforeEach(async () => {
    if (directory.find(SETTINGS) !== undefined) return;
    await directory.add(SETTINGS, { objectClass: 'msDS-PasswordSettingsContainer' });
  });

  test('count by group, by precedence, and those of the account first', async () => {
    expect(lockouts.policyOf(alice()).lockoutThreshold).toBe(3);
    const users = `CN=Domain Users,CN=Users,${BASE}`;
    await addSettings('wide', 20, 20, [users]);
    expect(lockouts.policyOf(alice())).toEqual({
      minLength: 12,
      historyLength: 3,
      complexity: false,
      minAge: 0,
      maxAge: Infinity,
      lockoutThreshold: 20,
      lockoutWindow: MINUTE,
      lockoutDuration: Infinity,
      locksAdministrator: false,
    });
    await addSettings('narrow', 10, 10, [users]);
    expect(lockouts.policyOf(alice()).lockoutThreshold).toBe(10);
    await addSettings('own', 30, 30, [ALICE]);
    expect(lockouts.policyOf(alice()).lockoutThreshold).toBe(30);
    await directory.remove(`CN=own,${SETTINGS}`);
    expect(lockouts.policyOf(alice()).lockoutThreshold).toBe(10);
  });

  test('count through groups that come into others, without a change of the member', async () => {
    const [inner, outer] = ['inner', 'outer'].map((name) => `CN=${name},CN=Users,${BASE}`);
    if (inner === undefined || outer === undefined) throw new Error('two names');
    await directory.add(inner, { objectClass: 'group', sAMAccountName: 'inner', member: [ALICE] });
    await directory.add(outer, { objectClass: 'group', sAMAccountName: 'outer' });
    await addSettings('outer', 5, 15, [outer]);
    expect(lockouts.policyOf(alice()).lockoutThreshold).toBe(3);
    await directory.modify(outer, [{ operation: 'add', attribute: 'member', values: [inner] }]);
    expect(lockouts.policyOf(alice()).lockoutThreshold).toBe(15);
    await directory.modify(outer, [{ operation: 'delete', attribute: 'member', values: [inner] }]);
    expect(lockouts.policyOf(alice()).lockoutThreshold).toBe(3);
  });

  test('outside of the Password Settings Container do not count', async () => {
    const rogue = `CN=Rogue,CN=Computers,${BASE}`;
    await directory.add(rogue, { objectClass: 'msDS-PasswordSettingsContainer' });
    await addSettings('inside', 50, 25, [ALICE]);
    await addSettings('rogue', 1, 1, [ALICE], rogue);
    expect(lockouts.policyOf(alice()).lockoutThreshold).toBe(25);
  });

  test('count for normal accounts alone', async () => {
    await addSettings('own', 30, 30, [ALICE]);
    const control = (value: string) =>
      directory.modify(ALICE, [
        { operation: 'replace', attribute: 'userAccountControl', values: [value] },
      ]);
    await control(String(0x1000));
    expect(lockouts.policyOf(alice()).lockoutThreshold).toBe(3);
    await control(String(0x200));
    expect(lockouts.policyOf(alice()).lockoutThreshold).toBe(30);
  });

  test('do not count for computers', async () => {
    await addSettings('all', 1, 9, [`CN=DC,OU=Domain Controllers,${BASE}`]);
    const machine = accounts.byName('DC$');
    if (machine === undefined) throw new Error('no DC');
    expect(lockouts.policyOf(machine).lockoutThreshold).toBe(3);
  });
});
