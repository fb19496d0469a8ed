import { KdcOption } from '@doublehop/kerberos/iana/flags';
import type { KdcReqBody } from '@doublehop/kerberos/messages/kdc';
import { Refused } from '../errors.ts';

/** Times of a ticket, in seconds since 1970. */
export interface TicketTimes {
  readonly authtime: number;
  readonly starttime: number;
  readonly endtime: number;
  readonly renewTill: number | undefined;
}

/** What bounds the times of a new ticket, in seconds. */
export interface TimeBounds {
  readonly now: number;
  readonly authtime: number;
  readonly maxLife: number;
  readonly maxRenew: number;
  /** No later than this: the end of the ticket that is shown. */
  readonly endtime?: number | undefined;
  /** Renewable until no later than this; 0 where the ticket shown is not renewable. */
  readonly renewTill?: number | undefined;
}

/**
 * The times of a new ticket (RFC 4120 §3.1.3, §3.3.3). A `till` or `rtime` of 1970 asks for the
 * longest possible.
 */
export function ticketTimes(body: KdcReqBody, bounds: TimeBounds): TicketTimes {
  const { now, authtime } = bounds;
  const till = orForever(body.till);
  const endtime = Math.min(till, now + bounds.maxLife, bounds.endtime ?? Infinity);
  if (endtime <= now) throw new Refused('KDC_ERR_NEVER_VALID', 'never-valid');
  const until = renewalAsked(body, till, endtime);
  const renewTill = Math.min(until, now + bounds.maxRenew, bounds.renewTill ?? Infinity);
  return {
    authtime,
    starttime: now,
    endtime,
    renewTill: renewTill >= endtime ? renewTill : undefined,
  };
}

/** Until when a renewable ticket is asked for; 0 when it is not. */
function renewalAsked({ kdcOptions, rtime }: KdcReqBody, till: number, endtime: number): number {
  if ((kdcOptions & KdcOption.RENEWABLE) !== 0) return orForever(rtime ?? 0);
  // RENEWABLE-OK: renewable instead of as long as asked for (RFC 4120 §5.4.1).
  const short = till !== Infinity && till > endtime;
  return (kdcOptions & KdcOption.RENEWABLE_OK) !== 0 && short ? till : 0;
}

function orForever(time: number): number {
  return time === 0 ? Infinity : time;
}
