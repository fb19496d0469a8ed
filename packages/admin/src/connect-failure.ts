import { KerberosError } from '@doublehop/kerberos/errors';
import { LdapError } from '@doublehop/ldap/errors';
import { AdminError } from './errors.ts';

/**
 * What a failure to connect means, in one line that says what to do. KerberosErrors tell that by
 * themselves and are returned as they are.
 */
export function connectFailure(error: unknown, url: string): unknown {
  if (error instanceof KerberosError && error.code === 'no-credentials') {
    const message = `${error.message}; get some with doublehop kinit, or give --keytab`;
    return new AdminError('credentials', message, { subject: url, cause: error });
  }
  if (!(error instanceof LdapError)) return error;
  const detail = { subject: url, cause: error };
  const { code } = error;
  if (code === 'connectError' && error.message.startsWith('TLS with ')) {
    return new AdminError('untrusted', untrusted(error, url), detail);
  }
  if (SILENT.has(code)) return new AdminError('unreachable', unreachable(error, url), detail);
  if (code === 'invalidCredentials' || code === 'authUnknown') {
    return new AdminError('credentials', refused(error, url), detail);
  }
  if (code === 'strongerAuthRequired' || code === 'confidentialityRequired') {
    const message = `${url} wants a stronger bind than this: ${error.message}`;
    return new AdminError('credentials', message, detail);
  }
  if (code === 'paramError') return new AdminError('usage', error.message, detail);
  return new AdminError('directory', `${url}: ${code}: ${error.message}`, detail);
}

const SILENT: ReadonlySet<string> = new Set(['connectError', 'serverDown', 'timeout']);

function unreachable(error: LdapError, url: string): string {
  const reason = /E[A-Z]{3,}/.exec(error.message)?.[0] ?? error.message;
  const hint = HINTS[reason] ?? 'check name, port and firewall';
  return `${url} does not answer (${reason}): ${hint}`;
}

const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; is the controller running, and the port right?',
  ENOTFOUND: 'there is no such name; check the spelling, or give an address',
  EAI_AGAIN: 'the DNS does not answer; check it, or give an address',
  EHOSTUNREACH: 'there is no way to that machine; check the network',
  ENETUNREACH: 'there is no way to that network; check the network',
};

function untrusted(error: LdapError, url: string): string {
  const reason = error.message.replace(/^TLS with [^:]*: /, '');
  return `the certificate of ${url} is not trusted (${reason}); give its authority with --ca-file`;
}

function refused(error: LdapError, url: string): string {
  return (
    `${url} does not accept the ticket (${error.message}); get a new one with doublehop kinit, ` +
    'and check that the name of the controller is right'
  );
}
