import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fileCache } from '@doublehop/kerberos/ccache/file';
import { formatPrincipal, parsePrincipal, type Principal } from '@doublehop/kerberos/names';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { decodeDelegationInfo } from '@doublehop/security/pac/delegation-info';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { clientOf } from '../support/kerberos-client.ts';
import { type MitShell, mitShell } from '../support/mit.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const TARGET = 'cifs/serverc.contoso.com';
const gssAccept = fileURLToPath(new URL('gss-accept.py', import.meta.url));

describe("MIT's clients and our KDC", () => {
  const dir = makeTempDir('kdc-mit');
  let running: Contoso | undefined;

  beforeAll(async () => {
    if (whyMissing('mit') === undefined) running = await startContoso(dir);
  });
  afterAll(async () => {
    await running?.stop();
    removeDir(dir);
    expect(running?.defects ?? []).toEqual([]);
  });

  afterEach(async () => {
    await running?.grant('ServerC');
    await running?.delegateTo('ServerA');
  });

  function contoso(): Contoso {
    if (running === undefined) throw new Error('the domain was not started');
    return running;
  }
  const named = (text: string): Principal => parsePrincipal(text, REALM);

  /** kinit by password; what it says when it fails. */
  async function kinit(shell: MitShell, user: string, ...options: string[]): Promise<void> {
    const input = `${contoso().password(user.replace(/@.*/u, ''))}\n`;
    const { status, stderr } = await shell.run('kinit', [...options, user], { input });
    expect(status, stderr).toBe(0);
  }

  /** A shell of the computer `host`, logged on by its keytab. */
  async function computer(host: string, ...libdefaults: string[]): Promise<MitShell> {
    const shell = mitShell(contoso(), ...libdefaults);
    const name = `${host.toUpperCase()}$`;
    const { status, stderr } = await shell.run('kinit', ['-kt', contoso().keytab(host), name]);
    expect(status, stderr).toBe(0);
    return shell;
  }

  async function klist(shell: MitShell): Promise<string> {
    return (await shell.run('klist', ['-fe'])).stdout;
  }

  describe('AS', () => {
    test('by password: flags, lifetimes, encryption types', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = mitShell(contoso());
      await kinit(shell, 'alice', '-f', '-p', '-r', '2d');
      const shown = await klist(shell);
      expect(shown).toContain(`Default principal: alice@${REALM}`);
      expect(shown).toContain(`krbtgt/${REALM}@${REALM}`);
      // Forwardable, proxiable, renewable, initial, pre-authenticated.
      expect(shown).toMatch(/renew until .*, Flags: FPRIA\n/u);
      const aes256 = 'aes256-cts-hmac-sha1-96';
      expect(shown).toContain(`Etype (skey, tkt): ${aes256}, ${aes256}`);
      const plain = mitShell(contoso());
      await kinit(plain, 'alice');
      expect(await klist(plain)).toMatch(/Flags: [RIA]+\n/u);
    });

    test('by keytab, written by us', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shown = await klist(await computer('serverb'));
      expect(shown).toContain(`Default principal: SERVERB$@${REALM}`);
    });

    test.for([
      [18, 'aes256-cts-hmac-sha1-96'],
      [17, 'aes128-cts-hmac-sha1-96'],
      [20, 'aes256-cts-hmac-sha384-192'],
      [19, 'aes128-cts-hmac-sha256-128'],
    ] as const)('encryption type %i alone, to the session key', async ([, name], ctx) => {
      requirePeers(ctx, 'mit');
      const shell = mitShell(contoso(), `permitted_enctypes = ${name}`);
      await kinit(shell, 'alice');
      const kvno = await shell.run('kvno', ['HTTP/serverc.contoso.com']);
      expect(kvno.status, kvno.stderr).toBe(0);
      const types = (await klist(shell)).match(/skey, tkt\): [a-z0-9-]+/gu);
      expect(types).toEqual([`skey, tkt): ${name}`, `skey, tkt): ${name}`]);
    });

    test('RC4 alone: refused, as nobody has such a key', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = mitShell(
        contoso(),
        'permitted_enctypes = arcfour-hmac',
        'allow_weak_crypto = true',
        'allow_rc4 = true',
      );
      const { stderr, status } = await shell.run('kinit', ['alice'], { input: 'any\n' });
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/KDC has no support for encryption type/u);
    });

    test('what MIT says of refusals', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = mitShell(contoso());
      const wrong = await shell.run('kinit', ['alice'], { input: 'wrong\n' });
      expect(wrong.stderr).toContain('Password incorrect while getting initial credentials');
      expect(contoso().events.at(-1)).toMatchObject({ EventID: 4771, Status: '0x18' });
      const nobody = await shell.run('kinit', ['nobody'], { input: 'any\n' });
      expect(nobody.stderr).toContain('not found in Kerberos database');
      const service = await shell.run('kinit', [TARGET], { input: 'any\n' });
      expect(service.stderr).toContain('not found in Kerberos database');
    });

    test('names: enterprise, canonical, any case (RFC 6806)', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = mitShell(contoso());
      const password = contoso().password('alice');
      const cases = [
        [['-C', '-E', 'alice@contoso.com'], 'alice'],
        [['-C', '-E', 'ALICE@CONTOSO.COM'], 'alice'],
        [['-C', 'ALICE'], 'alice'],
        // Without canonicalization the client keeps the name that it gave.
        [['ALICE'], 'ALICE'],
        [['-E', 'alice@contoso.com'], String.raw`alice\@contoso.com`],
      ] as const;
      for (const [args, shown] of cases) {
        const { status, stderr } = await shell.run('kinit', args, { input: `${password}\n` });
        expect(status, stderr).toBe(0);
        expect(await klist(shell)).toContain(`Default principal: ${shown}@${REALM}\n`);
        const kvno = await shell.run('kvno', [TARGET]);
        expect(kvno.status, kvno.stderr).toBe(0);
      }
    });

    test('-R renews; a Protected User has four hours and nothing to forward', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = mitShell(contoso());
      await kinit(shell, 'alice', '-r', '2d', '-l', '1h');
      const renewed = await shell.run('kinit', ['-R']);
      expect(renewed.status, renewed.stderr).toBe(0);
      expect(contoso().events.at(-1)).toMatchObject({ EventID: 4770, Status: '0x0' });
      // No longer initial.
      expect(await klist(shell)).toMatch(/Flags: RA\n/u);
      const carol = mitShell(contoso());
      await kinit(carol, 'carol', '-f', '-l', '10h');
      expect(await klist(carol)).not.toMatch(/Flags: F/u);
      const { times } = (await fileCache(carol.ccache).list())[0] ?? {};
      expect((times?.endtime ?? 0) - (times?.authtime ?? 0)).toBe(4 * 3600);
    });

    test('clocks apart: MIT follows the KDC, or tells that it does not', async (ctx) => {
      requirePeers(ctx, 'mit');
      contoso().setClockOffset(3600);
      try {
        const follower = mitShell(contoso());
        await kinit(follower, 'alice');
        expect((await follower.run('kvno', [TARGET])).status).toBe(0);
        const stubborn = mitShell(contoso(), 'kdc_timesync = 0');
        const input = `${contoso().password('alice')}\n`;
        const { stderr } = await stubborn.run('kinit', ['alice'], { input });
        expect(stderr).toMatch(/Clock skew too great/u);
      } finally {
        contoso().setClockOffset(0);
      }
    });
  });

  describe('transports', () => {
    test('UDP for what fits, TCP where the client or the size asks for it', async (ctx) => {
      requirePeers(ctx, 'mit');
      const keytab = ['-kt', contoso().keytab('serverb'), 'SERVERB$'];
      const udp = await mitShell(contoso()).traced('kinit', ...keytab);
      expect(udp).toMatch(/Received answer .* from dgram/u);
      expect(udp).not.toMatch(/stream/u);
      const tcp = await mitShell(contoso(), 'udp_preference_limit = 1').traced('kinit', ...keytab);
      expect(tcp).toMatch(/Received answer .* from stream/u);
      expect(tcp).not.toMatch(/dgram/u);
      // A TGS-REQ of MIT's is too long for one datagram by its own measure.
      const big = await computer('serverb', 'udp_preference_limit = 32700');
      expect(await big.traced('kvno', TARGET)).toMatch(/Received answer .* from dgram/u);
    });

    test('the exchanges are as short as they can be: no errors, no second tries', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = await computer('serverb');
      await shell.run('kinit', ['-f', '-kt', contoso().keytab('serverb'), 'SERVERB$']);
      await contoso().grant('ServerC', 'ServerB');
      const before = contoso().events.length;
      const trace = await shell.traced('kvno', '-U', 'alice', '-P', TARGET);
      const events = contoso().events.slice(before);
      expect(events.map(({ Exchange, Status }) => [Exchange, Status])).toEqual([
        // MIT asks which realm alice is of (RFC 6806 §7) before S4U2Self.
        ['as', '0x19'],
        ['s4u2self', '0x0'],
        ['s4u2proxy', '0x0'],
      ]);
      expect(trace.match(/error from KDC: .*/gu)).toEqual([
        'error from KDC: -1765328359/Additional pre-authentication required',
      ]);
      expect(trace).not.toMatch(/retrying|fallback|fall back/iu);
    });
  });

  describe('TGS', () => {
    test("tickets to every service of a host's open with its keytab", async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = mitShell(contoso());
      await kinit(shell, 'alice');
      const services = ['host/serverb', 'HTTP/serverb.contoso.com', 'cifs/serverb', 'SERVERB$'];
      const args = ['-k', contoso().keytab('serverb'), ...services];
      const { stdout, stderr } = await shell.run('kvno', args);
      expect(stdout.match(/kvno = 1, keytab entry valid/gu), stderr).toHaveLength(services.length);
      const unknown = await shell.run('kvno', ['HTTP/nowhere.contoso.com']);
      expect(unknown.stderr).toContain('not found in Kerberos database');
    });

    test('kvno --u2u: a ticket for the account of the TGT (RFC 4120 §3.7)', async (ctx) => {
      requirePeers(ctx, 'mit');
      const bob = mitShell(contoso());
      await kinit(bob, 'bob');
      const shell = mitShell(contoso());
      await kinit(shell, 'alice');
      const made = await shell.run('kvno', ['--u2u', `FILE:${bob.ccache}`, 'bob']);
      // kvno does not open it: that bob's session key does is shown by the KDC's own tests.
      expect(made.stdout, made.stderr).toContain(`bob@${REALM}: kvno = `);
      expect(contoso().events.at(-1)).toMatchObject({ EventID: 4769, Status: '0x0' });
      const other = await shell.run('kvno', ['--u2u', `FILE:${bob.ccache}`, 'carol']);
      expect(other.status).not.toBe(0);
      // KRB_AP_ERR_BADMATCH: the TGT is not carol's.
      expect(contoso().events.at(-1)).toMatchObject({ EventID: 4769, Status: '0x24' });
    });

    test('kdestroy: nothing is left to go on with', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = await computer('serverb');
      expect((await shell.run('kdestroy', [])).status).toBe(0);
      expect((await shell.run('kvno', [TARGET])).status).not.toBe(0);
    });
  });

  describe('S4U', () => {
    const hop = ['-U', 'alice', '-P', TARGET];

    test('kvno -U: a ticket to the middle in the name of the user', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = await computer('serverb');
      const keytab = ['-k', contoso().keytab('serverb')];
      const kvno = await shell.run('kvno', [...keytab, '-U', 'alice', 'SERVERB$']);
      expect(kvno.stdout, kvno.stderr).toContain('keytab entry valid');
      expect(await klist(shell)).toMatch(/SERVERB\$@CONTOSO\.COM\n\tfor client alice@/u);
      const nobody = await shell.run('kvno', ['-U', 'nobody', 'SERVERB$']);
      expect(nobody.stderr).toContain('not found in Kerberos database');
    });

    test('kvno -P: refused before the grant, made after it, refused after its end', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = await computer('serverb', 'forwardable = true');
      const refused = async (reason: string): Promise<void> => {
        const { stderr, status } = await shell.run('kvno', hop);
        expect(status).not.toBe(0);
        expect(stderr).toContain("KDC can't fulfill requested option");
        const event = contoso().events.at(-1);
        expect(event).toMatchObject({ Status: '0xd', Reason: reason });
      };
      await refused('rbcd-descriptor-absent');
      await contoso().grant('ServerC', 'ServerB1');
      await refused('rbcd-not-listed');

      await contoso().grant('ServerC', 'ServerB1', 'ServerB');
      const out = join(dir, 'hop.ccache');
      // The keytab is for the evidence.
      const keytab = ['-k', contoso().keytab('serverb')];
      const made = await shell.run('kvno', [...keytab, '--out-cache', out, ...hop]);
      expect(made.stdout, made.stderr).toContain('keytab entry valid');
      const shown = await shell.run('klist', ['-c', out]);
      expect(shown.stdout).toContain(`Default principal: alice@${REALM}`);
      expect(shown.stdout).toContain(`${TARGET}@${REALM}`);
      expect(contoso().events.at(-1)).toMatchObject({
        Status: '0x0',
        ServiceName: 'SERVERC$',
        DelegationMode: 'rbcd',
        ImpersonatedUser: `alice@${REALM}`,
      });

      await contoso().grant('ServerC');
      await shell.run('kdestroy', []);
      const args = ['-kt', contoso().keytab('serverb'), 'SERVERB$'];
      expect((await shell.run('kinit', args)).status).toBe(0);
      await refused('rbcd-descriptor-absent');
    });

    test('whom nobody may act for: sensitive bob, Protected User carol', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = await computer('serverb', 'forwardable = true');
      await contoso().grant('ServerC', 'ServerB');
      for (const user of ['bob', 'carol']) {
        const { stderr, status } = await shell.run('kvno', ['-U', user, '-P', TARGET]);
        expect(status, user).not.toBe(0);
        expect(stderr).toContain('constrained delegation failed');
        expect(contoso().events.at(-1), user).toMatchObject({
          Exchange: 's4u2proxy',
          Reason: 'evidence-not-forwardable',
          NtStatus: 'STATUS_ACCOUNT_RESTRICTION',
        });
      }
    });

    test('kvno -P by classic delegation, with and without protocol transition', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = await computer('servera', 'forwardable = true');
      await contoso().delegateTo('ServerA', { services: [TARGET] });
      // Then the S4U2Self ticket is not forwardable (MS-SFU 3.2.5.1.2), and no evidence.
      const refused = await shell.run('kvno', hop);
      expect(refused.status).not.toBe(0);
      await contoso().delegateTo('ServerA', { services: [TARGET], protocolTransition: true });
      const login = ['-kt', contoso().keytab('servera'), 'SERVERA$'];
      expect((await shell.run('kinit', login)).status).toBe(0);
      const made = await shell.run('kvno', hop);
      expect(made.status, made.stderr).toBe(0);
      expect(contoso().events.at(-1)).toMatchObject({ Status: '0x0', DelegationMode: 'kcd' });
      const other = await shell.run('kvno', ['-U', 'alice', '-P', 'cifs/serverb.contoso.com']);
      expect(other.status).not.toBe(0);
    });
  });

  describe("MIT's acceptor", () => {
    /** What the acceptor saw: who came, and the attributes that MIT read out of the PAC. */
    async function accepted(ccache: string, service: string, host: string, env: object) {
      const shell = mitShell(contoso());
      const files = { KRB5CCNAME: `FILE:${ccache}`, KRB5_KTNAME: contoso().keytab(host) };
      const options = { env: { ...env, ...files } };
      const { stdout, stderr } = await shell.run('/usr/bin/python3', [gssAccept, service], options);
      expect(stderr).toBe('');
      const rows = stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '));
      const attributes = new Map(
        rows
          .slice(1)
          .map(([name = '', authenticated, value = '']) => [
            name,
            { authenticated, value: Buffer.from(value, 'hex') },
          ]),
      );
      return { client: rows[0]?.[1], attributes };
    }

    test('verifies the PAC of a ticket, and of one that came by a hop', async (ctx) => {
      requirePeers(ctx, 'mit');
      const alice = mitShell(contoso());
      await kinit(alice, 'alice');
      const plain = await accepted(alice.ccache, 'HTTP/serverb.contoso.com', 'serverb', alice.env);
      expect(plain.client).toBe(`alice@${REALM}`);
      expect(plain.attributes.get('urn:mspac:logon-info')?.authenticated).toBe('1');
      expect(plain.attributes.has('urn:mspac:delegation-info')).toBe(false);

      const middle = await computer('serverb', 'forwardable = true');
      await contoso().grant('ServerC', 'ServerB');
      const out = join(dir, 'accepted.ccache');
      const kvno = ['--out-cache', out, '-U', 'alice', '-P', TARGET];
      const made = await middle.run('kvno', kvno);
      expect(made.status, made.stderr).toBe(0);
      const hopped = await accepted(out, TARGET, 'serverc', middle.env);
      expect(hopped.client).toBe(`alice@${REALM}`);
      const info = hopped.attributes.get('urn:mspac:delegation-info');
      expect(info?.authenticated).toBe('1');
      expect(decodeDelegationInfo(info?.value ?? new Uint8Array())).toEqual({
        proxyTarget: TARGET,
        transitedServices: [`SERVERB$@${REALM}`],
      });
    });
  });

  describe('files, both ways', () => {
    test('our credential cache: MIT goes on with it; we read what it added', async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = mitShell(contoso());
      const cache = fileCache(shell.ccache);
      const client = clientOf(contoso(), { settings: { forwardable: true } }, cache);
      const secret = { kind: 'password', password: contoso().password('alice') } as const;
      await client.login(named('alice'), secret);
      expect(await klist(shell)).toMatch(/Default principal: alice@.*Flags: F/su);
      const kvno = await shell.run('kvno', [TARGET]);
      expect(kvno.status, kvno.stderr).toBe(0);
      const servers = (await cache.list()).map(({ server }) => formatPrincipal(server));
      expect(servers).toEqual([`krbtgt/${REALM}@${REALM}`, `${TARGET}@${REALM}`]);
    });

    test("MIT's credential cache: we go on with it; MIT lists what we added", async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = mitShell(contoso());
      await kinit(shell, 'alice');
      const client = clientOf(contoso(), {}, fileCache(shell.ccache));
      const ticket = await client.getServiceTicket(named(TARGET));
      expect(formatPrincipal(ticket.client)).toBe(`alice@${REALM}`);
      const shown = await klist(shell);
      expect(shown).toContain(`${TARGET}@${REALM}`);
      const before = contoso().events.length;
      expect((await shell.run('kvno', [TARGET])).status).toBe(0);
      // MIT took ours: nobody asked the KDC.
      expect(contoso().events).toHaveLength(before);
    });

    test("MIT's ktutil derives the keys that we derived, with the KDC's salt", async (ctx) => {
      requirePeers(ctx, 'mit');
      const shell = mitShell(contoso());
      const path = join(dir, 'ktutil.keytab');
      const types = [
        'aes256-cts-hmac-sha1-96',
        'aes128-cts-hmac-sha1-96',
        'aes256-cts-hmac-sha384-192',
        'aes128-cts-hmac-sha256-128',
      ];
      const password = contoso().password('alice');
      const commands = types.flatMap((type) => [
        `addent -password -p alice -k 1 -e ${type} -f`,
        password,
      ]);
      const input = [...commands, `wkt ${path}`, 'quit', ''].join('\n');
      const written = await shell.run('ktutil', [], { input });
      expect(written.stderr).toBe('');
      const mine = await readKeytab(contoso().keytab('alice'));
      const theirs = await readKeytab(path);
      expect(theirs.map(({ key }) => key)).toEqual(mine.map(({ key }) => key));
      const login = await shell.run('kinit', ['-kt', path, 'alice']);
      expect(login.status, login.stderr).toBe(0);
    });

    test('our keytab: klist -k shows every entry', async (ctx) => {
      requirePeers(ctx, 'mit');
      const path = contoso().keytab('serverb');
      const { stdout } = await mitShell(contoso()).run('klist', ['-k', '-e', path]);
      const entries = await readKeytab(path);
      expect(stdout.match(/@CONTOSO\.COM \(aes/gu)).toHaveLength(entries.length);
      expect(stdout).toContain(
        `   1 HTTP/serverb.contoso.com@${REALM} (aes256-cts-hmac-sha384-192)`,
      );
    });
  });
});
