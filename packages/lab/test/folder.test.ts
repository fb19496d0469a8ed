import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { loadProfile } from '@doublehop/kerberos/config/load';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AuditLog } from '../src/dc/audit-log.ts';
import { labCertificate } from '../src/dc/certificate.ts';
import { formatExports, labEnv } from '../src/env.ts';
import { LabError } from '../src/errors.ts';
import { chooseAddresses } from '../src/folder/addresses.ts';
import { makeFolders, replaceFile } from '../src/folder/files.ts';
import { labKrb5Conf } from '../src/folder/krb5-conf.ts';
import { withLock } from '../src/folder/lock.ts';
import { defaultLabDir, keytabPath, labPaths } from '../src/folder/paths.ts';
import { type LabState, parseState, readState, writeState } from '../src/folder/state.ts';
import { identify } from '../src/process/process-id.ts';
import { CONTOSO } from '../src/scenario.ts';
import { NOW, TestDomain } from './support/domain.ts';

let base = '';
let dir = '';
let count = 0;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'doublehop-folder-'));
});
beforeEach(() => {
  count += 1;
  dir = join(base, String(count));
});
afterAll(() => rmSync(base, { recursive: true }));

const STATE: LabState = {
  privilegedPorts: false,
  lenient: false,
  controller: {
    address: '127.0.0.1',
    kdcPort: 40_088,
    kpasswdPort: 40_464,
    ldapPort: 40_389,
    ldapsPort: 40_636,
    gcPort: 43_268,
    gcsPort: 43_269,
  },
  hosts: [
    {
      name: 'ServerB',
      address: '127.0.0.1',
      port: 40_080,
      smbPort: 40_445,
      winRmPort: 45_985,
      winRmTlsPort: 45_986,
    },
  ],
  processes: { dc: { pid: 4711, started: 'boot 1234' } },
};

describe('the folder of a lab', () => {
  test('XDG_STATE_HOME, else ~/.local/state; relative paths do not count', () => {
    expect(defaultLabDir({ XDG_STATE_HOME: '/s', HOME: '/h' })).toBe('/s/doublehop/lab');
    const inHome = '/h/.local/state/doublehop/lab';
    expect(defaultLabDir({ HOME: '/h' })).toBe(inHome);
    expect(defaultLabDir({ XDG_STATE_HOME: 's', HOME: '/h' })).toBe(inHome);
    expect(() => defaultLabDir({ HOME: '' })).toThrow(LabError);
  });

  test.for(['', '/tmp/a:b', '/tmp/a\nb', '/tmp/%{uid}', `/tmp/${'x'.repeat(100)}`])(
    '"%s" cannot hold one',
    (folder) => {
      expect(() => labPaths(folder)).toThrow(LabError);
    },
  );

  test('keytabs are named after accounts', () => {
    const paths = labPaths('/tmp/lab');
    const names = ['SERVERB$', 'ServerB', 'Administrator'].map((name) => keytabPath(paths, name));
    expect(names).toEqual([
      '/tmp/lab/keytabs/serverb.keytab',
      '/tmp/lab/keytabs/serverb.keytab',
      '/tmp/lab/keytabs/administrator.keytab',
    ]);
  });

  test('a file is replaced at once, with its mode, and nothing is left beside it', async () => {
    await makeFolders(labPaths(dir));
    const path = join(dir, 'file');
    await replaceFile(path, 'one');
    await replaceFile(path, 'two');
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['two', 0o600]);
    await expect(replaceFile(join(dir, 'no', 'file'), 'x')).rejects.toThrow(/ENOENT/u);
  });
});

describe('lab.json', () => {
  test('round trip', async () => {
    const paths = labPaths(dir);
    await makeFolders(paths);
    expect(await readState(paths)).toBeUndefined();
    await writeState(paths, STATE);
    expect(await readState(paths)).toEqual(STATE);
    writeFileSync(paths.state, '{"version":1}');
    await expect(readState(paths)).rejects.toMatchObject({ code: 'state' });
  });

  test('whatever is not one is not taken for one', () => {
    const text = JSON.stringify({ version: 4, ...STATE });
    expect(parseState(text)).toEqual(STATE);
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(parseState(json)).toBeUndefined();
      }),
    );
    for (const field of ['version', ...Object.keys(STATE)]) {
      for (const value of [null, 7, 'text', [7], undefined]) {
        const changed = JSON.stringify({ version: 4, ...STATE, [field]: value });
        expect(parseState(changed)).toBeUndefined();
      }
    }
  });

  test.for([
    {
      hosts: [
        {
          name: 'ServerB',
          address: 'serverb',
          port: 80,
          smbPort: 445,
          winRmPort: 5985,
          winRmTlsPort: 5986,
        },
      ],
    },
    {
      hosts: [
        {
          name: 'ServerB',
          address: '127.0.0.1',
          port: 65_536,
          smbPort: 445,
          winRmPort: 5985,
          winRmTlsPort: 5986,
        },
      ],
    },
    { hosts: [{ name: 'ServerB', address: '127.0.0.1', port: 80 }] },
    { processes: { dc: { pid: 1, started: '' } } },
    { processes: { hosts: { pid: '4711', started: '' } } },
    { controller: { ...STATE.controller, kdcPort: -1 } },
    { controller: { ...STATE.controller, kpasswdPort: undefined } },
  ])('%j in it is damage', (change) => {
    expect(parseState(JSON.stringify({ version: 4, ...STATE, ...change }))).toBeUndefined();
  });
});

