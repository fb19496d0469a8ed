import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEvent } from '@doublehop/domain-controller/kdc/audit';
import { fileCache } from '@doublehop/kerberos/ccache/file';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { formatPrincipal, parsePrincipal } from '@doublehop/kerberos/names';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { clientOf } from '../support/kerberos-client.ts';
import { impacketScript } from '../support/packages.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { type Outcome, run } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const TARGET = 'cifs/serverc.contoso.com';
/** Impacket knows no other port. */
const port = 88;

describe("impacket's scripts and our KDC", () => {
  const dir = makeTempDir('kdc-impacket');
  /** With the defaults. */
  let usual: Contoso | undefined;
  /** With the setting that impacket's getST needs. */
  let lenient: Contoso | undefined;

  beforeAll(async () => {
    if (whyMissing('impacket') !== undefined || process.getuid?.() !== 0) return;
    usual = await startContoso(join(dir, 'usual'), { port });
    const settings = { requestChecksum: 'lenient' } as const;
    lenient = await startContoso(join(dir, 'lenient'), { port, settings });
  });
  afterEach(async () => {
    await lenient?.grant('ServerC');
    await lenient?.delegateTo('ServerA');
  });
  afterAll(async () => {
    await usual?.stop();
    await lenient?.stop();
    removeDir(dir);
    expect([...(usual?.defects ?? []), ...(lenient?.defects ?? [])]).toEqual([]);
  });

  function started(domain: Contoso | undefined): Contoso {
    if (domain === undefined) throw new Error('the domain was not started');
    return domain;
  }

  /** Runs a script; what it saves comes into a folder of the domain. */
  async function script(domain: Contoso, name: string, args: readonly string[]): Promise<Outcome> {
    const cwd = join(domain.dir, 'impacket');
    mkdirSync(cwd, { recursive: true });
    const [python, path] = impacketScript(name);
    const env = { KRB5CCNAME: undefined, HOME: cwd };
    return await run(python, [path, '-dc-ip', domain.address, ...args], { cwd, env });
  }

  /** The ticket that a script has saved under somebody's name. */
  async function saved(domain: Contoso, name: string): Promise<Credentials> {
    const [ticket] = await fileCache(join(domain.dir, 'impacket', `${name}.ccache`)).list();
    if (ticket === undefined) throw new Error('no ticket was saved');
    return ticket;
  }

  /** Identity and AES256 key of a computer, as the scripts take them. */
  function asComputer(domain: Contoso, host: string): string[] {
    const name = `${host.toUpperCase()}$`;
    const key = domain.account(name).keys?.keys.find(({ etype }) => etype === 18);
    const hex = Buffer.from(key?.bytes ?? []).toString('hex');
    return [`contoso.com/${name}`, '-aesKey', hex];
  }

  function impersonate(domain: Contoso, host: string, user: string, ...more: string[]) {
    const hop = ['-spn', TARGET, '-impersonate', user];
    return script(domain, 'getST', [...hop, ...more, ...asComputer(domain, host)]);
  }

  const last = (domain: Contoso): AuditEvent | undefined => domain.events.at(-1);

  test('getTGT by password and by AES key', async (ctx) => {
    requirePeers(ctx, 'impacket');
    requireRoot(ctx);
    const domain = started(usual);
    const identity = `contoso.com/alice:${domain.password('alice')}`;
    const byPassword = await script(domain, 'getTGT', [identity]);
    expect(byPassword.stdout).toContain('Saving ticket in alice.ccache');
    const tgt = await saved(domain, 'alice');
    expect(formatPrincipal(tgt.client)).toBe(`alice@${REALM}`);
    expect(formatPrincipal(tgt.server)).toBe(`krbtgt/${REALM}@${REALM}`);
    const byKey = await script(domain, 'getTGT', asComputer(domain, 'serverb'));
    expect(byKey.stdout).toContain('Saving ticket in SERVERB$.ccache');
    const wrong = await script(domain, 'getTGT', ['contoso.com/alice:wrong']);
    expect(wrong.stdout).toContain('KDC_ERR_PREAUTH_FAILED');
    const nobody = await script(domain, 'getTGT', ['contoso.com/nobody:wrong']);
    expect(nobody.stdout).toContain('KDC_ERR_C_PRINCIPAL_UNKNOWN');
  });

  test('getST is refused by default: its authenticator covers no body', async (ctx) => {
    requirePeers(ctx, 'impacket');
    requireRoot(ctx);
    const domain = started(usual);
    const { stdout } = await impersonate(domain, 'serverb', 'alice');
    expect(stdout).toContain('KRB_AP_ERR_INAPP_CKSUM');
    expect(last(domain)).toMatchObject({ Status: '0x32', Reason: 'request-checksum-absent' });
  });

  test("getST for itself, with requestChecksum: 'lenient' from here on", async (ctx) => {
    requirePeers(ctx, 'impacket');
    requireRoot(ctx);
    const domain = started(lenient);
    const args = ['-spn', TARGET, `contoso.com/alice:${domain.password('alice')}`];
    const { stdout } = await script(domain, 'getST', args);
    expect(stdout).toContain('Saving ticket in alice.ccache');
    expect(formatPrincipal((await saved(domain, 'alice')).server)).toBe(`${TARGET}@${REALM}`);
  });

  test('getST -impersonate by a grant, and without it', async (ctx) => {
    requirePeers(ctx, 'impacket');
    requireRoot(ctx);
    const domain = started(lenient);
    const refused = await impersonate(domain, 'serverb', 'alice');
    expect(refused.stdout).toContain('KDC_ERR_BADOPTION');
    expect(last(domain)?.Reason).toBe('rbcd-descriptor-absent');
    await domain.grant('ServerC', 'ServerB');
    const made = await impersonate(domain, 'serverb', 'alice');
    expect(made.stdout).toContain('Saving ticket in alice.ccache');
    expect(last(domain)).toMatchObject({ DelegationMode: 'rbcd', ServiceName: 'SERVERC$' });
    const hop = await saved(domain, 'alice');
    expect(formatPrincipal(hop.client)).toBe(`alice@${REALM}`);
    expect(formatPrincipal(hop.server)).toBe(`${TARGET}@${REALM}`);
  });

  test('getST -impersonate by classic delegation with protocol transition', async (ctx) => {
    requirePeers(ctx, 'impacket');
    requireRoot(ctx);
    const domain = started(lenient);
    await domain.delegateTo('ServerA', { services: [TARGET], protocolTransition: true });
    const made = await impersonate(domain, 'servera', 'alice');
    expect(made.stdout).toContain('Saving ticket in alice.ccache');
    expect(last(domain)).toMatchObject({ DelegationMode: 'kcd', ServiceName: 'SERVERC$' });
  });

  test("getST -additional-ticket: the user's own ticket is evidence", async (ctx) => {
    requirePeers(ctx, 'impacket');
    requireRoot(ctx);
    const domain = started(lenient);
    await domain.delegateTo('ServerA', { services: [TARGET] });
    const path = join(domain.dir, 'own.ccache');
    const client = clientOf(domain, { settings: { forwardable: true } });
    const alice = parsePrincipal('alice', REALM);
    await client.login(alice, { kind: 'password', password: domain.password('alice') });
    const own = await client.getServiceTicket(parsePrincipal('host/servera.contoso.com', REALM));
    const cache = fileCache(path);
    await cache.initialize(alice);
    await cache.store(own);
    const made = await impersonate(domain, 'servera', 'alice', '-additional-ticket', path);
    expect(made.stdout).toContain('Saving ticket in alice.ccache');
    expect(last(domain)).toMatchObject({ DelegationMode: 'kcd' });
  });

  test('getST -force-forwardable: a forged flag (CVE-2020-17049)', async (ctx) => {
    requirePeers(ctx, 'impacket');
    requireRoot(ctx);
    const domain = started(lenient);
    await domain.grant('ServerC', 'ServerB');
    for (const user of ['bob', 'carol']) {
      const honest = await impersonate(domain, 'serverb', user);
      expect(honest.stdout, user).toContain('KDC_ERR_BADOPTION');
      const forged = await impersonate(domain, 'serverb', user, '-force-forwardable');
      expect(forged.stdout).toContain('Forcing the service ticket to be forwardable');
      expect(forged.stdout, user).toMatch(/Kerberos SessionError/u);
      expect(last(domain)?.Reason, user).toMatch(/signature/u);
    }
  });
});
