import { Key } from '@doublehop/crypto/key';
import type { RandomSource } from '@doublehop/crypto/random';
import { KdcOption, PacOption, S4uOption } from '@doublehop/kerberos/iana/flags';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { MessageType, PVNO } from '@doublehop/kerberos/iana/message-types';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { ApReq, Authenticator } from '@doublehop/kerberos/messages/ap';
import { EncryptedData, type PaData } from '@doublehop/kerberos/messages/common';
import {
  AnyEncRepPart,
  AsRep,
  AsReq,
  KdcReqBody,
  TgsRep,
  TgsReq,
} from '@doublehop/kerberos/messages/kdc';
import {
  PaEncTsEnc,
  PaPacOptions,
  PaS4uX509User,
  S4uUserId,
} from '@doublehop/kerberos/messages/padata';
import type { PrincipalName } from '@doublehop/kerberos/names';
import { decodeDer, encodeDer, span } from '@doublehop/wire/der';

/**
 * Requests of a load generator: each is fresh (its own nonce, confounder and time), built before
 * the clock runs, the same octets whichever KDC gets them.
 */

/** A client with its long-term key. */
export interface BenchClient {
  readonly name: PrincipalName;
  readonly key: Key;
}

/** A ticket that a client holds. */
export interface BenchTicket {
  readonly client: PrincipalName;
  readonly ticket: Uint8Array;
  readonly key: Key;
}

/** A request to send once. */
export interface BenchRequest {
  readonly bytes: Uint8Array;
  /** Reads its reply; throws where that is no reply to this request. */
  readonly open: (reply: Uint8Array) => BenchTicket;
}

/** Where requests go and what makes them fresh. */
export interface RequestSource {
  readonly realm: string;
  readonly random: RandomSource;
  /** Microseconds since 1970, different at every call. */
  readonly micros: () => number;
}

const LIFE = 8 * 3600;
const ETYPES = [18, 17, 20, 19];

/** `krbtgt/REALM`. */
export function tgsName(realm: string): PrincipalName {
  return { nameType: NameType.SRV_INST, nameString: ['krbtgt', realm] };
}

/** `alice` or `HTTP/host`. */
export function nameOf(text: string): PrincipalName {
  const nameString = text.split('/');
  const nameType = nameString.length > 1 ? NameType.SRV_HST : NameType.PRINCIPAL;
  return { nameType, nameString };
}

/** AS-REQ with an encrypted timestamp. */
export function asRequest({ name, key }: BenchClient, source: RequestSource): BenchRequest {
  const micros = source.micros();
  const bodyNonce = nonce(source);
  const stamp = encodeDer(PaEncTsEnc, {
    patimestamp: Math.floor(micros / 1e6),
    pausec: micros % 1e6,
  });
  const cipher = key.encrypt(KeyUsage.AS_REQ_PA_ENC_TIMESTAMP, stamp, source.random);
  const padataValue = encodeDer(EncryptedData, { etype: key.etype, cipher });
  const bytes = encodeDer(AsReq, {
    pvno: PVNO,
    msgType: MessageType.AS_REQ,
    padata: [{ padataType: PaType.ENC_TIMESTAMP, padataValue }],
    reqBody: span(KdcReqBody, {
      kdcOptions: KdcOption.FORWARDABLE,
      cname: name,
      realm: source.realm,
      sname: tgsName(source.realm),
      till: Math.floor(micros / 1e6) + LIFE,
      nonce: bodyNonce,
      etype: ETYPES,
    }),
  });
  return {
    bytes,
    open: (reply) => {
      const { cname, ticket, encPart } = decodeDer(AsRep, reply);
      const plain = key.decrypt(KeyUsage.AS_REP_ENC_PART, encPart.cipher);
      return opened(plain, bodyNonce, cname, ticket);
    },
  };
}

/** What distinguishes the kinds of TGS-REQ. */
interface TgsParts {
  readonly sname: PrincipalName;
  readonly options?: number;
  readonly evidence?: Uint8Array;
  readonly padata?: (nonce: number, subkey: Key) => readonly PaData[];
}

/** TGS-REQ for a service. */
export function tgsRequest(
  tgt: BenchTicket,
  sname: PrincipalName,
  source: RequestSource,
): BenchRequest {
  return anyTgsRequest(tgt, { sname }, source);
}

