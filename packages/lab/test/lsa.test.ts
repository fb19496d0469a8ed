import { KerberosError } from '@doublehop/kerberos/errors';
import { formatPrincipal, parsePrincipal } from '@doublehop/kerberos/names';
import { beforeEach, describe, expect, test } from 'vitest';
import { LogonId, type LogonSession, type Lsa } from '../src/lsa/lsa.ts';
import { labError, MINUTE, NOW, REALM, service, TestDomain } from './support/domain.ts';

const QUARTER = 15 * MINUTE;
const TARGET = service('ServerC');

let domain: TestDomain;
let lsa: Lsa;

beforeEach(async () => {
  domain = await TestDomain.make();
  ({ lsa } = domain.host('ServerB'));
});

/** Alice's network logon at ServerB. */
async function alice(): Promise<LogonSession> {
  const person = await domain.person('alice');
  const { ticket, client, flags } = await person.getServiceTicket(service('ServerB'));
  return lsa.logOn({ ticket, client, flags });
}

describe('logon sessions', () => {
  test('SYSTEM and NETWORK SERVICE are there from the start, with their LUIDs', () => {
    const found = lsa.sessions().map(({ id, user, type }) => [id, user, type]);
    expect(found).toEqual([
      [0x3e7, 'SYSTEM', 'service'],
      [0x3e4, 'NETWORK SERVICE', 'service'],
    ]);
  });

  test('a network logon comes and goes; it has no tickets of its own', async () => {
    const session = await alice();
    expect(lsa.session(session.id)).toMatchObject({ type: 'network', user: 'alice@CONTOSO.COM' });
    expect(await lsa.tickets(session.id)).toEqual([]);
    const { code } = await labError(lsa.serviceTicket(session.id, TARGET));
    expect(code).toBe('unknown-session');
    lsa.logOff(session.id);
    expect(() => lsa.session(session.id)).toThrow(/no logon session 0x/u);
  });

  test('an interactive logon has tickets of its own, which end with it', async () => {
    const user = parsePrincipal('alice', REALM);
    const password = 'Passw0rd.alice';
    const { id } = await lsa.logOnInteractively(user, { kind: 'password', password });
    const { client } = await lsa.serviceTicket(id, TARGET);
    expect(formatPrincipal(client)).toBe('alice@CONTOSO.COM');
    const servers = (await lsa.tickets(id)).map(({ server }) => formatPrincipal(server));
    expect(servers).toEqual(['krbtgt/CONTOSO.COM@CONTOSO.COM', formatPrincipal(TARGET)]);
    expect(await lsa.tickets(LogonId.SYSTEM)).toEqual([]);
    lsa.logOff(id);
    expect((await labError(lsa.tickets(id))).code).toBe('unknown-session');
  });

  test('a wrong password logs nobody on', async () => {
    const secret = { kind: 'password', password: 'wrong' } as const;
    const logon = lsa.logOnInteractively(parsePrincipal('alice', REALM), secret);
    await expect(logon).rejects.toMatchObject({ code: 'password' });
    expect(lsa.sessions()).toHaveLength(2);
  });

  test('services are not logged off', () => {
    lsa.logOff(LogonId.SYSTEM);
    expect(lsa.session(LogonId.SYSTEM).user).toBe('SYSTEM');
  });
});

describe('tickets of the computer itself', () => {
  test('a ticket is asked for once; each session has its own', async () => {
    const first = await lsa.serviceTicket(LogonId.NETWORK_SERVICE, TARGET);
    const asked = domain.requests;
    expect(await lsa.serviceTicket(LogonId.NETWORK_SERVICE, TARGET)).toEqual(first);
    expect(domain.requests).toBe(asked);
    expect(formatPrincipal(first.client)).toBe('SERVERB$@CONTOSO.COM');
    expect(await lsa.tickets(LogonId.SYSTEM)).toEqual([]);
  });

  test('SpnCacheTimeout: an SPN that was not found is not asked for for 15 minutes', async () => {
    const unknown = service('nowhere');
    const ask = () => labError(lsa.serviceTicket(LogonId.NETWORK_SERVICE, unknown));
    expect(await ask()).toMatchObject({
      code: 'refused',
      detail: { until: NOW + QUARTER, refusal: { errorCode: 7 } },
    });
    const asked = domain.requests;
    domain.now += QUARTER - 1;
    expect(await ask()).toMatchObject({ code: 'negative-cache', detail: { until: NOW + QUARTER } });
    expect(domain.requests).toBe(asked);
    domain.now += 1;
    expect((await ask()).code).toBe('refused');
    expect(domain.requests).toBeGreaterThan(asked);
  });
});

