import { pooledRandom } from '@doublehop/crypto/random';
import { Accounts } from '@doublehop/directory/accounts';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { setPassword } from '@doublehop/domain-controller/directory-keys';
import { DomainControllerError } from '@doublehop/domain-controller/errors';
import {
  accountsWithKeys,
  keysJson,
  keytabEntries,
} from '@doublehop/domain-controller/export-keys';
import { rolloverKrbtgt } from '@doublehop/domain-controller/rollover-krbtgt';
import { formatKeytab, parseKeytab } from '@doublehop/kerberos/keytab';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { beforeAll, describe, expect, test } from 'vitest';

const random = pooledRandom();
let directory: Directory;
let accounts: Accounts;

beforeAll(async () => {
  directory = new Directory({ store: memoryStore(), clock: Date.now, random });
  const domain = await createDomain(
    directory,
    {
      dnsName: 'contoso.com',
      netbiosName: 'CONTOSO',
      administratorPassword: 'Adm1n.istrator',
      controllerName: 'DC',
      encryptionTypes: [18, 17, 23],
    },
    random,
  );
  const encryptionTypes = [18, 17, 23];
  // MIT krb5 1.20, ktutil addent -password: what string-to-key makes of this with its salt is in
  // the tests of crypto; here it is the way from the directory into files.
  await setPassword(directory, domain, `CN=Administrator,CN=Users,${domain.dn}`, 'Passw0rd.new', {
    encryptionTypes,
  });
  accounts = new Accounts(directory);
});

describe('export of keys', () => {
  test('as JSON: every account with keys, every type', () => {
    const json = keysJson(accountsWithKeys(directory, accounts));
    expect(Object.keys(json).sort()).toEqual(['Administrator', 'DC$', 'krbtgt']);
    for (const keys of Object.values(json)) {
      expect(Object.keys(keys)).toEqual(['17', '18', '23']);
      expect(keys['18']).toMatch(/^[0-9a-f]{64}$/);
      expect(keys['23']).toMatch(/^[0-9a-f]{32}$/);
    }
    // MD4 of the password in UTF-16LE: RFC 4757 §2.
    expect(json['Administrator']?.['23']).toBe(
      Buffer.from(accounts.byName('Administrator')?.keys?.keys[2]?.bytes ?? []).toString('hex'),
    );
  });

  test('as JSON: types that Active Directory lacks are left out unless they are asked for', () => {
    const [krbtgt] = accountsWithKeys(directory, accounts, ['krbtgt']);
    if (krbtgt?.keys === undefined) throw new Error('no krbtgt');
    const keys = [...krbtgt.keys.keys, { etype: 20, bytes: new Uint8Array(32) }];
    const more = { ...krbtgt, samAccountName: 'krbtgt', keys: { ...krbtgt.keys, keys } };
    expect(Object.keys(keysJson([more])['krbtgt'] ?? {})).toEqual(['17', '18', '23']);
    expect(Object.keys(keysJson([more], 'all')['krbtgt'] ?? {})).toEqual(['17', '18', '20', '23']);
  });

  test('as a keytab that reads back: present and earlier keys, names of services', () => {
    const found = accountsWithKeys(directory, accounts, ['Administrator', 'krbtgt', 'HOST/DC']);
    const entries = parseKeytab(formatKeytab([...keytabEntries(found, 'CONTOSO.COM', 1)]));
    const names = new Set(entries.map(({ principal }) => formatPrincipal(principal)));
    expect(names).toContain('krbtgt/CONTOSO.COM@CONTOSO.COM');
    expect(names).toContain('DC$@CONTOSO.COM');
    expect(names).toContain('host/dc.contoso.com@CONTOSO.COM');
    const administrator = entries.filter(
      ({ principal }) => formatPrincipal(principal) === 'Administrator@CONTOSO.COM',
    );
    expect(administrator.map(({ kvno, key }) => [kvno, key.etype])).toEqual([
      [2, 18],
      [2, 17],
      [2, 23],
      [1, 18],
      [1, 17],
      [1, 23],
    ]);
  });

  test('of an account that is not there, or has none, is refused', () => {
    expect(() => [...accountsWithKeys(directory, accounts, ['nobody'])]).toThrow(
      new DomainControllerError('config', 'there is no account nobody'),
    );
    expect(() => [...accountsWithKeys(directory, accounts, ['Guest'])]).toThrow('no keys of Guest');
  });
});

describe('roll-over of krbtgt', () => {
  test('makes other keys of the same types under the next version and keeps the last', async () => {
    const before = accounts.byName('krbtgt');
    expect(await rolloverKrbtgt(directory, random)).toBe(3);
    accounts.refresh();
    const after = accounts.byName('krbtgt');
    expect(after?.keys?.kvno).toBe(3);
    expect(after?.keys?.keys.map(({ etype }) => etype)).toEqual([18, 17, 23]);
    expect(after?.keys?.keys[0]?.bytes).not.toEqual(before?.keys?.keys[0]?.bytes);
    expect(after?.previousKeys).toEqual([before?.keys]);
    expect(await rolloverKrbtgt(directory, random)).toBe(4);
    accounts.refresh();
    expect(accounts.byName('krbtgt')?.previousKeys).toEqual([after?.keys]);
  });
});
