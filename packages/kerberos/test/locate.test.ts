import dgram from 'node:dgram';
import { once } from 'node:events';
import { pooledRandom, type RandomSource } from '@doublehop/crypto/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { krb5Config } from '../src/config/krb5-conf.ts';
import { parseProfile } from '../src/config/profile.ts';
import { MAX_LOCATION_TTL } from '../src/limits.ts';
import { fallbackRealm, realmOfHost } from '../src/locate/host-realm.ts';
import { createLocator } from '../src/locate/locator.ts';
import { nodeResolver } from '../src/locate/node-resolver.ts';
import { noResolver, type Resolver, type SrvRecord } from '../src/locate/resolver.ts';
import { deniesService, orderSrv } from '../src/locate/srv.ts';

/** Draws the given 32-bit numbers, then zeros. */
function drawing(...numbers: readonly number[]): RandomSource {
  const left = [...numbers];
  return (size) => {
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setUint32(0, left.shift() ?? 0);
    return bytes;
  };
}

function srv(target: string, priority = 0, weight = 0, port = 88): SrvRecord {
  return { target, priority, weight, port };
}

describe('RFC 2782, usage rules', () => {
  const order = (records: readonly SrvRecord[], ...numbers: readonly number[]) =>
    orderSrv(records, drawing(...numbers))
      .map(({ target }) => target)
      .join(' ');

  test('lower priorities first', () => {
    expect(order([srv('c', 20), srv('a', 0), srv('b', 10)])).toBe('a b c');
  });

  test('among equals the running sum of weights that reaches the number', () => {
    const records = [srv('a', 0, 1), srv('b', 0, 3), srv('z', 0, 0)];
    // Sums: z 0, a 1, b 4.
    expect(order(records, 0)).toBe('z a b');
    expect(order(records, 1)).toBe('a z b');
    expect(order(records, 2, 0)).toBe('b z a');
    expect(order(records, 4, 1)).toBe('b a z');
    // 5 is one more than the sum: back to 0.
    expect(order(records, 5)).toBe('z a b');
  });

  test('each record comes once, priorities never fall', () => {
    const record = fc.record({
      target: fc.string(),
      priority: fc.nat(3),
      weight: fc.nat(0xffff),
      port: fc.nat(0xffff),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 12 }), (records) => {
        const ordered = orderSrv(records, pooledRandom());
        expect(new Set(ordered)).toEqual(new Set(records));
        const priorities = ordered.map(({ priority }) => priority);
        expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
      }),
    );
  });

  test('a single "." denies the service', () => {
    expect(deniesService([srv('.')])).toBe(true);
    expect(deniesService([srv('')])).toBe(true);
    expect(deniesService([srv('.'), srv('a')])).toBe(false);
    expect(deniesService([])).toBe(false);
  });
});

function config(text: string) {
  return krb5Config(parseProfile(text));
}

function dns(records: Readonly<Record<string, readonly SrvRecord[]>>) {
  const asked: string[] = [];
  const resolver: Resolver = {
    ...noResolver,
    srv: async (name) => {
      asked.push(name);
      return records[name] ?? [];
    },
  };
  return { asked, resolver };
}

