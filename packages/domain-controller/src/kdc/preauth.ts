import type { Account } from '@doublehop/directory/account';
import { hasControl } from '@doublehop/delegation/account-control';
import { EncryptionType } from '@doublehop/kerberos/iana/encryption-types';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { EncryptedData, findPadata, type MethodData } from '@doublehop/kerberos/messages/common';
import { EtypeInfo, EtypeInfo2, PaEncTsEnc } from '@doublehop/kerberos/messages/padata';
import { utf8 } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import { Refused } from '../errors.ts';
import type { KdcContext } from './context.ts';
import type { Armor } from './fast/armor.ts';
import { kdcChallenge, meetChallenge } from './fast/challenge.ts';
import { noteWrongKey } from './logons.ts';
import type { KdcCall } from './request.ts';
import { decrypted, type KdcKey } from './sealed-ticket.ts';

/** A client that proved its key, or needs not; and the key that protects the reply. */
export interface PreAuthenticated {
  readonly replyKey: KdcKey;
  /** padata-type of the proof; 0 when none was asked for. */
  readonly type: number;
  /** By which the KDC proves itself in turn. */
  readonly padata: MethodData;
}

/**
 * PA-ENC-TIMESTAMP with one of the client's present keys (RFC 4120 §5.2.7.2, §3.1.3), or in armor
 * PA-ENCRYPTED-CHALLENGE (RFC 6113 §5.4.6). Accounts with DONT_REQ_PREAUTH may come without. `own`
 * are the client's, preferred first. It may prove one of a type that it does not name in its
 * request, as Windows lets it; what is sealed with a key that it need not prove is of a named one.
 */
export function preAuthenticate(
  client: Account,
  own: readonly KdcKey[],
  call: KdcCall,
  context: KdcContext,
): PreAuthenticated {
  const { armor } = call;
  const keys = named(own, call);
  const [preferred] = keys;
  requireArmor(client, keys, armor, context);
  const type = armor === undefined ? PaType.ENC_TIMESTAMP : PaType.ENCRYPTED_CHALLENGE;
  const padata = findPadata(call.req.padata, type);
  if (padata === undefined) {
    if (preferred === undefined) throw new Refused('KDC_ERR_ETYPE_NOSUPP', 'client-key');
    if (hasControl(client.userAccountControl, 'DONT_REQ_PREAUTH')) {
      return { replyKey: preferred, type: 0, padata: [] };
    }
    throw required(client, keys, armor, context);
  }
  call.record.preAuthType = type;
  const proof = { client, keys: armor === undefined ? own : keys, padata };
  return armor === undefined
    ? byTimestamp(proof, call, context)
    : byChallenge(proof, armor, call, context);
}

/** Keys of types that the client names in its request. */
function named(keys: readonly KdcKey[], { body }: KdcCall): readonly KdcKey[] {
  return keys.filter(({ key }) => body.etype.includes(key.etype));
}

/** What a client sent to prove one of its keys. */
interface Proof {
  readonly client: Account;
  readonly keys: readonly KdcKey[];
  readonly padata: Uint8Array;
}

function byTimestamp(
  { client, keys, padata }: Proof,
  call: KdcCall,
  context: KdcContext,
): PreAuthenticated {
  const { etype, cipher } = decodeDer(EncryptedData, padata);
  const replyKey = keys.find(({ key }) => key.etype === etype);
  if (replyKey === undefined) throw new Refused('KDC_ERR_ETYPE_NOSUPP', 'preauth-type');
  replyKey.key.prepare(CLIENT_USAGES);
  const plain = decrypted(replyKey.key, KeyUsage.AS_REQ_PA_ENC_TIMESTAMP, cipher);
  if (plain === undefined) {
    const opens = ({ key }: KdcKey): boolean =>
      key.etype === etype && decrypted(key, KeyUsage.AS_REQ_PA_ENC_TIMESTAMP, cipher) !== undefined;
    noteWrongKey(client, opens, call, context);
    throw failed(client, named(keys, call));
  }
  requireClock(decodeDer(PaEncTsEnc, plain).patimestamp, call, context);
  return { replyKey, type: PaType.ENC_TIMESTAMP, padata: [] };
}

