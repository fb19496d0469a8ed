import { Key } from '@doublehop/crypto/key';
import { encodeDer, span, type Spanned } from '@doublehop/wire/der';
import type { Credentials } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { KdcOption, TicketFlag } from '../iana/flags.ts';
import { KeyUsage } from '../iana/key-usages.ts';
import { MessageType, PVNO } from '../iana/message-types.ts';
import { PaType } from '../iana/padata-types.ts';
import { ApReq, Authenticator } from '../messages/ap.ts';
import {
  AuthorizationData,
  EncryptedData,
  type HostAddresses,
  type MethodData,
  type PaData,
} from '../messages/common.ts';
import { type EncKdcRepPart, type KdcRep, KdcReqBody, TgsRep, TgsReq } from '../messages/kdc.ts';
import {
  formatName,
  formatPrincipal,
  isTicketGrantingService,
  type PrincipalName,
  sameName,
  samePrincipal,
} from '../names.ts';
import {
  armorRequest,
  openArmoredError,
  openArmoredReply,
  type RequestArmor,
  tgsArmor,
} from './armor.ts';
import { type ClientContext, freshNonce, freshTimestamp, permittedOf } from './context.ts';
import { checkReply, checkTime, credentialsOf, mismatch, openReply } from './kdc-reply.ts';
import { decodeAnswer, findKrbError, kerberosErrorOf } from './krb-error.ts';

/** One TGS-REQ (RFC 4120 §3.3). */
export interface TgsRequest {
  /** The header ticket: its realm is asked, its client asks. */
  readonly tgt: Credentials;
  readonly server: PrincipalName;
  /** KDCOptions. */
  readonly options: number;
  /** Seconds since 1970; absent, the TGT's end. */
  readonly till?: number | undefined;
  readonly rtime?: number | undefined;
  readonly etypes?: readonly number[] | undefined;
  readonly addresses?: HostAddresses | undefined;
  readonly authorizationData?: AuthorizationData | undefined;
  /** DER of the evidence ticket, or of the TGT of a user-to-user peer. */
  readonly additionalTickets?: readonly Uint8Array[] | undefined;
  /** Padata beside PA-TGS-REQ; it may depend on the nonce and the keys of this request. */
  readonly padata?: ((keys: TgsKeys) => readonly PaData[]) | undefined;
  /** False where the reply is for another client than the TGT's: S4U. The caller checks it. */
  readonly sameClient?: boolean | undefined;
  /** False sends no subkey; the reply is sealed by the session key then (RFC 4120 §5.4.2). */
  readonly subkey?: boolean | undefined;
  /**
   * FAST: `own` armors the request with its header ticket; another TGT of the same realm brings
   * its client, a device, into the ticket as well (MS-KILE 3.2.5.7). Either wants a subkey.
   */
  readonly armor?: 'own' | Credentials | undefined;
}

/** The secrets of one request. */
export interface TgsKeys {
  readonly nonce: number;
  /** Of the TGT. */
  readonly sessionKey: Key;
  /** The authenticator's subkey, or the session key where there is none. */
  readonly key: Key;
}

/** A request as it was sent. */
export interface TgsSent extends TgsKeys {
  readonly bytes: Uint8Array;
  readonly realm: string;
  readonly body: KdcReqBody;
  readonly replyUsage: number;
  readonly armor: RequestArmor | undefined;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
}

/** A verified reply. */
export interface TgsReply {
  readonly credentials: Credentials;
  /** In the clear: only what proves itself may be believed. */
  readonly padata: MethodData;
  /** Sealed together with the session key (RFC 6806 §11). */
  readonly encryptedPadata: MethodData;
}

/** The realm whose KDC takes a TGT: the second component of its server. */
export function realmOfTgt({ server }: Pick<Credentials, 'server'>): string {
  const [, realm] = server.name.nameString;
  if (realm !== undefined && isTicketGrantingService(server.name)) return realm;
  const subject = formatPrincipal(server);
  throw new KerberosError('no-credentials', `${subject} is no ticket-granting ticket`, { subject });
}

/** The options that a derived ticket takes over from its TGT (as MIT's KDC_TKT_COMMON_MASK). */
export function inheritedOptions({ flags }: Pick<Credentials, 'flags'>): number {
  return (flags & (TicketFlag.FORWARDABLE | TicketFlag.PROXIABLE | TicketFlag.RENEWABLE)) >>> 0;
}

/** A TGS-REQ with its authenticator, whose checksum covers the body (RFC 4120 §5.2.7.1). */
export function buildTgsReq(context: ClientContext, request: TgsRequest): TgsSent {
  const { tgt } = request;
  const realm = realmOfTgt(tgt);
  const sessionKey = Key.of(tgt.key.etype, tgt.key.bytes);
  const subkey =
    request.subkey === false ? undefined : Key.random(sessionKey.etype, context.random);
  const keys = { nonce: freshNonce(context.random), sessionKey, key: subkey ?? sessionKey };
  const body = span(KdcReqBody, tgsBody(context, request, realm, keys));
  const shown = headerTicket(context, tgt, keys, body);
  const further = request.padata?.(keys) ?? [];
  const armor = request.armor === undefined ? undefined : tgsArmor(context, request.armor, keys);
  const padata = [
    { padataType: PaType.TGS_REQ, padataValue: shown },
    ...(armor === undefined ? further : [armorRequest(context, armor, further, body, shown)]),
  ];
  return {
    ...keys,
    bytes: encodeDer(TgsReq, { pvno: PVNO, msgType: MessageType.TGS_REQ, padata, reqBody: body }),
    realm,
    body: body.value,
    replyUsage:
      subkey === undefined
        ? KeyUsage.TGS_REP_ENC_PART_SESSION_KEY
        : KeyUsage.TGS_REP_ENC_PART_SUBKEY,
    armor,
    sentAt: context.clock.now(),
  };
}

