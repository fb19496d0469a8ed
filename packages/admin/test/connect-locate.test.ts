import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { parseProfile } from '@doublehop/kerberos/config/profile';
import type { SrvRecord } from '@doublehop/kerberos/locate/resolver';
import { describe, expect, test, vi } from 'vitest';
import type { Ping, PingAnswer } from '../src/connect/ping.ts';
import { controllerUrl, locateControllers, type LocateOptions } from '../src/connect/locate.ts';

const config = krb5Config(
  parseProfile('[realms]\n CONTOSO.COM = {\n kdc = dc1.contoso.com:88\n kdc = [::1]:88\n }\n'),
);
const srv = (...records: readonly (readonly [string, number])[]): LocateOptions['resolver'] => ({
  srv: async () =>
    records.map(([target, priority]): SrvRecord => ({ target, priority, weight: 0, port: 389 })),
});
const locate = async (options: Partial<LocateOptions>) =>
  await locateControllers({
    domain: 'contoso.com',
    config,
    resolver: srv(),
    random: (size) => new Uint8Array(size),
    ...options,
  });

describe('locateControllers (MS-ADTS 6.3.2.3)', () => {
  test('the one that is named, and no other', async () => {
    expect(await locate({ server: 'dc9' })).toEqual(['ldap://dc9']);
    expect(await locate({ server: 'ldaps://dc9:6636' })).toEqual(['ldaps://dc9:6636']);
  });

  test('the DNS by priority, else the KDCs of krb5.conf', async () => {
    const resolver = srv(['dc2.contoso.com.', 10], ['dc1.contoso.com.', 0]);
    expect(await locate({ resolver })).toEqual([
      'ldap://dc1.contoso.com:389',
      'ldap://dc2.contoso.com:389',
    ]);
    expect(await locate({})).toEqual(['ldap://dc1.contoso.com', 'ldap://[::1]']);
    const silent = { srv: async () => await Promise.reject(new Error('no DNS')) };
    expect(await locate({ resolver: silent })).toHaveLength(2);
  });

  test('nothing found, nothing known', async () => {
    await expect(locate({ domain: 'fabrikam.com' })).rejects.toThrow(
      /^--server: the DNS names no controller of fabrikam\.com; .*name one: dc1\.fabrikam\.com$/,
    );
    await expect(locate({ domain: undefined })).rejects.toMatchObject({ code: 'no-controller' });
  });

  test.for(['', 'ldap://', 'http://dc', 'dc one', 'ldap://dc:99999', 'a@b'])(
    'no controller: %j',
    (text) => {
      expect(() => controllerUrl(text)).toThrow(/^--server: .* is right$/);
    },
  );

  test('an IPv6 address gets its brackets', () => {
    expect(controllerUrl('2001:db8::1')).toBe('ldap://[2001:db8::1]');
    expect(controllerUrl('dc1:3389')).toBe('ldap://dc1:3389');
  });
});

describe('several that are named', () => {
  test('separated by commas, each once, in their order', async () => {
    const server = 'dc2, dc1.contoso.com:3389,ldaps://dc3,dc2';
    const urls = ['ldap://dc2', 'ldap://dc1.contoso.com:3389', 'ldaps://dc3'];
    expect(await locate({ server })).toEqual(urls);
    expect(await locate({ server, secure: true })).toEqual([
      'ldaps://dc2',
      'ldaps://dc1.contoso.com:3389',
      'ldaps://dc3',
    ]);
    const many = Array.from({ length: 9 }, (_, at) => `dc${at}`).join(',');
    await expect(locate({ server: many })).rejects.toThrow(/more than 8 controllers/);
  });
});

/** Sites with their controllers; those of `all` are in the list without a site. */
type Sites = Readonly<Record<string, readonly string[]>>;

interface Seen {
  readonly urls: readonly string[];
  readonly queries: readonly string[];
  readonly pinged: readonly string[];
}