describe('S4U2Proxy (MS-SFU 3.1.5.2)', () => {
  test('a refusal has the KDC error, the NTSTATUS and the end of its repetition', async () => {
    const error = await labError(lsa.delegate(await alice(), TARGET));
    expect(error).toMatchObject({
      code: 'refused',
      detail: { until: NOW + QUARTER, refusal: { errorCode: 13, ntStatus: 0xc000_0225 } },
    });
    expect(error.message).toContain('STATUS_NOT_FOUND');
  });

  test('S4UCacheTimeout: a fresh grant is hidden for 15 minutes', async () => {
    const session = await alice();
    await labError(lsa.delegate(session, TARGET));
    await domain.grant('ServerC', 'ServerB');
    domain.now += QUARTER - 1;
    const asked = domain.requests;
    const error = await labError(lsa.delegate(session, TARGET));
    expect(error.code).toBe('negative-cache');
    expect(error.message).toContain('(repeated from the negative S4U cache)');
    expect(domain.requests).toBe(asked);
    domain.now += 1;
    const { client, server } = await lsa.delegate(session, TARGET);
    expect([client, server].map(formatPrincipal)).toEqual([
      'alice@CONTOSO.COM',
      'HTTP/serverc.contoso.com@CONTOSO.COM',
    ]);
  });

  test('klist purge -li 0x3e7 ends it at once; a purge of another session does not', async () => {
    const session = await alice();
    await labError(lsa.delegate(session, TARGET));
    await domain.grant('ServerC', 'ServerB');
    expect(await lsa.purge(LogonId.NETWORK_SERVICE)).toEqual({ tickets: 0, negative: 0 });
    expect(await lsa.purge(session.id)).toEqual({ tickets: 0, negative: 0 });
    expect((await labError(lsa.delegate(session, TARGET))).code).toBe('negative-cache');
    // The TGT with which SYSTEM asked goes too.
    expect(await lsa.purge(LogonId.SYSTEM)).toEqual({ tickets: 1, negative: 1 });
    await lsa.delegate(session, TARGET);
    expect(lsa.negative(LogonId.SYSTEM)).toEqual({ spn: [], s4u: [] });
  });

  test('the entry is of one user and one target', async () => {
    const session = await alice();
    await labError(lsa.delegate(session, TARGET));
    await domain.grant('ServerC', 'ServerB');
    await domain.grant('JumpBox', 'ServerB');
    await lsa.delegate(session, service('JumpBox'));
    const admin = await domain.person('Administrator');
    const { ticket, client } = await admin.getServiceTicket(service('ServerB'));
    await lsa.delegate(lsa.logOn({ ticket, client }), TARGET);
    expect((await labError(lsa.delegate(session, TARGET))).code).toBe('negative-cache');
  });

  test('S4UTicketLifetime: a ticket outlives its grant for 15 minutes', async () => {
    const session = await alice();
    await domain.grant('ServerC', 'ServerB');
    const first = await lsa.delegate(session, TARGET);
    await domain.grant('ServerC');
    domain.now += QUARTER - 1;
    expect(await lsa.delegate(session, TARGET)).toBe(first);
    domain.now += 1;
    expect((await labError(lsa.delegate(session, TARGET))).code).toBe('refused');
  });

  test('its tickets are listed in SYSTEM, and purged there', async () => {
    const session = await alice();
    await domain.grant('ServerC', 'ServerB');
    const credentials = await lsa.delegate(session, TARGET);
    expect(await lsa.tickets(LogonId.SYSTEM)).toContain(credentials);
    expect(await lsa.tickets(LogonId.NETWORK_SERVICE)).toEqual([]);
    await lsa.purge(LogonId.SYSTEM);
    expect(await lsa.tickets(LogonId.SYSTEM)).toEqual([]);
    await domain.grant('ServerC');
    expect((await labError(lsa.delegate(session, TARGET))).code).toBe('refused');
  });

  test('a KDC that cannot be reached says nothing, so nothing is noted', async () => {
    const session = await alice();
    await domain.grant('ServerC', 'ServerB');
    domain.reachable = false;
    await expect(lsa.delegate(session, TARGET)).rejects.toBeInstanceOf(KerberosError);
    domain.reachable = true;
    await lsa.delegate(session, TARGET);
  });

  test('advance lets the minutes pass for every cache', async () => {
    const session = await alice();
    await labError(lsa.delegate(session, TARGET));
    await labError(lsa.serviceTicket(LogonId.SYSTEM, service('nowhere')));
    lsa.advance(QUARTER - MINUTE);
    const [entry] = lsa.negative(LogonId.SYSTEM).s4u;
    expect(entry?.until).toBe(NOW + MINUTE);
    expect((await labError(lsa.delegate(session, TARGET))).code).toBe('negative-cache');
    lsa.advance(MINUTE);
    expect(lsa.negative(LogonId.SYSTEM)).toEqual({ spn: [], s4u: [] });
    expect((await labError(lsa.delegate(session, TARGET))).code).toBe('refused');
  });

  test('a restart forgets sessions, tickets and failures', async () => {
    const host = domain.host('ServerB');
    ({ lsa } = host);
    const session = await alice();
    await labError(lsa.delegate(session, TARGET));
    host.restart();
    expect(host.lsa.sessions()).toHaveLength(2);
    expect(host.lsa.negative(LogonId.SYSTEM).s4u).toEqual([]);
    expect(await host.lsa.tickets(LogonId.SYSTEM)).toEqual([]);
  });
});
