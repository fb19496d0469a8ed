import { KerberosError } from '@doublehop/kerberos/errors';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import { LdapError } from '@doublehop/ldap/errors';
import { parseLdapUrl } from '@doublehop/ldap/url';
import { AdminError } from '../errors.ts';

/**
 * What a failure to connect means, in one line that says what to do. KerberosErrors tell that by
 * themselves and are returned as they are, but for those that are about the controller.
 */
export function connectFailure(error: unknown, url: string): unknown {
  const detail = { subject: url, cause: error };
  if (error instanceof KerberosError) return kerberosFailure(error, url);
  if (!(error instanceof LdapError)) return error;
  const { code } = error;
  if (code === 'connectError' && error.message.startsWith('TLS with ')) {
    return new AdminError('untrusted', untrusted(error, url), detail);
  }
  if (isLost(error)) return new AdminError('unreachable', unreachable(error, url), detail);
  if (code === 'busy' || code === 'unavailable') {
    const message = `${url} is ${code} (${error.message}); try again later, or name another one`;
    return new AdminError('unreachable', message, detail);
  }
  if (code === 'authUnknown' && error.message.includes('no security layer in common')) {
    return new AdminError('credentials', unprotected(error, url), detail);
  }
  if (code === 'invalidCredentials' || code === 'authUnknown') {
    return new AdminError('credentials', refused(error, url), detail);
  }
  if (code === 'strongerAuthRequired' || code === 'confidentialityRequired') {
    return new AdminError('credentials', unprotected(error, url), detail);
  }
  if (code === 'authMethodNotSupported' || code === 'inappropriateAuthentication') {
    const message = `${url} does not take this way to log on (${error.message}); try --mechanism`;
    return new AdminError('credentials', message, detail);
  }
  if (code === 'paramError') return new AdminError('usage', error.message, detail);
  return new AdminError('directory', `${url}: ${code}: ${error.message}`, detail);
}

/** `dc1.contoso.com:389`, the port always told. */
export function placeOf(url: string): string {
  const { host, port } = parseLdapUrl(url);
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether the controller cannot be reached, or not any more: it said nothing. */
export function isLost({ code }: LdapError): boolean {
  return code === 'connectError' || code === 'serverDown' || code === 'timeout';
}

function kerberosFailure(error: KerberosError, url: string): unknown {
  const detail = { subject: url, cause: error };
  if (error.code === 'no-credentials') {
    const message = `${error.message}; get some with doublehop kinit, or give --keytab`;
    return new AdminError('credentials', message, detail);
  }
  if (error.detail.errorCode === ErrorCode.KDC_ERR_S_PRINCIPAL_UNKNOWN) {
    const message =
      `the KDC knows no ${error.detail.subject ?? 'such service'}: that is no name of a ` +
      'controller, or not its own; name it as the domain does, dc1.contoso.com, and no alias';
    return new AdminError('credentials', message, { ...detail, argument: '--server' });
  }
  return error;
}

function unreachable(error: LdapError, url: string): string {
  const reason = reasonOf(error);
  const hint = HINTS[reason] ?? 'check name, port and firewall';
  const { port } = parseLdapUrl(url);
  const place = `TCP port ${port}`;
  return `${url} does not answer at ${place} (${reason}): ${hint}`;
}

/** `ECONNREFUSED`, or what the error says. */
export function reasonOf({ message }: Error): string {
  return /\bE[A-Z_]{4,}\b/.exec(message)?.[0] ?? message;
}

const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; is the controller running, and the port right?',
  ECONNRESET: 'it was cut off; is there a firewall between, or TLS at that port?',
  ENOTFOUND: 'there is no such name; check the spelling, or give an address',
  EAI_AGAIN: 'the DNS does not answer; check it, or give an address',
  EHOSTUNREACH: 'there is no way to that machine; check the network',
  ENETUNREACH: 'there is no way to that network; check the network',
};

function untrusted(error: LdapError, url: string): string {
  // Node goes on with an advice of its own behind a semicolon.
  const reason = error.message.replace(/^TLS with [^:]*: |; if the root CA .*$/g, '');
  const cause: unknown = error.cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const { host } = parseLdapUrl(url);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = namesIn(cause) ?? 'another name';
    return `the certificate of ${url} is for ${names}, not for ${host}; connect by such a name`;
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return `the certificate of ${url} has expired; renew it there, or use ldap://${host} (sealed)`;
  }
  if (code === 'CERT_NOT_YET_VALID') {
    return `the certificate of ${url} is not valid yet; compare this machine's clock with its own`;
  }
  if (/wrong version number|packet length too long/i.test(reason)) {
    return `${url} speaks no TLS; LDAPS has port 636, and ldap://${host} is sealed by Kerberos`;
  }
  if (code === 'ECONNRESET' || /closed during|disconnected before/i.test(reason)) {
    return `${url} ended the TLS handshake; has it a certificate? Or use ldap://${host}`;
  }
  return `the certificate of ${url} is not trusted (${reason}); give its authority with --ca-file`;
}

/** `DNS:dc1.contoso.com`: the names of a certificate, which Node puts into its error. */
function namesIn(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('cert' in error)) return undefined;
  const { cert } = error;
  if (typeof cert !== 'object' || cert === null || !('subjectaltname' in cert)) return undefined;
  return typeof cert.subjectaltname === 'string' ? cert.subjectaltname : undefined;
}

/** What the server calls the reason: `data 52e` of Windows, `80090346` at its beginning. */
function refused({ message }: LdapError, url: string): string {
  if (/\b80090346\b|BAD_BINDINGS/i.test(message)) {
    return (
      `${url} refuses the channel binding: TLS ends at something else than the controller; ` +
      'connect to the controller itself, or use ldap:// (sealed by Kerberos)'
    );
  }
  const data = /\bdata ([0-9a-f]{3,8})\b/i.exec(message)?.[1]?.toLowerCase() ?? '';
  const logon = LOGON_FAILURES.get(data);
  if (logon !== undefined) return `${url} refuses the logon: ${logon}`;
  if (/TIME_DIFFERENCE|SKEW/i.test(message)) {
    return `${url} refuses the ticket: the clocks differ; set the clock of this machine`;
  }
  return (
    `${url} does not accept the credentials (${message}); check the name of the account and of ` +
    'the controller, and get a new ticket with doublehop kinit'
  );
}

/** Windows' error behind `data`, in hexadecimal (MS-ERREF 2.2). */
const LOGON_FAILURES: ReadonlyMap<string, string> = new Map([
  ['525', 'there is no such account; check the name'],
  ['52e', 'wrong name or password'],
  ['52f', 'the account is restricted; Protected Users, for one, must use Kerberos'],
  ['530', 'not at this hour; see the logon hours of the account'],
  ['531', 'not from this computer; see the workstations of the account'],
  ['532', 'the password has expired; change it with doublehop kpasswd'],
  ['533', 'the account is disabled; enable it'],
  ['701', 'the account has expired'],
  ['773', 'the password must be changed first, with doublehop kpasswd'],
  ['775', 'the account is locked out; unlock it, or wait'],
]);

function unprotected({ code, message }: LdapError, url: string): string {
  if (code === 'confidentialityRequired') {
    return `${url} requires encryption (${message}); use ldaps:// or --tls starttls`;
  }
  return (
    `${url} requires signing (${message}); leave --insecure-plain-ldap away, ` +
    'or use ldaps:// or --tls starttls'
  );
}
