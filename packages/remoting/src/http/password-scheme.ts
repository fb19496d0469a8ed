import { fromUtf8 } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import type { ClientScheme, ServerConnection, ServerScheme } from './scheme.ts';

/**
 * Basic (RFC 7617): a name and a password, over TLS only. `logOn` proves them, as a cleartext
 * network logon does. Throws RemotingError `authentication`.
 */
export function basicServerScheme<C>(
  logOn: (user: string, password: string, connection: ServerConnection) => Promise<C>,
): ServerScheme<C> {
  return {
    name: 'Basic',
    challenge: 'Basic realm="WSMAN"',
    needsTls: true,
    begin: (connection) => ({
      step: async (token) => {
        const text = fromUtf8(token);
        const colon = text.indexOf(':');
        if (colon <= 0) {
          throw new RemotingError('authentication', 'Basic needs a user name and a password');
        }
        const caller = await logOn(text.slice(0, colon), text.slice(colon + 1), connection);
        return { kind: 'done', caller };
      },
    }),
  };
}

export function basicClientScheme(user: string, password: string): ClientScheme {
  return {
    name: 'Basic',
    needsTls: true,
    begin: () => ({
      step: async () => ({ token: Buffer.from(`${user}:${password}`, 'utf8'), done: {} }),
    }),
  };
}

/** The scheme by which a client says that its TLS certificate is who it is (MS-WSMV 2.2.9.1). */
export const CERTIFICATE_SCHEME =
  'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual';

/** Maps the certificate that the TLS layer verified to a caller. */
export function certificateServerScheme<C>(
  logOn: (certificate: Uint8Array, connection: ServerConnection) => Promise<C>,
): ServerScheme<C> {
  return {
    name: CERTIFICATE_SCHEME,
    challenge: CERTIFICATE_SCHEME,
    needsTls: true,
    begin: (connection) => ({
      step: async () => {
        const certificate = connection.tls?.clientCertificate;
        if (certificate === undefined) {
          throw new RemotingError('authentication', 'no client certificate came over TLS');
        }
        return { kind: 'done', caller: await logOn(certificate, connection) };
      },
    }),
  };
}

/** The certificate itself is given to the TLS connection. */
export function certificateClientScheme(): ClientScheme {
  return {
    name: CERTIFICATE_SCHEME,
    needsTls: true,
    begin: () => ({ step: async () => ({ done: {} }) }),
  };
}
