import { KerberosError } from '@doublehop/kerberos/errors';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { parseProfile } from '@doublehop/kerberos/config/profile';
import type { SrvRecord } from '@doublehop/kerberos/locate/resolver';
import { LdapError } from '@doublehop/ldap/errors';
import { describe, expect, test } from 'vitest';
import { connectFailure } from '../src/connect-failure.ts';
import { AdminError } from '../src/errors.ts';
import { controllerUrl, locateControllers, type LocateOptions } from '../src/locate.ts';

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
      '--server: the DNS names no controller of fabrikam.com; name one: dc1.fabrikam.com',
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

describe('connectFailure', () => {
  const code = (error: unknown): unknown => {
    const failure = connectFailure(error, 'ldap://dc');
    expect(failure).toBeInstanceOf(AdminError);
    expect(String(failure)).not.toContain('\n');
    return failure instanceof AdminError ? failure.code : undefined;
  };

  test('each failure is one line that says what to do', () => {
    expect(code(new LdapError('connectError', 'dc:389: connect ECONNREFUSED'))).toBe('unreachable');
    expect(code(new LdapError('connectError', 'dc:389: no connection in 10 ms'))).toBe(
      'unreachable',
    );
    expect(code(new LdapError('timeout', 'no answer'))).toBe('unreachable');
    expect(code(new LdapError('connectError', 'TLS with dc: self-signed'))).toBe('untrusted');
    expect(code(new LdapError('invalidCredentials', 'no'))).toBe('credentials');
    expect(code(new LdapError('strongerAuthRequired', 'no'))).toBe('credentials');
    expect(code(new LdapError('busy', 'later'))).toBe('directory');
    expect(code(new LdapError('paramError', 'bad'))).toBe('usage');
    expect(code(new KerberosError('no-credentials', 'FILE:x holds nothing'))).toBe('credentials');
  });

  test('errors of Kerberos speak for themselves', () => {
    const error = new KerberosError('password', 'wrong password for alice');
    expect(connectFailure(error, 'ldap://dc')).toBe(error);
  });
});
