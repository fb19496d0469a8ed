import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secretFromKeytab } from '@doublehop/kerberos/client/secret';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { parsePrincipal, type Principal } from '@doublehop/kerberos/names';
import { type MitKdc, startMitKdc } from '../peers/mit-kdc.ts';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { clientOf, refusal } from '../support/kerberos-client.ts';
import { type MitShell, mitShell } from '../support/mit.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import type { Outcome } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

// FAST (RFC 6113 §5.4) in both directions.

const TARGET = 'cifs/serverc.contoso.com';

describe("MIT's kinit -T and our KDC", () => {
  const dir = makeTempDir('fast-kdc');
  let supported: Contoso | undefined;
  let required: Contoso | undefined;

  beforeAll(async () => {
    if (whyMissing('mit') !== undefined) return;
    supported = await startContoso(join(dir, 'supported'));
    required = await startContoso(join(dir, 'required'), { settings: { fast: 'required' } });
  });
  afterAll(async () => {
    await supported?.stop();
    await required?.stop();
    removeDir(dir);
    expect([...(supported?.defects ?? []), ...(required?.defects ?? [])]).toEqual([]);
  });

  function domain(which: 'supported' | 'required'): Contoso {
    const found = which === 'supported' ? supported : required;
    if (found === undefined) throw new Error('the domain was not started');
    return found;
  }

  /** The cache of JUMPBOX, by its keytab: computers come without armor. */
  async function armorOf(contoso: Contoso): Promise<string> {
    const shell = mitShell(contoso);
    const host = await shell.run('kinit', ['-kt', contoso.keytab('jumpbox'), 'JUMPBOX$']);
    expect(host.status, host.stderr).toBe(0);
    return shell.ccache;
  }

  const kinit = (shell: MitShell, password: string, ...args: string[]): Promise<Outcome> =>
    shell.run('kinit', [...args, 'alice'], { input: `${password}\n` });

  test.for(['supported', 'required'] as const)('where FAST is %s', async (which, ctx) => {
    requirePeers(ctx, 'mit');
    const contoso = domain(which);
    const armor = await armorOf(contoso);
    const shell = mitShell(contoso);
    const login = await kinit(shell, contoso.password('alice'), '-T', armor);
    expect(login.status, login.stderr).toBe(0);
    // 138: encrypted challenge.
    expect(contoso.events.at(-1)).toMatchObject({ PreAuthType: '138', TargetUserName: 'alice' });
    const kvno = await shell.run('kvno', [TARGET]);
    expect(kvno.status, kvno.stderr).toBe(0);
    expect((await shell.run('klist', ['-f'])).stdout).toContain(TARGET);
  });

  test('a wrong password is called so', async (ctx) => {
    requirePeers(ctx, 'mit');
    const contoso = domain('supported');
    const shell = mitShell(contoso);
    const { status, stderr } = await kinit(shell, 'wrong', '-T', await armorOf(contoso));
    expect(status).toBe(1);
    expect(stderr).toMatch(/Password incorrect|Preauthentication failed/u);
    expect(contoso.events.at(-1)).toMatchObject({ EventID: 4771, PreAuthType: '138' });
  });

  test('required: nobody without armor', async (ctx) => {
    requirePeers(ctx, 'mit');
    const contoso = domain('required');
    const shell = mitShell(contoso);
    const { status } = await kinit(shell, contoso.password('alice'));
    expect(status).toBe(1);
    expect(contoso.events.at(-1)?.Reason).toBe('preauth-required');
  });

  test('the cache says that the KDC knows FAST, so that it cannot be taken away', async (ctx) => {
    requirePeers(ctx, 'mit');
    const contoso = domain('supported');
    const armor = await armorOf(contoso);
    const shell = mitShell(contoso);
    const env = { KRB5CCNAME: armor };
    expect((await shell.run('klist', ['-C'], { env })).stdout).toContain('fast_avail');
    const before = contoso.events.length;
    await kinit(shell, contoso.password('alice'), '-T', armor);
    // The first request is armored already: no bare PREAUTH_REQUIRED comes before it.
    expect(contoso.events.slice(before).map(({ Reason }) => Reason)).toEqual([
      'preauth-required',
      '-',
    ]);
  });
});

describe("our client in armor and MIT's krb5kdc", () => {
  const dir = makeTempDir('fast-client');
  const keytab = join(dir, 'host.keytab');
  const password = { kind: 'password', password: 'Passw0rd.alice' } as const;
  let running: MitKdc | undefined;

  beforeAll(async () => {
    if (whyMissing('mit') !== undefined) return;
    running = await startMitKdc(join(dir, 'kdc'));
    await running.addUser('alice', password.password);
    await running.addService('host/pc.mit.test', keytab);
    await running.kadmin('modprinc -requires_preauth host/pc.mit.test');
  });
  afterAll(async () => {
    await running?.stop();
    removeDir(dir);
  });

  function kdc(): MitKdc {
    if (running === undefined) throw new Error('the KDC was not started');
    return running;
  }
  const named = (text: string): Principal => parsePrincipal(text, 'MIT.TEST');

  async function armorTicket(): Promise<Credentials> {
    const host = named('host/pc.mit.test');
    const secret = secretFromKeytab(await readKeytab(keytab), host);
    return (await clientOf(kdc()).login(host, secret)).credentials;
  }

  test.for([17, 18, 19, 20])('AS and TGS, encryption type %i', async (etype, ctx) => {
    requirePeers(ctx, 'mit');
    const armor = await armorTicket();
    const steps: string[] = [];
    const log = ({ step }: { readonly step: string }) => void steps.push(step);
    const client = clientOf(kdc(), { settings: { etypes: [etype] }, log });
    const { credentials } = await client.login(named('alice'), password, { armor });
    expect(credentials.flags & TicketFlag.PRE_AUTHENT).not.toBe(0);
    expect(steps.at(-1)).toBe('AS-REQ, pre-authentication: challenge');
    const ticket = await client.getServiceTicket(named('host/pc.mit.test'), { armor: 'own' });
    expect(ticket.key.etype).toBe(etype);
  });

  test('refusals come in armor: wrong password, unknown client and server', async (ctx) => {
    requirePeers(ctx, 'mit');
    const armor = await armorTicket();
    const client = clientOf(kdc());
    const wrong = { kind: 'password', password: 'wrong' } as const;
    const alice = named('alice');
    expect((await refusal(client.login(alice, wrong, { armor }))).code).toBe('password');
    const unknown = await refusal(client.login(named('nobody'), password, { armor }));
    expect(unknown.detail.errorCode).toBe(6);
    await client.login(alice, password, { armor });
    const nowhere = client.getServiceTicket(named('host/nowhere.mit.test'), { armor: 'own' });
    expect((await refusal(nowhere)).detail.errorCode).toBe(7);
  });

  test('armor of our realm is none here', async (ctx) => {
    requirePeers(ctx, 'mit');
    const armor = { ...(await armorTicket()), server: parsePrincipal(`krbtgt/${REALM}`, REALM) };
    const refused = await refusal(clientOf(kdc()).login(named('alice'), password, { armor }));
    expect(refused.code).toBe('no-credentials');
  });
});
