import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileCache } from '@doublehop/kerberos/ccache/file';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { formatPrincipal, parsePrincipal, type Principal } from '@doublehop/kerberos/names';
import { heimdal, type HeimdalKdc, startHeimdalKdc } from '../peers/heimdal-kdc.ts';
import { clientOf, refusal, serviceOf } from '../support/kerberos-client.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const PASSWORD = 'Passw0rd.alice';
const password = { kind: 'password', password: PASSWORD } as const;

describe("our client and Heimdal's KDC", () => {
  const dir = makeTempDir('client-heimdal');
  const keytab = join(dir, 'web.keytab');
  let running: HeimdalKdc | undefined;

  beforeAll(async () => {
    if (whyMissing('heimdal') !== undefined) return;
    running = await startHeimdalKdc(join(dir, 'kdc'));
    await running.addUser('alice', PASSWORD);
    await running.addService('HTTP/web.heimdal.test', keytab);
  });
  afterAll(async () => {
    await running?.stop();
    removeDir(dir);
  });

  function kdc(): HeimdalKdc {
    if (running === undefined) throw new Error('the KDC was not started');
    return running;
  }
  const named = (text: string): Principal => parsePrincipal(text, 'HEIMDAL.TEST');

  test('AS by password, TGS, refusals', async (ctx) => {
    requirePeers(ctx, 'heimdal');
    const client = clientOf(kdc(), { settings: { forwardable: true } });
    const { credentials } = await client.login(named('alice'), password);
    expect(formatPrincipal(credentials.server)).toBe('krbtgt/HEIMDAL.TEST@HEIMDAL.TEST');
    const ticket = await client.getServiceTicket(named('HTTP/web.heimdal.test'));
    expect(formatPrincipal(ticket.server)).toBe('HTTP/web.heimdal.test@HEIMDAL.TEST');
    expect(ticket.flags & TicketFlag.FORWARDABLE).not.toBe(0);
    const server = await refusal(client.getServiceTicket(named('HTTP/nowhere.heimdal.test')));
    expect(server.detail.errorCode).toBe(7);
    const wrong = { kind: 'password', password: 'wrong' } as const;
    expect((await refusal(client.login(named('alice'), wrong))).code).toBe('password');
    expect((await refusal(client.login(named('nobody'), password))).detail.errorCode).toBe(6);
  });

  test('AS by keytab', async (ctx) => {
    requirePeers(ctx, 'heimdal');
    const service = await serviceOf(kdc(), named('HTTP/web.heimdal.test'), keytab);
    const tgt = await service.getTgt();
    expect(formatPrincipal(tgt.client)).toBe('HTTP/web.heimdal.test@HEIMDAL.TEST');
  });

  test('renewed and forwarded tickets', async (ctx) => {
    requirePeers(ctx, 'heimdal');
    const client = clientOf(kdc(), { settings: { forwardable: true, renewLifetime: 86_400 } });
    const { credentials } = await client.login(named('alice'), password, { lifetime: 3600 });
    const renewed = await client.renew();
    expect(renewed.times.endtime).toBeGreaterThanOrEqual(credentials.times.endtime);
    expect(renewed.ticket).not.toEqual(credentials.ticket);
    const forwarded = await client.forward();
    expect(forwarded.flags & TicketFlag.FORWARDED).not.toBe(0);
  });

  test("Heimdal's kgetcred goes on with our TGT", async (ctx) => {
    requirePeers(ctx, 'heimdal');
    const path = join(dir, 'shared.ccache');
    await clientOf(kdc(), {}, fileCache(path)).login(named('alice'), password);
    const env = { ...kdc().env, KRB5CCNAME: `FILE:${path}` };
    const got = await heimdal('kgetcred', ['HTTP/web.heimdal.test'], { env });
    expect(got.status, got.stderr).toBe(0);
    // And our cache reads back what Heimdal has put there.
    const servers = (await fileCache(path).list()).map(({ server }) => formatPrincipal(server));
    expect(servers).toContain('HTTP/web.heimdal.test@HEIMDAL.TEST');
  });
});
