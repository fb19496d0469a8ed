import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fileCache } from '@doublehop/kerberos/ccache/file';
import { etypeName } from '@doublehop/kerberos/config/etype-names';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { heimdal } from '../peers/heimdal-kdc.ts';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import type { Outcome } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const TARGET = 'cifs/serverc.contoso.com';

describe("Heimdal's clients and our KDC", () => {
  const dir = makeTempDir('kdc-heimdal');
  let running: Contoso | undefined;

  beforeAll(async () => {
    if (whyMissing('heimdal') === undefined) running = await startContoso(dir);
  });
  afterEach(async () => {
    await running?.grant('ServerC');
    await running?.delegateTo('ServerA');
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

  const ccache = (name: string): string => join(dir, `${name}.ccache`);

  /** Runs a client with the credential cache `name`. */
  function client(name: string, command: string, ...args: string[]): Promise<Outcome> {
    const env = { ...contoso().env, KRB5CCNAME: `FILE:${ccache(name)}` };
    return heimdal(command, args, { env });
  }

  async function works(name: string, command: string, ...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await client(name, command, ...args);
    expect(status, `${command}: ${stderr}`).toBe(0);
    return stdout;
  }

  /** kinit by password, which Heimdal reads out of a file. */
  function kinit(user: string, password: string, ...args: string[]): Promise<Outcome> {
    const file = join(dir, 'password');
    writeFileSync(file, password);
    return client(user, 'kinit', `--password-file=${file}`, ...args);
  }

  async function computer(host: string): Promise<void> {
    const name = `${host.toUpperCase()}$`;
    await works(host, 'kinit', '--forwardable', '-k', '-t', contoso().keytab(host), name);
  }

  test('kinit by password: flags, encryption types; renewal', async (ctx) => {
    requirePeers(ctx, 'heimdal');
    const password = contoso().password('alice');
    const login = await kinit('alice', password, '-f', '--renewable-life=2d', 'alice');
    expect(login.status, login.stderr).toBe(0);
    const shown = await works('alice', 'klist', '-v');
    expect(shown).toContain(`Principal: alice@${REALM}`);
    expect(shown).toContain(`Server: krbtgt/${REALM}@${REALM}`);
    expect(shown).toContain('Ticket etype: aes256-cts-hmac-sha1-96, kvno 2');
    const flags = 'enc-pa-rep, pre-authent, initial, renewable, forwardable';
    expect(shown).toContain(`Ticket flags: ${flags}`);
    await works('alice', 'kinit', '-R');
    expect(contoso().events.at(-1)).toMatchObject({ EventID: 4770, Status: '0x0' });
  });

  test.for([
    'aes256-cts-hmac-sha1-96',
    'aes128-cts-hmac-sha1-96',
    'aes256-cts-hmac-sha384-192',
    'aes128-cts-hmac-sha256-128',
  ])('%s alone', async (type, ctx) => {
    requirePeers(ctx, 'heimdal');
    const password = contoso().password('alice');
    const login = await kinit('alice', password, `--enctypes=${type}`, 'alice');
    expect(login.status, login.stderr).toBe(0);
    const [tgt] = await fileCache(ccache('alice')).list();
    expect(etypeName(tgt?.key.etype ?? 0)).toBe(type);
  });

  test('kinit: a wrong password, an unknown user, an enterprise name', async (ctx) => {
    requirePeers(ctx, 'heimdal');
    const wrong = await kinit('nobody', 'wrong', 'alice');
    expect(wrong.stderr).toContain('Password incorrect');
    const nobody = await kinit('nobody', 'wrong', 'nobody');
    // Heimdal shows the e-text that came with the error: the refusal's word.
    expect(nobody.stderr).toContain('client-unknown');
    const upn = await kinit(
      'alice',
      contoso().password('alice'),
      '--enterprise',
      'alice@contoso.com',
    );
    expect(upn.status, upn.stderr).toBe(0);
    expect(await works('alice', 'klist')).toContain(`Principal: alice@${REALM}`);
  });

  test('ktutil lists our keytab', async (ctx) => {
    requirePeers(ctx, 'heimdal');
    const path = contoso().keytab('serverb');
    const listed = await works('nobody', 'ktutil', '-k', path, 'list');
    const entries = await readKeytab(path);
    expect(listed.match(/^ *1 +aes\S+ +\S+@CONTOSO\.COM/gmu)).toHaveLength(entries.length);
  });

  test('kgetcred: tickets, which our cache reads', async (ctx) => {
    requirePeers(ctx, 'heimdal');
    await computer('serverb');
    await works('serverb', 'kgetcred', TARGET);
    const servers = (await fileCache(ccache('serverb')).list()).map(({ server }) =>
      formatPrincipal(server),
    );
    expect(servers).toContain(`${TARGET}@${REALM}`);
    const unknown = await client('serverb', 'kgetcred', 'HTTP/nowhere.contoso.com');
    expect(unknown.stderr).toContain('server-unknown');
    await works('serverb', 'kdestroy');
    expect((await client('serverb', 'klist')).status).not.toBe(0);
  });

  test('kgetcred --impersonate: S4U2Self by PA-FOR-USER alone', async (ctx) => {
    requirePeers(ctx, 'heimdal');
    await computer('serverb');
    const evidence = `FILE:${ccache('evidence')}`;
    const impersonate = ['--impersonate=alice', `--out-cache=${evidence}`, '--forwardable'];
    await works('serverb', 'kgetcred', ...impersonate, 'SERVERB$');
    const shown = await works('serverb', 'klist', '-v', '-c', evidence);
    expect(shown).toContain(`Client: alice@${REALM}`);
    expect(shown).toMatch(/Ticket flags: .*forwardable/u);
  });

  test('kgetcred --delegation-credential-cache: S4U2Proxy by classic delegation', async (ctx) => {
    requirePeers(ctx, 'heimdal');
    await contoso().delegateTo('ServerA', { services: [TARGET], protocolTransition: true });
    await computer('servera');
    const evidence = `FILE:${ccache('classic')}`;
    const impersonate = ['--impersonate=alice', `--out-cache=${evidence}`, '--forwardable'];
    await works('servera', 'kgetcred', ...impersonate, 'SERVERA$');
    await works('servera', 'kgetcred', `--delegation-credential-cache=${evidence}`, TARGET);
    expect(contoso().events.at(-1)).toMatchObject({
      Exchange: 's4u2proxy',
      DelegationMode: 'kcd',
      ImpersonatedUser: `alice@${REALM}`,
    });
  });

  test('S4U2Proxy by a grant: refused, as Heimdal does not send PA-PAC-OPTIONS', async (ctx) => {
    requirePeers(ctx, 'heimdal');
    await contoso().grant('ServerC', 'ServerB');
    await computer('serverb');
    const evidence = `FILE:${ccache('granted')}`;
    const impersonate = ['--impersonate=alice', `--out-cache=${evidence}`, '--forwardable'];
    await works('serverb', 'kgetcred', ...impersonate, 'SERVERB$');
    const proxy = `--delegation-credential-cache=${evidence}`;
    const { stderr, status } = await client('serverb', 'kgetcred', proxy, TARGET);
    expect(status).not.toBe(0);
    expect(stderr).toContain('kcd-not-configured');
  });
});
