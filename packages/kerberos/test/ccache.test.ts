import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { concat } from '@doublehop/wire/bytes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CredentialCache } from '../src/ccache/ccache.ts';
import { CacheConfigKey } from '../src/ccache/config-entries.ts';
import { fileCache } from '../src/ccache/file.ts';
import { decodeCache, encodeCredentials, encodeHeader } from '../src/ccache/format.ts';
import { MemoryCaches, memoryCache } from '../src/ccache/memory.ts';
import { resolveCache } from '../src/ccache/resolve.ts';
import type { Credentials } from '../src/credentials.ts';
import { principal, ticketGrantingService } from '../src/names.ts';

const ALICE = principal('CONTOSO.COM', 1, 'alice');
const BOB = principal('CONTOSO.COM', 1, 'bob');
const TGS = ticketGrantingService('CONTOSO.COM');
const CIFS = principal('CONTOSO.COM', 2, 'cifs', 'serverc.contoso.com');

function ticket(fields: Partial<Credentials> = {}): Credentials {
  return {
    client: ALICE,
    server: TGS,
    key: { etype: 18, bytes: new Uint8Array(32).fill(7) },
    times: { authtime: 1000, starttime: 1000, endtime: 2000, renewTill: 0 },
    isSkey: false,
    flags: 0x4000_0000,
    addresses: [],
    authorizationData: [],
    ticket: Uint8Array.of(0x61, 0),
    secondTicket: new Uint8Array(0),
    ...fields,
  };
}

let folder = '';
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ccache-'));
});
afterAll(() => rm(folder, { recursive: true }));

function freshPath(): string {
  files += 1;
  return path.join(folder, `krb5cc_${files}`);
}

