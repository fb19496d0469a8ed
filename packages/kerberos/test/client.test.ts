import { beforeEach, describe, expect, test } from 'vitest';
import { pooledRandom } from '@doublehop/crypto/random';
import type { CredentialCache } from '@doublehop/kerberos/ccache/ccache';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { type ClientOptions, KerberosClient } from '@doublehop/kerberos/client/client';
import {
  defaultSettings,
  freshNonce,
  freshTimestamp,
  permittedOf,
} from '@doublehop/kerberos/client/context';
import { KdcClock } from '@doublehop/kerberos/client/kdc-clock';
import { settingsFromConfig } from '@doublehop/kerberos/client/settings';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { parseProfile } from '@doublehop/kerberos/config/profile';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { formatPrincipal, principal } from '@doublehop/kerberos/names';
import { type FakeKdc, transportTo } from './support/fake-kdc.ts';
import { alice, makeKdc, makeLab, middle, REALM, refusal, target } from './support/lab.ts';

const alicePassword = { kind: 'password', password: 'Passw0rd.alice' } as const;
const middlePassword = { kind: 'password', password: 'Passw0rd.serverb' } as const;

describe('KerberosClient', () => {
  let kdc: FakeKdc;
  let cache: CredentialCache;
  let clockOff: number;
  beforeEach(() => {
    kdc = makeKdc(REALM);
    cache = memoryCache();
    clockOff = 0;
  });

  function client(options: Partial<ClientOptions> = {}): KerberosClient {
    return new KerberosClient({
      transport: transportTo(kdc),
      clock: () => kdc.now + clockOff,
      random: pooledRandom(),
      cache,
      settings: { renewLifetime: 86_400 },
      ...options,
    });
  }

  async function aliceClient(): Promise<KerberosClient> {
    const made = client();
    await made.login(alice, alicePassword);
    kdc.requests.length = 0;
    return made;
  }

  function middleClient(): KerberosClient {
    return client({ account: { client: middle, secret: middlePassword } });
  }

  test('login makes the cache the principal’s', async () => {
    const made = await aliceClient();
    expect(await cache.principal()).toEqual(alice);
    expect((await made.getTgt()).server).toEqual(principal(REALM, 2, 'krbtgt', REALM));
    expect(kdc.requests).toHaveLength(0);
  });

  test('without a TGT and an account there is nothing to ask with', async () => {
    expect((await refusal(client().getTgt())).code).toBe('no-credentials');
    const made = await aliceClient();
    kdc.now += 86_400_000;
    const { code, message } = await refusal(made.getTgt());
    expect(code).toBe('no-credentials');
    expect(message).toContain(`no valid ticket-granting ticket of alice@${REALM}`);
  });

  test('an account gets a TGT when it needs one, and again when that has ended', async () => {
    const made = middleClient();
    const first = await made.getTgt();
    expect(first.client).toEqual(middle);
    expect(await made.getTgt()).toEqual(first);
    kdc.now += 86_400_000;
    expect((await made.getTgt()).times.authtime).toBe(first.times.authtime + 86_400);
  });

  test('an account neither uses nor takes over another principal’s cache', async () => {
    await aliceClient();
    const before = await cache.list();
    const { code, message } = await refusal(middleClient().getTgt());
    expect(code).toBe('ccache');
    expect(message).toContain(`of alice@${REALM}, not of SERVERB$@${REALM}`);
    expect((await refusal(middleClient().impersonate(alice))).code).toBe('ccache');
    // Not even when its tickets have ended.
    kdc.now += 86_400_000;
    expect((await refusal(middleClient().getTgt())).code).toBe('ccache');
    expect(await cache.principal()).toEqual(alice);
    expect(await cache.list()).toEqual(before);
    // Its own is found, also by another client.
    cache = memoryCache();
    const first = await middleClient().getTgt();
    expect(await middleClient().getTgt()).toEqual(first);
  });

  test('the KDC may write the account’s name otherwise (RFC 6806 §6)', async () => {
    kdc.tamper = (draft) => void (draft.cname = { nameType: 1, nameString: ['ServerB$'] });
    const settings = { canonicalize: true };
    const account = { client: middle, secret: middlePassword };
    const first = await client({ account, settings }).getTgt();
    expect(first.client.name.nameString).toEqual(['ServerB$']);
    const made = client({ account, settings });
    const second = await made.getTgt();
    const before = kdc.requests.length;
    expect(await made.getTgt()).toEqual(second);
    expect(kdc.requests).toHaveLength(before);
  });

  test('service tickets are kept and found again, in the named realm or any', async () => {
    const made = await aliceClient();
    const ticket = await made.getServiceTicket(target);
    expect(await made.getServiceTicket(target)).toEqual(ticket);
    expect(await made.getServiceTicket({ name: target.name, realm: '' })).toEqual(ticket);
    expect(kdc.requests).toHaveLength(1);
    expect(await cache.list()).toHaveLength(2);
    // Of another encryption type it is another ticket.
    const other = await made.getServiceTicket(target, { etypes: [17] });
    expect(other.key.etype).toBe(17);
    kdc.now += 36_000_000;
    expect((await refusal(made.getServiceTicket(target))).code).toBe('no-credentials');
  });

  test('tickets with authorization data of the caller’s are not kept', async () => {
    const made = await aliceClient();
    const authorizationData = [{ adType: 1, adData: new Uint8Array([1]) }];
    await made.getServiceTicket(target, { authorizationData });
    await made.getServiceTicket(target, { authorizationData });
    expect(kdc.requests).toHaveLength(2);
    expect(await cache.list()).toHaveLength(1);
  });

  test('TGTs of other realms are kept for the next server there', async () => {
    const fabrikam = makeKdc('FABRIKAM.COM');
    fabrikam.addPassword('http/web', 'x');
    kdc.trust(fabrikam);
    const made = client({ transport: transportTo(kdc, fabrikam) });
    await made.login(alice, alicePassword);
    kdc.requests.length = 0;
    await made.getServiceTicket(principal('FABRIKAM.COM', 2, 'cifs', 'serverc'));
    await made.getServiceTicket(principal('FABRIKAM.COM', 2, 'http', 'web'));
    expect(kdc.requests).toHaveLength(1);
    expect(fabrikam.requests).toHaveLength(2);
  });

  test('S4U tickets never stand in the cache under client and server', async () => {
    kdc.grants.add('SERVERB$ cifs/serverc');
    const made = middleClient();
    const evidence = await made.impersonate(alice);
    const ticket = await made.proxy(evidence, target);
    expect(formatPrincipal(ticket.client)).toBe(`alice@${REALM}`);
    const cached = (await cache.list()).map(({ server }) => formatPrincipal(server));
    expect(cached).toEqual([`krbtgt/${REALM}@${REALM}`]);
    // A plain ticket for the same target is the middle's own.
    expect((await made.getServiceTicket(target)).client).toEqual(middle);
    const before = kdc.requests.length;
    expect(await made.impersonate(alice)).toEqual(evidence);
    expect(await made.proxy(evidence, target)).toEqual(ticket);
    expect(kdc.requests).toHaveLength(before);
    made.purge();
    await made.impersonate(alice);
    expect(kdc.requests).toHaveLength(before + 1);
  });

  test('they are told apart by user, by evidence, and by how they were asked for', async () => {
    kdc.addPassword('bob', 'Passw0rd.bob');
    kdc.grants.add('SERVERB$ cifs/serverc');
    const made = middleClient();
    const bob = principal(REALM, 1, 'bob');
    const [one, two] = [await made.impersonate(alice), await made.impersonate(bob)];
    expect((await made.proxy(one, target)).client).toEqual(alice);
    expect((await made.proxy(two, target)).client).toEqual(bob);
    expect((await refusal(made.proxy(one, target, { rbcd: false }))).error.detail.errorCode).toBe(
      13,
    );
    const plain = await made.impersonate(alice, { forwardable: false });
    expect(plain.flags & TicketFlag.FORWARDABLE).toBe(0);
    const before = kdc.requests.length;
    await made.impersonate(alice, { certificate: new Uint8Array([0x30, 0]) });
    await made.impersonate(alice, { certificate: new Uint8Array([0x30, 0]) });
    expect(kdc.requests).toHaveLength(before + 2);
  });

  test('an ended S4U ticket is replaced', async () => {
    const made = middleClient();
    const first = await made.impersonate(alice);
    kdc.now += 36_000_000;
    expect((await made.impersonate(alice)).times.starttime).toBe(first.times.starttime + 36_000);
  });

  test('a refusal is not kept', async () => {
    const made = middleClient();
    const evidence = await made.impersonate(alice);
    expect((await refusal(made.proxy(evidence, target))).code).toBe('krb-error');
    kdc.grants.add('SERVERB$ cifs/serverc');
    expect((await made.proxy(evidence, target)).client).toEqual(alice);
  });

  test('renew and forward', async () => {
    const made = await aliceClient();
    await made.getServiceTicket(target);
    const tgt = await made.getTgt();
    kdc.now += 3_600_000;
    const renewed = await made.renew();
    expect(renewed.times.endtime).toBe(tgt.times.endtime + 3600);
    expect(await cache.list()).toEqual([renewed]);
    const forwarded = await made.forward();
    expect(forwarded.flags & TicketFlag.FORWARDED).not.toBe(0);
    expect(await cache.list()).toHaveLength(1);
  });

  test('the offset of the KDC’s clock is noted in the cache and taken from it', async () => {
    clockOff = 3_600_500;
    await aliceClient();
    expect(await cache.kdcOffset()).toEqual({ seconds: -3600, microseconds: -500_000 });
    const next = client();
    const ticket = await next.getServiceTicket(target);
    expect(next.context.clock.offset).toBe(-3_600_500);
    expect(ticket.client).toEqual(alice);
    expect(kdc.requests).toHaveLength(1);
  });
});

