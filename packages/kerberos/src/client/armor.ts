import { isKeyed, verifyChecksum } from '@doublehop/crypto/checksum';
import { CryptoError } from '@doublehop/crypto/errors';
import { Key } from '@doublehop/crypto/key';
import { encodeDer, type Spanned } from '@doublehop/wire/der';
import type { Credentials } from '../credentials.ts';
import { armorKey, explicitArmorKey, strengthenedKey } from '../fast/keys.ts';
import { KeyUsage } from '../iana/key-usages.ts';
import { MessageType, PVNO } from '../iana/message-types.ts';
import { PaType } from '../iana/padata-types.ts';
import { ApReq, Authenticator } from '../messages/ap.ts';
import { findPadata, MethodData, type PaData } from '../messages/common.ts';
import {
  FX_FAST_ARMOR_AP_REQUEST,
  type KrbFastArmor,
  KrbFastReq,
  KrbFastResponse,
  PaFxFastReply,
  PaFxFastRequest,
} from '../messages/fast.ts';
import type { KdcRep, KdcReqBody } from '../messages/kdc.ts';
import { KrbError } from '../messages/krb-error.ts';
import { type ClientContext, freshTimestamp } from './context.ts';
import { mismatch } from './kdc-reply.ts';
import { decodeAnswer, errorPadata } from './krb-error.ts';

/** The armor of one request (RFC 6113 §5.4). */
export interface RequestArmor {
  readonly key: Key;
  /** What tells the KDC the key; undefined where the request's own header ticket does. */
  readonly shown: KrbFastArmor | undefined;
}

/** Armor of a TGT, whoever's it is, under a key of its own (RFC 6113 §5.4.1.1). */
export function ticketArmor(context: ClientContext, tgt: Credentials): RequestArmor {
  const sessionKey = Key.of(tgt.key.etype, tgt.key.bytes);
  const subkey = Key.random(sessionKey.etype, context.random);
  const { seconds, microseconds } = freshTimestamp(context);
  const authenticator = encodeDer(Authenticator, {
    authenticatorVno: PVNO,
    crealm: tgt.client.realm,
    cname: tgt.client.name,
    cusec: microseconds,
    ctime: seconds,
    subkey: { keytype: subkey.etype, keyvalue: subkey.bytes() },
  });
  const cipher = sessionKey.encrypt(KeyUsage.AP_REQ_AUTHENTICATOR, authenticator, context.random);
  const armorValue = encodeDer(ApReq, {
    pvno: PVNO,
    msgType: MessageType.AP_REQ,
    apOptions: 0,
    ticket: tgt.ticket,
    authenticator: { etype: sessionKey.etype, cipher },
  });
  return {
    key: armorKey(subkey, sessionKey),
    shown: { armorType: FX_FAST_ARMOR_AP_REQUEST, armorValue },
  };
}

/**
 * Armor of a TGS-REQ: its own header ticket's, or that of a device whose identity goes into the
 * ticket with the client's (RFC 6113 §5.4.2, MS-KILE 3.2.5.7).
 */
export function tgsArmor(
  context: ClientContext,
  armor: 'own' | Credentials,
  keys: { readonly sessionKey: Key; readonly key: Key },
): RequestArmor {
  if (armor === 'own') return { key: armorKey(keys.key, keys.sessionKey), shown: undefined };
  const { key, shown } = ticketArmor(context, armor);
  return { key: explicitArmorKey(key, keys.key), shown };
}

/** PA-FX-FAST with the real request; `covered` is what its checksum binds it to (§5.4.2). */
export function armorRequest(
  { random }: ClientContext,
  { key, shown }: RequestArmor,
  padata: MethodData,
  reqBody: Spanned<KdcReqBody>,
  covered: Uint8Array,
): PaData {
  const plain = encodeDer(KrbFastReq, { fastOptions: 0, padata, reqBody });
  const padataValue = encodeDer(PaFxFastRequest, {
    armor: shown,
    reqChecksum: {
      cksumtype: key.checksumType,
      checksum: key.checksum(KeyUsage.FAST_REQ_CHKSUM, covered),
    },
    encFastReq: { etype: key.etype, cipher: key.encrypt(KeyUsage.FAST_ENC, plain, random) },
  });
  return { padataType: PaType.FX_FAST, padataValue };
}

/**
 * The KRB-ERROR in the armor of another one, with the padata beside it as its e-data (RFC 6113
 * §5.4.4). Undefined where the error came bare: anybody may have sent it. Throws KerberosError.
 */
export function openArmoredError(
  { key }: RequestArmor,
  nonce: number,
  error: KrbError,
): KrbError | undefined {
  const padata = findPadata(errorPadata(error.eData), PaType.FX_FAST);
  if (padata === undefined) return undefined;
  const response = openResponse(key, nonce, padata);
  const inside = findPadata(response.padata, PaType.FX_ERROR);
  if (inside === undefined) throw mismatch('its armor holds no error');
  return { ...decodeAnswer(KrbError, inside), eData: encodeDer(MethodData, response.padata) };
}

/** What was in the armor of a reply. */
export interface OpenedArmor {
  /** The reply with the names and the padata of the armor. */
  readonly rep: KdcRep;
  /** The key that seals its encrypted part, of the one that would without FAST. */
  readonly strengthen: (replyKey: Key) => Key;
}

/** Opens the armor of a reply and checks its finish (RFC 6113 §5.4.3). Throws KerberosError. */
export function openArmoredReply(armor: RequestArmor, nonce: number, rep: KdcRep): OpenedArmor {
  const padata = findPadata(rep.padata, PaType.FX_FAST);
  if (padata === undefined) throw mismatch('it has no armor, as if the KDC did not know FAST');
  const response = openResponse(armor.key, nonce, padata);
  const { finished, strengthenKey } = response;
  if (finished === undefined) throw mismatch('its armor has no end');
  const { cksumtype, checksum } = finished.ticketChecksum;
  if (!holds(armor.key, cksumtype, rep.ticket, checksum)) {
    throw mismatch('the ticket is not the one in the armor');
  }
  const { crealm, cname } = finished;
  return {
    rep: { ...rep, crealm, cname, padata: response.padata },
    strengthen: (key) =>
      strengthenKey === undefined ? key : strengthenedKey(keyOf(strengthenKey), key),
  };
}

function openResponse(key: Key, nonce: number, padata: Uint8Array): KrbFastResponse {
  const { encFastRep } = decodeAnswer(PaFxFastReply, padata);
  const response = decodeAnswer(KrbFastResponse, unsealed(key, encFastRep.cipher));
  if (response.nonce !== nonce) throw mismatch('the nonce in the armor differs');
  return response;
}

function unsealed(key: Key, cipher: Uint8Array): Uint8Array {
  try {
    return key.decrypt(KeyUsage.FAST_REP, cipher).slice();
  } catch (error) {
    if (error instanceof CryptoError) throw mismatch('its armor was made with another key');
    throw error;
  }
}

function holds(key: Key, type: number, ticket: Uint8Array, checksum: Uint8Array): boolean {
  // An unkeyed checksum would prove nothing.
  if (!isKeyed(type)) return false;
  try {
    return verifyChecksum(type, key, KeyUsage.FAST_FINISHED, ticket, checksum);
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

function keyOf({ keytype, keyvalue }: NonNullable<KrbFastResponse['strengthenKey']>): Key {
  try {
    return Key.of(keytype, keyvalue);
  } catch (error) {
    if (error instanceof CryptoError) throw mismatch('the key in its armor cannot be used');
    throw error;
  }
}
