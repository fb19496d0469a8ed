// pypsrp, a PowerShell remoting client, at our endpoint by every way to authenticate.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Contoso, startContoso } from '../support/contoso.ts';
import { hostsFile, withHosts } from '../support/hosts.ts';
import { mitShell } from '../support/mit.ts';
import { winrmRoot } from '../support/packages.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { type RemotingHost, startRemotingHost } from '../support/remoting-host.ts';
import { run } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const program = fileURLToPath(new URL('pypsrp-client.py', import.meta.url));
const HOST = 'serverb.contoso.com';

/** What pypsrp does, and what comes of it, whoever it is by whatever transport. */
const EXPECTED = {
  pipelines: ['a', 'b', 'contoso\\alice', 3],
  script: ['2', '4', '6', 'contoso\\alice!', '3'],
  refused: [
    [5, [['ScriptsNotAllowed', 17]], []],
    [5, [['CommandNotFoundException', 13]], []],
    [5, [['Impossible', 7]], []],
    [5, [['CannotConvertArgumentNoMessage,Start-Sleep', 5]], []],
    [4, [], ['contoso\\alice']],
    [5, [['CommandNotFoundException', 13]], ['contoso\\alice']],
  ],
  closed: [
    ['WSManFaultError', 5],
    ['WSManFaultError', 0x8033_803b],
  ],
  streams: {
    output: { Name: 'lsass', Id: 640 },
    error: ['went wrong', 'Wrong', 22, 'x'],
    warning: ['careful'],
    verbose: ['in detail'],
    debug: ['in more detail'],
    progress: [['Working', 'half', 50]],
    information: [['said', ['PSHOST']]],
  },
  takes_input: ['a', 'b', 'c', 5000],
  secrets: ['GEHEIM', 'geheim back'],
  stop: [['started'], true, ['contoso\\alice']],
  leave: [['contoso\\alice'], 9, ['later'], ['contoso\\alice'], []],
  large: [20, 6_000_000, 2_000_000, 30],
  runspaces: [3, 5, 2, ['contoso\\alice']],
  metadata: [
    ['whoami', 'Cmdlet', []],
    ['Write-Output', 'Cmdlet', ['InputObject', 'NoEnumerate']],
  ],
  commands: ['Get-Bytes', 'Get-Endless', 'Get-Everything', 'whoami'],
  private: ['doublehop', '2.3'],
  cmd: ['contoso\\alice\r\n', 'here \r\n', 3],
};

