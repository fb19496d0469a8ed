import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import { Directory } from '@doublehop/directory/directory';
import { lmdbStore } from '@doublehop/directory/store/lmdb';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from './support/call.ts';

let dir: string;
const file = (name: string): string => join(dir, name);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'doublehop-dc-keys-'));
  const random = pooledRandom();
  const store = await lmdbStore({ path: file('store') });
  await createDomain(
    new Directory({ store, clock: Date.now, random }),
    {
      dnsName: 'corp.example',
      netbiosName: 'CORP',
      administratorPassword: 'Adm1n.istrator',
      controllerName: 'DC',
      encryptionTypes: [18, 17, 23],
    },
    random,
  );
  await store.close();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const fileSize = (name: string): number => statSync(file(name)).size;
const read = (name: string): Record<string, Record<string, string>> =>
  JSON.parse(readFileSync(file(name), 'utf8'));

describe('doublehop dc export-keys', () => {
  test('writes a keytab and JSON that nobody else can read', async () => {
    const { status, stdout } = await call([
      'dc',
      'export-keys',
      dir,
      '--json',
      file('keys.json'),
      '--keytab',
      file('keys.keytab'),
    ]);
    expect([status, stdout]).toEqual([0, expect.stringContaining('Keys of 3 accounts')]);
    for (const name of ['keys.json', 'keys.keytab']) {
      expect(statSync(file(name)).mode & 0o777).toBe(0o600);
    }
    expect(Object.keys(read('keys.json')).sort()).toEqual(['Administrator', 'DC$', 'krbtgt']);
    expect(Object.keys(read('keys.json')['krbtgt'] ?? {})).toEqual(['17', '18', '23']);
    const entries = await readKeytab(file('keys.keytab'));
    const names = entries.map(({ principal }) => formatPrincipal(principal));
    expect(names).toContain('krbtgt/CORP.EXAMPLE@CORP.EXAMPLE');
  });

  test('some accounts; a file that is there only by force', async () => {
    const some = ['dc', 'export-keys', dir, '--json', file('keys.json'), '--account', 'krbtgt'];
    const refused = await call(some);
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('--force')]);
    expect((await call([...some, '--force'])).status).toBe(0);
    expect(Object.keys(read('keys.json'))).toEqual(['krbtgt']);
  });

  test('not from a folder that others may read, and not without a file', async () => {
    chmodSync(file('store/data.mdb'), 0o640);
    const target = file('other.json');
    const open = await call(['dc', 'export-keys', dir, '--json', target]);
    chmodSync(file('store/data.mdb'), 0o600);
    expect([open.status, open.stderr]).toEqual([1, expect.stringContaining('others may read it')]);
    expect(existsSync(target)).toBe(false);
    expect((await call(['dc', 'export-keys', dir])).stderr).toContain('--keytab or --json');
    const nowhere = await call(['dc', 'export-keys', file('nowhere'), '--json', target]);
    expect(nowhere.stderr).toContain('there is no domain');
  });
});

describe('doublehop dc rollover-krbtgt', () => {
  test('gives krbtgt other keys under the next version', async () => {
    const { stdout } = await call(['dc', 'rollover-krbtgt', dir]);
    expect(stdout).toBe('krbtgt has new keys, version 3\n');
    const before = read('keys.json')['krbtgt'];
    await call(['dc', 'export-keys', dir, '--json', file('new.json'), '--account', 'krbtgt']);
    const after = read('new.json')['krbtgt'];
    expect(Object.keys(after ?? {})).toEqual(Object.keys(before ?? {}));
    expect(after?.['18']).not.toBe(before?.['18']);
  });
});

describe('doublehop dc check', () => {
  test('finds nothing in a domain that is in order', async () => {
    const { status, stdout } = await call(['dc', 'check', dir]);
    expect([status, stdout]).toEqual([0, '0 problems\n']);
  });

  test('beside a process that writes, and without changing anything', async () => {
    const store = await lmdbStore({ path: file('store') });
    const directory = new Directory({ store, clock: Date.now, random: pooledRandom() });
    const users = 'CN=Users,DC=corp,DC=example';
    let going = true;
    const writing = (async () => {
      for (let index = 0; going; index += 1) {
        // oxlint-disable-next-line no-await-in-loop
        await directory.add(`CN=w${index},${users}`, { objectClass: 'user' });
      }
    })();
    const files = (): number[] => ['data.mdb', 'lock.mdb'].map((name) => fileSize(`store/${name}`));
    for (let round = 0; round < 3; round += 1) {
      // oxlint-disable-next-line no-await-in-loop
      const { status, stdout } = await call(['dc', 'check', dir]);
      expect([status, stdout]).toEqual([0, '0 problems\n']);
    }
    going = false;
    await writing;
    await store.close();
    const before = [readFileSync(file('store/data.mdb')), files()];
    expect((await call(['dc', 'check', dir])).stdout).toBe('0 problems\n');
    expect([readFileSync(file('store/data.mdb')), files()]).toEqual(before);
  });

  test('names what is damaged, as text and as JSON', async () => {
    const store = await lmdbStore({ path: file('store') });
    const id = Buffer.from([0, 0, 0, 0, 0xff, 0xff]).toString('latin1');
    await store.write((tx) => tx.put(`s${id}`, Uint8Array.of(1, 0)));
    await store.close();
    const { status, stdout } = await call(['dc', 'check', dir]);
    const line = 'keys: entry 65535: it has keys and is not there\n';
    expect([status, stdout]).toEqual([2, `${line}1 problem\n`]);
    const json = await call(['dc', 'check', dir, '--json']);
    expect([json.status, JSON.parse(json.stdout)]).toEqual([
      2,
      { kind: 'keys', object: 'entry 65535', what: 'it has keys and is not there' },
    ]);
  });
});
