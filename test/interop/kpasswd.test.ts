import { createSocket } from 'node:dgram';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { loadProfile } from '@doublehop/kerberos/config/load';
import { changePassword, getPasswordTicket } from '@doublehop/kerberos/kpasswd/change-password';
import { KpasswdResult } from '@doublehop/kerberos/kpasswd/result';
import { kpasswdTransport } from '@doublehop/kerberos/kpasswd/transport';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import { pooledRandom } from '@doublehop/crypto/random';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import { heimdal } from '../peers/heimdal-kdc.ts';
import { clientEnv } from '../peers/peer.ts';
import { type SambaDc, startSambaDc } from '../peers/samba-dc.ts';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { clientOf, refusal } from '../support/kerberos-client.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { type Outcome, run } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const lines = (...texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');

describe('our password service and foreign clients', () => {
  const dir = makeTempDir('kpasswd');
  let running: Contoso | undefined;
  let shells = 0;

  beforeAll(async () => {
    running = await startContoso(dir);
  });
  afterAll(async () => {
    await running?.stop();
    removeDir(dir);
    expect(running?.defects ?? []).toEqual([]);
  });

  function contoso(): Contoso {
    if (running === undefined) throw new Error('the domain was not started');
    return running;
  }

  /** The environment of somebody; their changes go to another port where one is given. */
  function environment(kpasswdPort = contoso().kpasswdPort): Record<string, string> {
    const { address, port } = contoso();
    const place = join(dir, `shell-${(shells += 1)}`);
    mkdirSync(place, { recursive: true });
    const servers = { kdc: `${address}:${port}`, kpasswd: `${address}:${kpasswdPort}` };
    return clientEnv(place, { realm: REALM, ...servers });
  }

  /** A port that leads to the service by UDP alone: MIT's client tries TCP first. */
  async function udpOnly(work: (port: number) => Promise<void>): Promise<void> {
    const { address, kpasswdPort } = contoso();
    const outside = createSocket('udp4');
    const inside = createSocket('udp4');
    let client = { address, port: 0 };
    outside.on('message', (message, from) => {
      client = from;
      inside.send(message, kpasswdPort, address);
    });
    inside.on('message', (message) => outside.send(message, client.port, client.address));
    await new Promise<void>((resolve) => outside.bind(0, address, resolve));
    await new Promise<void>((resolve) => inside.bind(0, address, resolve));
    try {
      await work(outside.address().port);
    } finally {
      outside.close();
      inside.close();
    }
  }

  const mit = (
    input: string | Uint8Array,
    env: Record<string, string>,
    ...args: string[]
  ): Promise<Outcome> => run('kpasswd', args, { env, input });

  /** Whether our own client gets a ticket by the password. */
  async function isPassword(name: string, password: string): Promise<boolean> {
    const client = clientOf(contoso(), {}, memoryCache());
    try {
      await client.login(parsePrincipal(name, REALM), { kind: 'password', password });
      return true;
    } catch {
      return false;
    }
  }

  /** Changes alice's password with MIT's kpasswd; returns what its library tells. */
  async function byMit(old: string, next: string, port?: number): Promise<string> {
    const trace = join(dir, `trace-${next}`);
    const env = { ...environment(port), KRB5_TRACE: trace };
    const { status, stdout, stderr } = await mit(lines(old, next, next), env, 'alice');
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('Password changed.');
    expect(await isPassword('alice', next)).toBe(true);
    expect(await isPassword('alice', old)).toBe(false);
    expect(contoso().passwordEvents.at(-1)).toMatchObject({
      EventID: 4723,
      TargetUserName: 'alice',
      Status: '0x0',
    });
    return readFileSync(trace, 'utf8');
  }

  test("MIT's kpasswd, by TCP and by UDP", async (context) => {
    requirePeers(context, 'mit');
    const { address, kpasswdPort, password } = contoso();
    const tcp = await byMit(password('alice'), 'N3w.by.tcp.ü');
    expect(tcp).toContain(`from stream ${address}:${kpasswdPort}`);
    await udpOnly(async (port) => {
      const udp = await byMit('N3w.by.tcp.ü', 'N3w.by.udp', port);
      expect(udp).toContain(`from dgram ${address}:${port}`);
    });
  });

  test('a wrong present password', async (context) => {
    requirePeers(context, 'mit');
    const input = lines('wrong', 'x', 'x');
    const { status, stderr } = await mit(input, environment(), 'alice');
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/[Pp]assword incorrect|Preauthentication failed/u);
  });

  test('a password that is refused, in our words', async (context) => {
    requirePeers(context, 'mit');
    const next = [...Buffer.from('latin-1: '), 0xfc, 0x0a];
    const input = Uint8Array.from([...Buffer.from(lines('N3w.by.udp')), ...next, ...next]);
    const { status, stdout, stderr } = await mit(input, environment(), 'alice');
    expect(status).toBe(2);
    expect(`${stdout}${stderr}`).toContain(
      'Password change rejected: The password is not in UTF-8.',
    );
  });

  test('whoever must change it: kinit asks for a new one, and goes on with it', async (context) => {
    requirePeers(context, 'mit');
    await contoso().mustChange('bob');
    const env = environment();
    const input = lines(contoso().password('bob'), 'N3w.bob', 'N3w.bob');
    const { status, stdout, stderr } = await run('kinit', ['bob'], { env, input });
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('Password expired');
    expect((await run('klist', ['-s'], { env })).status).toBe(0);
    expect(await isPassword('bob', 'N3w.bob')).toBe(true);
  });

  test("Heimdal's kpasswd", async (context) => {
    requirePeers(context, 'heimdal');
    const { status, stdout, stderr } = await heimdal('kpasswd', [`bob@${REALM}`], {
      env: environment(),
      input: lines('N3w.bob', 'N3w.heimdal', 'N3w.heimdal'),
    });
    expect(status, `${stdout}${stderr}`).toBe(0);
    expect(await isPassword('bob', 'N3w.heimdal')).toBe(true);
  });

  test("Heimdal's kpasswd sets another's password as an administrator", async (context) => {
    requirePeers(context, 'heimdal');
    const env = environment();
    const file = join(dir, 'admin-password');
    writeFileSync(file, contoso().password('Administrator'));
    const login = [`--password-file=${file}`, 'Administrator'];
    expect((await heimdal('kinit', login, { env })).status).toBe(0);
    const args = [`--cache=${env['KRB5CCNAME']}`, `alice@${REALM}`];
    const input = lines('S3t.heimdal', 'S3t.heimdal');
    const { status, stdout, stderr } = await heimdal('kpasswd', args, { env, input });
    expect(status, `${stdout}${stderr}`).toBe(0);
    expect(await isPassword('alice', 'S3t.heimdal')).toBe(true);
    expect(contoso().passwordEvents.at(-1)).toMatchObject({
      EventID: 4724,
      SubjectUserName: 'Administrator',
      TargetUserName: 'alice',
    });
  });
});