describe('KDC location (RFC 4120 §7.2.3)', () => {
  const random = drawing();

  test('the configuration first, without a look at the DNS', async () => {
    const { asked, resolver } = dns({ '_kerberos._udp.R': [srv('dns.example')] });
    const locator = createLocator({
      config: config(`[realms]
        R = {
          kdc = a:8088
          kdc = tcp/b
          primary_kdc = p
          admin_server = adm:7490
        }`),
      resolver,
      random,
      clock: () => 0,
    });
    expect(await locator.locate('R')).toEqual([
      { host: 'a', port: 8088 },
      { host: 'b', port: 88, transport: 'tcp' },
    ]);
    expect(await locator.locate('R', 'primary-kdc')).toEqual([{ host: 'p', port: 88 }]);
    expect(asked).toEqual([]);
    expect(await locator.locate('R', 'kpasswd')).toEqual([{ host: 'adm', port: 464 }]);
    expect(asked).toEqual(['_kpasswd._udp.R', '_kpasswd._tcp.R']);
  });

  test('then SRV records, UDP before TCP, kept until their TTL or our own limit', async () => {
    let now = 0;
    const { asked, resolver } = dns({
      '_kerberos._udp.CONTOSO.COM': [{ ...srv('dc2.', 1), ttl: 99_999 }, srv('dc1.', 0)],
      '_kerberos._tcp.CONTOSO.COM': [srv('dc1', 0, 0, 8088)],
    });
    const locator = createLocator({ config: config(''), resolver, random, clock: () => now });
    const servers = [
      { host: 'dc1', port: 88, transport: 'udp' },
      { host: 'dc2', port: 88, transport: 'udp' },
      { host: 'dc1', port: 8088, transport: 'tcp' },
    ];
    expect(await locator.locate('CONTOSO.COM')).toEqual(servers);
    now = MAX_LOCATION_TTL * 1000 - 1;
    expect(await locator.locate('CONTOSO.COM')).toEqual(servers);
    expect(asked).toHaveLength(2);
    now += 1;
    await locator.locate('CONTOSO.COM');
    expect(asked).toHaveLength(4);
  });

  test('then those that only domain controllers register (MS-ADTS 6.3.2.3)', async () => {
    const { asked, resolver } = dns({
      '_kerberos._tcp.dc._msdcs.CONTOSO.COM': [{ ...srv('dc'), ttl: 0 }],
    });
    const locator = createLocator({ config: config(''), resolver, random, clock: () => 0 });
    const servers = [{ host: 'dc', port: 88, transport: 'tcp' }];
    expect(await locator.locate('CONTOSO.COM')).toEqual(servers);
    // A TTL of 0: asked again.
    expect(await locator.locate('CONTOSO.COM')).toEqual(servers);
    expect(asked).toHaveLength(6);
  });

  test.each([
    ['nothing found', '', {}, /has no _kerberos\._udp\.R\.COM; add "kdc = HOST"/],
    ['a denied service', '', { '_kerberos._udp.R.COM': [srv('.')] }, /has no _kerberos/],
    ['no DNS', '[libdefaults]\ndns_lookup_kdc = 0', {}, /the DNS is not asked/],
    ['a proxy only', '[realms]\nR.COM = {\nkdc = https://p/K\n}', {}, /https:\/\/p\/K cannot/],
  ])('%s is an error that says what to do', async (_, text, records, message) => {
    const { resolver } = dns(records);
    const locator = createLocator({ config: config(text), resolver, random, clock: () => 0 });
    await expect(locator.locate('R.COM')).rejects.toThrow(message);
    await expect(locator.locate('R.COM')).rejects.toMatchObject({
      code: 'no-kdc',
      detail: { subject: 'R.COM' },
    });
  });

  test('a DNS that fails is named, a realm that is no domain is not asked for', async () => {
    const { asked, resolver } = dns({});
    const failing: Resolver = { ...resolver, srv: () => Promise.reject(new Error('EREFUSED')) };
    const make = (used: Resolver) =>
      createLocator({ config: config(''), resolver: used, random, clock: () => 0 });
    await expect(make(failing).locate('R')).rejects.toThrow(/\(EREFUSED\)/);
    await expect(make(resolver).locate('R/../x')).rejects.toThrow(/not asked/);
    expect(asked).toEqual([]);
  });
});