describe('the lock', () => {
  test('work runs one after the other', async () => {
    await makeFolders(labPaths(dir));
    const path = join(dir, 'lock');
    const order: string[] = [];
    const work = (name: string) =>
      withLock(path, async () => {
        order.push(`${name} begins`);
        await sleep(20);
        order.push(`${name} ends`);
      });
    await Promise.all(['a', 'b', 'c'].map(work));
    const pairs = [0, 2, 4].map((at) => order.slice(at, at + 2).map((line) => line.slice(2)));
    expect(pairs).toEqual(Array.from({ length: 3 }, () => ['begins', 'ends']));
    expect(existsSync(path)).toBe(false);
  });

  test('a lock of a process that has ended, or of nobody, is no lock', async () => {
    await makeFolders(labPaths(dir));
    const path = join(dir, 'lock');
    const own = await identify(process.pid);
    for (const content of [{ ...own, started: 'long ago' }, { pid: 2 ** 22 + 1, started: '' }, 7]) {
      writeFileSync(path, JSON.stringify(content));
      expect(await withLock(path, async () => 'done')).toBe('done');
    }
    writeFileSync(path, '');
    expect(await withLock(path, async () => 'done')).toBe('done');
  });

  test('failed work lets go of it', async () => {
    await makeFolders(labPaths(dir));
    const path = join(dir, 'lock');
    const failing = withLock(path, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await withLock(path, async () => 'done')).toBe('done');
  });
});

describe('addresses', () => {
  test('by default everything is on 127.0.0.1, on free ports', () => {
    const { controller, hosts } = chooseAddresses(CONTOSO, {});
    const ldap = { ldapPort: 0, ldapsPort: 0, gcPort: 0, gcsPort: 0 };
    const ports = { kdcPort: 0, kpasswdPort: 0, ...ldap };
    expect(controller).toEqual({ address: '127.0.0.1', ...ports });
    expect(new Set(hosts.map(({ address, port }) => `${address}:${port}`))).toEqual(
      new Set(['127.0.0.1:0']),
    );
  });

  test('privileged ports: an address for each', () => {
    const { controller, hosts } = chooseAddresses(CONTOSO, { privilegedPorts: true });
    const ldap = { ldapPort: 389, ldapsPort: 636, gcPort: 3268, gcsPort: 3269 };
    const wellKnown = { kdcPort: 88, kpasswdPort: 464, ...ldap };
    expect(controller).toEqual({ address: '127.0.0.100', ...wellKnown });
    expect(hosts.map(({ name, address, port }) => `${name} ${address}:${port}`)).toEqual([
      'ServerA 127.0.0.101:80',
      'ServerB 127.0.0.102:80',
      'ServerB1 127.0.0.103:80',
      'ServerB2 127.0.0.104:80',
      'ServerB3 127.0.0.105:80',
      'ServerC 127.0.0.106:80',
      'JumpBox 127.0.0.107:80',
    ]);
    expect(new Set(hosts.map(({ smbPort }) => smbPort))).toEqual(new Set([445]));
    const last = chooseAddresses(CONTOSO, { privilegedPorts: true, address: '127.0.0.252' });
    const all = [last.controller, ...last.hosts].map(({ address }) => address);
    expect(new Set(all).size).toBe(8);
    expect(all.slice(0, 5)).toEqual(
      ['252', '253', '254', '1', '2'].map((octet) => `127.0.0.${octet}`),
    );
  });

  test.for(['0.0.0.0', '192.0.2.1', 'localhost', '::1', ''])(
    '%s could be reached by others, or is no address',
    (address) => {
      expect(() => chooseAddresses(CONTOSO, { address })).toThrow(/no address of 127/u);
    },
  );
});

