import type { Key } from '@doublehop/crypto/key';
import { hasControl } from '@doublehop/delegation/account-control';
import type { Account } from '@doublehop/directory/account';
import { KdcOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { type AuthorizationData, findPadata } from '@doublehop/kerberos/messages/common';
import type { PacBuffer } from '@doublehop/security/pac/pac';
import { Refused } from '../errors.ts';
import { besidePac } from './authorization-data.ts';
import { clientAuthorizationData } from './client-authorization-data.ts';
import { servicePac } from './claims/issued.ts';
import type { KdcContext } from './context.ts';
import { derivedTimes, inheritedFlags, refusePostdating } from './derived.ts';
import { requireClient } from './header-client.ts';
import {
  type AuthenticatedRequest,
  authenticate,
  type HeaderTicket,
  requireValidTimes,
} from './header-ticket.ts';
import { isKrbtgt, issueTicket, serverFlags, type TicketOrder, tgsReply } from './issue.ts';
import { openTgsRequest } from './fast/open.ts';
import type { KdcCall } from './request.ts';
import { requireAllowedTo } from './policy/restrictions.ts';
import { requireServer } from './required-server.ts';
import { answerS4U2Proxy } from './s4u2proxy.ts';
import { answerS4U2Self } from './s4u2self.ts';
import type { TicketTimes } from './times.ts';

/** Answers a TGS-REQ (RFC 4120 §3.3, MS-KILE 3.3.5.7, MS-SFU 3.2.5). */
export function tgsExchange(outer: KdcCall, context: KdcContext): Uint8Array {
  const request = authenticate(outer.req, outer.now, context);
  const call = openTgsRequest(outer, request, context);
  const { padata } = call.req;
  call.record.cname = request.header.part.cname;
  const client = requireClient(request.header, call.now, context);
  call.record.client = client;
  refusePostdating(call.body.kdcOptions);
  if (
    findPadata(padata, PaType.S4U_X509_USER) !== undefined ||
    findPadata(padata, PaType.FOR_USER) !== undefined
  ) {
    return answerS4U2Self(request, client, call, context);
  }
  if ((call.body.kdcOptions & KdcOption.CNAME_IN_ADDL_TKT) !== 0) {
    return answerS4U2Proxy(request, client, call, context);
  }
  return answerPlain(request, client, call, context);
}

function answerPlain(
  request: AuthenticatedRequest,
  client: Account,
  call: KdcCall,
  context: KdcContext,
): Uint8Array {
  const { header } = request;
  const { kdcOptions } = call.body;
  const renew = (kdcOptions & KdcOption.RENEW) !== 0;
  const validate = (kdcOptions & KdcOption.VALIDATE) !== 0;
  if (renew) call.record.kind = 'renew';
  const { server, sname } = requireServer(call, context);
  if ((renew || validate) && server.id !== header.server.id) {
    throw new Refused('KDC_ERR_BADOPTION', 'renew-other');
  }
  const seal = userToUserKey(server, call, context);
  requireAllowedTo(server, client, () => header.pac.groupedToken(context.accounts), call, context);
  const times = validate
    ? validated(header)
    : renew
      ? renewed(header, call)
      : derivedTimes(header, call, context);
  const order: TicketOrder = {
    cname: header.part.cname,
    sname,
    server,
    seal,
    flags:
      (inheritedFlags(header, call) | movedFlags(header, kdcOptions) | serverFlags(server)) >>> 0,
    times,
    caddr: call.body.addresses ?? header.part.caddr,
    pac: pacFor(header, server, call, context),
    authorizationData: authorizationData(request, call),
  };
  const issued = issueTicket(order, call, context);
  const protection = { key: request.replyKey, usage: request.replyUsage };
  return tgsReply(issued, protection, undefined, call, context);
}

/**
 * The key of a user-to-user ticket: the session key of a TGT that the server gave to the client
 * (RFC 4120 §3.3.3, MS-KILE 3.3.5.7). The TGT must be as good as one that is used itself, and the
 * server's: told by their SIDs, whatever names they go by. Undefined: it is no such ticket.
 */
function userToUserKey(server: Account, call: KdcCall, context: KdcContext): Key | undefined {
  const { kdcOptions, additionalTickets = [], etype } = call.body;
  if ((kdcOptions & KdcOption.ENC_TKT_IN_SKEY) === 0) return undefined;
  const [bytes] = additionalTickets;
  if (bytes === undefined) throw new Refused('KDC_ERR_BADOPTION', 'no-additional-ticket');
  const tgt = additionalTgt(bytes, context);
  requireValidTimes(tgt.part, call.now, context);
  const owner = requireClient(tgt, call.now, context);
  if (owner.sid !== server.sid) {
    throw new Refused('KRB_AP_ERR_BADMATCH', 'additional-ticket-of-another');
  }
  if (!etype.includes(tgt.sessionKey.etype)) {
    throw new Refused('KDC_ERR_ETYPE_NOSUPP', 'additional-ticket-key');
  }
  return tgt.sessionKey;
}

function additionalTgt(bytes: Uint8Array, context: KdcContext): HeaderTicket {
  try {
    return context.headers.open(bytes, context);
  } catch (error) {
    if (error instanceof Refused && error.reason === 'header-rc4') {
      throw new Refused('KDC_ERR_ETYPE_NOSUPP', 'additional-ticket-rc4');
    }
    throw error;
  }
}

/** What stands in the header ticket stays in force, and the client may add to it. */
function authorizationData(
  { header, subkey }: AuthenticatedRequest,
  call: KdcCall,
): AuthorizationData | undefined {
  const inherited = besidePac(header.part.authorizationData);
  const added = clientAuthorizationData(call, subkey, () => header.sessionKey);
  return inherited.length === 0 ? added : [...inherited, ...(added ?? [])];
}

/** The header's PAC goes on as it is; without one where nobody wants it (MS-KILE 3.3.5.3). */
function pacFor(
  header: HeaderTicket,
  server: Account,
  call: KdcCall,
  context: KdcContext,
): readonly PacBuffer[] | undefined {
  if (isKrbtgt(server)) return header.pac.buffers;
  const unwanted =
    !header.pac.wanted || hasControl(server.userAccountControl, 'NO_AUTH_DATA_REQUIRED');
  return unwanted ? undefined : servicePac(header.pac, server, call, context);
}

/** FORWARDED and PROXY need a ticket that allows it (RFC 4120 §3.3.3). */
function movedFlags({ part }: HeaderTicket, kdcOptions: number): number {
  let flags = 0;
  if ((kdcOptions & KdcOption.FORWARDED) !== 0) {
    if ((part.flags & TicketFlag.FORWARDABLE) === 0) {
      throw new Refused('KDC_ERR_BADOPTION', 'not-forwardable');
    }
    flags |= TicketFlag.FORWARDED;
  }
  if ((kdcOptions & KdcOption.PROXY) !== 0) {
    if ((part.flags & TicketFlag.PROXIABLE) === 0) {
      throw new Refused('KDC_ERR_BADOPTION', 'not-proxiable');
    }
    flags |= TicketFlag.PROXY;
  }
  return flags;
}

/** A renewed ticket lives as long as the old one did, within its renewable life. */
function renewed({ part }: HeaderTicket, call: KdcCall): TicketTimes {
  const now = Math.floor(call.now / 1000);
  const { flags, authtime, starttime, endtime, renewTill } = part;
  if ((flags & TicketFlag.RENEWABLE) === 0 || renewTill === undefined) {
    throw new Refused('KDC_ERR_BADOPTION', 'not-renewable');
  }
  if (renewTill <= now) throw new Refused('KRB_AP_ERR_TKT_EXPIRED', 'renewable-life-over');
  const life = endtime - (starttime ?? authtime);
  return { authtime, starttime: now, endtime: Math.min(now + life, renewTill), renewTill };
}

/** An invalid ticket, made valid, keeps its times (RFC 4120 §3.3.3); its start has passed. */
function validated({ part }: HeaderTicket): TicketTimes {
  const { flags, authtime, starttime, endtime, renewTill } = part;
  if ((flags & TicketFlag.INVALID) === 0) throw new Refused('KDC_ERR_BADOPTION', 'not-invalid');
  return { authtime, starttime: starttime ?? authtime, endtime, renewTill };
}
