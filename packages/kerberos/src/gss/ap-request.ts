import { Key } from '@doublehop/crypto/key';
import { CryptoError } from '@doublehop/crypto/errors';
import { decodeDer } from '@doublehop/wire/der';
import { plain } from '@doublehop/wire/bytes';
import { ErrorCode } from '../iana/error-codes.ts';
import { ApOption, TicketFlag } from '../iana/flags.ts';
import { KeyUsage } from '../iana/key-usages.ts';
import { type ApReq, Authenticator } from '../messages/ap.ts';
import { EncTicketPart, Ticket } from '../messages/ticket.ts';
import { formatPrincipal, type Principal, samePrincipalFolded } from '../names.ts';
import type { KerberosError } from '../errors.ts';
import { gssError, reading } from './gss-error.ts';
import type { ReplayCache } from './replay-cache.ts';
import type { ServiceKeys } from './service-keys.ts';

/** What an AP-REQ is verified with. */
export interface ApRequestPolicy {
  readonly keys: ServiceKeys;
  readonly replayCache: ReplayCache;
  /** Encryption types that are accepted, of tickets, session keys and subkeys. */
  readonly etypes: readonly number[];
  /** Seconds by which the initiator's clock may differ. */
  readonly clockSkew: number;
  /** The session key of the service's own TGT, which it gave to initiators: user to user. */
  readonly userToUserKey?: Key | undefined;
}

/** An AP-REQ that proved right. */
export interface VerifiedRequest {
  readonly server: Principal;
  readonly client: Principal;
  readonly ticketPart: EncTicketPart;
  readonly authenticator: Authenticator;
  readonly sessionKey: Key;
  /** The initiator's subkey, where it sent one. */
  readonly subkey: Key | undefined;
}

/**
 * Verifies an AP-REQ as RFC 4120 §3.2.3 lays down. `now` is in seconds since 1970. The path of a
 * ticket from another realm is not looked at (MS-KILE 3.1.5.4): filtering is the KDCs' work.
 *
 * Throws KerberosError `gss` with `detail.errorCode`.
 */
export function verifyApRequest(
  request: ApReq,
  ticket: Ticket,
  policy: ApRequestPolicy,
  now: number,
): VerifiedRequest {
  const server = { name: ticket.sname, realm: ticket.realm };
  const ticketPart = openTicket(ticket, server, policyFor(request, policy));
  const client = { name: ticketPart.cname, realm: ticketPart.crealm };
  checkTimes(ticketPart, now, policy.clockSkew);
  const sessionKey = permittedKey('the session key', ticketPart.key, policy);
  const authenticator = openAuthenticator(request, sessionKey);
  // Clients of Active Directory write here what their user typed (`contoso.com`). Nothing hangs on
  // it: who comes is whom the ticket names, and only its client could seal the authenticator.
  const named = { name: authenticator.cname, realm: authenticator.crealm };
  if (!samePrincipalFolded(client, named)) {
    throw refused(ErrorCode.KRB_AP_ERR_BADMATCH, 'ticket and authenticator name two clients');
  }
  if (Math.abs(now - authenticator.ctime) > policy.clockSkew) {
    const apart = Math.round(Math.abs(now - authenticator.ctime));
    const message = `the clocks of client and service differ by ${apart} seconds`;
    throw refused(ErrorCode.KRB_AP_ERR_SKEW, message);
  }
  checkReplay(request, authenticator, policy, now);
  const subkey = authenticator.subkey && permittedKey('the subkey', authenticator.subkey, policy);
  return { server, client, ticketPart, authenticator, sessionKey, subkey };
}

/** The keys that may have sealed the ticket: the one of user to user is no other's substitute. */
function policyFor({ apOptions }: ApReq, policy: ApRequestPolicy): ApRequestPolicy {
  if ((apOptions & ApOption.USE_SESSION_KEY) === 0) return policy;
  const { userToUserKey } = policy;
  if (userToUserKey === undefined) {
    throw refused(ErrorCode.KRB_AP_ERR_NOKEY, 'user-to-user authentication is not supported');
  }
  const keys: ServiceKeys = (_server, etype) =>
    etype === userToUserKey.etype ? userToUserKey : undefined;
  return { ...policy, keys };
}

function openTicket(
  { encPart }: Ticket,
  server: Principal,
  { keys, etypes }: ApRequestPolicy,
): EncTicketPart {
  const { etype, cipher } = encPart;
  const subject = formatPrincipal(server);
  if (!etypes.includes(etype)) throw notPermitted('the ticket', etype);
  const kvno = encPart.kvno === undefined ? undefined : encPart.kvno >>> 0;
  const found = keys(server, etype, kvno) ?? [];
  const candidates = found instanceof Key ? [found] : found;
  if (candidates.length === 0) {
    const message = `there is no key of encryption type ${etype} for ${subject}`;
    throw refused(ErrorCode.KRB_AP_ERR_NOKEY, message, subject);
  }
  for (const key of candidates) {
    const text = tryDecrypt(key, cipher);
    if (text !== undefined) return reading('the ticket', () => decodeDer(EncTicketPart, text));
  }
  const message = `no key opens the ticket for ${subject}: the keytab is not the account's`;
  throw refused(ErrorCode.KRB_AP_ERR_BAD_INTEGRITY, message, subject);
}

function tryDecrypt(key: Key, cipher: Uint8Array): Uint8Array | undefined {
  try {
    return plain(key.decrypt(KeyUsage.TICKET, cipher));
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}

function checkTimes(ticket: EncTicketPart, now: number, skew: number): void {
  const start = ticket.starttime ?? ticket.authtime;
  if ((ticket.flags & TicketFlag.INVALID) !== 0 || start > now + skew) {
    throw refused(ErrorCode.KRB_AP_ERR_TKT_NYV, 'the ticket is not yet valid');
  }
  if (ticket.endtime < now - skew) {
    throw refused(ErrorCode.KRB_AP_ERR_TKT_EXPIRED, 'the ticket has expired');
  }
}

function openAuthenticator({ authenticator }: ApReq, sessionKey: Key): Authenticator {
  return reading('the authenticator', () => {
    const { cipher } = authenticator;
    const text = sessionKey.decrypt(KeyUsage.AP_REQ_AUTHENTICATOR, cipher);
    return decodeDer(Authenticator, text);
  });
}

function checkReplay(
  request: ApReq,
  { ctime }: Authenticator,
  { replayCache, clockSkew }: ApRequestPolicy,
  now: number,
): void {
  const { cipher } = request.authenticator;
  const verdict = replayCache.check({ cipher, expires: ctime + clockSkew }, now);
  if (verdict === 'replayed') {
    throw refused(ErrorCode.KRB_AP_ERR_REPEAT, 'the authenticator was used before');
  }
  if (verdict === 'full') {
    throw refused(ErrorCode.KRB_ERR_GENERIC, 'the replay cache is full');
  }
}

function permittedKey(
  what: string,
  { keytype, keyvalue }: { readonly keytype: number; readonly keyvalue: Uint8Array },
  { etypes }: ApRequestPolicy,
): Key {
  if (!etypes.includes(keytype)) throw notPermitted(what, keytype);
  return reading(what, () => Key.of(keytype, keyvalue));
}

function notPermitted(what: string, etype: number): KerberosError {
  const message = `${what} is of the encryption type ${etype}, which is not permitted`;
  return refused(ErrorCode.KDC_ERR_ETYPE_NOSUPP, message);
}

function refused(errorCode: number, message: string, subject?: string): KerberosError {
  return gssError('GSS_S_FAILURE', message, {
    errorCode,
    ...(subject === undefined ? {} : { subject }),
  });
}
