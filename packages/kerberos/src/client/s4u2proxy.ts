import { encodeDer } from '@doublehop/wire/der';
import type { Credentials } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { ErrorCode, errorName } from '../iana/error-codes.ts';
import { KdcOption, PacOption, TicketFlag } from '../iana/flags.ts';
import { PaType } from '../iana/padata-types.ts';
import { findPadata, type PaData } from '../messages/common.ts';
import { PaPacOptions } from '../messages/padata.ts';
import {
  formatName,
  formatPrincipal,
  isTicketGrantingService,
  type Principal,
  sameName,
  samePrincipal,
} from '../names.ts';
import type { ClientContext } from './context.ts';
import { mismatch } from './kdc-reply.ts';
import { decodeAnswer, isKrbError } from './krb-error.ts';
import { delegationMeaning, statusName } from './nt-status.ts';
import { armorFor, exchangeTgs, getRealmTgt, getServiceTicket } from './service-ticket.ts';
import { inheritedOptions, realmOfTgt, type TgsReply, type TgsRequest } from './tgs-exchange.ts';

/** A ticket from a user to the middle; {@link Credentials} of S4U2Self are one. */
export interface Evidence {
  /** DER of the ticket. */
  readonly ticket: Uint8Array;
  readonly client: Principal;
  /** TicketFlags, where they are known: only for the explanation of a refusal. */
  readonly flags?: number | undefined;
}

/** A middle asks for a ticket of the user to a target (MS-SFU 3.1.5.2). */
export interface S4u2ProxyRequest {
  /** The middle's own TGT, of its own realm. */
  readonly tgt: Credentials;
  readonly evidence: Evidence;
  /**
   * The target. An empty realm, or the middle's, lets the KDC find it; a KDC cannot be asked for a
   * name in a foreign realm, so any other realm only says where the referrals should end.
   */
  readonly target: Principal;
  /** False leaves the RBCD bit out of PA-PAC-OPTIONS: only classic delegation can be granted. */
  readonly rbcd?: boolean | undefined;
  /** Narrows the permitted encryption types. */
  readonly etypes?: readonly number[] | undefined;
  /** FAST: see `TgsRequest.armor`; the device's identity goes where the middle's does. */
  readonly armor?: TgsRequest['armor'];
}

/**
 * S4U2Proxy: a ticket whose client is the evidence ticket's and whose server is the target; its
 * session key is the middle's. A target of another realm is reached by RBCD (MS-SFU 3.1.5.2.2).
 *
 * Throws KerberosError; for a refusal, with the NTSTATUS (if the KDC gave one) and its meaning.
 */
export async function s4u2proxy(
  context: ClientContext,
  request: S4u2ProxyRequest,
): Promise<Credentials> {
  const { tgt, evidence, target } = request;
  const reply = await ask(context, request, tgt, evidence.ticket);
  const { credentials } = reply;
  if (sameName(credentials.server.name, target.name)) return forUser(request, credentials);
  return forUser(request, await crossRealm(context, request, reply));
}

async function ask(
  context: ClientContext,
  request: S4u2ProxyRequest,
  tgt: Credentials,
  ticket: Uint8Array,
): Promise<TgsReply> {
  const { target, rbcd = true } = request;
  const realm = realmOfTgt(tgt);
  const step = rbcd ? 'PA-PAC-OPTIONS with RBCD' : 'without RBCD';
  context.log?.({ exchange: 'S4U2Proxy', realm, step, subject: formatName(target.name) });
  try {
    return await exchangeTgs(context, {
      tgt,
      server: target.name,
      options: inheritedOptions(tgt) | KdcOption.CNAME_IN_ADDL_TKT | KdcOption.CANONICALIZE,
      etypes: request.etypes,
      additionalTickets: [ticket],
      sameClient: false,
      armor: armorFor(tgt, request.armor),
      padata: () => (rbcd ? [rbcdOption()] : []),
    });
  } catch (error) {
    throw explainRefusal(error, request);
  }
}

/**
 * The way to a target of another realm (MS-SFU 3.1.5.2.2): the first KDC's reply is a "proxy TGT"
 * that stands for the user; with it and with the middle's own TGT the target's KDC is asked.
 */
