import type { Credentials } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { ErrorCode } from '../iana/error-codes.ts';
import { KdcOption, TicketFlag } from '../iana/flags.ts';
import { MAX_REFERRALS } from '../limits.ts';
import type { AuthorizationData, HostAddresses } from '../messages/common.ts';
import {
  formatName,
  formatPrincipal,
  type Principal,
  type PrincipalName,
  sameName,
  ticketGrantingService,
} from '../names.ts';
import type { ClientContext } from './context.ts';
import { mismatch } from './kdc-reply.ts';
import { findKrbError } from './krb-error.ts';
import {
  buildTgsReq,
  inheritedOptions,
  readTgsReply,
  realmOfTgt,
  type TgsReply,
  type TgsRequest,
} from './tgs-exchange.ts';

/** What is asked of a service ticket. */
export interface ServiceTicketOptions {
  /** Follow referrals, as Active Directory gives them; on by default (RFC 6806 §8). */
  readonly canonicalize?: boolean | undefined;
  /** KDCOptions beside those that the TGT's flags bring. */
  readonly kdcOptions?: number | undefined;
  /** Narrows the permitted encryption types. */
  readonly etypes?: readonly number[] | undefined;
  readonly authorizationData?: AuthorizationData | undefined;
  readonly additionalTickets?: readonly Uint8Array[] | undefined;
  /** FAST: see `TgsRequest.armor`. A device's ticket armors the requests to its own realm only. */
  readonly armor?: TgsRequest['armor'];
}

/** A service ticket and the TGTs that referrals brought on the way to it, first to last. */
export interface ServiceTicket {
  readonly credentials: Credentials;
  readonly tgts: readonly Credentials[];
}

/** One TGS exchange (RFC 4120 §3.3); a clock that is wrong is corrected once. */
export async function exchangeTgs(context: ClientContext, request: TgsRequest): Promise<TgsReply> {
  const first = buildTgsReq(context, request);
  log(context, request, first.realm);
  const answer = await context.transport(first.realm, first.bytes);
  const error = findKrbError(answer);
  if (error?.errorCode !== ErrorCode.KRB_AP_ERR_SKEW || !context.settings.correctSkew) {
    return readTgsReply(context, request, first, answer);
  }
  context.clock.adjust(error.stime);
  const second = buildTgsReq(context, request);
  const later = await context.transport(second.realm, second.bytes);
  return readTgsReply(context, request, second, later);
}

/**
 * A ticket for a server, by the TGT: from the TGT's realm if the server's is the same or empty
 * (unknown), following referrals; otherwise by way of a TGT for the server's realm.
 *
 * Throws KerberosError.
 */
export async function getServiceTicket(
  context: ClientContext,
  tgt: Credentials,
  server: Principal,
  options: ServiceTicketOptions = {},
): Promise<ServiceTicket> {
  const near = server.realm === '' || server.realm === realmOfTgt(tgt);
  const { additionalTickets: _tickets, authorizationData: _data, ...plain } = options;
  const way = near ? undefined : await getRealmTgt(context, tgt, server.realm, plain);
  const start = way?.credentials ?? tgt;
  const crossed = way === undefined ? [] : [...way.tgts, way.credentials];
  const end = await chase(context, start, server.name, options);
  return { credentials: end.credentials, tgts: [...crossed, ...end.tgts] };
}

/** A TGT for another realm, by way of the realms that the KDCs name (RFC 4120 §3.3.1). */
export function getRealmTgt(
  context: ClientContext,
  tgt: Credentials,
  realm: string,
  options: ServiceTicketOptions = {},
): Promise<ServiceTicket> {
  return chase(context, tgt, ticketGrantingService(realm).name, options);
}

