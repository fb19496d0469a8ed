// Our file server, read by Samba's smbclient, impacket and PyPI's smbprotocol, and looked at by
// Wireshark.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCapture } from '../support/capture.ts';
import { type Contoso, startContoso } from '../support/contoso.ts';
import { hostsFile, withHosts } from '../support/hosts.ts';
import { mitShell } from '../support/mit.ts';
import { impacketScript, smbprotocolRoot } from '../support/packages.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { type Outcome, run } from '../support/run.ts';
import { BIG, type ShareHost, startShare } from '../support/share.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const HOST = 'serverc.contoso.com';
const TARGET = `cifs/${HOST}`;
const SMB_PORT = 445;
const python = fileURLToPath(new URL('smbprotocol-read.py', import.meta.url));

describe('our share and foreign clients', () => {
  const dir = makeTempDir('smb-share');
  let running: { contoso: Contoso; share: ShareHost } | undefined;

  beforeAll(async () => {
    if (whyMissing('mit') !== undefined || process.getuid?.() !== 0) return;
    const contoso = await startContoso(join(dir, 'contoso'));
    // impacket knows no other port, nor does Wireshark by itself.
    running = { contoso, share: await startShare(dir, contoso, SMB_PORT) };
    const names = { [contoso.address]: [HOST, 'serverc'] };
    writeFileSync(join(dir, 'hosts'), hostsFile(names));
    writeFileSync(join(dir, 'smb.conf'), `[global]\nlock directory = ${dir}\n`);
  });
  afterAll(async () => {
    await running?.share.stop();
    await running?.contoso.stop();
    removeDir(dir);
    const defects = running?.share.events.filter(({ kind }) => kind === 'defect');
    expect(defects ?? []).toEqual([]);
  });

  beforeEach((ctx) => {
    requirePeers(ctx, 'mit', 'smb', 'smbprotocol');
    requireRoot(ctx);
  });

  /** smbclient remembers addresses, for the whole machine unless it has a configuration. */
  const always = ['-s', join(dir, 'smb.conf'), '--use-kerberos=required'];

  const world = (): { contoso: Contoso; share: ShareHost } => {
    if (running === undefined) throw new Error('the domain was not started');
    return running;
  };

  /** Environment with a person's TGT. */
  async function logon(user: string): Promise<Readonly<Record<string, string>>> {
    const { contoso } = world();
    const shell = mitShell(contoso);
    const kinit = await shell.run('kinit', ['-k', '-t', contoso.keytab(user), user]);
    expect(kinit.status, kinit.stderr).toBe(0);
    return shell.env;
  }

  async function smbclient(
    env: Readonly<Record<string, string>>,
    share: string,
    script: string,
    ...more: readonly string[]
  ): Promise<Outcome> {
    const args = [...always, ...more, `//${HOST}/${share}`, '-c', script];
    return await withHosts(join(dir, 'hosts'), '/usr/bin/smbclient', args, { env, cwd: dir });
  }

  test.each([
    ['SMB2_10', 0x0210],
    ['SMB3_02', 0x0302],
    ['SMB3_11', 0x0311],
  ])('smbclient -m %s lists and reads, signed', async (name, dialect) => {
    const { share } = world();
    const env = await logon('alice');
    share.events.length = 0;
    const { stdout, stderr, status } = await smbclient(
      env,
      'data',
      'ls; get hello.txt -',
      '-m',
      name,
    );
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/hello\.txt +A +19 .*docs +D +0 /su);
    expect(stdout).toContain('hello from ServerC');
    expect(share.events).toContainEqual({
      kind: 'logon',
      connection: expect.any(Number),
      user: 'CONTOSO\\alice',
      dialect,
      encrypted: false,
    });
  });

  test('smbclient encrypts where the share demands it, and where it wants to', async () => {
    const env = await logon('alice');
    const secret = await smbclient(env, 'secret', 'get s.txt -');
    expect(secret.stdout, secret.stderr).toContain('secret\n');
    const wanted = await smbclient(env, 'data', 'get hello.txt -', '--client-protection=encrypt');
    expect(wanted.stdout, wanted.stderr).toContain('hello from ServerC');
    const cannot = await smbclient(env, 'secret', 'get s.txt -', '-m', 'SMB2_10');
    expect([cannot.status, cannot.stdout]).toEqual([1, expect.stringContaining('ACCESS_DENIED')]);
  });

  test('smbclient: a large file, folders, descriptors, facts; nothing is written', async () => {
    const env = await logon('alice');
    const got = join(dir, 'got.bin');
    const deep = await smbclient(env, 'C$', `recurse; ls; get BIG.BIN ${got}; showacls; ls sub/*`);
    expect(deep.status, deep.stdout + deep.stderr).toBe(0);
    expect(deep.stdout).toMatch(/\\Sub\n.*Deep\.txt +A +5 /su);
    expect(deep.stdout).toContain('SID: S-1-1-0');
    expect(readFileSync(got).equals(Buffer.alloc(BIG, 7))).toBe(true);
    const facts = await smbclient(env, 'data', 'volume; cd docs; ls *.md; du');
    expect(facts.stdout, facts.stderr).toContain('Volume: |Shared| serial number 0x1');
    expect(facts.stdout).not.toContain('a.txt');
    const script = 'put /etc/hostname x; mkdir d; rm hello.txt; rename hello.txt other';
    const written = await smbclient(env, 'data', script);
    expect(written.stdout.match(/NT_STATUS_ACCESS_DENIED/gu)).toHaveLength(4);
  });

  test('smbclient -L; shares that a user may not have, or that are not there', async () => {
    const [alice, bob] = [await logon('alice'), await logon('bob')];
    const args = [...always, '-L', `//${HOST}`];
    const list = await withHosts(join(dir, 'hosts'), '/usr/bin/smbclient', args, { env: bob });
    expect(list.stdout, list.stderr).toMatch(/data +Disk +Data of ServerC\n/u);
    expect(list.stdout).toMatch(/IPC\$ +IPC +Remote IPC\n/u);
    expect((await smbclient(bob, 'C$', 'ls')).stdout).toContain('NT_STATUS_ACCESS_DENIED');
    expect((await smbclient(alice, 'closed', 'ls')).stdout).toContain('NT_STATUS_ACCESS_DENIED');
    expect((await smbclient(alice, 'none', 'ls')).stdout).toContain('NT_STATUS_BAD_NETWORK_NAME');
  });

  test("smbclient with kvno's S4U ticket: the middle reads as alice", async () => {
    const { contoso, share } = world();
    await contoso.grant('SERVERC', 'SERVERB');
    const middle = mitShell(contoso);
    const keytab = contoso.keytab('serverb');
    await middle.run('kinit', ['-f', '-k', '-t', keytab, 'SERVERB$']);
    const out = join(dir, 's4u-ccache');
    const kvno = ['-k', keytab, '--out-cache', out, '-U', 'alice', '-P', TARGET];
    const made = await middle.run('kvno', kvno);
    expect(made.status, made.stderr).toBe(0);
    share.events.length = 0;
    const env = { ...middle.env, KRB5CCNAME: `FILE:${out}` };
    // The share lets Alice in, and nobody else.
    const read = await smbclient(env, 'C$', 'get Sub\\Deep.txt -');
    expect(read.stdout, read.stderr).toContain('deep\n');
    const users = share.events.flatMap((event) => (event.kind === 'logon' ? [event.user] : []));
    expect(users).toEqual(['CONTOSO\\alice']);
  });

  test("impacket's smbclient -k: shares, files, and SMB 1's first word", async (ctx) => {
    requirePeers(ctx, 'impacket');
    const env = await logon('alice');
    expect((await run('kvno', [TARGET], { env })).status).toBe(0);
    const commands = join(dir, 'commands');
    const lines = ['shares', 'use data', 'ls', 'cat hello.txt', 'mkdir x', 'use C$', 'ls', 'exit'];
    writeFileSync(commands, `${lines.join('\n')}\n`);
    const [interpreter, script] = impacketScript('smbclient');
    const where = ['-target-ip', world().share.address, '-file', commands];
    const args = [script, '-k', '-no-pass', ...where, `CONTOSO.COM/alice@${HOST}`];
    const ccache = { KRB5CCNAME: env['KRB5CCNAME']?.replace('FILE:', '') };
    const options = { env: { ...env, ...ccache } };
    const { stdout, stderr } = await withHosts(join(dir, 'hosts'), interpreter, args, options);
    expect(stdout, stderr).toMatch(/data\nsecret\nC\$\nclosed\nIPC\$\n/u);
    expect(stdout).toContain('hello from ServerC');
    expect(stdout).toMatch(/3000000 .* big\.bin/u);
    expect(stdout.match(/STATUS_ACCESS_DENIED\(/gu), stdout).toHaveLength(1);
  });

  test.each([
    ['SMB_2_1_0', 'sign'],
    ['SMB_3_0_2', 'sign'],
    ['SMB_3_0_2', 'encrypt'],
    ['SMB_3_1_1', 'sign'],
    ['SMB_3_1_1', 'encrypt'],
  ])('smbprotocol in %s, to %s', async (dialect, protection) => {
    const env = await logon('alice');
    const args = [python, HOST, String(SMB_PORT), dialect, protection];
    const interpreter = join(smbprotocolRoot, 'bin', 'python');
    const done = await withHosts(join(dir, 'hosts'), interpreter, args, { env });
    expect(done.status, done.stderr).toBe(0);
    const root = `\\\\${HOST}\\data`;
    expect(JSON.parse(done.stdout)).toEqual({
      files: ['docs', 'hello.txt'],
      hello: 'hello from ServerC\n',
      size: 2,
      walk: [
        [root, ['docs'], ['hello.txt']],
        [`${root}\\docs`, [], ['a.txt', 'b.md']],
      ],
      exists: [true, false],
      mkdir: 'c0000022',
      big: BIG,
    });
  });

  test('Wireshark finds nothing malformed in it', async (ctx) => {
    requirePeers(ctx, 'tshark');
    const { contoso, share } = world();
    const env = await logon('alice');
    const capture = await startCapture(dir, share.address);
    await smbclient(env, 'data', 'ls; allinfo hello.txt; get hello.txt -; ls none; showacls; ls');
    await smbclient(env, 'data', 'get hello.txt -', '-m', 'SMB2_10');
    await smbclient(env, 'secret', 'get s.txt -');
    const args = [...always, '-L', `//${HOST}`];
    await withHosts(join(dir, 'hosts'), '/usr/bin/smbclient', args, { env });
    const file = await capture.finish();
    const keys = ['-o', 'kerberos.decrypt:TRUE', '-o', `kerberos.file:${contoso.keytab('all')}`];
    const tshark = async (...more: readonly string[]): Promise<string> =>
      (await run('tshark', ['-n', '-r', file, ...keys, ...more])).stdout;
    const bad = '_ws.malformed || _ws.expert.group == "Malformed"';
    expect(await tshark('-Y', `(smb2 || dcerpc) && (${bad})`, '-V')).toBe('');
    const commands = await tshark(
      '-Y',
      'smb2.flags.response == 1',
      '-T',
      'fields',
      '-e',
      'smb2.cmd',
    );
    const seen = new Set(commands.split(/[\n,]/u));
    for (const command of ['0', '1', '3', '5', '6', '8', '11', '14', '16']) {
      expect(seen, `command ${command}`).toContain(command);
    }
    expect(await tshark('-Y', 'srvsvc.opnum == 15 && dcerpc.pkt_type == 2')).not.toBe('');
    expect(await tshark('-Y', 'smb2.header.transform.signature')).not.toBe('');
  });
});