function byChallenge(
  { client, keys, padata }: Proof,
  armor: Armor,
  call: KdcCall,
  context: KdcContext,
): PreAuthenticated {
  const met = meetChallenge(padata, keys, armor);
  if (met === undefined) {
    const opens = (key: KdcKey): boolean => meetChallenge(padata, [key], armor) !== undefined;
    noteWrongKey(client, opens, call, context);
    throw failed(client, keys);
  }
  requireClock(met.time, call, context);
  return {
    replyKey: met.key,
    type: PaType.ENCRYPTED_CHALLENGE,
    padata: [kdcChallenge(met.key, armor, call.now, context.random)],
  };
}

function requireClock(time: number, { now }: KdcCall, { settings }: KdcContext): void {
  if (Math.abs(time - now / 1000) > settings.clockSkew) {
    throw new Refused('KRB_AP_ERR_SKEW', 'clock-skew', { status: 'STATUS_TIME_DIFFERENCE_AT_DC' });
  }
}

/** Users come armored where the domain demands it; computers have nothing to armor with. */
function requireArmor(
  client: Account,
  keys: readonly KdcKey[],
  armor: Armor | undefined,
  context: KdcContext,
): void {
  if (context.settings.fast !== 'required' || armor !== undefined) return;
  if (client.kind !== 'computer') throw required(client, keys, armor, context);
}

/** What an AS exchange does with a client's key: derived in one go where it is the first. */
const CLIENT_USAGES = {
  encryption: [KeyUsage.AS_REQ_PA_ENC_TIMESTAMP, KeyUsage.AS_REP_ENC_PART],
};

/**
 * How keys are made of the client's password: ETYPE-INFO2, and ETYPE-INFO for clients who may know
 * nothing newer than RC4 (RFC 4120 §5.2.7.4, §5.2.7.5).
 */
export function etypeHints(client: Account, keys: readonly KdcKey[]): MethodData {
  if (keys.length === 0) return [];
  const entries = keys.map(({ key }) => ({ etype: key.etype, salt: saltFor(client, key.etype) }));
  const info2 = { padataType: PaType.ETYPE_INFO2, padataValue: encodeDer(EtypeInfo2, entries) };
  if (entries.some(({ etype }) => etype !== EncryptionType.RC4_HMAC)) return [info2];
  return [{ padataType: PaType.ETYPE_INFO, padataValue: RC4_INFO }, info2];
}

/** The salt of a key that sealed a reply; RC4 has none (RFC 4120 §3.1.3). */
export function replyHints(client: Account, key: KdcKey): MethodData {
  return key.key.etype === EncryptionType.RC4_HMAC ? [] : etypeHints(client, [key]);
}

function saltFor({ keys }: Account, type: number): string | undefined {
  if (type === EncryptionType.RC4_HMAC) return undefined;
  return keys?.keys.find(({ etype }) => etype === type)?.salt;
}

const NOTHING = new Uint8Array();

const RC4_INFO = encodeDer(EtypeInfo, [{ etype: EncryptionType.RC4_HMAC, salt: NOTHING }]);

/** What Windows says in PA-FX-COOKIE, which holds no state there (MS-KILE 3.3.5.6). */
export const ARMORED_COOKIE = utf8('Microsoft');
const BARE_COOKIE = utf8('Microsof\0');

/** The means of pre-authentication, in Windows' order. */
function required(
  client: Account,
  keys: readonly KdcKey[],
  armor: Armor | undefined,
  { settings }: KdcContext,
): Refused {
  const inArmor = armor !== undefined;
  const means: MethodData[number] = {
    padataType: inArmor ? PaType.ENCRYPTED_CHALLENGE : PaType.ENC_TIMESTAMP,
    padataValue: NOTHING,
  };
  const onlyArmored = settings.fast === 'required' && client.kind !== 'computer';
  const padata = [
    ...etypeHints(client, keys),
    ...(onlyArmored && !inArmor ? [] : [means]),
    ...(inArmor || settings.fast === 'off' ? [] : ARMOR_OFFER),
  ];
  return new Refused('KDC_ERR_PREAUTH_REQUIRED', 'preauth-required', { padata });
}

const ARMOR_OFFER: MethodData = [
  { padataType: PaType.FX_FAST, padataValue: NOTHING },
  { padataType: PaType.FX_COOKIE, padataValue: BARE_COOKIE },
];

function failed(client: Account, keys: readonly KdcKey[]): Refused {
  const padata = etypeHints(client, keys);
  return new Refused('KDC_ERR_PREAUTH_FAILED', 'preauth-failed', { padata });
}
