import { isKeyed } from '@doublehop/crypto/checksum';
import type { Key } from '@doublehop/crypto/key';
import { armorKey, explicitArmorKey } from '@doublehop/kerberos/fast/keys';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { findPadata } from '@doublehop/kerberos/messages/common';
import {
  CRITICAL_FAST_OPTIONS,
  FastOption,
  FX_FAST_ARMOR_AP_REQUEST,
  type KrbFastArmor,
  type KrbFastArmoredReq,
  KrbFastReq,
  PaFxFastRequest,
} from '@doublehop/kerberos/messages/fast';
import { decodeDer } from '@doublehop/wire/der';
import { Refused } from '../../errors.ts';
import type { KdcContext } from '../context.ts';
import {
  type AuthenticatedRequest,
  checksumHolds,
  type HeaderTicket,
  openApReq,
} from '../header-ticket.ts';
import { requireClient } from '../header-client.ts';
import type { KdcCall } from '../request.ts';
import { decrypted } from '../sealed-ticket.ts';

/**
 * The AS-REQ inside the armor, or the call as it is where there is none (RFC 6113 §5.4.2). What is
 * outside the armor does not count any more.
 */
export function openAsRequest(call: KdcCall, context: KdcContext): KdcCall {
  const armored = armoredRequest(call, context);
  if (armored === undefined) return call;
  if (armored.armor === undefined) throw new Refused('KRB_ERR_GENERIC', 'armor-absent');
  const { key, ticket } = openArmor(armored.armor, call, context);
  return open(armored, { key, ticket, covered: call.req.reqBody.raw }, call);
}

/**
 * The TGS-REQ inside the armor, or the call as it is where there is none: the header ticket and the
 * subkey armor it, or a second ticket does, which is compound identity (RFC 6113 §5.4.2, MS-KILE
 * 3.3.5.7.4).
 */
export function openTgsRequest(
  call: KdcCall,
  { header, subkey }: AuthenticatedRequest,
  context: KdcContext,
): KdcCall {
  const armored = armoredRequest(call, context);
  if (armored === undefined) return call;
  if (subkey === undefined) throw new Refused('KRB_ERR_GENERIC', 'armor-without-subkey');
  // The checksum binds the armored request to its PA-TGS-REQ.
  const covered = findPadata(call.req.padata, PaType.TGS_REQ) ?? new Uint8Array();
  if (armored.armor === undefined) {
    const key = armorKey(subkey, header.sessionKey);
    return open(armored, { key, ticket: undefined, covered }, call);
  }
  const explicit = openArmor(armored.armor, call, context);
  const key = explicitArmorKey(explicit.key, subkey);
  return open(armored, { key, ticket: explicit.ticket, covered }, call);
}

function armoredRequest({ req }: KdcCall, { settings }: KdcContext): KrbFastArmoredReq | undefined {
  if (settings.fast === 'off') return undefined;
  const padata = findPadata(req.padata, PaType.FX_FAST);
  return padata === undefined ? undefined : decodeDer(PaFxFastRequest, padata);
}

interface OpenedArmor {
  readonly key: Key;
  readonly ticket: HeaderTicket;
}

/** An AP-REQ with a TGT of this realm and a subkey (RFC 6113 §5.4.1.1). */
function openArmor(
  { armorType, armorValue }: KrbFastArmor,
  { now }: KdcCall,
  context: KdcContext,
): OpenedArmor {
  if (armorType !== FX_FAST_ARMOR_AP_REQUEST) {
    throw new Refused('KDC_ERR_PREAUTH_FAILED', 'armor-type');
  }
  const { header, subkey } = openArmorTicket(armorValue, now, context);
  requireClient(header, now, context);
  if (subkey === undefined) throw new Refused('KDC_ERR_POLICY', 'armor-without-subkey');
  return { key: armorKey(subkey, header.sessionKey), ticket: header };
}

function openArmorTicket(apReq: Uint8Array, now: number, context: KdcContext) {
  try {
    return openApReq(apReq, KeyUsage.AP_REQ_AUTHENTICATOR, now, context);
  } catch (error) {
    if (error instanceof Refused && error.reason === 'header-not-a-tgt') {
      throw new Refused('KDC_ERR_POLICY', 'armor-not-a-tgt');
    }
    if (error instanceof Refused && error.reason === 'header-rc4') {
      throw new Refused('KRB_ERR_GENERIC', 'armor-rc4');
    }
    throw error;
  }
}

/** What an exchange does with its armor key: derived in one go. */
const ARMOR_USAGES = {
  encryption: [KeyUsage.FAST_ENC, KeyUsage.FAST_REP],
  checksum: [KeyUsage.FAST_REQ_CHKSUM, KeyUsage.FAST_FINISHED],
};

interface Opening {
  readonly key: Key;
  readonly ticket: HeaderTicket | undefined;
  /** What req-checksum covers. */
  readonly covered: Uint8Array;
}

function open(
  { reqChecksum, encFastReq }: KrbFastArmoredReq,
  { key, ticket, covered }: Opening,
  call: KdcCall,
): KdcCall {
  key.prepare(ARMOR_USAGES);
  const plain = decrypted(key, KeyUsage.FAST_ENC, encFastReq.cipher);
  if (plain === undefined) throw new Refused('KRB_AP_ERR_BAD_INTEGRITY', 'armor-integrity');
  const { fastOptions, padata, reqBody } = decodeDer(KrbFastReq, plain.slice());
  const { cksumtype, checksum } = reqChecksum;
  if (!isKeyed(cksumtype)) throw new Refused('KDC_ERR_POLICY', 'armor-checksum-unkeyed');
  if (!checksumHolds(cksumtype, key, KeyUsage.FAST_REQ_CHKSUM, covered, checksum)) {
    throw new Refused('KRB_AP_ERR_MODIFIED', 'armor-checksum');
  }
  const inside: KdcCall = {
    ...call,
    req: { ...call.req, padata, reqBody },
    body: reqBody.value,
    armor: {
      key,
      ticket,
      nonce: reqBody.value.nonce,
      hideNames: (fastOptions & FastOption.HIDE_CLIENT_NAMES) !== 0,
    },
  };
  // From here on refusals are armored as well.
  call.record.inside = inside;
  if ((fastOptions & CRITICAL_FAST_OPTIONS & ~FastOption.HIDE_CLIENT_NAMES) !== 0) {
    throw new Refused('KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS', 'fast-options');
  }
  return inside;
}