describe.each<[string, () => CredentialCache]>([
  ['MEMORY', () => memoryCache()],
  ['FILE', () => fileCache(freshPath())],
  ['DIR', () => resolveCache(`DIR:${freshPath()}`, new MemoryCaches())],
])('CredentialCache of kind %s', (kind, open) => {
  test('holds nothing before it is initialized and after it is destroyed', async () => {
    const cache = open();
    expect(cache.name.startsWith(`${kind}:`)).toBe(true);
    await cache.destroy();
    await cache.initialize(ALICE);
    await cache.destroy();
    for (const use of [
      () => cache.principal(),
      () => cache.list(),
      () => cache.store(ticket()),
      () => cache.find({}),
      () => cache.remove({}),
      () => cache.configs(),
      () => cache.setConfig('start_realm', new Uint8Array(1)),
    ]) {
      await expect(use()).rejects.toMatchObject({ code: 'no-credentials' });
    }
  });

  test('keeps principal, clock offset and tickets in order; initializing empties it', async () => {
    const cache = open();
    const kdcOffset = { seconds: -3, microseconds: 20 };
    await cache.initialize(ALICE, { kdcOffset });
    await cache.store(ticket());
    await cache.store(ticket({ server: CIFS }));
    expect(await cache.principal()).toEqual(ALICE);
    expect(await cache.kdcOffset()).toEqual(kdcOffset);
    expect(await cache.list()).toEqual([ticket(), ticket({ server: CIFS })]);
    await cache.initialize(BOB);
    expect(await cache.principal()).toEqual(BOB);
    expect(await cache.kdcOffset()).toBeUndefined();
    expect(await cache.list()).toEqual([]);
  });

  test('finds as krb5_cc_retrieve_cred does', async () => {
    const cache = open();
    await cache.initialize(ALICE);
    const short = ticket({ server: CIFS });
    const long = ticket({
      server: CIFS,
      key: { etype: 17, bytes: new Uint8Array(16) },
      times: { authtime: 1000, starttime: 1000, endtime: 9000, renewTill: 0 },
    });
    const forBob = ticket({ client: BOB, server: CIFS, flags: 0x0080_0000 });
    const userToUser = ticket({ isSkey: true, secondTicket: Uint8Array.of(9) });
    for (const entry of [short, long, forBob, userToUser]) await cache.store(entry);
    const find = cache.find.bind(cache);
    expect(await find({ server: CIFS })).toEqual(short);
    expect(await find({ server: CIFS, goodAt: 2000 })).toEqual(long);
    expect(await find({ server: CIFS, goodAt: 9000 })).toBeUndefined();
    expect(await find({ server: CIFS, etypes: [20, 17, 18] })).toEqual(long);
    expect(await find({ server: CIFS, etypes: [23] })).toBeUndefined();
    expect(await find({ client: BOB })).toEqual(forBob);
    expect(await find({ flags: 0x0080_0000 })).toEqual(forBob);
    expect(await find({ server: { ...CIFS, realm: 'FABRIKAM.COM' } })).toBeUndefined();
    const elsewhere = { server: { ...CIFS, realm: 'FABRIKAM.COM' }, anyServerRealm: true };
    expect(await find(elsewhere)).toEqual(short);
    expect(await find({ server: TGS })).toBeUndefined();
    expect(await find({ server: TGS, isSkey: true })).toEqual(userToUser);
    const second = { isSkey: true, secondTicket: Uint8Array.of(8) };
    expect(await find(second)).toBeUndefined();
  });

  test('removes what is meant and nothing else', async () => {
    const cache = open();
    await cache.initialize(ALICE);
    await cache.setConfig('start_realm', Uint8Array.of(1));
    for (const server of [TGS, CIFS, TGS, CIFS]) await cache.store(ticket({ server }));
    expect(await cache.remove({ server: CIFS })).toBe(2);
    expect(await cache.remove({ server: CIFS })).toBe(0);
    expect(await cache.list()).toEqual([ticket(), ticket()]);
    expect(await cache.remove({})).toBe(2);
    expect(await cache.config('start_realm')).toEqual(Uint8Array.of(1));
  });

  test('keeps remarks beside the tickets (X-CACHECONF:)', async () => {
    const cache = open();
    await cache.initialize(ALICE);
    const { FAST_AVAIL, PA_TYPE } = CacheConfigKey;
    await cache.setConfig(FAST_AVAIL, Uint8Array.of(0x79));
    await cache.setConfig(PA_TYPE, Uint8Array.of(0x31), TGS);
    await cache.setConfig(PA_TYPE, Uint8Array.of(0x32), TGS);
    await cache.store(ticket());
    expect(await cache.config(FAST_AVAIL)).toEqual(Uint8Array.of(0x79));
    expect(await cache.config(PA_TYPE, TGS)).toEqual(Uint8Array.of(0x32));
    expect(await cache.config(PA_TYPE)).toBeUndefined();
    expect(await cache.configs()).toEqual([
      { key: FAST_AVAIL, about: undefined, value: Uint8Array.of(0x79) },
      { key: PA_TYPE, about: 'krbtgt/CONTOSO.COM@CONTOSO.COM', value: Uint8Array.of(0x32) },
    ]);
    expect(await cache.list()).toEqual([ticket()]);
    await cache.setConfig(FAST_AVAIL, undefined);
    expect(await cache.config(FAST_AVAIL)).toBeUndefined();
  });
});

