import type { Key } from '@doublehop/crypto/key';
import type { Account } from '@doublehop/directory/account';
import { KerberosError } from '@doublehop/kerberos/errors';
import { type VerifiedRequest, verifyApRequest } from '@doublehop/kerberos/gss/ap-request';
import type { ServiceKeys } from '@doublehop/kerberos/gss/service-keys';
import { ErrorCode, errorName } from '@doublehop/kerberos/iana/error-codes';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { CHANGE_PASSWORD_SERVICE } from '@doublehop/kerberos/kpasswd/messages';
import { KpasswdResult } from '@doublehop/kerberos/kpasswd/result';
import { ApReq, type Authenticator } from '@doublehop/kerberos/messages/ap';
import { type EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { formatName } from '@doublehop/kerberos/names';
import type { Token } from '@doublehop/security/access-check';
import { SecurityError } from '@doublehop/security/errors';
import { PacType } from '@doublehop/security/pac/pac';
import { accountSid } from '@doublehop/security/pac/token';
import { decodeDer } from '@doublehop/wire/der';
import { isOurRealm } from '../kdc/names.ts';
import { readTgtPac, type TicketPac } from '../kdc/ticket-pac.ts';
import type { KpasswdContext } from './context.ts';
import { PasswordRefused } from './refused.ts';

/** Who asks, proved by a ticket, and the keys of the reply. */
export interface PasswordCaller {
  readonly account: Account;
  readonly token: Token;
  /** Whether the ticket was got by the password itself (RFC 3244 §2). */
  readonly initial: boolean;
  readonly authenticator: Authenticator;
  readonly sessionKey: Key;
  readonly subkey: Key;
}

/**
 * Reads and verifies the AP-REQ of a request (RFC 3244 §2, RFC 4120 §3.2.3). `now` is in
 * milliseconds. Throws PasswordRefused, and WireError for what is no AP-REQ.
 */
export function authenticate(
  bytes: Uint8Array,
  context: KpasswdContext,
  now: number,
): PasswordCaller {
  const request = decodeDer(ApReq, bytes);
  const ticket = decodeDer(Ticket, request.ticket);
  requireOurService(ticket, context);
  const verified = verify(request, ticket, context, now);
  const { ticketPart, authenticator, sessionKey, subkey } = verified;
  if (subkey === undefined) throw unbelieved('no-subkey', ErrorCode.KRB_AP_ERR_NOKEY);
  const { account, token } = identify(ticketPart, context);
  const initial = (ticketPart.flags & TicketFlag.INITIAL) !== 0;
  return { account, token, initial, authenticator, sessionKey, subkey };
}

function requireOurService({ sname, realm }: Ticket, { domain }: KpasswdContext): void {
  // The KDC finds SPNs whatever their case is, and answers with the name as it was asked for.
  const name = sname.nameString.join('/').toLowerCase();
  const ours = name === CHANGE_PASSWORD_SERVICE.nameString.join('/') && isOurRealm(domain, realm);
  if (ours) return;
  // Result and text as Samba's service has them, whose tests ask for them.
  const { HARDERROR } = KpasswdResult;
  throw new PasswordRefused(HARDERROR, 'other-service', REFUSED_LOGON, HARDERROR);
}

const REFUSED_LOGON = 'gensec_update failed - NT_STATUS_LOGON_FAILURE\n';

function verify(
  request: ApReq,
  ticket: Ticket,
  context: KpasswdContext,
  now: number,
): VerifiedRequest {
  const { settings, replayCache } = context;
  const keys: ServiceKeys = (_server, etype, kvno) =>
    ticketKeys(context)
      .filter(({ key, kvno: version }) => key.etype === etype && (kvno ?? version) === version)
      .map(({ key }) => key);
  const { clockSkew, encryptionTypes: etypes } = settings;
  try {
    return verifyApRequest(request, ticket, { keys, replayCache, etypes, clockSkew }, now / 1000);
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    throw unbelieved('ticket', error.detail.errorCode ?? ErrorCode.KRB_AP_ERR_MODIFIED);
  }
}

/** Tickets for kadmin/changepw are sealed with krbtgt's key: the SPN is its account's. */
function ticketKeys({ accounts, keys }: KpasswdContext) {
  const krbtgt = accounts.byName('krbtgt');
  return krbtgt === undefined ? [] : keys.all(krbtgt);
}

/** The account that the PAC names, which a renaming in between does not change. */
function identify(
  part: EncTicketPart,
  context: KpasswdContext,
): { readonly account: Account; readonly token: Token } {
  try {
    const pac = ticketPac(part, context);
    // A TGT under this name: it is initial too, and may be much older than the request
    // (CVE-2022-2031).
    const ofTgt = [PacType.requesterSid, PacType.attributes].some((type) => pac.buffer(type));
    if (ofTgt) {
      const text = 'A TGT may not be used as a ticket to kpasswd';
      const { AUTHERROR } = KpasswdResult;
      throw new PasswordRefused(AUTHERROR, 'ticket-granting-ticket', text, AUTHERROR);
    }
    const named = pac.names(formatName(part.cname), part.authtime);
    const account = context.accounts.bySid(accountSid(pac.logonInfo()));
    if (!named || account === undefined) throw unbelieved('client', ErrorCode.KRB_AP_ERR_BADMATCH);
    return { account, token: pac.token() };
  } catch (error) {
    if (!(error instanceof SecurityError)) throw error;
    throw unbelieved('pac', ErrorCode.KRB_AP_ERR_MODIFIED);
  }
}

function ticketPac(part: EncTicketPart, context: KpasswdContext): TicketPac {
  for (const { key } of ticketKeys(context)) {
    const pac = readTgtPac(part, key);
    if (pac.fact === 'valid') return pac;
  }
  throw unbelieved('pac', ErrorCode.KRB_AP_ERR_MODIFIED);
}

function unbelieved(reason: string, errorCode: number): PasswordRefused {
  return new PasswordRefused(KpasswdResult.AUTHERROR, reason, errorName(errorCode), errorCode);
}
