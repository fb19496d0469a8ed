import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { etypeName, etypeNumber, parseEtypeList } from '../src/config/etype-names.ts';
import { krb5Config } from '../src/config/krb5-conf.ts';
import { parseProfile } from '../src/config/profile.ts';
import { expandTokens, parseBoolean, parseDuration, parseServer } from '../src/config/values.ts';

const DAY = 86_400;
const HOUR = 3600;

describe('durations (krb5_string_to_deltat)', () => {
  // MIT krb5 src/lib/krb5/krb/t_deltat.c.
  test.each([
    ['3d', 3 * DAY],
    ['3h', 3 * HOUR],
    ['3m', 180],
    ['3s', 3],
    ['3d4m    42s', 3 * DAY + 4 * 60 + 42],
    ['3d-1h', 3 * DAY - HOUR],
    ['3d -1h', 3 * DAY - HOUR],
    ['3d4h5m6s', 3 * DAY + 4 * HOUR + 5 * 60 + 6],
    ['12345s', 12345],
    ['1m12345s', 60 + 12345],
    ['3d 0m  ', 3 * DAY],
    ['3d \n\t 0m  ', 3 * DAY],
    ['42-13:42:47', 42 * DAY + 13 * HOUR + 42 * 60 + 47],
    ['12:34', 12 * HOUR + 34 * 60],
    ['1:02:03', HOUR + 123],
    ['3:4', 3 * HOUR + 240],
    ['42', 42],
    ['2147483647s', 2147483647],
    ['24855d 3h 14m 7s', 2147483647],
    ['596523h 847s', 2147483647],
    ['35791394m7s', 2147483647],
    ['-2147483647s', -2147483647],
    ['-24855d -3h -14m -7s', -2147483647],
    ['-596523h -848s', -2147483648],
    ['-35791394m7s', -2147483633],
  ])('%j', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each([
    '3dd',
    '3d4m5h',
    '3: 4',
    '13:0003',
    '3:-4',
    '1-2',
    '2147483648s',
    '24856d',
    '24855d 100000000h',
    '24855d 4h',
    '24855d 11648s',
    '24855d 19500000000m',
    '596523h 14m 8s',
    '-24856d',
    '-24855d -11649s',
    '-596523h -849s',
    '-35791394m-9s',
    '',
    '  ',
    'forever',
    `${' '.repeat(70)}1s`,
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('any text is a 32-bit number of seconds or none', () => {
    const text = fc.stringMatching(/^[ 0-9dhms:-]{0,64}$/);
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (value) => {
        const seconds = parseDuration(value);
        if (seconds !== undefined) expect(seconds).toBe(seconds | 0);
      }),
    );
  });
});

describe('servers (k5_parse_host_string)', () => {
  // MIT krb5 src/lib/krb5/krb/t_parse_host_string.c, and Heimdal's transport prefixes.
  const v6 = 'BEEF:CAFE:FEED:FACE:DEAD:BEEF:DEAF:BABE';
  test.each([
    ['test.example', 'test.example', 88],
    ['test.example:75', 'test.example', 75],
    ['192.168.1.1:150', '192.168.1.1', 150],
    [`[${v6}]`, v6, 88],
    [`[${v6}]:250`, v6, 250],
    [`[${v6}%eth0]`, `${v6}%eth0`, 88],
    ['::1', '::1', 88],
  ])('%s', (text, host, port) => {
    expect(parseServer(text, 88)).toEqual({ host, port });
    expect(parseServer(`tcp/${text}`, 88)).toEqual({ host, port, transport: 'tcp' });
    expect(parseServer(`udp/${text}`, 88)).toEqual({ host, port, transport: 'udp' });
  });

  test.each([':300', '350', '', '70000', 'test.example:F101', 'a:70000', 'https://a/KdcProxy'])(
    '%j is none',
    (text) => {
      expect(parseServer(text, 88)).toBeUndefined();
    },
  );

  test.each(['/run/kdc.sock', '[zone]:88', 'a b', 'tcp/'])('%j is none either', (text) => {
    expect(parseServer(text, 88)).toBeUndefined();
  });
});

test('booleans (prof_get.c)', () => {
  for (const yes of ['y', 'Yes', 'TRUE', 't', '1', 'on']) expect(parseBoolean(yes)).toBe(true);
  for (const no of ['n', 'no', 'False', 'nil', '0', 'off']) expect(parseBoolean(no)).toBe(false);
  expect(parseBoolean('maybe')).toBeUndefined();
});

test('path tokens (expand_path.c)', () => {
  const tokens = { uid: 1000, username: 'alice', temp: '/tmp' };
  expect(expandTokens('FILE:%{TEMP}/krb5cc_%{uid}%{null}', tokens)).toBe('FILE:/tmp/krb5cc_1000');
  expect(expandTokens('%{USERID}-%{euid}-%{username}', tokens)).toBe('1000-1000-alice');
  for (const bad of ['%{LIBDIR}', '%{uid', '%{constructor}']) {
    expect(() => expandTokens(bad, tokens)).toThrow(expect.objectContaining({ code: 'config' }));
  }
});

describe('lists of encryption types', () => {
  const list = (text: string, allowRc4 = false, defaults = [18, 17]) =>
    parseEtypeList(text, { allowRc4, defaults });

  // After MIT krb5 src/lib/krb5/krb/t_etypes.c, without what is not implemented.
  test('names, families, the default list, removals', () => {
    expect(list('aes128-cts-hmac-sha1-96')).toEqual([17]);
    expect(list('default -aes128-cts -des-hmac-sha1')).toEqual([18]);
    expect(list('aes des3-cbc-sha1-kd')).toEqual([18, 17, 20, 19]);
    expect(list('DEFAULT +aes -arcfour-hmac-md5', true, [23, 16])).toEqual([18, 17, 20, 19]);
    expect(list('DEFAULT -des3 rc4-hmac rc4-hmac-exp', true)).toEqual([18, 17, 23]);
    expect(list('aes +rc4 -DEFaulT des3-hmac-sha1', true, [17, 16, 23])).toEqual([18, 20, 19]);
    expect(list('aes256-sha2,aes128-sha2 nonsense aes256-sha2')).toEqual([20, 19]);
  });

  test('RC4 only where it is allowed', () => {
    expect(list('rc4 aes256-cts')).toEqual([18]);
    expect(list('rc4 aes256-cts', true)).toEqual([23, 18]);
  });

  test('names and numbers', () => {
    expect(etypeNumber('AES256-SHA1')).toBe(18);
    expect(etypeName(18)).toBe('aes256-cts-hmac-sha1-96');
    expect(etypeName(etypeNumber('rc4-hmac') ?? 0)).toBe('arcfour-hmac');
    expect(etypeNumber('des')).toBeUndefined();
    expect(etypeName(99)).toBe('etype 99');
  });
});

describe('krb5.conf', () => {
  const config = krb5Config(
    parseProfile(`[libdefaults]
      default_realm = CONTOSO.COM
      dns_lookup_kdc = no
      dns_canonicalize_hostname = fallback
      rdns = false
      udp_preference_limit = 1
      forwardable = true
      ticket_lifetime = 10h
      renew_lifetime = 7d
      clockskew = 120
      permitted_enctypes = aes256-cts aes128-cts
      default_tgs_enctypes = aes256-sha1
      default_ccache_name = FILE:/tmp/lab_%{uid}
      request_timeout = 20s
      realm_try_domains = 1
    [realms]
      CONTOSO.COM = {
        kdc = 127.0.0.1:8088
        kdc = tcp/dc.contoso.com
        kdc = https://proxy/KdcProxy
        master_kdc = dc1.contoso.com
        admin_server = dc.contoso.com
        kpasswd_server = dc.contoso.com:8464
      }
      EMPTY.COM = {
      }
    [domain_realm]
      .contoso.com = CONTOSO.COM
      Odd.Contoso.com = FABRIKAM.COM
    [capaths]
      CONTOSO.COM = {
        FABRIKAM.COM = .
        FAR.COM = MID1.COM
        FAR.COM = MID2.COM
      }`),
  );

  test('[libdefaults]', () => {
    expect(config.libdefaults).toEqual({
      defaultRealm: 'CONTOSO.COM',
      dnsLookupKdc: false,
      dnsLookupRealm: false,
      dnsCanonicalizeHostname: 'fallback',
      rdns: false,
      udpPreferenceLimit: 1,
      forwardable: true,
      proxiable: false,
      noaddresses: true,
      canonicalize: false,
      ticketLifetime: 36_000,
      renewLifetime: 604_800,
      clockskew: 120,
      permittedEtypes: [18, 17],
      tktEtypes: [18, 17],
      tgsEtypes: [18],
      allowWeakCrypto: false,
      allowRc4: false,
      defaultCcacheName: 'FILE:/tmp/lab_%{uid}',
      defaultKeytabName: 'FILE:/etc/krb5.keytab',
      requestTimeout: 20,
      realmTryDomains: 1,
    });
  });

  test('[realms]', () => {
    expect(config.realms.get('CONTOSO.COM')).toEqual({
      kdc: [
        { host: '127.0.0.1', port: 8088 },
        { host: 'dc.contoso.com', port: 88, transport: 'tcp' },
      ],
      primaryKdc: [{ host: 'dc1.contoso.com', port: 88 }],
      kpasswdServer: [{ host: 'dc.contoso.com', port: 8464 }],
      adminServer: [{ host: 'dc.contoso.com', port: 749 }],
      unusable: ['https://proxy/KdcProxy'],
    });
    expect(config.realms.get('EMPTY.COM')?.kdc).toEqual([]);
  });

  test('[domain_realm] and [capaths]', () => {
    expect(Object.fromEntries(config.domainRealm)).toEqual({
      '.contoso.com': 'CONTOSO.COM',
      'odd.contoso.com': 'FABRIKAM.COM',
    });
    const paths = config.capaths.get('CONTOSO.COM');
    expect(paths?.get('FABRIKAM.COM')).toEqual([]);
    expect(paths?.get('FAR.COM')).toEqual(['MID1.COM', 'MID2.COM']);
  });

  const libdefaults = (line: string) =>
    krb5Config(parseProfile(`[libdefaults]\n${line}`)).libdefaults;

  test("MIT's defaults where nothing is said", () => {
    expect(libdefaults('')).toMatchObject({
      defaultRealm: undefined,
      dnsLookupKdc: true,
      dnsLookupRealm: false,
      dnsCanonicalizeHostname: true,
      udpPreferenceLimit: 1465,
      ticketLifetime: DAY,
      clockskew: 300,
      permittedEtypes: [18, 17, 20, 19],
      requestTimeout: 0,
      realmTryDomains: -1,
    });
    expect(libdefaults('allow_rc4 = true').permittedEtypes).toEqual([18, 17, 20, 19, 23]);
    expect(libdefaults('dns_fallback = false').dnsLookupKdc).toBe(false);
    expect(libdefaults('udp_preference_limit = -1').udpPreferenceLimit).toBe(1465);
    expect(libdefaults('udp_preference_limit = 99999').udpPreferenceLimit).toBe(32_700);
    expect(libdefaults('kdc_timeout = 3').requestTimeout).toBe(3);
  });

  test.each([
    'rdns = perhaps',
    'clockskew = soon',
    'udp_preference_limit = 1k',
    'permitted_enctypes = rc4',
    'default_tkt_enctypes = nonsense',
  ])('%s is an error that names the relation', (line) => {
    expect(() => libdefaults(line)).toThrow(
      expect.objectContaining({ code: 'config', detail: { subject: line.split(' ')[0] } }),
    );
  });
});
