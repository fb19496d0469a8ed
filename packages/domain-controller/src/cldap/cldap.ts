import { LdapError } from '@doublehop/ldap/errors';
import { decodeMessage, encodeEntry, type LdapMessage } from '@doublehop/ldap/messages/message';
import type { SearchRequest, ServerEntry } from '@doublehop/ldap/server/handler';
import { encodeResult } from '@doublehop/ldap/server/results';
import { localAddressTo } from '@doublehop/kerberos/kpasswd/transport';
import { concat } from '@doublehop/wire/bytes';
import { WireError } from '@doublehop/wire/errors';
import type { RequestHandler } from '../kdc/net/handler.ts';
import type { Peer } from '../kdc/request.ts';
import {
  CLDAP_BURST,
  CLDAP_RATE,
  CLDAP_TOTAL_BURST,
  CLDAP_TOTAL_RATE,
  MAX_CLDAP_REQUEST,
  MAX_CLDAP_SOURCES,
} from '../limits.ts';
import { RateLimit } from './rate-limit.ts';

/** What the service is made of. */
export interface CldapOptions {
  /** Answers a base search of the rootDSE; `address` is the controller's, as its client sees it. */
  readonly rootDse: (request: SearchRequest, address: string) => ServerEntry | undefined;
  /** The IP address on which the service listens; where all are, the system tells which it is. */
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Told of defects: exceptions that no request should be able to cause. */
  readonly onDefect: (error: unknown) => void;
}

/**
 * LDAP over UDP as Active Directory has it (MS-ADTS 3.1.1.3.1.11, 6.3.3): a search of the rootDSE a
 * datagram, its answer in one datagram. Silence is the answer to anything else, and to those who
 * were sent much already.
 */
export function createCldap(options: CldapOptions): RequestHandler {
  const rate = new RateLimit({
    perSource: { burst: CLDAP_BURST, rate: CLDAP_RATE },
    total: { burst: CLDAP_TOTAL_BURST, rate: CLDAP_TOTAL_RATE },
    maxSources: MAX_CLDAP_SOURCES,
  });
  const everywhere = options.address === '0.0.0.0' || options.address === '::';
  const answer = (message: LdapMessage, peer: Peer, address: string): Uint8Array | undefined => {
    try {
      const reply = replyTo(message, (request) => options.rootDse(request, address));
      if (reply === undefined) return undefined;
      return rate.take(peer.address, reply.length, options.clock()) ? reply : undefined;
    } catch (error) {
      options.onDefect(error);
      return undefined;
    }
  };
  return {
    handle(request, peer) {
      const message = decoded(request);
      if (message === undefined) return undefined;
      if (!everywhere) return answer(message, peer, options.address);
      return localAddressTo({ address: peer.address, port: peer.port, transport: 'udp' }).then(
        (address) => answer(message, peer, address),
        () => undefined,
      );
    },
  };
}

/** Undefined: not a message of LDAP. */
function decoded(request: Uint8Array): LdapMessage | undefined {
  if (request.length > MAX_CLDAP_REQUEST) return undefined;
  try {
    return decodeMessage(request);
  } catch (error) {
    if (error instanceof WireError || error instanceof LdapError) return undefined;
    throw error;
  }
}

/** Entry, if there is one, and result in one datagram. */
function replyTo(
  { messageId, operation }: LdapMessage,
  rootDse: (request: SearchRequest) => ServerEntry | undefined,
): Uint8Array | undefined {
  if (operation.kind !== 'searchRequest') return undefined;
  const { baseObject, scope } = operation.value;
  if (baseObject !== '' || scope !== 'base') {
    const message = 'only the rootDSE is read without a connection';
    return encodeResult(messageId, 'searchRequest', { code: 'operationsError', message });
  }
  const entry = rootDse(operation.value);
  const done = encodeResult(messageId, 'searchRequest', { code: 'success' });
  return entry === undefined ? done : concat(encodeEntry(messageId, entry), done);
}
