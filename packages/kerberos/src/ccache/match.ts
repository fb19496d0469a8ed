import { equal } from '@doublehop/wire/bytes';
import type { Credentials } from '../credentials.ts';
import { type Principal, sameName, samePrincipal } from '../names.ts';

/** Which credentials of a cache are meant; what is absent does not count. */
export interface CredentialQuery {
  readonly client?: Principal | undefined;
  readonly server?: Principal | undefined;
  /** The server may be in any realm, as after a referral (KRB5_TC_MATCH_SRV_NAMEONLY). */
  readonly anyServerRealm?: boolean | undefined;
  /** Seconds since 1970 at which the ticket must still be good (KRB5_TC_MATCH_TIMES). */
  readonly goodAt?: number | undefined;
  /** Flags of {@link Credentials} that must be set (KRB5_TC_MATCH_FLAGS). */
  readonly flags?: number | undefined;
  /** Session key types, best first: the match with the best one is found. */
  readonly etypes?: readonly number[] | undefined;
  /** User-to-user tickets match only where this is true, others only where it is not. */
  readonly isSkey?: boolean | undefined;
  /** DER of the ticket whose session key seals a user-to-user ticket. */
  readonly secondTicket?: Uint8Array | undefined;
}

/** Whether these credentials are meant (MIT cc_retr.c krb5int_cc_creds_match_request). */
export function matches(credentials: Credentials, query: CredentialQuery): boolean {
  const { client, server, goodAt, flags = 0, etypes, isSkey = false, secondTicket } = query;
  if (client !== undefined && !samePrincipal(client, credentials.client)) return false;
  if (server !== undefined) {
    const same =
      query.anyServerRealm === true
        ? sameName(server.name, credentials.server.name)
        : samePrincipal(server, credentials.server);
    if (!same) return false;
  }
  if (credentials.isSkey !== isSkey) return false;
  if ((credentials.flags & flags) >>> 0 !== flags >>> 0) return false;
  if (goodAt !== undefined && credentials.times.endtime <= goodAt) return false;
  if (etypes !== undefined && !etypes.includes(credentials.key.etype)) return false;
  return secondTicket === undefined || equal(secondTicket, credentials.secondTicket);
}

/** The first match, or with `etypes` the first one with the best type. */
export function findMatch(
  list: Iterable<Credentials>,
  query: CredentialQuery,
): Credentials | undefined {
  let best: Credentials | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const credentials of list) {
    if (!matches(credentials, query)) continue;
    const rank = query.etypes?.indexOf(credentials.key.etype) ?? 0;
    if (rank < bestRank) {
      best = credentials;
      bestRank = rank;
    }
    if (bestRank === 0) break;
  }
  return best;
}