describe("our client and a Samba AD DC's password service", () => {
  const dir = makeTempDir('kpasswd-samba');
  let running: SambaDc | undefined;

  beforeAll(async () => {
    const missing = whyMissing('samba') !== undefined;
    if (!missing && process.getuid?.() === 0) running = await startSambaDc(dir);
  });
  afterAll(async () => {
    await running?.stop();
    removeDir(dir);
  });

  function domain(ctx: TestContext): SambaDc {
    requirePeers(ctx, 'samba');
    requireRoot(ctx);
    if (running === undefined) throw new Error('the domain controller was not started');
    return running;
  }
  const named = (name: string) => parsePrincipal(name, 'CORP.TEST');

  /** The way to the password service, by one transport. */
  function transportTo({ env }: SambaDc, transport: 'udp' | 'tcp') {
    const clock = () => Date.now();
    const config = krb5Config(loadProfile(env['KRB5_CONFIG'] ?? ''));
    const udpPreferenceLimit = transport === 'udp' ? 32_700 : 1;
    const libdefaults = { ...config.libdefaults, udpPreferenceLimit };
    const parts = { resolver: noResolver, random: pooledRandom(), clock };
    return kpasswdTransport(configuredExchange({ ...config, libdefaults }, parts));
  }

  async function change(dc: SambaDc, name: string, old: string, next: string, how: 'udp' | 'tcp') {
    const { context } = clientOf(dc);
    const secret = { kind: 'password', password: old } as const;
    const credentials = await getPasswordTicket(context, named(name), secret);
    await changePassword(context, transportTo(dc, how), { credentials, newPassword: next });
  }

  async function isPassword(dc: SambaDc, name: string, password: string): Promise<boolean> {
    return await clientOf(dc)
      .login(named(name), { kind: 'password', password })
      .then(
        () => true,
        () => false,
      );
  }

  test('the own password, by UDP and by TCP, and what the policy says', async (ctx) => {
    const dc = domain(ctx);
    await dc.tool('domain', 'passwordsettings', 'set', '--min-pwd-age=0', '--history-length=3');
    await change(dc, 'alice', 'Passw0rd.alice', 'N3w.by.udp', 'udp');
    expect(await isPassword(dc, 'alice', 'N3w.by.udp')).toBe(true);
    await change(dc, 'alice', 'N3w.by.udp', 'N3w.by.tcp', 'tcp');
    expect(await isPassword(dc, 'alice', 'N3w.by.tcp')).toBe(true);
    const short = await refusal(change(dc, 'alice', 'N3w.by.tcp', 'x', 'tcp'));
    expect(short.detail.resultCode).toBe(KpasswdResult.SOFTERROR);
    expect(short.message).toMatch(/^the new password is refused: .*\b7\b/u);
  });

  test("whoever must change it, and an administrator who sets another's", async (ctx) => {
    const dc = domain(ctx);
    const flags = ['--must-change-at-next-login', '--newpassword=F1rst.carol'];
    const set = await dc.tool('user', 'setpassword', 'carol', ...flags);
    expect(set.status, set.stderr).toBe(0);
    await change(dc, 'carol', 'F1rst.carol', 'N3w.carol.1', 'tcp');
    expect(await isPassword(dc, 'carol', 'N3w.carol.1')).toBe(true);
    const client = clientOf(dc);
    const password = 'Passw0rd.admin';
    await client.login(named('Administrator'), { kind: 'password', password });
    const credentials = await client.getServiceTicket(named('kadmin/changepw'));
    const target = named('bob');
    const reset = { credentials, newPassword: 'S3t.by.admin', target };
    await changePassword(client.context, transportTo(dc, 'tcp'), reset);
    expect(await isPassword(dc, 'bob', 'S3t.by.admin')).toBe(true);
    const own = { credentials: await ticketOf(dc, 'alice'), newPassword: 'S3t.by.alice', target };
    const denied = await refusal(changePassword(client.context, transportTo(dc, 'tcp'), own));
    expect(denied.detail.resultCode).toBe(KpasswdResult.ACCESSDENIED);
  });

  async function ticketOf(dc: SambaDc, name: string) {
    const secret = { kind: 'password', password: 'N3w.by.tcp' } as const;
    return await getPasswordTicket(clientOf(dc).context, named(name), secret);
  }
});