describe('what clients are given', () => {
  test('a krb5.conf that our own reader understands', async () => {
    const paths = labPaths(dir);
    await makeFolders(paths);
    await replaceFile(paths.krb5Conf, labKrb5Conf(CONTOSO, paths, STATE.controller));
    const { libdefaults, realms, domainRealm } = krb5Config(loadProfile(paths.krb5Conf));
    expect(libdefaults).toMatchObject({
      defaultRealm: 'CONTOSO.COM',
      dnsLookupKdc: false,
      dnsCanonicalizeHostname: false,
      rdns: false,
      forwardable: true,
      defaultCcacheName: `FILE:${paths.ccache}`,
    });
    expect(realms.get('CONTOSO.COM')?.kdc).toMatchObject([{ host: '127.0.0.1', port: 40_088 }]);
    expect(
      ['localhost', '.contoso.com', 'contoso.com'].map((name) => domainRealm.get(name)),
    ).toEqual(['CONTOSO.COM', 'CONTOSO.COM', 'CONTOSO.COM']);
  });

  test('shell exports', async () => {
    const paths = labPaths(dir);
    await makeFolders(paths);
    await writeState(paths, STATE);
    expect(formatExports(await labEnv(dir))).toBe(
      `export KRB5_CONFIG='${dir}/krb5.conf'\n` +
        `export KRB5CCNAME='FILE:${dir}/ccache'\n` +
        `export DOUBLEHOP_LAB='${dir}'\n` +
        `export DOUBLEHOP_LDAP='ldap://localhost:40389'\n` +
        `export LDAPSASL_NOCANON='on'\n`,
    );
    const controller = { ...STATE.controller, address: '127.0.0.100', ldapPort: 389 };
    await writeState(paths, { ...STATE, privilegedPorts: true, controller });
    expect((await labEnv(dir)).DOUBLEHOP_LDAP).toBe('ldap://127.0.0.100');
  });

  test('quotes in a folder are quoted for the shell', () => {
    const odd = { DOUBLEHOP_LAB: "it's" };
    const text = formatExports({
      KRB5_CONFIG: '',
      KRB5CCNAME: '',
      DOUBLEHOP_LDAP: '',
      LDAPSASL_NOCANON: 'on',
      ...odd,
    });
    expect(text).toContain(String.raw`export DOUBLEHOP_LAB='it'\''s'`);
  });

  test('the certificate stays, until it runs out or lacks a name', async () => {
    const paths = labPaths(dir);
    await makeFolders(paths);
    const domain = await TestDomain.make();
    const names = ['dc.contoso.com', '127.0.0.1'];
    const first = await labCertificate(paths, names, domain.system);
    expect(await labCertificate(paths, names, domain.system)).toEqual(first);
    expect(statSync(paths.tlsKey).mode & 0o777).toBe(0o600);
    const moved = await labCertificate(paths, [...names, '127.0.0.9'], domain.system);
    expect(moved.cert).not.toBe(first.cert);
    domain.now = NOW + 380 * 24 * 3600 * 1000;
    const renewed = await labCertificate(paths, names, domain.system);
    expect(renewed.cert).not.toBe(moved.cert);
    writeFileSync(paths.ca, 'damaged');
    const mended = await labCertificate(paths, names, domain.system);
    expect(mended.cert).toContain('BEGIN CERTIFICATE');
  });
});

describe('the audit log', () => {
  const event = (n: number) =>
    ({ EventID: 4768, n }) as unknown as Parameters<AuditLog['write']>[0];

  test('is written in order, a line for each event, all of it at the end', async () => {
    await makeFolders(labPaths(dir));
    const path = join(dir, 'audit.jsonl');
    const failures: string[] = [];
    const log = new AuditLog(path, (message) => failures.push(message));
    for (let n = 0; n < 100; n += 1) {
      log.write(event(n));
      if (n % 10 === 0) await sleep(1);
    }
    await log.close();
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => Object(JSON.parse(line))['n'] as number)).toEqual(
      Array.from({ length: 100 }, (_, n) => n),
    );
    expect([failures, statSync(path).mode & 0o777]).toEqual([[], 0o600]);
  });

  test('a disk that fails is told of, and the KDC is not disturbed', async () => {
    const failures: string[] = [];
    const log = new AuditLog(join(dir, 'missing', 'audit.jsonl'), (one) => failures.push(one));
    log.write(event(1));
    await log.close();
    expect(failures).toEqual([expect.stringMatching(/audit log cannot be written: ENOENT/u)]);
  });
});
