// More clients of PowerShell remoting at our endpoint: pywinrm, Ansible, evil-winrm-py; and
// Wireshark looking on.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCapture } from '../support/capture.ts';
import { type Contoso, startContoso } from '../support/contoso.ts';
import { hostsFile, withHosts } from '../support/hosts.ts';
import { mitShell } from '../support/mit.ts';
import { evilWinrmPath, winrmRoot } from '../support/packages.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { type RemotingHost, startRemotingHost } from '../support/remoting-host.ts';
import { type Outcome, run } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const HOST = 'serverb.contoso.com';
const pywinrm = fileURLToPath(new URL('pywinrm-client.py', import.meta.url));
const pypsrp = fileURLToPath(new URL('pypsrp-client.py', import.meta.url));
const python = join(winrmRoot, 'bin', 'python');

describe('clients at our endpoint', () => {
  const dir = makeTempDir('remoting-clients');
  let running: { contoso: Contoso; host: RemotingHost } | undefined;

  beforeAll(async () => {
    if (whyMissing('mit', 'winrm') !== undefined || process.getuid?.() !== 0) return;
    const contoso = await startContoso(join(dir, 'contoso'));
    const host = await startRemotingHost(dir, contoso);
    running = { contoso, host };
    writeFileSync(join(dir, 'hosts'), hostsFile({ [host.address]: [HOST, 'serverb'] }));
  });
  afterAll(async () => {
    await running?.host.stop();
    await running?.contoso.stop();
    removeDir(dir);
  });
  beforeEach((ctx) => {
    requirePeers(ctx, 'mit', 'winrm');
    requireRoot(ctx);
  });

  const world = (): { contoso: Contoso; host: RemotingHost } => {
    if (running === undefined) throw new Error('the endpoint was not started');
    return running;
  };

  /** Runs a program as Alice, who has logged on. */
  async function asAlice(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    input = '',
  ): Promise<Outcome> {
    const { contoso } = world();
    const shell = mitShell(contoso, 'forwardable = true');
    const kinit = await shell.run('kinit', ['-f', '-k', '-t', contoso.keytab('alice'), 'alice']);
    expect(kinit.status, kinit.stderr).toBe(0);
    const options = { env: { ...shell.env, ...env }, cwd: dir, timeout: 60_000, input };
    return await withHosts(join(dir, 'hosts'), command, args, options);
  }

  const http = `http://${HOST}:5985/wsman`;
  const https = `https://${HOST}:5986/wsman`;
  test.each([
    ['Kerberos, encrypted messages', { endpoint: http, transport: 'kerberos' }],
    ['Kerberos, delegating', { endpoint: http, transport: 'kerberos', kerberos_delegation: true }],
    ['Kerberos over HTTPS', { endpoint: https, transport: 'kerberos' }],
    ['Basic over HTTPS', { endpoint: https, transport: 'basic' }],
    ['CredSSP', { endpoint: http, transport: 'credssp', message_encryption: 'always' }],
    ['CredSSP over HTTPS', { endpoint: https, transport: 'credssp', message_encryption: 'always' }],
  ])('pywinrm by %s: programs and PowerShell in a command shell', async (_, options) => {
    const { contoso, host } = world();
    const account =
      options.transport === 'kerberos'
        ? {}
        : { username: 'alice@CONTOSO.COM', password: contoso.password('alice') };
    const connection = JSON.stringify({ ...options, ...account, ca_trust_path: host.caFile });
    const { status, stdout, stderr } = await asAlice(python, [pywinrm, connection]);
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      ['contoso\\alice\r\n', '', 0],
      ['here\r\n', '', 0],
      ['', "'nothing' is not recognized as an intern", 1],
      ['from PowerShell\r\n', '', 0],
      [200, true],
    ]);
  });

  async function ansible(plugin: string, command: string): Promise<string> {
    const inventory = join(dir, `${plugin}.ini`);
    const lines = [
      `${HOST} ansible_connection=${plugin} ansible_port=5985 ansible_user=alice@CONTOSO.COM`,
      '[all:vars]',
      'ansible_psrp_auth=kerberos',
      'ansible_psrp_protocol=http',
      'ansible_winrm_transport=kerberos',
      'ansible_winrm_scheme=http',
      'ansible_winrm_kinit_mode=manual',
      'ansible_winrm_message_encryption=always',
    ];
    writeFileSync(inventory, `${lines.join('\n')}\n`);
    const args = ['-i', inventory, 'all', '-m', 'raw', '-a', command];
    const env = { ANSIBLE_HOME: join(dir, 'ansible'), ANSIBLE_NOCOLOR: '1', HOME: dir };
    const { stdout, stderr } = await asAlice(join(winrmRoot, 'bin', 'ansible'), args, env);
    return stdout + stderr;
  }

  test('Ansible by psrp: its script for raw is within the language', async () => {
    expect(await ansible('psrp', 'whoami')).toContain('contoso\\alice');
    expect(await ansible('psrp', '$x = 1..3; $x.Count')).toMatch(/>>\n3\n/u);
    const refused = await ansible('psrp', '[System.IO.File]::Exists("a")');
    expect(refused).toMatch(/FAILED/u);
  });

  test('Ansible by winrm: its command shell runs what it sends', async () => {
    expect(await ansible('winrm', 'whoami')).toContain('contoso\\alice');
    expect(await ansible('winrm', '$x = 1..3; $x.Count')).toMatch(/>>\n3\r?\n/u);
    const refused = await ansible('winrm', '[System.IO.File]::Exists("a")');
    expect(refused).toMatch(/FAILED/u);
  });

  async function evilWinrm(configuration: string, ...lines: readonly string[]): Promise<string> {
    const code = 'from evil_winrm_py.evil_winrm_py import main; main()';
    const where = ['-i', HOST, '-u', 'alice@CONTOSO.COM', '-k', '--no-pass', '--no-colors'];
    const args = ['-c', code, ...where, '-c', configuration];
    const env = { PYTHONPATH: evilWinrmPath, HOME: dir };
    const { stdout, stderr } = await asAlice(python, args, env, [...lines, 'exit', ''].join('\n'));
    return stdout + stderr;
  }

  test('evil-winrm-py without language: commands run, scripts do not', async () => {
    const said = await evilWinrm('JEARole', 'whoami', 'Get-Item C:', 'upload /etc/hostname x');
    expect(said).toContain('contoso\\alice\n');
    expect(said).toContain("The term 'Get-Item' is not recognized");
    const usual = await evilWinrm('Microsoft.PowerShell', 'whoami', '1 + 41');
    expect(usual).toMatch(/contoso\\alice\n[^]*\n42\n/u);
    const closed = await evilWinrm('Closed', 'whoami');
    expect(closed).not.toContain('contoso\\alice\n');
  });

  test('Wireshark finds nothing malformed in it, and opens the tickets', async (ctx) => {
    requirePeers(ctx, 'tshark');
    const { contoso, host } = world();
    const capture = await startCapture(dir, host.address);
    for (const auth of ['negotiate', 'kerberos']) {
      const connection = JSON.stringify({ server: HOST, ssl: false, auth });
      const done = await asAlice(python, [pypsrp, connection, 'logon', 'large']);
      expect(done.status, done.stderr).toBe(0);
    }
    const file = await capture.finish();
    const keys = ['-o', 'kerberos.decrypt:TRUE', '-o', `kerberos.file:${contoso.keytab('all')}`];
    const decode = ['-d', 'tcp.port==5985,http'];
    const tshark = async (...more: readonly string[]): Promise<string> =>
      (await run('tshark', ['-n', '-r', file, ...decode, ...keys, ...more])).stdout;
    const bad = '_ws.malformed || _ws.expert.group == "Malformed"';
    expect(await tshark('-Y', `tcp.port == 5985 && (${bad})`, '-V')).toBe('');
    const fields = ['-T', 'fields', '-e', 'kerberos.CNameString'];
    const users = await tshark('-Y', 'http.authorization', ...fields);
    // The name is in the ticket and in the authenticator: both were opened.
    expect(new Set(users.trim().split('\n'))).toEqual(new Set(['alice,alice']));
    const mutual = ['-Y', 'http.www_authenticate && spnego.negResult == 0'];
    expect(await tshark(...mutual)).not.toBe('');
    const sealed = await tshark('-Y', 'http.content_type contains "session-encrypted"');
    expect(sealed.split('\n').length).toBeGreaterThan(20);
  });
});