/** Opens and verifies the answer (RFC 4120 §3.3.4). Throws KerberosError, also for a KRB-ERROR. */
export function readTgsReply(
  context: ClientContext,
  request: TgsRequest,
  sent: TgsSent,
  answer: Uint8Array,
): TgsReply {
  const { armor, body } = sent;
  const error = findKrbError(answer);
  if (error !== undefined) {
    const inside = armor === undefined ? undefined : openArmoredError(armor, body.nonce, error);
    throw kerberosErrorOf(inside ?? error, {
      client: formatPrincipal(request.tgt.client),
      server: formatName(request.server),
      now: sent.sentAt,
    });
  }
  const { rep, key } = openReplyArmor(sent, decodeAnswer(TgsRep, answer));
  const enc = openReply(key, sent.replyUsage, rep);
  if (enc === undefined) throw mismatch('it is sealed by another key');
  checkReply(sent.body, sent.body.etype, rep, enc);
  checkNames(request, sent, rep, enc);
  if (enc.starttime !== undefined) checkTime(context, enc.starttime);
  return {
    credentials: credentialsOf(rep, enc),
    padata: rep.padata ?? [],
    encryptedPadata: enc.encryptedPaData ?? [],
  };
}

function openReplyArmor({ armor, body, key }: TgsSent, rep: KdcRep): { rep: KdcRep; key: Key } {
  if (armor === undefined) return { rep, key };
  const opened = openArmoredReply(armor, body.nonce, rep);
  return { rep: opened.rep, key: opened.strengthen(key) };
}

function tgsBody(
  { random, settings }: ClientContext,
  request: TgsRequest,
  realm: string,
  { nonce, sessionKey, key }: TgsKeys,
): KdcReqBody {
  const { tgt, options, authorizationData } = request;
  const renewTill = (options & KdcOption.RENEWABLE) !== 0 ? tgt.times.renewTill : 0;
  const rtime = request.rtime ?? renewTill;
  return {
    kdcOptions: options >>> 0,
    realm,
    sname: request.server,
    till: request.till ?? tgt.times.endtime,
    ...(rtime === 0 ? {} : { rtime }),
    nonce,
    etype: permittedOf(settings, request.etypes, settings.tgsEtypes),
    addresses: request.addresses,
    ...(authorizationData === undefined
      ? {}
      : { encAuthorizationData: seal(authorizationData, key, key !== sessionKey, random) }),
    additionalTickets: request.additionalTickets,
  };
}

/** enc-authorization-data (RFC 4120 §5.4.1). */
function seal(
  data: AuthorizationData,
  key: Key,
  isSubkey: boolean,
  random: ClientContext['random'],
): EncryptedData {
  const usage = isSubkey ? KeyUsage.TGS_REQ_AUTHDATA_SUBKEY : KeyUsage.TGS_REQ_AUTHDATA_SESSION_KEY;
  return {
    etype: key.etype,
    cipher: key.encrypt(usage, encodeDer(AuthorizationData, data), random),
  };
}

/** PA-TGS-REQ: an AP-REQ with the TGT (RFC 4120 §5.2.7.1). */
function headerTicket(
  context: ClientContext,
  tgt: Credentials,
  { sessionKey, key }: TgsKeys,
  body: Spanned<KdcReqBody>,
): Uint8Array {
  const { seconds, microseconds } = freshTimestamp(context);
  const authenticator = encodeDer(Authenticator, {
    authenticatorVno: PVNO,
    crealm: tgt.client.realm,
    cname: tgt.client.name,
    cksum: {
      cksumtype: sessionKey.checksumType,
      checksum: sessionKey.checksum(KeyUsage.TGS_REQ_AUTHENTICATOR_CKSUM, body.raw),
    },
    cusec: microseconds,
    ctime: seconds,
    ...(key === sessionKey ? {} : { subkey: { keytype: key.etype, keyvalue: key.bytes() } }),
  });
  const usage = KeyUsage.TGS_REQ_AUTHENTICATOR;
  return encodeDer(ApReq, {
    pvno: PVNO,
    msgType: MessageType.AP_REQ,
    apOptions: 0,
    ticket: tgt.ticket,
    authenticator: {
      etype: sessionKey.etype,
      cipher: sessionKey.encrypt(usage, authenticator, context.random),
    },
  });
}

function checkNames(request: TgsRequest, sent: TgsSent, rep: KdcRep, enc: EncKdcRepPart): void {
  const client = { name: rep.cname, realm: rep.crealm };
  if (request.sameClient !== false && !samePrincipal(client, request.tgt.client)) {
    throw mismatch('another client is named');
  }
  // A KDC issues tickets of its own realm only, its referrals included (RFC 6806 §8).
  if (enc.srealm !== sent.realm) throw mismatch('another realm is named');
  if (sameName(enc.sname, request.server)) return;
  const referral = isTicketGrantingService(enc.sname);
  const allowed =
    (request.options & KdcOption.CANONICALIZE) !== 0 || isTicketGrantingService(request.server);
  if (!referral || !allowed) throw mismatch('another server is named');
}
