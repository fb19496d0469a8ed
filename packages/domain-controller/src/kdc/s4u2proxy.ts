import type { EvidenceFacts, HeaderFacts, S4U2ProxyFacts } from '@doublehop/delegation/facts';
import { decideS4U2Proxy } from '@doublehop/delegation/s4u2proxy';
import type { Account } from '@doublehop/directory/account';
import { PacOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { findPadata } from '@doublehop/kerberos/messages/common';
import { PaPacOptions } from '@doublehop/kerberos/messages/padata';
import type { EncTicketPart } from '@doublehop/kerberos/messages/ticket';
import { formatName, formatPrincipal, type PrincipalName } from '@doublehop/kerberos/names';
import {
  decodeDelegationInfo,
  type DelegationInfo,
  encodeDelegationInfo,
  extendDelegationInfo,
} from '@doublehop/security/pac/delegation-info';
import { type PacBuffer, PacType } from '@doublehop/security/pac/pac';
import { accountSid } from '@doublehop/security/pac/token';
import { decodeDer } from '@doublehop/wire/der';
import { Key } from '@doublehop/crypto/key';
import { clientAuthorizationData } from './client-authorization-data.ts';
import { servicePac } from './claims/issued.ts';
import type { KdcContext } from './context.ts';
import { conflictingOptions, delegatedFlags, derivedTimes, refusedBy } from './derived.ts';
import { middleFacts, targetFacts, userFacts } from './delegation-facts.ts';
import type { Evidence } from './evidence.ts';
import type { AuthenticatedRequest, HeaderTicket } from './header-ticket.ts';
import { issueTicket, serverFlags, tgsReply } from './issue.ts';
import { findServer } from './names.ts';
import { withDevice } from './policy/restrictions.ts';
import type { KdcCall } from './request.ts';
import type { TicketPac } from './ticket-pac.ts';

/** A ticket to the target in the user's name (MS-SFU 3.2.5.2): gather, decide, issue. */
export function answerS4U2Proxy(
  request: AuthenticatedRequest,
  middle: Account,
  call: KdcCall,
  context: KdcContext,
): Uint8Array {
  call.record.kind = 's4u2proxy';
  const parties = gather(call, context);
  const decision = decideS4U2Proxy(proxyFacts(request, middle, parties, call, context));
  if (!decision.allowed) throw refusedBy(decision.refusal);
  call.record.mode = decision.mode;
  const { target, sname, evidence } = parties;
  const { part, ticket, pac } = evidence;
  if (target === undefined || part === undefined || ticket === undefined) {
    throw new RangeError('S4U2Proxy was allowed without target and evidence');
  }
  const { header } = request;
  const delegation = extendDelegationInfo(
    delegationInfo(pac),
    formatName(sname),
    formatPrincipal({ name: ticket.sname, realm: ticket.realm }),
  );
  call.record.transited = delegation.transitedServices;
  const audited = decision.checks.some(
    ({ id, evidence: found }) => id === 'authentication-policy' && found === 'audits',
  );
  if (audited) call.record.policyAudited = 'target-authentication-policy';
  const order = {
    cname: part.cname,
    sname,
    server: target,
    flags: delegatedFlags(header, call, decision.forwardable) | serverFlags(target),
    times: derivedTimes(header, call, context, part),
    pac: decision.pac
      ? delegatedPac(servicePac(pac, target, call, context), delegation)
      : undefined,
    // Without a subkey it is the evidence ticket's session key that encrypts (MS-SFU 3.1.5.2.1).
    authorizationData: clientAuthorizationData(call, request.subkey, () => evidenceKey(part)),
  };
  const issued = issueTicket(order, call, context);
  const protection = { key: request.replyKey, usage: request.replyUsage };
  return tgsReply(issued, protection, undefined, call, context);
}

/** Who takes part, as far as they could be found. */
interface Parties {
  readonly sname: PrincipalName;
  readonly target: Account | undefined;
  readonly evidence: Evidence;
  readonly user: Account | undefined;
  /** `alice@CONTOSO.COM`, for the record and for sentences. */
  readonly userName: string;
}

function gather(call: KdcCall, context: KdcContext): Parties {
  const { record, body } = call;
  const { sname = NOBODY } = body;
  const target = findServer(context.accounts, context.domain, sname);
  if (target !== undefined) record.server = target;
  const evidence = context.evidence.open(body.additionalTickets?.[0], context);
  const { part } = evidence;
  const userName =
    part === undefined ? '' : formatPrincipal({ name: part.cname, realm: part.crealm });
  record.user = userName;
  return { sname, target, evidence, user: userAccount(evidence, context), userName };
}

const NOBODY: PrincipalName = { nameType: NameType.UNKNOWN, nameString: [] };

function proxyFacts(
  { header }: AuthenticatedRequest,
  middle: Account,
  { sname, target, evidence, user, userName }: Parties,
  call: KdcCall,
  context: KdcContext,
): S4U2ProxyFacts {
  const { now, body } = call;
  const { settings, domain } = context;
  return {
    settings,
    request: {
      evidencePresent: evidence.ticket !== undefined,
      conflictingOptions: conflictingOptions(body.kdcOptions, EXCLUDED),
      rbcdBit: asksForRbcd(call),
    },
    header: headerFacts(header, call, context),
    middle: middleFacts(middle, now, settings),
    evidence: evidenceFacts(evidence, now, settings.clockSkew),
    user: userFacts(user, userName, evidence.part?.crealm === domain.realm, now, settings),
    target: targetFacts(target, formatName(sname), now, context),
  };
}

/** The middle's device counts where its TGT armors the request (MS-KILE 3.3.5.7.4). */
function headerFacts(header: HeaderTicket, call: KdcCall, context: KdcContext): HeaderFacts {
  const facts = header.facts();
  if (facts.pac !== 'valid') return facts;
  const token = withDevice(header.pac.groupedToken(context.accounts), call, context);
  return token === header.pac.token() ? facts : { ...facts, token };
}

const EXCLUDED = ['RENEW', 'VALIDATE', 'FORWARDED', 'PROXY', 'ENC_TKT_IN_SKEY'] as const;

/** PA-PAC-OPTIONS, resource-based constrained delegation (MS-KILE 2.2.10). */
function asksForRbcd({ req }: KdcCall): boolean {
  const padata = findPadata(req.padata, PaType.PAC_OPTIONS);
  if (padata === undefined) return false;
  const { flags } = decodeDer(PaPacOptions, padata);
  return (flags & PacOption.RESOURCE_BASED_CONSTRAINED_DELEGATION) !== 0;
}

function evidenceFacts(
  { ticket, account, part, pac }: Evidence,
  now: number,
  skew: number,
): EvidenceFacts {
  const sound = pac.fact === 'valid' && part !== undefined;
  return {
    origin: sound ? originOf(pac) : 'unknown',
    decrypts: part !== undefined,
    pac: pac.fact,
    validity: validity(part, now / 1000, skew),
    serverSid: account?.sid,
    serverName: ticket === undefined ? '' : formatName(ticket.sname),
    pacClientMatches: sound && pac.names(formatName(part.cname), part.authtime),
    forwardable: part !== undefined && (part.flags & TicketFlag.FORWARDABLE) !== 0,
    pacUserAccountControl: sound ? pac.logonInfo().userAccountControl : 0,
    rodc: pac.rodc,
  };
}

/** S-1-18-1: the user logged on; S-1-18-2: a service vouched (MS-SFU 3.2.5.1.2). */
function originOf(pac: TicketPac): EvidenceFacts['origin'] {
  const sids = pac.logonInfo().extraSids.map(({ sid }) => sid);
  if (sids.includes('S-1-18-1')) return 'kerberos';
  return sids.includes('S-1-18-2') ? 'protocol-transition' : 'unknown';
}

function validity(
  part: EncTicketPart | undefined,
  now: number,
  skew: number,
): EvidenceFacts['validity'] {
  if (part === undefined) return 'invalid';
  if ((part.flags & TicketFlag.INVALID) !== 0) return 'invalid';
  if (part.endtime <= now) return 'expired';
  return (part.starttime ?? part.authtime) > now + skew ? 'not-yet-valid' : 'valid';
}

/** The user by the SID in the PAC, which a change of name does not move. */
function userAccount({ pac }: Evidence, { accounts }: KdcContext): Account | undefined {
  return pac.fact === 'valid' ? accounts.bySid(accountSid(pac.logonInfo())) : undefined;
}

function delegationInfo(pac: TicketPac): DelegationInfo | undefined {
  const data = pac.buffer(PacType.delegationInfo);
  return data === undefined ? undefined : decodeDelegationInfo(data);
}

/** The user's PAC with the way it came (MS-SFU 3.2.5.2.4, MS-PAC 2.9). */
function delegatedPac(pac: readonly PacBuffer[], info: DelegationInfo): PacBuffer[] {
  return [
    ...pac.filter(({ type }) => type !== PacType.delegationInfo),
    { type: PacType.delegationInfo, data: encodeDelegationInfo(info) },
  ];
}

function evidenceKey({ key }: EncTicketPart): Key {
  return Key.of(key.keytype, key.keyvalue);
}
