import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import { KdcOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { exchangeTgs } from '@doublehop/kerberos/client/service-ticket';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import {
  formatPrincipal,
  parsePrincipal,
  type Principal,
  principal,
} from '@doublehop/kerberos/names';
import { type SambaDc, startSambaDc } from '../peers/samba-dc.ts';
import { clientOf, refusal, serviceOf } from '../support/kerberos-client.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const REALM = 'CORP.TEST';
const TARGET = 'cifs/serverc.corp.test';

describe('our client and a Samba AD DC', () => {
  const dir = makeTempDir('client-samba');
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
  const named = (text: string): Principal => parsePrincipal(text, REALM);
  const host = (dc: SambaDc, name: string): Promise<KerberosClient> =>
    serviceOf(dc, named(`${name.toUpperCase()}$`), dc.keytab(name));

  /** The ticket that a user has got for a middle, as it arrives with an AP-REQ. */
  async function userTicket(dc: SambaDc, user: string, server: string, forwardable = true) {
    const client = clientOf(dc);
    const secret = { kind: 'password', password: `Passw0rd.${user}` } as const;
    await client.login(named(user), secret, { forwardable });
    return client.getServiceTicket(named(server));
  }

  test('AS by password and keytab, TGS by an alias of HOST/', async (ctx) => {
    const dc = domain(ctx);
    const ticket = await userTicket(dc, 'alice', 'HTTP/serverb.corp.test');
    expect(formatPrincipal(ticket.client)).toBe(`alice@${REALM}`);
    const tgt = await (await host(dc, 'serverb')).getTgt();
    expect(formatPrincipal(tgt.client)).toBe(`SERVERB$@${REALM}`);
  });

  test('the account that a UPN means', async (ctx) => {
    const dc = domain(ctx);
    const upn = principal(REALM, NameType.ENTERPRISE, 'alice@corp.test');
    const secret = { kind: 'password', password: 'Passw0rd.alice' } as const;
    const { credentials } = await clientOf(dc).login(upn, secret);
    expect(formatPrincipal(credentials.client)).toBe(`alice@${REALM}`);
  });

  test('wrong password, with the NTSTATUS or without', async (ctx) => {
    const wrong = { kind: 'password', password: 'wrong' } as const;
    const refused = await refusal(clientOf(domain(ctx)).login(named('alice'), wrong));
    expect(refused.code).toBe('password');
    expect(refused.message).toContain('wrong password or key for alice@CORP.TEST');
  });

  test('S4U2Self needs the compatibility mode: Samba knows PA-FOR-USER only', async (ctx) => {
    const middle = await host(domain(ctx), 'serverb');
    const refused = await refusal(middle.impersonate(named('alice')));
    expect(refused.code).toBe('reply-mismatch');
    expect(refused.message).toContain('PA-S4U-X509-USER is missing');
    const evidence = await middle.impersonate(named('alice'), { compat: true });
    expect(formatPrincipal(evidence.client)).toBe(`alice@${REALM}`);
    expect(formatPrincipal(evidence.server)).toBe(`SERVERB$@${REALM}`);
    // SERVERB has TRUSTED_TO_AUTH_FOR_DELEGATION.
    expect(evidence.flags & TicketFlag.FORWARDABLE).not.toBe(0);
  });

  test('S4U2Self of a user who is known by a UPN', async (ctx) => {
    const middle = await host(domain(ctx), 'serverb');
    const upn = principal(REALM, NameType.ENTERPRISE, 'alice@corp.test');
    const evidence = await middle.impersonate(upn, { compat: true });
    expect(evidence.client.realm).toBe(REALM);
    expect(evidence.client.name.nameString[0]?.toLowerCase()).toMatch(/^alice(@corp.test)?$/u);
  });

  test('S4U2Proxy by RBCD, with evidence of S4U2Self', async (ctx) => {
    const middle = await host(domain(ctx), 'serverb');
    const evidence = await middle.impersonate(named('alice'), { compat: true });
    const ticket = await middle.proxy(evidence, named(TARGET));
    expect(formatPrincipal(ticket.client)).toBe(`alice@${REALM}`);
    expect(formatPrincipal(ticket.server)).toBe(`${TARGET}@${REALM}`);
  });

  test("S4U2Proxy by RBCD, with the user's own ticket", async (ctx) => {
    const dc = domain(ctx);
    const evidence = await userTicket(dc, 'alice', 'HTTP/serverb.corp.test');
    const middle = await host(dc, 'serverb');
    const ticket = await middle.proxy(evidence, named(TARGET));
    expect(formatPrincipal(ticket.client)).toBe(`alice@${REALM}`);
  });

  test('without the RBCD bit it is refused', async (ctx) => {
    const middle = await host(domain(ctx), 'serverb');
    const evidence = await middle.impersonate(named('alice'), { compat: true });
    const refused = await refusal(middle.proxy(evidence, named(TARGET), { rbcd: false }));
    expect(refused.detail.errorCode).toBe(13);
  });

  test('a middle that the target does not list is refused', async (ctx) => {
    const dc = domain(ctx);
    const evidence = await userTicket(dc, 'alice', 'HTTP/serverc.corp.test');
    const middle = await host(dc, 'serverc');
    const target = named('cifs/serverb.corp.test');
    const refused = await refusal(middle.proxy(evidence, target));
    expect(refused.detail.errorCode).toBe(13);
    expect(refused.message).toContain(
      'SERVERC$@CORP.TEST may not act for alice@CORP.TEST to cifs/serverb.corp.test',
    );
  });

  test('classic delegation: only from a ticket of the user', async (ctx) => {
    const dc = domain(ctx);
    const middle = await host(dc, 'servera');
    const own = await userTicket(dc, 'alice', 'HTTP/servera.corp.test');
    const ticket = await middle.proxy(own, named(TARGET), { rbcd: false });
    expect(formatPrincipal(ticket.client)).toBe(`alice@${REALM}`);
    // Without protocol transition the ticket of S4U2Self is not forwardable.
    const evidence = await middle.impersonate(named('alice'), { compat: true });
    expect(evidence.flags & TicketFlag.FORWARDABLE).toBe(0);
    const refused = await refusal(middle.proxy(evidence, named(TARGET)));
    expect(refused.message).toContain('the evidence ticket is not forwardable');
  });

  test.for([
    ['bob', 'sensitive'],
    ['carol', 'of Protected Users'],
  ] as const)('%s, who is %s, has no forwardable ticket to delegate', async ([user], ctx) => {
    const dc = domain(ctx);
    const evidence = await userTicket(dc, user, 'HTTP/serverb.corp.test');
    expect(evidence.flags & TicketFlag.FORWARDABLE).toBe(0);
    const middle = await host(dc, 'serverb');
    const refused = await refusal(middle.proxy(evidence, named(TARGET)));
    expect(refused.message).toContain('the evidence ticket is not forwardable');
  });

  test('nor has alice, where her TGT is not forwardable', async (ctx) => {
    const dc = domain(ctx);
    const evidence = await userTicket(dc, 'alice', 'HTTP/serverb.corp.test', false);
    const middle = await host(dc, 'serverb');
    const refused = await refusal(middle.proxy(evidence, named(TARGET)));
    expect(refused.detail.errorCode).toBe(13);
  });

  test('bob by S4U2Self is not forwardable either', async (ctx) => {
    const middle = await host(domain(ctx), 'serverb');
    const evidence = await middle.impersonate(named('bob'), { compat: true });
    expect(evidence.flags & TicketFlag.FORWARDABLE).toBe(0);
    expect((await refusal(middle.proxy(evidence, named(TARGET)))).detail.errorCode).toBe(13);
  });

  test('a ticket for another service is no evidence', async (ctx) => {
    const dc = domain(ctx);
    const evidence = await userTicket(dc, 'alice', 'HTTP/servera.corp.test');
    const middle = await host(dc, 'serverb');
    const refused = await refusal(middle.proxy(evidence, named(TARGET)));
    expect(refused.code).toBe('krb-error');
  });

  test('renewed and forwarded tickets, and a request without a subkey', async (ctx) => {
    const client = clientOf(domain(ctx), { settings: { renewLifetime: 86_400 } });
    const secret = { kind: 'password', password: 'Passw0rd.alice' } as const;
    const { credentials } = await client.login(named('alice'), secret, { lifetime: 3600 });
    const renewed = await client.renew();
    expect(renewed.times.endtime).toBeGreaterThanOrEqual(credentials.times.endtime);
    expect((await client.forward()).flags & TicketFlag.FORWARDED).not.toBe(0);
    const reply = await exchangeTgs(client.context, {
      tgt: renewed,
      server: named(TARGET).name,
      options: KdcOption.CANONICALIZE,
      subkey: false,
    });
    expect(formatPrincipal(reply.credentials.server)).toBe(`${TARGET}@${REALM}`);
  });
});
