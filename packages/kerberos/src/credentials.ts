import type { AuthorizationData, HostAddresses } from './messages/common.ts';
import type { Principal } from './names.ts';

/** A session key as caches and files carry it; `Key.of(etype, bytes)` makes it usable. */
export interface KeyBlock {
  readonly etype: number;
  /** Secret. */
  readonly bytes: Uint8Array;
}

/** Times of a ticket in whole seconds since 1970 UTC; 0 stands for an absent one. */
export interface CredentialTimes {
  readonly authtime: number;
  /** 0 where the ticket is valid from `authtime` on (RFC 4120 §5.3). */
  readonly starttime: number;
  readonly endtime: number;
  /** 0 unless the ticket is renewable. */
  readonly renewTill: number;
}

/**
 * A ticket and what its client knows about it: one entry of a credential cache (the fields of
 * MIT's krb5_creds), made of the clear part and the encrypted part of a KDC-REP (RFC 4120 §5.4.2).
 */
export interface Credentials {
  readonly client: Principal;
  readonly server: Principal;
  readonly key: KeyBlock;
  readonly times: CredentialTimes;
  /** The ticket is sealed in a session key: user-to-user (RFC 4120 §3.7). */
  readonly isSkey: boolean;
  /** TicketFlags (RFC 4120 §5.3), unsigned, bit 0 of the ASN.1 BIT STRING highest. */
  readonly flags: number;
  /** caddr of the reply; empty where the ticket holds from everywhere. */
  readonly addresses: HostAddresses;
  readonly authorizationData: AuthorizationData;
  /** DER of the Ticket; in a configuration entry of a cache, the value. */
  readonly ticket: Uint8Array;
  /** DER of the ticket whose session key seals `ticket`; empty unless `isSkey`. */
  readonly secondTicket: Uint8Array;
}

/** Whether the ticket has ended at `now` (seconds since 1970). */
export function isExpired({ times }: Pick<Credentials, 'times'>, now: number): boolean {
  return times.endtime <= now;
}