/** S4U2Self by PA-S4U-X509-USER (MS-SFU 2.2.2). */
export function s4u2selfRequest(
  tgt: BenchTicket,
  user: PrincipalName,
  source: RequestSource,
): BenchRequest {
  return anyTgsRequest(
    tgt,
    {
      sname: tgt.client,
      options: KdcOption.CANONICALIZE,
      padata: (bodyNonce, subkey) => [x509User(user, source.realm, bodyNonce, subkey)],
    },
    source,
  );
}

/** S4U2Proxy with the RBCD bit (MS-SFU 3.1.5.2.1). */
export function s4u2proxyRequest(
  tgt: BenchTicket,
  evidence: BenchTicket,
  target: PrincipalName,
  source: RequestSource,
): BenchRequest {
  const flags = PacOption.RESOURCE_BASED_CONSTRAINED_DELEGATION;
  const pacOptions = encodeDer(PaPacOptions, { flags });
  return anyTgsRequest(
    tgt,
    {
      sname: target,
      options: KdcOption.CANONICALIZE | KdcOption.CNAME_IN_ADDL_TKT,
      evidence: evidence.ticket,
      padata: () => [{ padataType: PaType.PAC_OPTIONS, padataValue: pacOptions }],
    },
    source,
  );
}

function anyTgsRequest(tgt: BenchTicket, parts: TgsParts, source: RequestSource): BenchRequest {
  const micros = source.micros();
  const bodyNonce = nonce(source);
  const body = span(KdcReqBody, {
    kdcOptions: (KdcOption.FORWARDABLE | (parts.options ?? 0)) >>> 0,
    realm: source.realm,
    sname: parts.sname,
    till: Math.floor(micros / 1e6) + LIFE,
    nonce: bodyNonce,
    etype: ETYPES,
    additionalTickets: parts.evidence === undefined ? undefined : [parts.evidence],
  });
  const subkey = Key.random(tgt.key.etype, source.random);
  const authenticator = encodeDer(Authenticator, {
    authenticatorVno: PVNO,
    crealm: source.realm,
    cname: tgt.client,
    cksum: {
      cksumtype: tgt.key.checksumType,
      checksum: tgt.key.checksum(KeyUsage.TGS_REQ_AUTHENTICATOR_CKSUM, body.raw),
    },
    cusec: micros % 1e6,
    ctime: Math.floor(micros / 1e6),
    subkey: { keytype: subkey.etype, keyvalue: subkey.bytes() },
    seqNumber: bodyNonce,
  });
  const cipher = tgt.key.encrypt(KeyUsage.TGS_REQ_AUTHENTICATOR, authenticator, source.random);
  const apReq = encodeDer(ApReq, {
    pvno: PVNO,
    msgType: MessageType.AP_REQ,
    apOptions: 0,
    ticket: tgt.ticket,
    authenticator: { etype: tgt.key.etype, cipher },
  });
  const padata = [
    { padataType: PaType.TGS_REQ, padataValue: apReq },
    ...(parts.padata?.(bodyNonce, subkey) ?? []),
  ];
  const msgType = MessageType.TGS_REQ;
  return {
    bytes: encodeDer(TgsReq, { pvno: PVNO, msgType, padata, reqBody: body }, 4096),
    open: (reply) => {
      const { cname, ticket, encPart } = decodeDer(TgsRep, reply);
      const plain = subkey.decrypt(KeyUsage.TGS_REP_ENC_PART_SUBKEY, encPart.cipher);
      return opened(plain, bodyNonce, cname, ticket);
    },
  };
}

function x509User(user: PrincipalName, crealm: string, bodyNonce: number, subkey: Key): PaData {
  const options = S4uOption.USE_REPLY_KEY_USAGE;
  const userId = span(S4uUserId, { nonce: bodyNonce, cname: user, crealm, options });
  const checksum = {
    cksumtype: subkey.checksumType,
    checksum: subkey.checksum(KeyUsage.PA_S4U_X509_USER_REQUEST, userId.raw),
  };
  const padataValue = encodeDer(PaS4uX509User, { userId, checksum });
  return { padataType: PaType.S4U_X509_USER, padataValue };
}

function nonce({ random }: RequestSource): number {
  const [a = 0, b = 0, c = 0, d = 0] = random(4);
  return ((a & 0x7f) << 24) | (b << 16) | (c << 8) | d;
}

function opened(
  plain: Uint8Array,
  asked: number,
  client: PrincipalName,
  ticket: Uint8Array,
): BenchTicket {
  const { key, nonce: answered } = decodeDer(AnyEncRepPart, plain).value;
  if (answered !== asked) throw new Error('the reply is to another request');
  return { client, ticket: ticket.slice(), key: Key.of(key.keytype, key.keyvalue) };
}
