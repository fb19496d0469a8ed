import { KerberosError } from '@doublehop/kerberos/errors';
import type { KerberosContext } from '@doublehop/kerberos/gss/context';
import { concat } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import type { EncryptionProtocol, MessageSealer } from './message-encryption.ts';

/**
 * Message encryption by an established Kerberos context (MS-WSMV 2.2.9.1.1.2.2): wrap tokens as
 * gss_wrap_iov makes them, header and data apart. `Negotiate` is answered as SPNEGO, also where the
 * client sent Kerberos without it.
 */
export function gssSealer(
  context: KerberosContext,
  scheme: 'Negotiate' | 'Kerberos',
): MessageSealer {
  const protocol: EncryptionProtocol =
    scheme === 'Kerberos'
      ? 'application/HTTP-Kerberos-session-encrypted'
      : 'application/HTTP-SPNEGO-session-encrypted';
  return {
    protocol,
    seal: (message) => context.wrapSplit(message),
    open: (header, data) => {
      const { message, sealed } = unwrap(context, concat(header, data));
      if (sealed) return message;
      throw new RemotingError('crypto', 'the message is signed only, not encrypted');
    },
    close: () => context.close(),
  };
}

function unwrap(
  context: KerberosContext,
  token: Uint8Array,
): { message: Uint8Array; sealed: boolean } {
  try {
    return context.unwrap(token);
  } catch (cause) {
    if (!(cause instanceof KerberosError)) throw cause;
    throw new RemotingError('crypto', `the message does not open: ${cause.message}`, { cause });
  }
}