describe('context', () => {
  test('settings are those of [libdefaults]', () => {
    const text = `[libdefaults]
  permitted_enctypes = aes256-cts aes128-cts
  default_tkt_enctypes = aes128-cts
  default_tgs_enctypes = aes256-cts aes128-sha2
  clockskew = 60
  renew_lifetime = 7d
  ticket_lifetime = 10h
  forwardable = true`;
    const settings = {
      ...defaultSettings,
      ...settingsFromConfig(krb5Config(parseProfile(text)).libdefaults),
    };
    expect(settings).toMatchObject({
      etypes: [18, 17],
      clockSkew: 60,
      lifetime: 36_000,
      renewLifetime: 604_800,
      forwardable: true,
      proxiable: false,
      canonicalize: false,
    });
    expect(permittedOf(settings, undefined, settings.asEtypes)).toEqual([17]);
    // What is wanted but not permitted is left out.
    expect(permittedOf(settings, undefined, settings.tgsEtypes)).toEqual([18]);
    expect(permittedOf(settings, [17, 23], settings.tgsEtypes)).toEqual([17]);
    expect(permittedOf(settings, undefined)).toEqual([18, 17]);
  });

  test('nonces have 31 bits', () => {
    expect(freshNonce((size) => new Uint8Array(size).fill(0xff))).toBe(0x7fff_ffff);
    expect(freshNonce((size) => Uint8Array.from({ length: size }, (_, i) => i + 1))).toBe(
      0x0102_0304,
    );
  });

  test('timestamps have the milliseconds of the clock and random microseconds', () => {
    const { context } = makeLab();
    const clock = new KdcClock(() => 1_500_123.75);
    const random = (size: number) => new Uint8Array(size).fill(0xff);
    expect(freshTimestamp({ ...context, clock, random })).toEqual({
      seconds: 1500,
      microseconds: 123_535,
    });
    clock.adjust(2000);
    expect(freshTimestamp({ ...context, clock, random }).seconds).toBe(2000);
    expect(clock.seconds()).toBe(2000);
  });
});
