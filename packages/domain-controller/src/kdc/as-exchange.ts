import type { Account } from '@doublehop/directory/account';
import { KdcOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { findPadata } from '@doublehop/kerberos/messages/common';
import { KerbPaPacRequest } from '@doublehop/kerberos/messages/padata';
import type { PrincipalName } from '@doublehop/kerberos/names';
import type { Token } from '@doublehop/security/access-check';
import { decodeDer } from '@doublehop/wire/der';
import { Refused } from '../errors.ts';
import {
  accountState,
  requireFreshPassword,
  requirePermittedLogon,
  requireUsableClient,
} from './account-state.ts';
import { clientClaims, ownPac } from './claims/issued.ts';
import type { KdcContext } from './context.ts';
import { refusePostdating } from './derived.ts';
import { openAsRequest } from './fast/open.ts';
import { PASSWORD_TICKET_LIFE } from './header-ticket.ts';
import { asReply, isKrbtgt, isPasswordService, issueTicket, serverFlags } from './issue.ts';
import { findClient, findClientElsewhere, isOurRealm } from './names.ts';
import { isDelegatable } from './pac-contents.ts';
import { policyLife, requireAllowedFrom, requireAllowedTo } from './policy/restrictions.ts';
import { preAuthenticate, replyHints } from './preauth.ts';
import type { KdcCall } from './request.ts';
import { requireServer } from './required-server.ts';
import type { KdcKey } from './sealed-ticket.ts';
import { freshPac } from './ticket-pac.ts';
import { ticketTimes } from './times.ts';

/** Answers an AS-REQ (RFC 4120 §3.1, MS-KILE 3.3.5.6): gather, decide, issue. */
export function asExchange(outer: KdcCall, context: KdcContext): Uint8Array {
  const call = openAsRequest(outer, context);
  const { client, cname, server, sname } = gather(call, context);
  const state = accountState(client, call.now, context.settings);
  requireUsableClient(state);
  requireAllowedFrom(client, call, context);
  const { replyKey, type, padata } = preAuthenticate(
    client,
    clientKeys(client, context),
    call,
    context,
  );
  call.record.preAuthType = type;
  const forPassword = isPasswordService(server, sname);
  // A password that has expired is good for its own change, which wants an initial ticket (RFC 3244
  // §2), and for nothing else.
  if (!forPassword) requireFreshPassword(state);
  refusePostdating(call.body.kdcOptions);
  requirePermittedLogon(client, call.body.addresses);
  if (type !== 0) context.settings.lockouts?.noteSuccess(client, { interactive: true });
  const now = Math.floor(call.now / 1000);
  const life = forPassword ? PASSWORD_SERVICE_LIFE : lives(client, context);
  const times = ticketTimes(call.body, { now, authtime: now, ...life });
  const reply = replyName(cname, client, call);
  const own = [
    ...context.pacs.identity(client, reply.nameString.join('/'), now, 'by-itself'),
    ...clientClaims(client, call, context),
    ...context.pacs.ticketGranting(client, pacRequested(call)),
  ];
  const token = (): Token => freshPac(own).groupedToken(context.accounts);
  requireAllowedTo(server, client, token, call, context);
  const pac = ownPac(own, client, server, context);
  const flags = asFlags(client, type, call, context) | serverFlags(server);
  // A ticket-granting ticket always has one (MS-KILE 3.3.5.6.3).
  const wanted = isKrbtgt(server) || pacRequested(call) !== false;
  const { addresses: caddr } = call.body;
  const order = { cname: reply, sname, server, flags, times, caddr, pac: wanted ? pac : undefined };
  const issued = issueTicket(order, call, context);
  const protection = { key: replyKey.key, usage: KeyUsage.AS_REP_ENC_PART, kvno: replyKey.kvno };
  const hints = [...replyHints(client, replyKey), ...padata];
  return asReply(issued, protection, hints, call, context);
}

interface AsParties {
  readonly client: Account;
  readonly cname: PrincipalName;
  readonly server: Account;
  readonly sname: PrincipalName;
}

function gather(call: KdcCall, context: KdcContext): AsParties {
  const { body, record } = call;
  const { accounts, domain } = context;
  const { cname, sname } = body;
  if (!isOurRealm(domain, body.realm)) throw new Refused('KDC_ERR_WRONG_REALM', 'wrong-realm');
  if (cname === undefined) throw new Refused('KDC_ERR_C_PRINCIPAL_UNKNOWN', 'client-unnamed');
  if (sname === undefined) throw new Refused('KDC_ERR_S_PRINCIPAL_UNKNOWN', 'server-unnamed');
  const client = findClient(accounts, domain, cname) ?? withoutProof(call, context, cname);
  if (client === undefined) throw new Refused('KDC_ERR_C_PRINCIPAL_UNKNOWN', 'client-unknown');
  record.client = client;
  return { client, cname, ...requireServer(call, context) };
}

/** A client by another realm's name, who has not shown a key (MS-KILE 3.3.5.6.1, steps 4 and 6). */
function withoutProof(
  { req }: KdcCall,
  { accounts, domain }: KdcContext,
  cname: PrincipalName,
): Account | undefined {
  const proves = PROOFS.some((type) => findPadata(req.padata, type) !== undefined);
  return proves ? undefined : findClientElsewhere(accounts, domain, cname);
}

const PROOFS = [PaType.ENC_TIMESTAMP, PaType.ENCRYPTED_CHALLENGE] as const;

/** The client's keys, in this KDC's order of preference. */
function clientKeys(client: Account, { keys, settings }: KdcContext): readonly KdcKey[] {
  const current = keys.current(client);
  // Protected Users have no RC4 (MS-KILE 3.3.5.6 and the group's documentation).
  const noRc4 = settings.protectedUsers && client.protectedUser;
  return noRc4 ? current.filter(({ key }) => key.etype !== RC4) : current;
}

const RC4 = 23;

/** Seconds of a ticket with which a password is changed: it is got for that and used at once. */
const PASSWORD_SERVICE_LIFE = { maxLife: PASSWORD_TICKET_LIFE, maxRenew: 0 };

function lives(client: Account, context: KdcContext) {
  const { settings } = context;
  const policy = policyLife(client, context);
  if (policy !== undefined) {
    // Of life and renewal both, and for Protected Users too: this is what Windows does.
    const life = Math.min(policy, settings.maxTicketLife);
    return { maxLife: life, maxRenew: life };
  }
  const restricted = settings.protectedUsers && client.protectedUser;
  return {
    maxLife: restricted ? settings.protectedUserLife : settings.maxTicketLife,
    maxRenew: restricted ? settings.protectedUserLife : settings.maxRenewLife,
  };
}

/**
 * The name in the ticket: the sAMAccountName where the client lets us choose (RFC 6806 §6, MS-KILE
 * 3.3.5.6.1), else as asked.
 */
function replyName(cname: PrincipalName, client: Account, { body }: KdcCall): PrincipalName {
  return (body.kdcOptions & KdcOption.CANONICALIZE) !== 0
    ? { nameType: NameType.PRINCIPAL, nameString: [client.samAccountName] }
    : cname;
}

function asFlags(client: Account, preAuthType: number, call: KdcCall, context: KdcContext): number {
  const { kdcOptions } = call.body;
  // As in Windows the flag tells what the KDC can, whether it was asked or not (RFC 6806 §11).
  let flags: number = TicketFlag.INITIAL | TicketFlag.ENC_PA_REP;
  if (preAuthType !== 0) flags |= TicketFlag.PRE_AUTHENT;
  // What cannot be forwarded cannot be delegated: MS-KILE 3.3.5.6 (ND), Protected Users.
  if (isDelegatable(client, context.settings.protectedUsers)) {
    if ((kdcOptions & KdcOption.FORWARDABLE) !== 0) flags |= TicketFlag.FORWARDABLE;
    if ((kdcOptions & KdcOption.PROXIABLE) !== 0) flags |= TicketFlag.PROXIABLE;
  }
  return flags;
}

/** What KERB-PA-PAC-REQUEST says; undefined when it is absent (MS-KILE 2.2.3). */
function pacRequested({ req }: KdcCall): boolean | undefined {
  const padata = findPadata(req.padata, PaType.PAC_REQUEST);
  return padata === undefined ? undefined : decodeDer(KerbPaPacRequest, padata).includePac;
}