describe('FILE caches', () => {
  test('are of mode 0600 and replace what stood there, a link included', async () => {
    const victim = freshPath();
    await writeFile(victim, 'precious');
    const link = freshPath();
    await symlink(victim, link);
    const cache = fileCache(link);
    await expect(cache.list()).rejects.toThrow(/symbolic link/);
    await expect(cache.destroy()).rejects.toThrow(/symbolic link/);
    await cache.initialize(ALICE);
    expect(await readFile(victim, 'utf8')).toBe('precious');
    expect((await stat(link)).mode & 0o777).toBe(0o600);
    await chmod(link, 0o640);
    await cache.initialize(ALICE);
    expect((await stat(link)).mode & 0o777).toBe(0o600);
  });

  test('neither destroy nor replace a file that is no cache; an empty one is taken', async () => {
    const file = freshPath();
    await writeFile(file, 'root:x:0:0');
    const cache = fileCache(file);
    const left = { code: 'ccache', message: expect.stringContaining('is left alone') };
    await expect(cache.destroy()).rejects.toMatchObject(left);
    await expect(cache.initialize(ALICE)).rejects.toMatchObject(left);
    expect(await readFile(file, 'utf8')).toBe('root:x:0:0');
    await writeFile(file, '');
    await cache.initialize(ALICE);
    expect(await cache.principal()).toEqual(ALICE);
    await writeFile(file, Uint8Array.of(5, 4, 0, 0, 1));
    await cache.destroy();
    await expect(cache.list()).rejects.toMatchObject({ code: 'no-credentials' });
  });

  test('of versions 2 and 3 are read and continued in their version', async () => {
    for (const version of [2, 3] as const) {
      const file = freshPath();
      await writeFile(file, encodeHeader({ version, principal: ALICE }));
      const cache = fileCache(file);
      await cache.store(ticket());
      await cache.store(ticket({ server: CIFS }));
      await cache.remove({ server: TGS });
      expect(await cache.list()).toEqual([ticket({ server: CIFS })]);
      expect(decodeCache(await readFile(file)).header.version).toBe(version);
    }
  });

  test('take what many programs append at the same time', async () => {
    const cache = fileCache(freshPath());
    await cache.initialize(ALICE);
    const servers = Array.from({ length: 20 }, (_, i) => principal('R', 2, 'host', `h${i}`));
    await Promise.all(servers.map((server) => cache.store(ticket({ server }))));
    const stored = (await cache.list()).map(({ server }) => server.name.nameString[1]);
    expect(new Set(stored)).toEqual(new Set(servers.map((of) => of.name.nameString[1])));
    expect(stored).toHaveLength(servers.length);
  });

  test('wait for an entry that another program is appending', async () => {
    const file = freshPath();
    const entry = encodeCredentials(4, ticket());
    const half = entry.length >> 1;
    const header = encodeHeader({ version: 4, principal: ALICE });
    await writeFile(file, concat(header, entry.subarray(0, half)));
    const reading = fileCache(file).list();
    await writeFile(file, entry.subarray(half), { flag: 'a' });
    expect(await reading).toEqual([ticket()]);
  });

  test('that are damaged or no file are named in the error', async () => {
    const file = freshPath();
    await writeFile(file, Uint8Array.of(5, 4, 0, 0, 1));
    await expect(fileCache(file).list()).rejects.toMatchObject({
      code: 'ccache',
      detail: { subject: file },
    });
    await expect(fileCache(folder).list()).rejects.toThrow(/not a regular file/);
    const nowhere = fileCache(path.join(folder, 'none/x'));
    await expect(nowhere.initialize(ALICE)).rejects.toThrow(/cannot write \(ENOENT\)/);
  });
});

describe('names of caches (KRB5CCNAME)', () => {
  const memory = new MemoryCaches();

  test('FILE:, a bare path and MEMORY:', async () => {
    expect(resolveCache('FILE:/tmp/x', memory).name).toBe('FILE:/tmp/x');
    expect(resolveCache('/tmp/krb5cc_0', memory).name).toBe('FILE:/tmp/krb5cc_0');
    const cache = resolveCache('MEMORY:lab', memory);
    await cache.initialize(ALICE);
    expect(await resolveCache('MEMORY:lab', memory).principal()).toEqual(ALICE);
    await cache.destroy();
    const again = resolveCache('MEMORY:lab', memory);
    await expect(again.principal()).rejects.toMatchObject({ code: 'no-credentials' });
  });

  test.each([
    'KEYRING:persistent:0',
    'KCM:',
    'DIR::/tmp/d/x',
    'DIR:/nowhere/d',
    'API:x',
    'FILE:',
    '',
  ])('refuses %j', (name) => {
    expect(() => resolveCache(name, memory)).toThrow(expect.objectContaining({ code: 'ccache' }));
  });

  test('KEYRING: says what to do', () => {
    expect(() => resolveCache('KEYRING:x', memory)).toThrow(/KRB5CCNAME to FILE:path/);
  });

  test('DIR: the cache that "primary" names, "tkt" without it', async () => {
    const dir = freshPath();
    expect(resolveCache(`DIR:${dir}`, memory).name).toBe(`DIR::${dir}/tkt`);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    await writeFile(path.join(dir, 'primary'), 'tktAlice\n');
    const cache = resolveCache(`DIR:${dir}`, memory);
    expect(cache.name).toBe(`DIR::${dir}/tktAlice`);
    await cache.initialize(ALICE);
    expect(await resolveCache(`DIR::${dir}/tktAlice`, memory).principal()).toEqual(ALICE);
    for (const bad of ['../tkt', 'other', '', 'tkt/../../x']) {
      await writeFile(path.join(dir, 'primary'), `${bad}\n`);
      expect(() => resolveCache(`DIR:${dir}`, memory)).toThrow(/names no cache of its folder/);
    }
  });
});
