import { isIP } from 'node:net';
import { decodeDer } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import type { ServerSpec } from '../config/values.ts';
import { KerberosError } from '../errors.ts';
import { ErrorCode } from '../iana/error-codes.ts';
import {
  EXCHANGE_WAIT,
  MAX_MESSAGE,
  MAX_PASSES,
  MAX_SERVERS,
  MAX_UDP_REQUEST,
  PASS_WAIT,
  SERVER_WAIT,
  TCP_REPLY_WAIT,
  UDP_PREFERENCE_LIMIT,
} from '../limits.ts';
import type { Locator, RealmService } from '../locate/locator.ts';
import type { Resolver } from '../locate/resolver.ts';
import { KrbError } from '../messages/krb-error.ts';
import type { OpenChannel } from './channel.ts';
import { nodeChannel } from './node-channel.ts';
import { type Attempt, type Outcome, race, type Timing, type Verdict } from './race.ts';

/** What an exchange works with. */
export interface KdcExchangeOptions {
  readonly locator: Locator;
  /** Finds the addresses of servers that are given by name. */
  readonly resolver: Pick<Resolver, 'addresses'>;
  /** Requests of more octets go by TCP first: `udp_preference_limit`. */
  readonly udpPreferenceLimit?: number | undefined;
  /** Milliseconds altogether: `request_timeout`; 0 or absent is the limit of this package. */
  readonly requestTimeout?: number | undefined;
  readonly timing?: Partial<Timing> | undefined;
  /** Sockets; absent: those of node. */
  readonly open?: OpenChannel | undefined;
}

/** How one request is sent. */
export interface KdcRequestOptions {
  readonly service?: RealmService | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Never by UDP. */
  readonly tcpOnly?: boolean | undefined;
  /** Replaces the reading of KRB-ERROR, for services with replies of another kind. */
  readonly judge?: ((reply: Uint8Array) => Verdict) | undefined;
  /** Puts something around the sockets of this request. */
  readonly wrap?: ((open: OpenChannel) => OpenChannel) | undefined;
}

/** Sends a request to the KDCs of a realm and returns the first answer, a KRB-ERROR included. */
export type KdcExchange = (
  realm: string,
  request: Uint8Array,
  options?: KdcRequestOptions,
) => Promise<Uint8Array>;

/**
 * Sends requests as MIT's sendto_kdc.c does: small ones by UDP first, large ones by TCP first, and
 * again by TCP alone where the answer did not fit a datagram (RFC 4120 §7.2.1, §7.2.2).
 *
 * The exchange rejects with KerberosError `no-kdc`, `kdc-unreachable` or `limit`, or with the
 * reason of the signal.
 */
export function createKdcExchange(options: KdcExchangeOptions): KdcExchange {
  const requestTimeout = options.requestTimeout ?? 0;
  const timing: Timing = {
    serverWait: SERVER_WAIT,
    passWait: PASS_WAIT,
    passes: MAX_PASSES,
    tcpReplyWait: TCP_REPLY_WAIT,
    exchangeWait: requestTimeout > 0 ? requestTimeout : EXCHANGE_WAIT,
    ...options.timing,
  };
  return async (realm, request, { service = 'kdc', signal, tcpOnly, judge, wrap } = {}) => {
    if (request.length > MAX_MESSAGE) {
      throw new KerberosError('limit', 'the request is too large', { subject: realm });
    }
    signal?.throwIfAborted();
    const deadline = performance.now() + timing.exchangeWait;
    const sockets = options.open ?? nodeChannel;
    const open = wrap === undefined ? sockets : wrap(sockets);
    const servers = (await options.locator.locate(realm, service)).slice(0, MAX_SERVERS);
    const run = async (attempts: readonly Attempt[]): Promise<Outcome> =>
      await race(attempts, request, {
        open,
        resolve: async (host) =>
          isIP(host) === 0 ? await options.resolver.addresses(host) : [host],
        judge: judge ?? judgeKdcReply,
        timing,
        deadline,
        signal,
      });
    const limit = Math.min(options.udpPreferenceLimit ?? UDP_PREFERENCE_LIMIT, MAX_UDP_REQUEST);
    const noUdp = tcpOnly === true || request.length > MAX_UDP_REQUEST;
    const first = await run(noUdp ? byTcp(servers) : byBoth(servers, request.length <= limit));
    const { reply, from } = first;
    if (reply === undefined) throw unreachable(realm, first.tried);
    if (from?.transport !== 'udp' || errorCodeOf(reply) !== ErrorCode.KRB_ERR_RESPONSE_TOO_BIG) {
      return reply;
    }
    // The server that answered knows the answer: it comes first now.
    const others = servers.filter((server) => server !== from.server);
    const second = await run(byTcp([{ ...from.server, transport: undefined }, ...others]));
    if (second.reply === undefined) throw unreachable(realm, [...first.tried, ...second.tried]);
    return second.reply;
  };
}

/** error-code of a reply that is a KRB-ERROR (RFC 4120 §5.9.1); undefined for other replies. */
export function errorCodeOf(reply: Uint8Array): number | undefined {
  if (reply[0] !== KRB_ERROR) return undefined;
  try {
    return decodeDer(KrbError, reply).errorCode;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/** First octets of AS-REP, TGS-REP and KRB-ERROR: their application tags (RFC 4120 §5.10). */
const AS_REP = 0x6b;
const TGS_REP = 0x6d;
const KRB_ERROR = 0x7e;

/** A KDC that is not available now is passed over (as MIT's check_for_svc_unavailable). */
function judgeKdcReply(reply: Uint8Array): Verdict {
  const [tag] = reply;
  if (tag === AS_REP || tag === TGS_REP) return 'answer';
  if (tag !== KRB_ERROR) return 'noise';
  const unavailable = errorCodeOf(reply) === ErrorCode.KDC_ERR_SVC_UNAVAILABLE;
  return unavailable ? 'unavailable' : 'answer';
}

function byTcp(servers: readonly ServerSpec[]): Attempt[] {
  const usable = servers.filter(({ transport }) => transport !== 'udp');
  return usable.map((server) => ({ server, transport: 'tcp' }));
}

/** Every server by the preferred transport first, then those that have both by the other one. */
function byBoth(servers: readonly ServerSpec[], udpFirst: boolean): Attempt[] {
  const [preferred, other] = udpFirst ? (['udp', 'tcp'] as const) : (['tcp', 'udp'] as const);
  return [
    ...servers.map((server) => ({ server, transport: server.transport ?? preferred })),
    ...servers
      .filter(({ transport }) => transport === undefined)
      .map((server) => ({ server, transport: other })),
  ];
}

function unreachable(realm: string, tried: readonly string[]): KerberosError {
  const what = tried.length > 0 ? tried.join(', ') : 'nothing: no server takes such a request';
  return new KerberosError(
    'kdc-unreachable',
    `no KDC of realm "${realm}" answered; tried ${what}. Check that a KDC runs there and that ` +
      `no firewall is between, or correct "kdc" in [realms] ${realm} of krb5.conf`,
    { subject: realm },
  );
}
