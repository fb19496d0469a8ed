import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Key } from '@doublehop/crypto/key';
import { decodeDer } from '@doublehop/wire/der';
import { fileCache } from '@doublehop/kerberos/ccache/file';
import { secretFromKeytab } from '@doublehop/kerberos/client/secret';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { formatPrincipal, parsePrincipal, type Principal } from '@doublehop/kerberos/names';
import { type MitKdc, startMitKdc } from '../peers/mit-kdc.ts';
import { clientOf, refusal, serviceOf } from '../support/kerberos-client.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const PASSWORD = 'Passw0rd.alice';
const password = { kind: 'password', password: PASSWORD } as const;

describe("our client and MIT's krb5kdc", () => {
  const dir = makeTempDir('client-mit');
  const keytab = join(dir, 'web.keytab');
  let running: MitKdc | undefined;

  beforeAll(async () => {
    if (whyMissing('mit') !== undefined) return;
    running = await startMitKdc(join(dir, 'kdc'));
    await running.addUser('alice', PASSWORD);
    await running.addService('HTTP/web.mit.test', keytab);
    await running.addService('cifs/files.mit.test', join(dir, 'files.keytab'));
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

  test('AS by password: the KDC asks for a timestamp and proves the request', async (ctx) => {
    requirePeers(ctx, 'mit');
    const client = clientOf(kdc(), { settings: { forwardable: true } });
    const { credentials } = await client.login(named('alice'), password);
    expect(formatPrincipal(credentials.server)).toBe('krbtgt/MIT.TEST@MIT.TEST');
    const flags = TicketFlag.INITIAL | TicketFlag.PRE_AUTHENT | TicketFlag.ENC_PA_REP;
    expect(credentials.flags & flags).toBe(flags);
    expect(credentials.flags & TicketFlag.FORWARDABLE).not.toBe(0);
  });

  test.for([17, 18, 19, 20])('AS and TGS with encryption type %i alone', async (etype, ctx) => {
    requirePeers(ctx, 'mit');
    const client = clientOf(kdc(), { settings: { etypes: [etype] } });
    const { credentials } = await client.login(named('alice'), password);
    expect(credentials.key.etype).toBe(etype);
    const ticket = await client.getServiceTicket(named('HTTP/web.mit.test'));
    expect(ticket.key.etype).toBe(etype);
  });

  test('refusals: wrong password, unknown client, unknown server', async (ctx) => {
    requirePeers(ctx, 'mit');
    const client = clientOf(kdc());
    const wrong = { kind: 'password', password: 'wrong' } as const;
    expect((await refusal(client.login(named('alice'), wrong))).code).toBe('password');
    const unknown = await refusal(client.login(named('nobody'), password));
    expect(unknown.detail.errorCode).toBe(6);
    await client.login(named('alice'), password);
    const server = await refusal(client.getServiceTicket(named('HTTP/nowhere.mit.test')));
    expect(server.detail.errorCode).toBe(7);
  });

  test('AS by keytab, with an optimistic timestamp', async (ctx) => {
    requirePeers(ctx, 'mit');
    const service = named('HTTP/web.mit.test');
    const steps: string[] = [];
    const client = clientOf(kdc(), { log: ({ step }) => steps.push(step) });
    const secret = secretFromKeytab(await readKeytab(keytab), service);
    const { credentials } = await client.login(service, secret, { optimistic: true });
    expect(formatPrincipal(credentials.client)).toBe('HTTP/web.mit.test@MIT.TEST');
    expect(steps).toEqual(['AS-REQ, pre-authentication: optimistic']);
  });

  test('TGS: the service opens the ticket with its keytab', async (ctx) => {
    requirePeers(ctx, 'mit');
    const client = clientOf(kdc());
    await client.login(named('alice'), password);
    const ticket = await client.getServiceTicket(named('HTTP/web.mit.test'));
    const { encPart } = decodeDer(Ticket, ticket.ticket);
    const entry = (await readKeytab(keytab)).find(({ key }) => key.etype === encPart.etype);
    const key = Key.of(encPart.etype, entry?.key.bytes ?? new Uint8Array(0));
    const part = decodeDer(EncTicketPart, key.decrypt(2, encPart.cipher));
    expect(part.cname.nameString).toEqual(['alice']);
    expect(part.key.keyvalue).toEqual(ticket.key.bytes);
  });

  test('renewed and forwarded tickets', async (ctx) => {
    requirePeers(ctx, 'mit');
    const client = clientOf(kdc(), { settings: { forwardable: true, renewLifetime: 86_400 } });
    const { credentials } = await client.login(named('alice'), password, { lifetime: 3600 });
    expect(credentials.flags & TicketFlag.RENEWABLE).not.toBe(0);
    const renewed = await client.renew();
    expect(renewed.times.endtime).toBeGreaterThanOrEqual(credentials.times.endtime);
    expect(renewed.ticket).not.toEqual(credentials.ticket);
    expect(await client.getTgt()).toEqual(renewed);
    const forwarded = await client.forward();
    expect(forwarded.flags & TicketFlag.FORWARDED).not.toBe(0);
  });

  test('a clock of ours that is an hour off is corrected', async (ctx) => {
    requirePeers(ctx, 'mit');
    const client = clientOf(kdc(), { clock: () => Date.now() + 3_600_000 });
    await client.login(named('alice'), password);
    expect(Math.round(client.context.clock.offset / 60_000)).toBe(-60);
    const ticket = await client.getServiceTicket(named('HTTP/web.mit.test'));
    expect(ticket.client.name.nameString).toEqual(['alice']);
  });

  test("MIT's kvno goes on with our TGT", async (ctx) => {
    requirePeers(ctx, 'mit');
    const path = join(dir, 'shared.ccache');
    await clientOf(kdc(), {}, fileCache(path)).login(named('alice'), password);
    const env = { ...kdc().env, KRB5CCNAME: `FILE:${path}` };
    const kvno = await run('kvno', ['-k', keytab, 'HTTP/web.mit.test'], { env });
    expect(kvno.stdout, kvno.stderr).toContain('keytab entry valid');
  });

  test('S4U2Self: the KDC takes and returns PA-S4U-X509-USER', async (ctx) => {
    requirePeers(ctx, 'mit');
    const service = await serviceOf(kdc(), named('HTTP/web.mit.test'), keytab);
    const evidence = await service.impersonate(named('alice'));
    expect(formatPrincipal(evidence.client)).toBe('alice@MIT.TEST');
    expect(formatPrincipal(evidence.server)).toBe('HTTP/web.mit.test@MIT.TEST');
    const both = await service.impersonate(named('alice'), { compat: true, forwardable: false });
    expect(both.client).toEqual(evidence.client);
    const unknown = await refusal(service.impersonate(named('nobody')));
    expect(unknown.detail.errorCode).toBe(6);
  });

  test('S4U2Proxy: its database knows no delegation, and refuses', async (ctx) => {
    requirePeers(ctx, 'mit');
    const options = { settings: { forwardable: true } };
    const service = await serviceOf(kdc(), named('HTTP/web.mit.test'), keytab, options);
    const evidence = await service.impersonate(named('alice'));
    const refused = await refusal(service.proxy(evidence, named('cifs/files.mit.test')));
    expect(refused.detail.errorCode).toBe(13);
    expect(refused.message).toContain('HTTP/web.mit.test@MIT.TEST may not act for alice@MIT.TEST');
  });
});