async function crossRealm(
  context: ClientContext,
  request: S4u2ProxyRequest,
  { credentials: proxyTgt, encryptedPadata }: TgsReply,
): Promise<Credentials> {
  const { tgt, target } = request;
  if (!isTicketGrantingService(proxyTgt.server.name)) throw mismatch('another server is named');
  // Without the echo it is a plain referral: the KDC knows no RBCD (MS-SFU 3.2.5.2.2).
  if (request.rbcd === false || !echoesRbcd(encryptedPadata)) {
    throw new KerberosError(
      'reply-mismatch',
      `${formatName(target.name)} is in another realm, which only RBCD can reach`,
      { subject: formatName(target.name) },
    );
  }
  const own = await getServiceTicket(context, tgt, { name: target.name, realm: tgt.client.realm });
  const targetTgt = own.tgts.at(-1);
  if (targetTgt === undefined) throw mismatch('a referral was not needed for the middle itself');
  const targetRealm = realmOfTgt(targetTgt);
  if (target.realm !== '' && target.realm !== tgt.client.realm && target.realm !== targetRealm) {
    throw mismatch(`the target is in ${targetRealm}`);
  }
  const near = realmOfTgt(proxyTgt) === targetRealm;
  const evidence = near
    ? proxyTgt
    : (await getRealmTgt(context, proxyTgt, targetRealm)).credentials;
  const { credentials } = await ask(context, request, targetTgt, evidence.ticket);
  if (!sameName(credentials.server.name, target.name)) throw mismatch('another server is named');
  return credentials;
}

/** The client in the clear must be the user: a KDC without S4U puts the middle there. */
function forUser({ tgt, evidence }: S4u2ProxyRequest, credentials: Credentials): Credentials {
  const found = credentials.client;
  if (samePrincipal(found, evidence.client)) return credentials;
  throw samePrincipal(found, tgt.client)
    ? mismatch(`it is for ${formatPrincipal(found)} itself: the KDC does not do S4U2Proxy`)
    : mismatch(`it is for ${formatPrincipal(found)}`);
}

function rbcdOption(): PaData {
  const flags = PacOption.RESOURCE_BASED_CONSTRAINED_DELEGATION;
  return { padataType: PaType.PAC_OPTIONS, padataValue: encodeDer(PaPacOptions, { flags }) };
}

function echoesRbcd(padata: TgsReply['encryptedPadata']): boolean {
  const value = findPadata(padata, PaType.PAC_OPTIONS);
  if (value === undefined) return false;
  const { flags } = decodeAnswer(PaPacOptions, value);
  return (flags & PacOption.RESOURCE_BASED_CONSTRAINED_DELEGATION) !== 0;
}

/** A refusal of delegation told in the words of delegation; other errors as they are. */
function explainRefusal(error: unknown, request: S4u2ProxyRequest): unknown {
  const { tgt, evidence, target } = request;
  if (isKrbError(error, ErrorCode.KRB_AP_ERR_BAD_INTEGRITY) && isForeign(request)) {
    const name = formatName(target.name);
    const text = `name ${name} without its realm: the middle's own KDC must be asked`;
    return new KerberosError('krb-error', text, { ...error.detail, cause: error });
  }
  const refused =
    isKrbError(error, ErrorCode.KDC_ERR_BADOPTION) || isKrbError(error, ErrorCode.KDC_ERR_POLICY);
  if (!refused) return error;
  const { ntStatus, errorCode = 0 } = error.detail;
  const who = `${formatPrincipal(tgt.client)} may not act for ${formatPrincipal(evidence.client)}`;
  const message =
    `${errorName(errorCode)} (${errorCode}): ${who} to ${formatName(target.name)}; ` +
    reason(ntStatus, evidence.flags);
  return new KerberosError('krb-error', message, { ...error.detail, cause: error });
}

function isForeign({ tgt, target }: S4u2ProxyRequest): boolean {
  return target.realm !== '' && target.realm !== tgt.client.realm;
}

function reason(ntStatus: number | undefined, evidenceFlags: number | undefined): string {
  const meaning = ntStatus === undefined ? undefined : delegationMeaning(ntStatus);
  const status = ntStatus === undefined ? [] : [statusName(ntStatus)];
  // Whether the ticket is forwardable is known for sure, so it comes before the KDC's guess.
  if (evidenceFlags !== undefined && (evidenceFlags & TicketFlag.FORWARDABLE) === 0) {
    return ['the evidence ticket is not forwardable', ...status].join('; ');
  }
  if (ntStatus !== undefined) return [...status, meaning ?? 'no more is known'].join(': ');
  return (
    'the KDC gives no reason: the target does not list the middle, the user may not be ' +
    'delegated, or the evidence ticket is not forwardable'
  );
}