describe('the realm of a host', () => {
  const mapped = config(`[domain_realm]
    special.b.c = SPECIAL
    .b.c = BELOW
    b.c = EXACT
    c = TOP
    10.0.0.1 = NEVER`);

  // The order of MIT krb5 src/lib/krb5/os/hostrealm_profile.c.
  test.each([
    ['Special.B.c.', 'SPECIAL'],
    ['a.b.c', 'BELOW'],
    ['x.a.b.c', 'BELOW'],
    ['b.c', 'EXACT'],
    ['z.c', 'TOP'],
    ['d', undefined],
    ['10.0.0.1', undefined],
    ['fe80::1', undefined],
    ['', undefined],
  ])('[domain_realm] of %s is %s', (host, realm) => {
    expect(realmOfHost(host, mapped)).toBe(realm);
  });

  const fallback = (host: string, settings: string, resolver: Resolver) => {
    const conf = config(`[libdefaults]\n${settings}`);
    const locator = createLocator({
      config: conf,
      resolver,
      random: drawing(),
      clock: () => 0,
    });
    return fallbackRealm(host, { config: conf, locator, resolver });
  };

  test('at last the parent domain in capitals', async () => {
    expect(await fallback('b.contoso.com', '', noResolver)).toBe('CONTOSO.COM');
    expect(await fallback('host', '', noResolver)).toBeUndefined();
    expect(await fallback('127.0.0.1', '', noResolver)).toBeUndefined();
  });

  test('with realm_try_domains the first domain that has KDCs', async () => {
    const { asked, resolver } = dns({ '_kerberos._udp.A.B.C': [srv('kdc')] });
    expect(await fallback('x.a.b.c', 'realm_try_domains = 0', resolver)).toBe('A.B.C');
    expect(asked).toContain('_kerberos._udp.X.A.B.C');
    expect(asked).not.toContain('_kerberos._udp.A.B.C');
    expect(await fallback('y.x.a.b.c', 'realm_try_domains = 2', resolver)).toBe('A.B.C');
    expect(await fallback('y.x.a.b.c', 'realm_try_domains = 1', resolver)).toBe('X.A.B.C');
  });

  test('with dns_lookup_realm a TXT record of the host or a parent', async () => {
    const resolver: Resolver = {
      ...noResolver,
      txt: async (name) => {
        if (name === '_kerberos.x.a.b') throw new Error('ESERVFAIL');
        return name === '_kerberos.a.b' ? ['TOLD.'] : [];
      },
    };
    expect(await fallback('x.a.b', 'dns_lookup_realm = true', resolver)).toBe('TOLD');
    expect(await fallback('x.a.b', '', resolver)).toBe('A.B');
  });
});

describe('the resolver of node:dns', () => {
  /** Answers SRV questions for `_kerberos._udp.contoso.com` and denies all other names. */
  async function dnsServer() {
    const socket = dgram.createSocket('udp4');
    socket.on('message', (query, from) => {
      const known = query.includes('_kerberos');
      const end = query.indexOf(0, 12) + 5;
      const header = Buffer.from(query.subarray(0, 12));
      header.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
      header.writeUInt16BE(known ? 1 : 0, 6);
      header.writeUInt32BE(0, 8);
      const target = Buffer.from('\x02dc\x07contoso\x03com\0', 'latin1');
      const fixed = Buffer.from('c00c00210001000000300000000000010058', 'hex');
      fixed.writeUInt16BE(6 + target.length, 10);
      const answer = known ? [fixed, target] : [];
      const reply = Buffer.concat([header, query.subarray(12, end), ...answer]);
      socket.send(reply, from.port, from.address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return socket;
  }

  test('reads SRV records, takes missing names for none, finds addresses', async () => {
    const server = await dnsServer();
    try {
      const resolver = nodeResolver([`127.0.0.1:${server.address().port}`]);
      expect(await resolver.srv('_kerberos._udp.contoso.com')).toMatchObject([
        { target: 'dc.contoso.com', priority: 0, weight: 1, port: 88 },
      ]);
      expect(await resolver.srv('_kpasswd._udp.contoso.com')).toEqual([]);
      expect(await resolver.txt('_other.contoso.com')).toEqual([]);
    } finally {
      server.close();
    }
    expect(await nodeResolver().addresses('127.0.0.1')).toEqual(['127.0.0.1']);
  });
});