describe('pypsrp at our endpoint', () => {
  const dir = makeTempDir('remoting-pypsrp');
  let running: { contoso: Contoso; host: RemotingHost } | undefined;

  beforeAll(async () => {
    if (whyMissing('mit', 'winrm') !== undefined || process.getuid?.() !== 0) return;
    const contoso = await startContoso(join(dir, 'contoso'));
    const host = await startRemotingHost(dir, contoso, await clientCertificate());
    running = { contoso, host };
    writeFileSync(join(dir, 'hosts'), hostsFile({ [host.address]: [HOST, 'serverb'] }));
  });
  afterAll(async () => {
    const { host, contoso } = running ?? {};
    expect(host?.endpoint.shells ?? 0).toBe(0);
    await host?.stop();
    await contoso?.stop();
    removeDir(dir);
    expect(contoso?.defects ?? []).toEqual([]);
  });
  beforeEach((ctx) => {
    requirePeers(ctx, 'mit', 'winrm');
    requireRoot(ctx);
  });

  const [certificate, key] = [join(dir, 'client.pem'), join(dir, 'client.key')];
  async function clientCertificate(): Promise<string> {
    const files = ['-keyout', key, '-out', certificate];
    const purpose = ['-addext', 'extendedKeyUsage=clientAuth', '-subj', '/CN=alice'];
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...purpose];
    const made = await run('openssl', args);
    expect(made.status, made.stderr).toBe(0);
    return readFileSync(certificate, 'utf8');
  }

  const world = (): { contoso: Contoso; host: RemotingHost } => {
    if (running === undefined) throw new Error('the endpoint was not started');
    return running;
  };

  async function logon(user: string): Promise<Readonly<Record<string, string>>> {
    const { contoso } = world();
    const shell = mitShell(contoso, 'forwardable = true');
    const kinit = await shell.run('kinit', ['-f', '-k', '-t', contoso.keytab(user), user]);
    expect(kinit.status, kinit.stderr).toBe(0);
    return shell.env;
  }

  /** Has pypsrp do things; gives what came of each. */
  async function pypsrp(
    options: Readonly<Record<string, unknown>>,
    names: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const {
      contoso,
      host: { caFile },
    } = world();
    const tls = options['ssl'] === true ? { cert_validation: caFile } : {};
    const connection = JSON.stringify({ server: HOST, ssl: false, ...options, ...tls });
    const python = join(winrmRoot, 'bin', 'python');
    const hosts = join(dir, 'hosts');
    const done = await withHosts(hosts, python, [program, connection, ...names], {
      env: { ...contoso.env, ...env },
      timeout: 60_000,
    });
    expect(done.status, done.stderr).toBe(0);
    return JSON.parse(done.stdout);
  }

  const alice = (): Readonly<Record<string, string>> => ({
    username: 'alice@CONTOSO.COM',
    password: world().contoso.password('alice'),
  });
  const everything = Object.keys(EXPECTED);
  const by = (how: string, forwarded: string | null = null) => ({
    logon: { Name: 'CONTOSO\\alice', By: how, Forwarded: forwarded },
  });

  test('HTTP, Negotiate: messages are encrypted by Kerberos', async () => {
    const options = { auth: 'negotiate', encryption: 'always' };
    const done = await pypsrp(options, ['logon', ...everything], await logon('alice'));
    expect(done).toEqual({ ...EXPECTED, ...by('ticket') });
  });

  test('HTTP, Kerberos without SPNEGO; the TGT is forwarded', async () => {
    const options = { auth: 'kerberos', negotiate_delegate: true };
    const done = await pypsrp(options, ['logon', 'large', 'leave'], await logon('alice'));
    const { large, leave } = EXPECTED;
    expect(done).toEqual({ large, leave, ...by('ticket', 'alice@CONTOSO.COM') });
  });

  test('HTTPS, Negotiate: the context is bound to the channel', async () => {
    const env = await logon('alice');
    const done = await pypsrp({ ssl: true, auth: 'negotiate' }, ['logon', ...everything], env);
    expect(done).toEqual({ ...EXPECTED, ...by('ticket') });
    const unbound = { ssl: true, auth: 'negotiate', negotiate_send_cbt: false };
    expect(await pypsrp(unbound, ['wrong'], env)).toEqual({ wrong: 'AuthenticationError' });
  });

  test('HTTPS, messages encrypted all the same', async () => {
    const options = { ssl: true, auth: 'negotiate', encryption: 'always' };
    const done = await pypsrp(options, ['logon', 'large'], await logon('alice'));
    expect(done).toEqual({ large: EXPECTED.large, ...by('ticket') });
  });

  test('HTTPS, Basic', async () => {
    const options = { ssl: true, auth: 'basic', ...alice() };
    expect(await pypsrp(options, ['logon', ...everything])).toEqual({
      ...EXPECTED,
      ...by('password'),
    });
    expect(await pypsrp({ ...options, password: 'no' }, ['wrong'])).toEqual({
      wrong: 'AuthenticationError',
    });
  });

  test('HTTPS, a client certificate', async () => {
    const files = { certificate_pem: certificate, certificate_key_pem: key };
    const options = { ssl: true, auth: 'certificate', ...files };
    expect(await pypsrp(options, ['logon', ...everything])).toEqual({
      ...EXPECTED,
      ...by('certificate'),
    });
    const stranger = { certificate_pem: join(dir, 'other.pem'), certificate_key_pem: key };
    const other = ['-subj', '/CN=alice', '-addext', 'extendedKeyUsage=clientAuth', '-nodes'];
    const made = ['req', '-x509', '-key', key, '-out', stranger.certificate_pem, ...other];
    expect((await run('openssl', made)).status).toBe(0);
    expect(await pypsrp({ ...options, ...stranger }, ['wrong'])).not.toEqual({ wrong: 'opened' });
  });

  test.each([
    ['HTTP', false],
    ['HTTPS', true],
  ])('%s, CredSSP, and messages in TLS records', async (_, ssl) => {
    // Over HTTPS requests-credssp takes a fault that ends the authentication for a refusal; with
    // encryption, authentication comes before the first message.
    const options = { ssl, auth: 'credssp', encryption: 'always', ...alice() };
    const done = await pypsrp(options, ['logon', ...everything]);
    expect(done).toEqual({ ...EXPECTED, ...by('password') });
    expect(await pypsrp({ ...options, password: 'no' }, ['wrong'])).toEqual({
      wrong: 'AuthenticationException',
    });
  });

  test('HTTPS, CredSSP with the first message', async () => {
    const options = { ssl: true, auth: 'credssp', ...alice() };
    expect(await pypsrp(options, ['logon', 'large'])).toEqual({
      large: EXPECTED.large,
      ...by('password'),
    });
  });

  test.each([
    ['4', 'AuthenticationException'],
    ['5', 'opened'],
  ])('CredSSP of version %s', async (version, wrong) => {
    const options = { auth: 'credssp', ...alice() };
    expect(await pypsrp(options, ['wrong'], { CREDSSP_VERSION: version })).toEqual({ wrong });
  });

  test("nobody sees another's shells", async () => {
    const { host } = world();
    const [mine, others] = [await logon('alice'), await logon('bob')];
    const left = await pypsrp({ auth: 'negotiate' }, ['left', 'shells'], mine);
    expect(left).toEqual({ left: expect.any(String), shells: 1 });
    expect(host.endpoint.shells).toBe(1);
    expect(await pypsrp({ auth: 'negotiate' }, ['shells'], others)).toEqual({ shells: 0 });
    expect(await pypsrp({ auth: 'negotiate' }, ['tidy', 'shells'], mine)).toEqual({
      tidy: 1,
      shells: 0,
    });
  });

  test('messages in the clear are refused over HTTP', async () => {
    const { host } = world();
    host.log.length = 0;
    const plain = { auth: 'negotiate', encryption: 'never' };
    expect(await pypsrp(plain, ['wrong'], await logon('alice'))).toEqual({
      wrong: 'WinRMTransportError',
    });
    expect(host.log.join('\n')).toContain('not encrypted was refused');
  });
});
