// The lab as processes: started, used over its sockets, killed, stopped.
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { pooledRandom } from '@doublehop/crypto/random';
import { setGrants } from '@doublehop/delegation/grants';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { loadProfile } from '@doublehop/kerberos/config/load';
import { negotiateClient } from '@doublehop/kerberos/http/negotiate-client';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import { labControl, labPurge } from '@doublehop/lab/control/client';
import { labDown } from '@doublehop/lab/down';
import { labEnv } from '@doublehop/lab/env';
import { labPaths } from '@doublehop/lab/folder/paths';
import { type LabState, readState } from '@doublehop/lab/folder/state';
import { lookupOf } from '@doublehop/lab/hosts/lookup';
import { isRunning } from '@doublehop/lab/process/process-id';
import { labStatus } from '@doublehop/lab/status';
import { type LabProgress, labUp } from '@doublehop/lab/up';
import { LdapClient } from '@doublehop/ldap/client/client';
import { valuesOf } from '@doublehop/ldap/client/entry';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { decodeSid, type Sid } from '@doublehop/security/sid';
import { fromUtf8 } from '@doublehop/wire/bytes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireRoot } from '../support/peers.ts';
import { makeTempDir, removeDir, withTempDir } from '../support/temp.ts';

const program = fileURLToPath(
  new URL('../../packages/lab/test/support/lab-process.ts', import.meta.url),
);
const command = [process.execPath, '--conditions=@doublehop/source', program];
const system = { clock: () => Date.now(), random: pooledRandom() };

const up = (dir: string, onProgress?: (progress: LabProgress) => void) =>
  labUp({ dir, command, onProgress, ...system });

/** What lab.json says. */
async function stateOf(dir: string): Promise<LabState> {
  const state = await readState(labPaths(dir));
  if (state === undefined) throw new Error('there is no lab');
  return state;
}

/** Every TCP port of the lab. */
function portsOf({ controller, hosts }: LabState): { address: string; port: number }[] {
  const { address, kdcPort, kpasswdPort, ldapPort, ldapsPort } = controller;
  return [
    ...[kdcPort, kpasswdPort, ldapPort, ldapsPort].map((port) => ({ address, port })),
    ...hosts,
  ];
}

