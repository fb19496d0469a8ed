import { pooledRandom } from '@doublehop/crypto/random';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import { provision } from '@doublehop/directory/provision';
import {
  isMachineClass,
  passwordKeys,
  randomKeys,
  randomPassword,
  saltOf,
  setPassword,
} from '@doublehop/domain-controller/directory-keys';
import { toHex } from '@doublehop/wire/bytes';
import { describe, expect, it } from 'vitest';

const domain = { realm: 'CONTOSO.COM', dnsName: 'Contoso.com' };

describe('MS-KILE 3.1.1.2 salts', () => {
  it('are realm and name for a user, the case of the name as it is', () => {
    const salt = saltOf(domain, { samAccountName: 'Alice', machine: false });
    expect(salt).toBe('CONTOSO.COMAlice');
  });

  it('a user with a UPN has its name, without suffix and slashes', () => {
    const user = { samAccountName: 'alice', machine: false };
    const of = (userPrincipalName: string) => saltOf(domain, { ...user, userPrincipalName });
    // Samba's python/samba/tests/krb5/salt_tests.py, which is run against Windows too.
    expect(of('foo0')).toBe('CONTOSO.COMfoo0');
    expect(of('Foo16@contoso.com')).toBe('CONTOSO.COMFoo16');
    expect(of('foo22@bar@contoso.com')).toBe('CONTOSO.COMfoo22@bar');
    expect(of('host/foo6@fabrikam.com')).toBe('CONTOSO.COMhostfoo6');
    const machine = { samAccountName: 'S$', machine: true, userPrincipalName: 'x@y' };
    expect(saltOf(domain, machine)).toBe('CONTOSO.COMhosts.contoso.com');
  });

  it('are realm, "host", and the DNS name in lower case for a computer', () => {
    const salt = saltOf(domain, { samAccountName: 'SERVERB$', machine: true });
    expect(salt).toBe('CONTOSO.COMhostserverb.contoso.com');
  });

  it.each([
    [['top', 'person', 'organizationalPerson', 'user'], false],
    [['top', 'person', 'organizationalPerson', 'user', 'computer'], true],
    [['COMPUTER'], true],
    [['msDS-GroupManagedServiceAccount'], true],
    [['group'], false],
  ])('%j have those of a machine: %s', (classes, machine) => {
    expect(isMachineClass(classes)).toBe(machine);
  });
});

describe('password keys', () => {
  // MIT krb5 1.20: ktutil, addent -password -p alice@CONTOSO.COM -k 1 -e …; Passw0rd.alice.
  it('are those that MIT makes of password and salt', async () => {
    const keys = await passwordKeys('Passw0rd.alice', 'CONTOSO.COMalice', [18, 19]);
    expect(keys.map(({ bytes }) => toHex(bytes))).toEqual([
      'e14d019ca7b5dacef1693746fd8b117798059240b5f5a2a5159950ce436e0e8d',
      '64e04d04ff697410ec01b026f94a29a3',
    ]);
  });

  it('are of AES with both hashes, and of RC4 only where it is asked for', async () => {
    const keys = await passwordKeys('password', 'CONTOSO.COMalice');
    expect(keys.map(({ etype, salt }) => [etype, salt])).toEqual(
      [18, 17, 20, 19].map((etype) => [etype, 'CONTOSO.COMalice']),
    );
    const [rc4] = await passwordKeys('password', 'CONTOSO.COMalice', [23]);
    // The NT hash of "password", MS-NLMP's NTOWFv1.
    expect(rc4).toEqual({ etype: 23, bytes: rc4?.bytes });
    expect(toHex(rc4?.bytes ?? new Uint8Array())).toBe('8846f7eaee8fb117ad06bdd830b7586c');
  });

  it('are random for krbtgt, without a salt', () => {
    const [first, second] = [randomKeys(pooledRandom()), randomKeys(pooledRandom())];
    expect(first.map(({ etype, bytes }) => [etype, bytes.length])).toEqual([
      [18, 32],
      [17, 16],
      [20, 32],
      [19, 16],
    ]);
    expect(first.every(({ salt }) => salt === undefined)).toBe(true);
    expect(first).not.toEqual(second);
  });
});

describe('randomPassword', () => {
  it('has 120 printable characters', () => {
    const password = randomPassword(pooledRandom());
    expect(password).toMatch(/^[!-~]{120}$/);
    expect(randomPassword(pooledRandom())).not.toBe(password);
  });

  it('takes no byte that would favour a character', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => 255 - index);
    let at = 0;
    const counting = (size: number): Uint8Array => {
      const part = bytes.slice(at % 256, (at % 256) + size);
      at += size;
      return part;
    };
    const password = randomPassword(counting, 188);
    const counts = new Map<string, number>();
    for (const letter of password) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(94);
    expect(new Set(counts.values())).toEqual(new Set([2]));
  });
});

describe('setPassword', () => {
  it('counts versions and keeps the keys before', async () => {
    const random = pooledRandom();
    const directory = new Directory({ store: memoryStore(), clock: Date.now, random });
    const names = { dnsName: 'contoso.com', netbiosName: 'CONTOSO', random };
    const info = await provision(directory, names);
    const dn = `CN=Administrator,CN=Users,${info.dn}`;
    const version = () => directory.get(dn).text('msDS-KeyVersionNumber');
    await setPassword(directory, info, dn, 'one');
    expect(version()).toBe('1');
    await setPassword(directory, info, dn, 'two');
    expect(version()).toBe('2');
    await setPassword(directory, info, dn, 'seven', { kvno: 7, passwordLastSet: 0n });
    expect(version()).toBe('7');
    expect(directory.get(dn).text('pwdLastSet')).toBe('0');
    const container = setPassword(directory, info, `CN=Users,${info.dn}`, 'x');
    await expect(container).rejects.toMatchObject({ code: 'config' });
  });
});
