import { timingSafeEqual } from 'node:crypto';
import { isKeyed, verifyChecksum } from '@doublehop/crypto/checksum';
import { CryptoError } from '@doublehop/crypto/errors';
import { Key } from '@doublehop/crypto/key';
import type { HeaderFacts } from '@doublehop/delegation/facts';
import type { Account } from '@doublehop/directory/account';
import { GenerationCache } from '@doublehop/directory/generation-cache';
import { EncryptionType } from '@doublehop/kerberos/iana/encryption-types';
import { KdcOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { ApReq, Authenticator } from '@doublehop/kerberos/messages/ap';
import { findPadata } from '@doublehop/kerberos/messages/common';
import type { KdcReq } from '@doublehop/kerberos/messages/kdc';
import { type EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { formatName, samePrincipalFolded } from '@doublehop/kerberos/names';
import type { Token } from '@doublehop/security/access-check';
import { equal } from '@doublehop/wire/bytes';
import { decodeDer } from '@doublehop/wire/der';
import { Refused } from '../errors.ts';
import { MAX_SESSION_KEYS } from '../limits.ts';
import type { KdcContext } from './context.ts';
import { requireFastMarks } from './fast/marks.ts';
import { isKrbtgt } from './issue.ts';
import { findServer, isOurTgs } from './names.ts';
import { decrypted, type KdcKey, openTicket } from './sealed-ticket.ts';
import { readTgtPac, type TicketPac } from './ticket-pac.ts';

/** The ticket with which a client asks for others, opened and its PAC verified. */
export interface HeaderTicket {
  readonly ticket: Ticket;
  readonly part: EncTicketPart;
  readonly sessionKey: Key;
  /** krbtgt, as it was when the ticket was opened. */
  readonly server: Account;
  readonly sealedWith: KdcKey;
  readonly pac: TicketPac;
  /** What delegation rules look at in it. */
  readonly facts: () => HeaderFacts;
}

/** A request proved to come from the client of its header ticket (RFC 4120 §3.3.2). */
export interface AuthenticatedRequest {
  readonly header: HeaderTicket;
  /** Encrypts the reply: the subkey if there is one (RFC 4120 §5.4.2). */
  readonly replyKey: Key;
  readonly replyUsage: number;
  readonly subkey: Key | undefined;
}

/**
 * Header tickets seen lately. A TGT comes back with every request of its client: the same octets,
 * sealed with a key that is still in use, need not be opened and verified again. Bounded; those
 * not seen for long go first.
 */
export class HeaderTickets {
  readonly #recent = new GenerationCache<number, { bytes: Uint8Array; header: HeaderTicket }>(
    MAX_SESSION_KEYS,
  );

  /** The opened ticket; refuses what is no ticket of this realm (RFC 4120 §3.3.3). */
  open(bytes: Uint8Array, context: KdcContext): HeaderTicket {
    const id = ticketId(bytes);
    const known = this.#recent.get(id);
    if (known !== undefined && equal(known.bytes, bytes) && isCurrent(known.header, context)) {
      return known.header;
    }
    // What is kept must not keep the datagram that it came in.
    const own = bytes.slice();
    const header = openHeader(own, context);
    this.#recent.set(id, { bytes: own, header });
    return header;
  }
}

/** Reads and verifies PA-TGS-REQ (RFC 4120 §3.3.2, §3.3.3.1). `now` is in milliseconds. */
export function authenticate(req: KdcReq, now: number, context: KdcContext): AuthenticatedRequest {
  const padata = findPadata(req.padata, PaType.TGS_REQ);
  if (padata === undefined) throw new Refused('KDC_ERR_PADATA_TYPE_NOSUPP', 'no-header-ticket');
  const usage = KeyUsage.TGS_REQ_AUTHENTICATOR;
  const toValidate = (req.reqBody.value.kdcOptions & KdcOption.VALIDATE) !== 0;
  const opened = openApReq(padata, usage, now, context, toValidate);
  const { header, authenticator, subkey } = opened;
  requireFastMarks(authenticator, header.part, req.padata);
  requireChecksum(authenticator, header.sessionKey, req.reqBody.raw, context);
  return {
    header,
    subkey,
    replyKey: subkey ?? header.sessionKey,
    replyUsage:
      subkey === undefined
        ? KeyUsage.TGS_REP_ENC_PART_SESSION_KEY
        : KeyUsage.TGS_REP_ENC_PART_SUBKEY,
  };
}

/** A TGT that its owner showed. */
export interface ShownTicket {
  readonly header: HeaderTicket;
  readonly authenticator: Authenticator;
  readonly subkey: Key | undefined;
}

/**
 * Reads and verifies an AP-REQ with a TGT (RFC 4120 §3.2.3). `usage` is the authenticator's;
 * `toValidate`: an invalid TGT is shown to be made valid.
 */
export function openApReq(
  bytes: Uint8Array,
  usage: number,
  now: number,
  context: KdcContext,
  toValidate = false,
): ShownTicket {
  const apReq = decodeDer(ApReq, bytes);
  const header = context.headers.open(apReq.ticket, context);
  requireValidTimes(header.part, now, context, toValidate);
  const plain = decrypted(header.sessionKey, usage, apReq.authenticator.cipher);
  if (plain === undefined) throw new Refused('KRB_AP_ERR_BAD_INTEGRITY', 'authenticator-integrity');
  const authenticator = decodeDer(Authenticator, plain);
  requireMatch(authenticator, header.part, now, context);
  return { header, authenticator, subkey: subkeyOf(authenticator) };
}

function headerFacts(part: EncTicketPart, pac: TicketPac): HeaderFacts {
  return {
    crossRealm: false,
    forwardable: (part.flags & TicketFlag.FORWARDABLE) !== 0,
    pac: pac.fact,
    pacClientMatches: pac.names(formatName(part.cname), part.authtime),
    requester: pac.requester,
    get token(): Token {
      return pac.token();
    },
    rodc: pac.rodc,
  };
}

function openHeader(bytes: Uint8Array, context: KdcContext): HeaderTicket {
  const ticket = decodeDer(Ticket, bytes);
  const server = headerServer(ticket, context);
  const opened = openTicket(ticket, context.keys.ofTgts(server));
  if (opened === 'no-key' && ticket.encPart.etype === EncryptionType.RC4_HMAC) {
    throw new Refused('KRB_ERR_GENERIC', 'header-rc4', { status: 'STATUS_INSUFFICIENT_RESOURCES' });
  }
  if (opened === 'no-key') throw new Refused('KRB_AP_ERR_BADKEYVER', 'header-key-version');
  if (opened === 'integrity') throw new Refused('KRB_AP_ERR_BAD_INTEGRITY', 'header-integrity');
  const { part, key } = opened;
  if (part.crealm !== context.domain.realm) {
    throw new Refused('KDC_ERR_POLICY', 'header-foreign-client', { status: 'STATUS_NO_MATCH' });
  }
  const sessionKey = importKey(part.key);
  const pac = readTgtPac(part, key.key);
  let facts: HeaderFacts | undefined;
  return {
    ticket,
    part,
    server,
    sealedWith: key,
    sessionKey,
    pac,
    facts: () => (facts ??= headerFacts(part, pac)),
  };
}

/**
 * A TGT of this realm and nothing else. RFC 4120 §3.3.3 lets any ticket be renewed by showing it;
 * but a service can make tickets to itself of any content with its own key, and a renewal would put
 * the KDC's signatures on them.
 */
function headerServer(ticket: Ticket, { accounts, domain }: KdcContext): Account {
  const { sname, realm } = ticket;
  const named = isOurTgs(domain, sname) || sname.nameString.length === 1;
  const server = named && realm === domain.realm ? findServer(accounts, domain, sname) : undefined;
  if (server === undefined || !isKrbtgt(server))
    throw new Refused('KDC_ERR_POLICY', 'header-not-a-tgt');
  return server;
}

/** Still sealed with a key in use: a rollover or a removed account ends what is remembered. */
function isCurrent({ server, sealedWith, ticket }: HeaderTicket, context: KdcContext): boolean {
  const present = findServer(context.accounts, context.domain, ticket.sname);
  if (present === server) return true;
  if (present === undefined) return false;
  const { kvno, key } = sealedWith;
  return context.keys
    .ofTgts(present)
    .some(
      (other) =>
        other.kvno === kvno &&
        other.key.etype === key.etype &&
        timingSafeEqual(other.key.bytes(), key.bytes()),
    );
}

/** Refuses a TGT before its time and after it. `now` in milliseconds. */
export function requireValidTimes(
  { flags, starttime, authtime, endtime }: EncTicketPart,
  now: number,
  { settings }: KdcContext,
  toValidate = false,
): void {
  const seconds = now / 1000;
  const invalid = (flags & TicketFlag.INVALID) !== 0 && !toValidate;
  if (invalid || (starttime ?? authtime) > seconds + settings.clockSkew) {
    throw new Refused('KRB_AP_ERR_TKT_NYV', 'header-not-yet-valid');
  }
  if (endtime - seconds <= PASSWORD_TICKET_LIFE) {
    throw new Refused('KRB_AP_ERR_TKT_EXPIRED', 'header-expired');
  }
}

/**
 * Seconds of the ticket with which a password is changed. Windows knows such tickets, which are
 * sealed as TGTs are, by the life that they have left, and takes none of them as a TGT
 * (CVE-2022-2031).
 */
export const PASSWORD_TICKET_LIFE = 120;

function requireMatch(
  authenticator: Authenticator,
  part: EncTicketPart,
  now: number,
  { settings }: KdcContext,
): void {
  const asker = { name: authenticator.cname, realm: authenticator.crealm };
  if (!samePrincipalFolded(asker, { name: part.cname, realm: part.crealm })) {
    throw new Refused('KRB_AP_ERR_BADMATCH', 'authenticator-client');
  }
  const skew = Math.abs(authenticator.ctime - now / 1000);
  if (skew > settings.clockSkew) {
    throw new Refused('KRB_AP_ERR_SKEW', 'clock-skew', { status: 'STATUS_TIME_DIFFERENCE_AT_DC' });
  }
}

/** The body is protected by a keyed checksum in the authenticator (RFC 4120 §3.3.2). */
function requireChecksum(
  { cksum }: Authenticator,
  sessionKey: Key,
  body: Uint8Array,
  { settings }: KdcContext,
): void {
  if (cksum === undefined) {
    if (settings.requestChecksum === 'lenient') return;
    throw new Refused('KRB_AP_ERR_INAPP_CKSUM', 'request-checksum-absent');
  }
  const { cksumtype, checksum } = cksum;
  if (!isKeyed(cksumtype)) {
    throw new Refused('KRB_AP_ERR_INAPP_CKSUM', 'request-checksum-unkeyed');
  }
  const usage = KeyUsage.TGS_REQ_AUTHENTICATOR_CKSUM;
  if (!checksumHolds(cksumtype, sessionKey, usage, body, checksum)) {
    throw new Refused('KRB_AP_ERR_MODIFIED', 'request-checksum');
  }
}

/** Verifies a checksum of any type; a type that does not fit the key does not hold. */
export function checksumHolds(
  type: number,
  key: Key,
  usage: number,
  data: Uint8Array,
  checksum: Uint8Array,
): boolean {
  if (type === key.checksumType) return key.verifyChecksum(usage, data, checksum);
  try {
    return verifyChecksum(type, key, usage, data, checksum);
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

function subkeyOf({ subkey }: Authenticator): Key | undefined {
  return subkey === undefined ? undefined : importKey(subkey);
}

function importKey({ keytype, keyvalue }: EncTicketPart['key']): Key {
  try {
    return Key.of(keytype, keyvalue);
  } catch (error) {
    if (error instanceof CryptoError) throw new Refused('KDC_ERR_ETYPE_NOSUPP', 'key-type');
    throw error;
  }
}

/** Its last octets are a ticket's MAC: they tell tickets apart; the whole is compared after. */
export function ticketId(bytes: Uint8Array): number {
  let id = 0;
  for (let at = Math.max(0, bytes.length - 4); at < bytes.length; at += 1) {
    id = (id << 8) | (bytes[at] ?? 0);
  }
  return id;
}