/** The ticket with a later end (RFC 4120 §3.3.3: RENEW). Only until its renew-till. */
export async function renewTicket(
  context: ClientContext,
  ticket: Credentials,
): Promise<Credentials> {
  const subject = formatPrincipal(ticket.server);
  if ((ticket.flags & TicketFlag.RENEWABLE) === 0) {
    throw new KerberosError('no-credentials', `the ticket for ${subject} is not renewable`, {
      subject,
    });
  }
  const reply = await exchangeTgs(context, {
    tgt: ticket,
    server: ticket.server.name,
    options: inheritedOptions(ticket) | KdcOption.RENEW,
    till: ticket.times.renewTill,
  });
  if (!sameName(reply.credentials.server.name, ticket.server.name)) {
    throw mismatch('another server is named');
  }
  return reply.credentials;
}

/**
 * A TGT of the same client to give away: with the FORWARDED flag, and for other addresses or none
 * (RFC 4120 §3.3.3). The KDC refuses with KDC_ERR_BADOPTION where the TGT is not forwardable.
 */
export async function forwardTgt(
  context: ClientContext,
  tgt: Credentials,
  addresses?: HostAddresses,
): Promise<Credentials> {
  const { credentials } = await exchangeTgs(context, {
    tgt,
    server: tgt.server.name,
    options: inheritedOptions(tgt) | KdcOption.FORWARDED,
    addresses,
  });
  if ((credentials.flags & TicketFlag.FORWARDED) === 0) throw mismatch('it is not forwarded');
  return credentials;
}

/** The realms that referrals led through: none may come twice, and not too many may come. */
export class ReferralPath {
  readonly #realms: string[];
  readonly #goal: string;

  constructor(start: string, goal: string) {
    this.#realms = [start];
    this.#goal = goal;
  }

  /** Goes on to the realm of a referral TGT. Throws KerberosError `limit`. */
  follow(referral: Credentials): void {
    const realm = realmOfTgt(referral);
    if (this.#realms.includes(realm)) {
      const text = `referrals for ${this.#goal} lead back to ${realm}; no KDC knows it`;
      throw new KerberosError('limit', text, { subject: this.#goal });
    }
    if (this.#realms.length > MAX_REFERRALS) {
      const text = `referrals for ${this.#goal} lead through more than ${MAX_REFERRALS} realms`;
      throw new KerberosError('limit', text, { subject: this.#goal });
    }
    this.#realms.push(realm);
  }
}

/** Asks for a name at one KDC after the other, as long as they answer with a referral. */
async function chase(
  context: ClientContext,
  start: Credentials,
  server: PrincipalName,
  options: ServiceTicketOptions,
): Promise<ServiceTicket> {
  const path = new ReferralPath(realmOfTgt(start), formatName(server));
  const tgts: Credentials[] = [];
  const canonicalize = options.canonicalize === false ? 0 : KdcOption.CANONICALIZE;
  let { authorizationData } = options;
  let tgt = start;
  for (;;) {
    const { credentials } = await exchangeTgs(context, {
      tgt,
      server,
      options: inheritedOptions(tgt) | canonicalize | (options.kdcOptions ?? 0),
      etypes: options.etypes,
      authorizationData,
      additionalTickets: options.additionalTickets,
      armor: armorFor(tgt, options.armor),
    });
    if (sameName(credentials.server.name, server)) return { credentials, tgts };
    path.follow(credentials);
    // What the first KDC took into its ticket is carried on by the others.
    authorizationData = undefined;
    tgts.push(credentials);
    tgt = credentials;
  }
}

/** The armor of a request to the realm of a TGT. */
export function armorFor(tgt: Credentials, armor: TgsRequest['armor']): TgsRequest['armor'] {
  if (armor === undefined || armor === 'own') return armor;
  return realmOfTgt(armor) === realmOfTgt(tgt) ? armor : 'own';
}

function log({ log: write }: ClientContext, request: TgsRequest, realm: string): void {
  write?.({ exchange: 'TGS', realm, step: 'TGS-REQ', subject: formatName(request.server) });
}
