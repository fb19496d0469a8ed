import { RemotingError } from '../errors.ts';
import type { MessageSealer } from '../http/message-encryption.ts';
import { concat } from '@doublehop/wire/bytes';
import type { TlsTunnel } from './tls-tunnel.ts';

/** Octets of one TLS record: longer messages go in several parts (MS-WSMV 2.2.9.1.3). */
const RECORD_SIZE = 16_384;

/** Message encryption by the TLS connection inside CredSSP: each part is a record. */
export function tlsSealer(tunnel: TlsTunnel): MessageSealer {
  return {
    protocol: 'application/HTTP-CredSSP-session-encrypted',
    maxPart: RECORD_SIZE,
    seal: async (message) => {
      const record = await tunnel.write(message);
      const size = Math.min(tunnel.trailer, record.length);
      return { header: record.subarray(0, size), data: record.subarray(size) };
    },
    open: async (header, data) => {
      const { plain, records } = await tunnel.feed(concat(header, data));
      if (records.length === 0) return plain;
      throw new RemotingError('crypto', 'the message is no record of this TLS connection');
    },
    close: () => tunnel.close(),
  };
}
