import { Key } from '@doublehop/crypto/key';
import { hasControl } from '@doublehop/delegation/account-control';
import type { Account } from '@doublehop/directory/account';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { MessageType, PVNO } from '@doublehop/kerberos/iana/message-types';
import { LastReqType, PaType } from '@doublehop/kerberos/iana/padata-types';
import {
  type AuthorizationData,
  Checksum,
  findPadata,
  type HostAddresses,
  type MethodData,
} from '@doublehop/kerberos/messages/common';
import {
  AsRep,
  EncAsRepPart,
  type EncKdcRepPart,
  EncTgsRepPart,
  TgsRep,
} from '@doublehop/kerberos/messages/kdc';
import { type BareEncTicketPart, encTicketPartEncoder } from '@doublehop/kerberos/messages/ticket';
import { isTicketGrantingService, type PrincipalName } from '@doublehop/kerberos/names';
import { type PacBuffer, PacType } from '@doublehop/security/pac/pac';
import { signPac } from '@doublehop/security/pac/sign';
import { encodeDer } from '@doublehop/wire/der';
import { KdcOption } from '@doublehop/kerberos/iana/flags';
import { Refused } from '../errors.ts';
import { withBlankPac, withPac } from './authorization-data.ts';
import type { KdcContext } from './context.ts';
import { coverReply, type ReplyCover } from './fast/reply.ts';
import { answeredPacOptions } from './pac-options.ts';
import type { KdcCall } from './request.ts';
import { sealTicket } from './sealed-ticket.ts';
import type { TicketTimes } from './times.ts';

/** A ticket to be issued. */
export interface TicketOrder {
  readonly cname: PrincipalName;
  readonly sname: PrincipalName;
  readonly server: Account;
  /** Seals the ticket in place of the server's key: user to user. */
  readonly seal?: Key | undefined;
  /** TicketFlags; RENEWABLE follows the times. */
  readonly flags: number;
  readonly times: TicketTimes;
  readonly caddr?: HostAddresses | undefined;
  /** Unsigned buffers of the PAC; undefined: a ticket without one. */
  readonly pac: readonly PacBuffer[] | undefined;
  /** What else the client wants in the ticket. */
  readonly authorizationData?: AuthorizationData | undefined;
}

/** A ticket with what its client is told about it. */
export interface IssuedTicket {
  readonly order: TicketOrder;
  /** DER of the Ticket. */
  readonly ticket: Uint8Array;
  readonly part: BareEncTicketPart;
}

/** How the reply is protected (RFC 4120 §5.4.2). */
export interface ReplyProtection {
  readonly key: Key;
  readonly usage: number;
  /** Version of a long-term key; absent for session keys. */
  readonly kvno?: number;
}

/** Makes, signs and seals a ticket. */
export function issueTicket(order: TicketOrder, call: KdcCall, context: KdcContext): IssuedTicket {
  const { domain, keys, random } = context;
  const { server, times } = order;
  const seal = order.seal === undefined ? keys.forTicket(server) : { key: order.seal };
  const sessionKey = Key.random(keys.sessionType(call.body.etype, server), random);
  call.record.ticketEtype = seal.key.etype;
  call.record.sessionEtype = sessionKey.etype;
  const bare = {
    flags: flagsOf(order, call),
    key: { keytype: sessionKey.etype, keyvalue: sessionKey.bytes() },
    crealm: domain.realm,
    cname: order.cname,
    transited: NOT_TRANSITED,
    authtime: times.authtime,
    starttime: times.starttime,
    endtime: times.endtime,
    renewTill: times.renewTill,
    caddr: order.caddr,
  };
  const encode = encTicketPartEncoder(bare);
  const plain = encode(authorization(encode, order, seal.key, context));
  return {
    order,
    part: bare,
    ticket: sealTicket(domain.realm, order.sname, seal, plain, random),
  };
}

/** The AS-REP with a ticket (RFC 4120 §5.4.2). */
export function asReply(
  issued: IssuedTicket,
  protection: ReplyProtection,
  padata: MethodData,
  call: KdcCall,
  context: KdcContext,
): Uint8Array {
  const cover = coverReply(issued, protection, padata, call, context);
  const plain = encodeDer(EncAsRepPart, replyPart(issued, cover.protection.key, call, context));
  return encodeDer(
    AsRep,
    { ...reply(issued, plain, cover, context), msgType: MessageType.AS_REP },
    issued.ticket.length + plain.length + 512,
  );
}

/** The TGS-REP with a ticket. */
export function tgsReply(
  issued: IssuedTicket,
  protection: ReplyProtection,
  padata: MethodData | undefined,
  call: KdcCall,
  context: KdcContext,
): Uint8Array {
  const cover = coverReply(issued, protection, padata, call, context);
  const plain = encodeDer(EncTgsRepPart, replyPart(issued, cover.protection.key, call, context));
  return encodeDer(
    TgsRep,
    { ...reply(issued, plain, cover, context), msgType: MessageType.TGS_REP },
    issued.ticket.length + plain.length + 512,
  );
}

/** Flags that follow from the server alone (MS-KILE 3.3.5.7.5). */
export function serverFlags(server: Account): number {
  const trusted = hasControl(server.userAccountControl, 'TRUSTED_FOR_DELEGATION');
  return trusted && !isKrbtgt(server) ? TicketFlag.OK_AS_DELEGATE : 0;
}

/** krbtgt has the relative identifier 502 in every domain (MS-ADTS 6.1.1.6). */
export function isKrbtgt(server: Account): boolean {
  return server.rid === 502;
}

