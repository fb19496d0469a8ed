import type { Refusal } from '@doublehop/delegation/refusals';
import { KdcOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { Refused } from '../errors.ts';
import type { KdcContext } from './context.ts';
import type { HeaderTicket } from './header-ticket.ts';
import type { KdcCall } from './request.ts';
import { type TicketTimes, ticketTimes } from './times.ts';

/** What a new ticket takes over from the tickets that were shown for it (RFC 4120 §3.3.3). */

/** Refuses as the delegation rules say. */
export function refusedBy({ error, reason, status }: Refusal): Refused {
  return new Refused(error, reason, { status });
}

/** Flags that every ticket made from a header ticket inherits. */
export function inheritedFlags({ part }: HeaderTicket, { body }: KdcCall): number {
  const { kdcOptions } = body;
  let flags = part.flags & INHERITED;
  if ((kdcOptions & KdcOption.FORWARDABLE) !== 0) flags |= part.flags & TicketFlag.FORWARDABLE;
  if ((kdcOptions & KdcOption.PROXIABLE) !== 0) flags |= part.flags & TicketFlag.PROXIABLE;
  return flags;
}

const INHERITED = TicketFlag.PRE_AUTHENT | TicketFlag.HW_AUTHENT | TicketFlag.FORWARDED;

/** The inherited flags with FORWARDABLE as delegation rules decided it. */
export function delegatedFlags(header: HeaderTicket, call: KdcCall, forwardable: boolean): number {
  const others = ~(TicketFlag.FORWARDABLE | TicketFlag.FORWARDED);
  const kept = inheritedFlags(header, call) & others;
  return kept | (forwardable ? TicketFlag.FORWARDABLE : 0);
}

/** What bounds a ticket beside its header ticket: the evidence of a hop. */
export interface FurtherBounds {
  readonly authtime: number;
  readonly endtime: number;
  readonly renewTill?: number | undefined;
}

/** Times of a ticket made from a header ticket and, for a hop, from evidence. */
export function derivedTimes(
  { part }: HeaderTicket,
  call: KdcCall,
  { settings }: KdcContext,
  further: FurtherBounds = part,
): TicketTimes {
  const renewable = (part.flags & TicketFlag.RENEWABLE) !== 0;
  return ticketTimes(call.body, {
    now: Math.floor(call.now / 1000),
    authtime: further.authtime,
    maxLife: settings.maxTicketLife,
    maxRenew: settings.maxRenewLife,
    endtime: Math.min(part.endtime, further.endtime),
    renewTill: renewable ? Math.min(part.renewTill ?? 0, further.renewTill ?? 0) : 0,
  });
}

/** Names of the options that are set and must not be. */
export function conflictingOptions(
  kdcOptions: number,
  names: readonly (keyof typeof KdcOption)[],
): string[] {
  return names.filter((name) => (kdcOptions & KdcOption[name]) !== 0);
}

/** Windows KDCs do not postdate (MS-KILE 3.3.5.1); nor do we. */
export function refusePostdating(kdcOptions: number): void {
  if ((kdcOptions & (KdcOption.ALLOW_POSTDATE | KdcOption.POSTDATED)) !== 0) {
    throw new Refused('KDC_ERR_CANNOT_POSTDATE', 'postdating');
  }
}