/** Finds controllers where `answers` has what each of them says to a ping; others are silent. */
async function located(
  sites: Sites,
  answers: Readonly<Record<string, Partial<PingAnswer>>>,
  options: Partial<LocateOptions> = {},
): Promise<Seen> {
  const queries: string[] = [];
  const pinged: string[] = [];
  const resolver: LocateOptions['resolver'] = {
    srv: async (name) => {
      queries.push(name);
      const site = /^_ldap\._tcp\.(.*?)\._sites\./.exec(name)?.[1] ?? 'all';
      return (sites[site] ?? []).map((host, priority) => ({
        target: `${host}.contoso.com.`,
        priority,
        weight: 0,
        port: 389,
      }));
    },
  };
  const ping: Ping = async ({ host }, domain) => {
    const [name = ''] = host.split('.');
    pinged.push(name);
    const answer = answers[name];
    return answer === undefined ? undefined : { ...ANSWER, controller: host, domain, ...answer };
  };
  const urls = await locate({ resolver, ping, ...options });
  const names = urls.map((url) => url.replace(/^ldaps?:\/\/|\.contoso\.com(?::389)?$/g, ''));
  return { urls: names, queries, pinged };
}

const ANSWER: PingAnswer = {
  controller: '',
  domain: 'contoso.com',
  forest: 'contoso.com',
  site: 'London',
  clientSite: 'Paris',
  flags: 0,
  closest: false,
  writable: true,
};

describe('sites (MS-ADTS 6.3.6)', () => {
  const sites = { all: ['lon1', 'lon2', 'par1', 'par2'], paris: ['par1', 'par2'] };

  test('a controller tells our site, and those of that site come first', async () => {
    const answers = { lon1: {}, par1: { site: 'Paris', closest: true } };
    const { urls, queries } = await located(sites, answers);
    expect(urls).toEqual(['par1', 'par2', 'lon1', 'lon2']);
    expect(queries).toEqual([
      '_ldap._tcp.dc._msdcs.contoso.com',
      '_ldap._tcp.paris._sites.dc._msdcs.contoso.com',
    ]);
  });

  test('one that is the closest needs no second question', async () => {
    const { urls, queries, pinged } = await located(sites, { lon1: { closest: true } });
    expect(urls).toEqual(['lon1', 'lon2', 'par1', 'par2']);
    expect([queries.length, pinged]).toEqual([1, ['lon1']]);
  });

  test('who answers goes before the silent', async () => {
    const { urls } = await located(sites, { lon2: {}, par2: { closest: true } });
    expect(urls).toEqual(['par2', 'par1', 'lon2', 'lon1']);
  });

  test('nobody answers UDP: the order of the DNS', async () => {
    vi.useFakeTimers();
    try {
      const found = located(sites, {});
      await vi.advanceTimersByTimeAsync(10_000);
      expect((await found).urls).toEqual(sites.all);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a site without controllers, and an address without a site', async () => {
    const bare = await located({ all: sites.all }, { lon1: {} });
    expect(bare.urls).toEqual(['lon1', 'lon2', 'par1', 'par2']);
    const nowhere = await located(sites, { lon1: { clientSite: '' } });
    expect(nowhere.queries).toHaveLength(1);
  });

  test('a read-only controller comes last: it takes no writes', async () => {
    const answers = { lon1: { writable: false }, lon2: {}, par1: { writable: false } };
    const { urls } = await located(sites, answers);
    expect(urls.slice(-1)).toEqual(['par1']);
    expect(urls).toHaveLength(4);
  });

  test('a site that is named is asked for first, and has to be there', async () => {
    const { urls, queries } = await located(sites, { par2: {} }, { site: 'Paris' });
    expect(urls).toEqual(['par2', 'par1', 'lon1', 'lon2']);
    expect(queries[0]).toBe('_ldap._tcp.paris._sites.dc._msdcs.contoso.com');
    await expect(located(sites, {}, { site: 'Rome' })).rejects.toThrow(
      /^--site: the DNS names no controller of contoso\.com in the site Rome/,
    );
    await expect(located(sites, {}, { site: 'a b' })).rejects.toThrow(/is no name of a site/);
  });

  test('a domain with one controller is not asked', async () => {
    expect(await located({ all: ['dc1'] }, {})).toMatchObject({ urls: ['dc1'], pinged: [] });
  });

  test('LDAPS at the same machines', async () => {
    const { urls } = await located(sites, { lon1: { closest: true } }, { secure: true });
    expect(urls[0]).toBe('lon1');
  });

  test('a DNS that fails is told where nothing else knows', async () => {
    const failing: LocateOptions['resolver'] = {
      srv: async () => await Promise.reject(Object.assign(new Error('x'), { code: 'ETIMEOUT' })),
    };
    await expect(locate({ domain: 'fabrikam.com', resolver: failing })).rejects.toThrow(
      /the DNS does not answer for fabrikam\.com \(ETIMEOUT\)/,
    );
  });
});