/**
 * Whether a ticket is for krbtgt's account under another name than the ticket-granting service's,
 * or its own: kadmin/changepw. One key seals both, and a ticket's name is not sealed: what tells
 * them apart are the buffers that only a TGT has (MS-PAC 2.15). Without them a user whose password
 * must be changed could use the ticket for the change as a TGT (CVE-2022-2031).
 */
export function isPasswordService(server: Account, sname: PrincipalName): boolean {
  return isKrbtgt(server) && sname.nameString.length > 1 && !isTicketGrantingService(sname);
}

/** The account whose key signs PACs and seals TGTs. */
export function krbtgtOf({ accounts }: KdcContext): Account {
  const krbtgt = accounts.byName('krbtgt');
  if (krbtgt === undefined) throw new Refused('KDC_ERR_SVC_UNAVAILABLE', 'no-krbtgt');
  return krbtgt;
}

/** RENEWABLE follows the times; who may change a password is not to be passed on to others. */
function flagsOf({ flags, server, sname, times }: TicketOrder, call: KdcCall): number {
  const renewable =
    (times.renewTill === undefined ? 0 : TicketFlag.RENEWABLE) | negotiationFlag(call);
  const kept = isPasswordService(server, sname) ? flags & ~NOT_FOR_PASSWORDS : flags;
  return (kept | renewable) >>> 0;
}

/** A TGS-REQ may ask for the flag too, as Windows has FAST (MS-KILE 3.2.5.7, note 38). */
function negotiationFlag({ req }: KdcCall): number {
  return findPadata(req.padata, PaType.REQ_ENC_PA_REP) === undefined ? 0 : TicketFlag.ENC_PA_REP;
}

const NOT_FOR_PASSWORDS = TicketFlag.FORWARDABLE | TicketFlag.PROXIABLE;

const NOT_TRANSITED = { trType: 0, contents: new Uint8Array() };

/** The PAC, signed, and what the client asked to add (MS-PAC 2.8). */
function authorization(
  encode: (authorizationData: AuthorizationData) => Uint8Array,
  { pac, server, sname, authorizationData }: TicketOrder,
  serverKey: Key,
  context: KdcContext,
): AuthorizationData | undefined {
  if (pac === undefined) return authorizationData;
  const kdcKey = context.keys.forTicket(krbtgtOf(context)).key;
  if (isKrbtgt(server) && !isPasswordService(server, sname)) {
    return withPac(signPac({ buffers: pac, serverKey, kdcKey }), authorizationData);
  }
  const buffers = pac.filter(({ type }) => !ONLY_IN_TGT.includes(type));
  const encTicketPart = encode(withBlankPac(authorizationData));
  return withPac(signPac({ buffers, serverKey, kdcKey, encTicketPart }), authorizationData);
}

/** Buffers that no service gets to see (MS-PAC 2.14, 2.15). */
const ONLY_IN_TGT: readonly number[] = [PacType.attributes, PacType.requesterSid];

function reply(
  { ticket }: IssuedTicket,
  plain: Uint8Array,
  { protection, padata, cname }: ReplyCover,
  { domain, random }: KdcContext,
) {
  const { key, usage, kvno } = protection;
  return {
    pvno: PVNO,
    padata: padata?.length === 0 ? undefined : padata,
    crealm: domain.realm,
    cname,
    ticket,
    encPart: { etype: key.etype, kvno, cipher: key.encrypt(usage, plain, random) },
  };
}

function replyPart(
  { order, part }: IssuedTicket,
  replyKey: Key,
  call: KdcCall,
  context: KdcContext,
): EncKdcRepPart {
  return {
    key: part.key,
    lastReq: [{ lrType: LastReqType.NONE, lrValue: Math.floor(call.now / 1000) }],
    nonce: call.body.nonce,
    flags: part.flags,
    authtime: part.authtime,
    starttime: part.starttime,
    endtime: part.endtime,
    renewTill: part.renewTill,
    srealm: context.domain.realm,
    sname: order.sname,
    caddr: part.caddr,
    encryptedPaData: encryptedPadata(order.server, replyKey, call, context),
  };
}

/** encrypted-pa-data (RFC 6806 §11, MS-KILE 3.3.5.6.4…3.3.5.7.4, MS-SFU 3.2.5.2.4). */
function encryptedPadata(
  server: Account,
  replyKey: Key,
  { req, body, bytes, record }: KdcCall,
  { keys, settings }: KdcContext,
): MethodData | undefined {
  const padata: MethodData[number][] = [];
  if ((body.kdcOptions & KdcOption.CANONICALIZE) !== 0) {
    const padataValue = new Uint8Array(4);
    const fast = settings.fast !== 'off' && isKrbtgt(server) ? ARMOR_BITS : 0;
    new DataView(padataValue.buffer).setUint32(0, keys.supportedTypes(server) | fast, true);
    padata.push({ padataType: PaType.SUPPORTED_ETYPES, padataValue });
  }
  padata.push(...answeredPacOptions(req.padata));
  const negotiated = findPadata(req.padata, PaType.REQ_ENC_PA_REP) !== undefined;
  if (negotiated && record.kind === 'as') {
    const checksum = replyKey.checksum(KeyUsage.AS_REQ, bytes);
    const padataValue = encodeDer(Checksum, { cksumtype: replyKey.checksumType, checksum });
    padata.push({ padataType: PaType.REQ_ENC_PA_REP, padataValue });
    // Where nobody can take it away, FAST is offered as well (RFC 6113 §5.4, RFC 6806 §11).
    if (settings.fast !== 'off') padata.push({ padataType: PaType.FX_FAST, padataValue: NOTHING });
  }
  return padata.length === 0 ? undefined : padata;
}

const NOTHING = new Uint8Array();

/** FAST, compound identity and claims are supported by the realm (MS-KILE 2.2.7, 3.3.5.6.4). */
const ARMOR_BITS = 0x7_0000;
