import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Guarded, startGuarded } from '../support/guarded.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import { type Outcome, run } from '../support/run.ts';
import { makeTempDir, removeDir, repositoryRoot } from '../support/temp.ts';

const START_TIMEOUT_MS = 60_000;
const binaries = join(repositoryRoot, 'node_modules', '.bin');
const command = join(binaries, 'doublehop');

/** What `lab status --json` tells, as far as it is needed. */
interface Status {
  readonly state: string;
  readonly services: readonly { readonly name: string; readonly address: string }[];
}

// The README's lines: everything here is typed into a shell with the lab's environment.
describe("another shell at the lab: MIT's clients, curl, OpenLDAP", () => {
  const dir = makeTempDir('lab-clients');
  const lab = join(dir, 'lab');
  let ports = new Map<string, string>();
  let guard: Guarded | undefined;

  /** Runs a line in a shell that has the lab's environment, and `user`'s credential cache. */
  function shell(user: string, line: string): Promise<Outcome> {
    const ccache = `KRB5CCNAME=FILE:${join(dir, user)}`;
    const script = `eval "$(doublehop lab env --dir '${lab}')"; export ${ccache}; ${line}`;
    const env = { PATH: `${binaries}:${process.env['PATH']}` };
    return run('sh', ['-c', script], { env, timeout: START_TIMEOUT_MS });
  }

  async function works(user: string, line: string): Promise<string> {
    const { status, stdout, stderr } = await shell(user, line);
    expect(status, `${line}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  }

  beforeAll(async () => {
    if (whyMissing('mit', 'curl', 'ldap') !== undefined) return;
    mkdirSync(lab);
    // The lab's processes are daemons: should this process be killed, the guard takes them down.
    const down = `trap "${command} lab down --dir '${lab}'; exit" TERM; while :; do sleep 1; done`;
    guard = await startGuarded('sh', ['-c', down], join(dir, 'guard.log'));
    const up = await shell('nobody', `doublehop lab up --dir '${lab}'`);
    if (up.status !== 0) throw new Error(up.stderr);
    const told = await works('nobody', `doublehop lab status --json --dir '${lab}'`);
    // The shape is the command's promise.
    const { services } = JSON.parse(told) as Status;
    ports = new Map(services.map(({ name, address }) => [name, address.split(':')[1] ?? '']));
  });
  afterAll(async () => {
    await shell('nobody', `doublehop lab down --dir '${lab}'`);
    await guard?.stop();
    removeDir(dir);
  });

  /** curl with Negotiate at the web service of ServerB. */
  function curl(path: string): string {
    const host = `serverb.contoso.com:${ports.get('ServerB (HTTP)')}`;
    const args = `--silent --noproxy '*' --negotiate --user : --resolve '${host}:127.0.0.1'`;
    return `curl ${args} 'http://${host}${path}'`;
  }

  test('kinit, and curl: ServerB sees CONTOSO\\alice', async (ctx) => {
    requirePeers(ctx, 'mit', 'curl', 'ldap');
    await works('alice', 'echo Passw0rd.alice | kinit alice');
    const seen: unknown = JSON.parse(await works('alice', curl('/whoami')));
    expect(seen).toMatchObject({ host: 'ServerB', user: 'CONTOSO\\alice', via: [] });
  });

  test('the hop: refused, granted, still refused, purged, done', async (ctx) => {
    requirePeers(ctx, 'mit', 'curl', 'ldap');
    const hop = async (): Promise<unknown> =>
      JSON.parse(await works('alice', curl('/hop?target=ServerC')));
    expect(await hop()).toMatchObject({ error: 'KDC_ERR_BADOPTION', ntstatus: 'STATUS_NOT_FOUND' });
    await works('admin', 'echo Passw0rd.Administrator | kinit Administrator');
    await works('admin', 'doublehop grant --yes --middle ServerB --target ServerC');
    // The LSA of ServerB remembers.
    expect(await hop()).toMatchObject({ error: 'KDC_ERR_BADOPTION', repeated: true });
    await works('admin', `doublehop lab purge ServerB --dir '${lab}'`);
    const via = [expect.stringMatching(/serverb/iu)];
    const saw = { host: 'ServerC', user: 'CONTOSO\\alice', via };
    expect(await hop()).toMatchObject({ middle: 'ServerB', user: 'CONTOSO\\alice', saw });
  });

  test('kvno makes the same hop, without a host in between', async (ctx) => {
    requirePeers(ctx, 'mit', 'curl', 'ldap');
    await works('serverb', `kinit -kt "$DOUBLEHOP_LAB/keytabs/serverb.keytab" 'SERVERB$'`);
    const target = await works('serverb', 'kvno -U alice -P cifs/serverc.contoso.com');
    expect(target).toContain('cifs/serverc.contoso.com@CONTOSO.COM: kvno = 1');
    const bob = await shell('serverb', 'kvno -U bob -P cifs/serverc.contoso.com');
    expect(bob.status).not.toBe(0);
  });

  test('ldapsearch -Y GSSAPI and GSS-SPNEGO at $DOUBLEHOP_LDAP', async (ctx) => {
    requirePeers(ctx, 'mit', 'curl', 'ldap');
    const attribute = 'msDS-AllowedToActOnBehalfOfOtherIdentity';
    for (const mechanism of ['GSSAPI', 'GSS-SPNEGO']) {
      const bind = `ldapsearch -LLL -Q -Y ${mechanism} -H "$DOUBLEHOP_LDAP"`;
      const search = `${bind} -b DC=contoso,DC=com '(cn=ServerC)' ${attribute}`;
      expect(await works('admin', search)).toContain(`${attribute}:: AQAE`);
    }
  });
});