function answers({ address, port }: { address: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, address);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Whoever has a password of the lab, as the shell of `lab env` would have it. */
async function person(dir: string, name: string): Promise<KerberosClient> {
  const config = krb5Config(loadProfile((await labEnv(dir)).KRB5_CONFIG));
  const transport = configuredExchange(config, { resolver: noResolver, ...system });
  const client = new KerberosClient({ transport, cache: memoryCache(), ...system });
  const passwords: unknown = JSON.parse(readFileSync(labPaths(dir).passwords, 'utf8'));
  const password = String(Object(passwords)[name]);
  const user = parsePrincipal(name, config.libdefaults.defaultRealm);
  await client.login(user, { kind: 'password', password });
  return client;
}

/** `GET path` of a host's web service. */
async function get(dir: string, client: KerberosClient, host: string, path: string) {
  const { hosts } = await stateOf(dir);
  const where = hosts.find(({ name }) => name === host) ?? { address: '', port: 0 };
  const web = negotiateClient({
    getServiceTicket: (spn) => client.getServiceTicket(parsePrincipal(spn, 'CONTOSO.COM')),
    lookup: lookupOf(where.address),
    ...system,
  });
  const url = `http://${host.toLowerCase()}.contoso.com:${where.port}${path}`;
  const { status, body } = await web.fetch(url);
  return { status, answer: JSON.parse(fromUtf8(body)) as unknown };
}

/** An administrator's connection. */
async function administer(dir: string): Promise<LdapClient> {
  const { controller } = await stateOf(dir);
  const ca = readFileSync(labPaths(dir).ca);
  const url = `ldaps://localhost:${controller.ldapsPort}`;
  const client = await LdapClient.connect({ url, tls: { ca } });
  await client.bindSimple('CONTOSO\\Administrator', 'Passw0rd.Administrator');
  return client;
}

const SERVER_C = 'CN=ServerC,OU=Servers,OU=NA,DC=contoso,DC=com';
const SERVER_B = 'CN=ServerB,OU=Servers,OU=NA,DC=contoso,DC=com';

/** Lets ServerB act for users to ServerC. */
async function grant(dir: string): Promise<void> {
  const client = await administer(dir);
  const sids: Sid[] = [];
  for await (const item of client.search({ base: SERVER_B, scope: 'base' })) {
    if (item.kind === 'entry')
      sids.push(decodeSid(valuesOf(item, 'objectSid')[0] ?? new Uint8Array(0)));
  }
  const { descriptor } = setGrants(undefined, sids);
  if (descriptor === undefined) throw new Error('ServerB was not found');
  await client.modify(SERVER_C, [
    {
      operation: 'replace',
      attribute: 'msDS-AllowedToActOnBehalfOfOtherIdentity',
      values: [encodeDescriptor(descriptor)],
    },
  ]);
  await client.close();
}

describe('a lab', () => {
  let dir = '';

  beforeAll(async () => {
    dir = makeTempDir('lab');
    const steps: LabProgress[] = [];
    const { already, status } = await up(dir, (progress) => steps.push(progress));
    expect([already, status.state]).toEqual([false, 'up']);
    expect(steps.map(({ step, process }) => `${step} ${process}`)).toEqual([
      'starting dc',
      'starting hosts',
      'answers dc',
      'answers hosts',
    ]);
  });

  afterAll(async () => {
    await labDown(dir);
    removeDir(dir);
  });

  test('status asks every service', async () => {
    const { state, realm, processes, services } = await labStatus(dir, system);
    expect([state, realm]).toEqual(['up', 'CONTOSO.COM']);
    expect(processes.map(({ name, pid }) => [name, typeof pid])).toEqual([
      ['dc', 'number'],
      ['hosts', 'number'],
    ]);
    expect(services.map(({ name }) => name)).toEqual([
      'KDC (UDP)',
      'KDC (TCP)',
      'kpasswd (UDP)',
      'kpasswd (TCP)',
      'LDAP',
      'LDAPS',
      ...['ServerA', 'ServerB', 'ServerB1', 'ServerB2', 'ServerB3', 'ServerC', 'JumpBox'].flatMap(
        (host) => ['HTTP', 'SMB', 'WinRM', 'WinRM, HTTPS'].map((kind) => `${host} (${kind})`),
      ),
    ]);
    expect(services.filter((service) => !service.answers)).toEqual([]);
  });

  test('what stands in the folder is for its owner only', () => {
    const paths = labPaths(dir);
    const accounts = readdirSync(paths.keytabs).toSorted();
    expect(accounts).toEqual(
      ['administrator', 'alice', 'bob', 'carol', 'dc', 'jumpbox', 'servera', 'serverb']
        .concat(['serverb1', 'serverb2', 'serverb3', 'serverc'])
        .map((name) => `${name}.keytab`),
    );
    const secret = [paths.passwords, paths.state, paths.tlsKey, paths.hostsSocket];
    const modes = [...secret, ...accounts.map((name) => join(paths.keytabs, name))].map(modeOf);
    expect(new Set(modes)).toEqual(new Set([0o600]));
    const folders = [dir, paths.store, paths.keytabs, paths.control, paths.logs];
    expect(new Set(folders.map(modeOf))).toEqual(new Set([0o700]));
  });

  test('a second start is a no-op', async () => {
    const before = await stateOf(dir);
    const { already, status } = await up(dir);
    expect([already, status.state]).toEqual([true, 'up']);
    expect(await stateOf(dir)).toEqual(before);
  });

  test('another address while it runs is refused', async () => {
    const other = labUp({ dir, command, address: '127.0.0.9', ...system });
    await expect(other).rejects.toMatchObject({ code: 'usage' });
    expect((await labStatus(dir, system)).state).toBe('up');
  });

  test('the double hop: refused, granted, still refused, purged, done', async () => {
    const alice = await person(dir, 'alice');
    const hop = () => get(dir, alice, 'ServerB', '/hop?target=ServerC');
    const { answer } = await get(dir, alice, 'ServerB', '/whoami');
    expect(answer).toMatchObject({ host: 'ServerB', user: 'CONTOSO\\alice', via: [] });

    const refusal = { error: 'KDC_ERR_BADOPTION', code: 13, ntstatus: 'STATUS_NOT_FOUND' };
    const first = await hop();
    expect(first).toMatchObject({ status: 403, answer: { ...refusal, repeated: false } });

    await grant(dir);
    const second = await hop();
    const { negativeUntil } = Object(first.answer) as { negativeUntil: string };
    expect(second.answer).toMatchObject({ ...refusal, repeated: true, negativeUntil });
    expect(Math.abs(Date.parse(negativeUntil) - Date.now() - 900_000)).toBeLessThan(60_000);

    expect(await labPurge(dir, 'ServerB')).toMatchObject({ host: 'ServerB', negative: 1 });
    const { status, answer: hopped } = await hop();
    expect({ status, hopped }).toMatchObject({
      status: 200,
      hopped: {
        middle: 'ServerB',
        user: 'CONTOSO\\alice',
        target: 'ServerC',
        saw: {
          host: 'ServerC',
          user: 'CONTOSO\\alice',
          via: ['HTTP/serverb.contoso.com@CONTOSO.COM'],
        },
      },
    });
  });

  test('a quarter of an hour at the host ends the negative entry as well', async () => {
    const alice = await person(dir, 'alice');
    const hop = () => get(dir, alice, 'ServerB1', '/hop?target=ServerC');
    await hop();
    const repeated = { answer: { repeated: true } };
    expect(await hop()).toMatchObject(repeated);
    await labControl<'clock'>(dir, { command: 'clock', host: 'ServerB1', seconds: 899 });
    expect(await hop()).toMatchObject(repeated);
    await labControl<'clock'>(dir, { command: 'clock', host: 'ServerB1', seconds: 1 });
    expect(await hop()).toMatchObject({ answer: { repeated: false } });
  });

  test('a person at the keyboard of ServerA', async () => {
    const logon = { user: 'alice', password: 'Passw0rd.alice' };
    const { li } = await labControl<'logon'>(dir, { command: 'logon', host: 'servera', ...logon });
    const call = { command: 'call', host: 'ServerA', li, target: 'ServerC' } as const;
    expect(await labControl<'call'>(dir, call)).toMatchObject({ user: 'CONTOSO\\alice', via: [] });
    const { tickets } = await labControl<'klist'>(dir, { command: 'klist', host: 'ServerA', li });
    expect(tickets.map(({ server }) => server)).toEqual([
      'krbtgt/CONTOSO.COM @ CONTOSO.COM',
      'HTTP/serverc.contoso.com @ CONTOSO.COM',
    ]);
    await labControl<'logoff'>(dir, { command: 'logoff', host: 'ServerA', li });
    const gone = labControl<'klist'>(dir, { command: 'klist', host: 'ServerA', li });
    await expect(gone).rejects.toMatchObject({ code: 'unknown-session' });
    const nobody = labPurge(dir, 'ServerX');
    await expect(nobody).rejects.toMatchObject({ code: 'unknown-host' });
  });

  test('two labs side by side know nothing of each other', () =>
    withTempDir(async (other) => {
      await up(other);
      try {
        const ports = portsOf(await stateOf(other)).map(({ port }) => port);
        const mine = new Set(portsOf(await stateOf(dir)).map(({ port }) => port));
        expect(ports.filter((port) => mine.has(port))).toEqual([]);
        const alice = await person(other, 'alice');
        const { answer } = await get(other, alice, 'ServerB', '/hop?target=ServerC');
        expect(answer).toMatchObject({ ntstatus: 'STATUS_NOT_FOUND', repeated: false });
      } finally {
        await labDown(other);
      }
      expect((await labStatus(dir, system)).state).toBe('up');
    }));

  test('kill -9 of the controller amid writes: every acknowledged one is there again', async () => {
    const before = await stateOf(dir);
    const client = await administer(dir);
    const acknowledged: string[] = [];
    const add = async (worker: number): Promise<void> => {
      for (let n = 0; ; n += 1) {
        const name = `user${worker}-${n}`;
        const dn = `CN=${name},CN=Users,DC=contoso,DC=com`;
        await client.add(dn, { objectClass: 'user', sAMAccountName: name });
        acknowledged.push(dn);
      }
    };
    const workers = Promise.allSettled([0, 1, 2, 3].map(add));
    while (acknowledged.length < 40) await sleep(1);
    process.kill(before.processes.dc?.pid ?? 0, 'SIGKILL');
    await workers;

    expect((await labStatus(dir, system)).state).toBe('partly');
    const { already } = await up(dir);
    expect(already).toBe(false);
    const after = await stateOf(dir);
    expect([after.controller, after.hosts]).toEqual([before.controller, before.hosts]);
    expect(after.processes.hosts).toEqual(before.processes.hosts);
    const again = await administer(dir);
    const found = new Set<string>();
    const filter = '(sAMAccountName=user*)';
    for await (const item of again.searchAll({ base: 'DC=contoso,DC=com', filter })) {
      if (item.kind === 'entry') found.add(item.dn);
    }
    await again.close();
    expect(acknowledged.filter((dn) => !found.has(dn))).toEqual([]);
  });

  test('a hosts process that died comes back, its LSAs empty', async () => {
    const before = await stateOf(dir);
    process.kill(before.processes.hosts?.pid ?? 0, 'SIGKILL');
    await up(dir);
    const after = await stateOf(dir);
    expect(after.processes.dc).toEqual(before.processes.dc);
    expect(after.hosts).toEqual(before.hosts);
    const { tickets, negative } = await labControl<'klist'>(dir, {
      command: 'klist',
      host: 'ServerB1',
      li: 0x3e7,
    });
    expect([tickets, negative]).toEqual([[], []]);
  });

  test('down leaves no process and no port, and the domain for the next start', async () => {
    const before = await stateOf(dir);
    const { endings } = await labDown(dir);
    expect(endings).toEqual({ hosts: 'ended', dc: 'ended' });
    const { dc, hosts } = before.processes;
    const left = [dc, hosts].map(async (id) => id !== undefined && (await isRunning(id)));
    expect(await Promise.all(left)).toEqual([false, false]);
    expect(await Promise.all(portsOf(before).map(answers))).not.toContain(true);
    expect(existsSync(labPaths(dir).hostsSocket)).toBe(false);
    expect((await labStatus(dir, system)).state).toBe('down');
    expect((await labDown(dir)).endings).toEqual({});
    await expect(labPurge(dir, 'ServerB')).rejects.toMatchObject({ code: 'no-lab' });

    await up(dir);
    expect(portsOf(await stateOf(dir))).toEqual(portsOf(before));
    const alice = await person(dir, 'alice');
    const { status } = await get(dir, alice, 'ServerB', '/hop?target=ServerC');
    expect(status).toBe(200);
  });
});

describe('a start that fails', () => {
  test('stops what it had started, and the next one mends it', () =>
    withTempDir(async (base) => {
      const dir = join(base, 'lab');
      // The controller comes up, the hosts do not.
      const wrapper = join(base, 'wrapper.ts');
      const real = JSON.stringify(pathToFileURL(program).href);
      const broken = 'console.log("out of luck"); process.exit(3);';
      writeFileSync(
        wrapper,
        `if (process.argv[2] === 'hosts') { ${broken} }\nawait import(${real});`,
      );
      const failing = [process.execPath, '--conditions=@doublehop/source', wrapper];
      const steps: LabProgress[] = [];
      const refused = labUp({
        dir,
        command: failing,
        onProgress: (progress) => steps.push(progress),
        ...system,
      });
      await expect(refused).rejects.toThrow(/"hosts" ended with exit code 3.*\n.*out of luck/u);
      const told = steps.map(({ step, process: name }) => `${step} ${name}`);
      expect(told.slice(-3)).toEqual(['answers dc', 'stopping hosts', 'stopping dc']);
      expect((await stateOf(dir)).processes).toEqual({});
      expect((await labStatus(dir, system)).state).toBe('down');
      expect(await Promise.all(portsOf(await stateOf(dir)).map(answers))).not.toContain(true);

      // What a process left that was killed while it made the domain does no harm.
      const paths = labPaths(dir);
      renameSync(paths.store, paths.newStore);
      expect((await up(dir)).status.state).toBe('up');
      expect(existsSync(paths.newStore)).toBe(false);
      await labDown(dir);
    }));

  test('a port of last time that somebody else has now is replaced', () =>
    withTempDir(async (dir) => {
      await up(dir);
      const before = await stateOf(dir);
      await labDown(dir);
      const squatter = createTcpServer().listen(before.controller.ldapPort, '127.0.0.1');
      try {
        expect((await up(dir)).status.state).toBe('up');
        const { controller } = await stateOf(dir);
        expect(controller.ldapPort).not.toBe(before.controller.ldapPort);
        expect((await labEnv(dir)).DOUBLEHOP_LDAP).toBe(`ldap://localhost:${controller.ldapPort}`);
      } finally {
        squatter.close();
        await labDown(dir);
      }
    }));

  test('the well-known ports, each host on an address of its own', (ctx) => {
    requireRoot(ctx);
    return withTempDir(async (dir) => {
      const address = '127.83.7.100';
      await labUp({ dir, command, ...privileged(address) });
      try {
        const { controller, hosts } = await stateOf(dir);
        const ports = { kdcPort: 88, kpasswdPort: 464, ldapPort: 389, ldapsPort: 636 };
        const catalog = { gcPort: 3268, gcsPort: 3269 };
        expect(controller).toMatchObject({ address, ...ports, ...catalog });
        expect(hosts.map(({ port }) => port)).toEqual(hosts.map(() => 80));
        const alice = await person(dir, 'alice');
        const { answer } = await get(dir, alice, 'ServerB', '/whoami');
        expect(answer).toMatchObject({ user: 'CONTOSO\\alice' });
        expect((await labEnv(dir)).DOUBLEHOP_LDAP).toBe(`ldap://${address}`);
        const second = labUp({ dir: join(dir, 'second'), command, ...privileged(address) });
        await expect(second).rejects.toMatchObject({ code: 'address' });
      } finally {
        await labDown(dir);
      }
    });
  });

  test('a folder without a lab', () =>
    withTempDir(async (dir) => {
      const missing = { code: 'no-lab' };
      await expect(labStatus(dir, system)).rejects.toMatchObject(missing);
      await expect(labDown(dir)).rejects.toMatchObject(missing);
      await expect(labEnv(dir)).rejects.toMatchObject(missing);
    }));
});

function privileged(address: string) {
  return { privilegedPorts: true, address, ...system };
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
