import { KerberosError } from '@doublehop/kerberos/errors';
import { LdapError } from '@doublehop/ldap/errors';
import { describe, expect, test } from 'vitest';
import { connectFailure } from '../src/connect/failure.ts';
import { AdminError } from '../src/errors.ts';

describe('connectFailure', () => {
  const codeOf = (error: unknown): unknown => {
    const failure = connectFailure(error, 'ldap://dc');
    expect(failure).toBeInstanceOf(AdminError);
    expect(String(failure)).not.toContain('\n');
    return failure instanceof AdminError ? failure.code : undefined;
  };

  test('each failure is one line that says what to do', () => {
    expect(codeOf(new LdapError('connectError', 'dc:389: connect ECONNREFUSED'))).toBe(
      'unreachable',
    );
    expect(codeOf(new LdapError('connectError', 'dc:389: no connection in 10 ms'))).toBe(
      'unreachable',
    );
    expect(codeOf(new LdapError('timeout', 'no answer'))).toBe('unreachable');
    expect(codeOf(new LdapError('connectError', 'TLS with dc: self-signed'))).toBe('untrusted');
    expect(codeOf(new LdapError('invalidCredentials', 'no'))).toBe('credentials');
    expect(codeOf(new LdapError('strongerAuthRequired', 'no'))).toBe('credentials');
    expect(codeOf(new LdapError('busy', 'later'))).toBe('unreachable');
    expect(codeOf(new LdapError('operationsError', 'no'))).toBe('directory');
    expect(codeOf(new LdapError('paramError', 'bad'))).toBe('usage');
    expect(codeOf(new KerberosError('no-credentials', 'FILE:x holds nothing'))).toBe('credentials');
  });

  test('errors of Kerberos speak for themselves', () => {
    const error = new KerberosError('password', 'wrong password for alice');
    expect(connectFailure(error, 'ldap://dc')).toBe(error);
  });

  const told = (error: unknown, url = 'ldap://dc1.contoso.com'): string =>
    String(connectFailure(error, url));
  const tls = (word: string, reason: string): LdapError =>
    new LdapError('connectError', `TLS with dc1: ${reason}`, {
      cause: Object.assign(new Error(reason), {
        code: word,
        cert: { subjectaltname: 'DNS:dc2.contoso.com' },
      }),
    });

  test('silence is told with the port that was tried', () => {
    expect(told(new LdapError('connectError', 'dc1:389: connect ECONNREFUSED'))).toMatch(
      /dc1\.contoso\.com does not answer at TCP port 389 \(ECONNREFUSED\): nothing listens/,
    );
    const url = 'ldaps://dc1.contoso.com';
    expect(told(new LdapError('connectError', 'dc1:636: no connection in 10 ms'), url)).toMatch(
      /at TCP port 636/,
    );
  });

  // What Node and OpenSSL say of certificates, and what is to be done.
  test.for([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in chain', /not trusted .*--ca-file/],
    ['CERT_HAS_EXPIRED', 'certificate has expired', /has expired; renew it/],
    ['CERT_NOT_YET_VALID', 'certificate is not yet valid', /not valid yet; compare .* clock/],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      "Hostname/IP does not match certificate's altnames",
      /is for DNS:dc2\.contoso\.com, not for dc1\.contoso\.com; connect by such a name/,
    ],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'ssl3_get_record:wrong version number', /speaks no TLS/],
    ['ECONNRESET', 'read ECONNRESET', /ended the TLS handshake; has it a certificate/],
  ] as const)('a certificate: %s', ([word, reason, expected]) => {
    expect(told(tls(word, reason), 'ldaps://dc1.contoso.com')).toMatch(expected);
  });

  // Diagnostic messages of Windows Server 2022 (MS-ADTS 5.1.1.1; MS-ERREF 2.2 for the data).
  const logon = (data: string): string =>
    `80090308: LdapErr: DSID-0C090569, comment: AcceptSecurityContext error, data ${data}, v4f7c`;
  test.for([
    ['52e', /wrong name or password/],
    ['525', /no such account/],
    ['532', /password has expired; change it with doublehop kpasswd/],
    ['533', /disabled/],
    ['773', /must be changed first/],
    ['775', /locked out/],
    ['701', /account has expired/],
  ] as const)('a simple bind: data %s', ([data, expected]) => {
    expect(told(new LdapError('invalidCredentials', logon(data)))).toMatch(expected);
  });

  test('channel binding, signing and encryption that a controller requires', () => {
    const binding =
      '80090346: LdapErr: DSID-0C090597, comment: AcceptSecurityContext error, data 80090346';
    expect(told(new LdapError('invalidCredentials', binding))).toMatch(
      /refuses the channel binding/,
    );
    const signing =
      '00002028: LdapErr: DSID-0C090259, comment: The server requires binds to turn on integrity ' +
      'checking if SSL\\TLS are not already active on the connection';
    expect(told(new LdapError('strongerAuthRequired', signing))).toMatch(
      /requires signing .*leave --insecure-plain-ldap away/,
    );
    expect(told(new LdapError('confidentialityRequired', 'TLS'))).toMatch(/requires encryption/);
  });

  test('a service that the KDC does not know', () => {
    const error = new KerberosError('krb-error', 'KDC_ERR_S_PRINCIPAL_UNKNOWN (7)', {
      errorCode: 7,
      subject: 'ldap/alias.contoso.com@CONTOSO.COM',
    });
    expect(told(error)).toMatch(
      /--server: the KDC knows no ldap\/alias\.contoso\.com@CONTOSO\.COM: .* no alias/,
    );
  });
});
