import type { Account } from '@doublehop/directory/account';
import { hasControl } from '@doublehop/delegation/account-control';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { EncryptedData, findPadata, MethodData } from '@doublehop/kerberos/messages/common';
import { EtypeInfo2, PaEncTsEnc } from '@doublehop/kerberos/messages/padata';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import { Refused } from '../errors.ts';
import type { KdcContext } from './context.ts';
import { noteWrongKey } from './logons.ts';
import type { KdcCall } from './request.ts';
import { decrypted, type KdcKey } from './sealed-ticket.ts';

/** A client that proved its key, or needs not; and the key that protects the reply. */
export interface PreAuthenticated {
  readonly replyKey: KdcKey;
  /** padata-type of the proof; 0 when none was asked for. */
  readonly type: number;
}

/**
 * PA-ENC-TIMESTAMP with one of the client's present keys (RFC 4120 §5.2.7.2, §3.1.3). Accounts with
 * DONT_REQ_PREAUTH may come without. `keys` are those the client understands, preferred first.
 */
export function preAuthenticate(
  client: Account,
  keys: readonly KdcKey[],
  call: KdcCall,
  context: KdcContext,
): PreAuthenticated {
  const [preferred] = keys;
  if (preferred === undefined) throw new Refused('KDC_ERR_ETYPE_NOSUPP', 'client-key');
  const padata = findPadata(call.req.padata, PaType.ENC_TIMESTAMP);
  if (padata === undefined) {
    if (hasControl(client.userAccountControl, 'DONT_REQ_PREAUTH')) {
      return { replyKey: preferred, type: 0 };
    }
    const eData = encodeDer(MethodData, hints(client, keys));
    throw new Refused('KDC_ERR_PREAUTH_REQUIRED', 'preauth-required', { eData });
  }
  call.record.preAuthType = PaType.ENC_TIMESTAMP;
  const { etype, cipher } = decodeDer(EncryptedData, padata);
  const replyKey = keys.find(({ key }) => key.etype === etype);
  if (replyKey === undefined) throw new Refused('KDC_ERR_ETYPE_NOSUPP', 'preauth-type');
  replyKey.key.prepare(CLIENT_USAGES);
  const plain = decrypted(replyKey.key, KeyUsage.AS_REQ_PA_ENC_TIMESTAMP, cipher);
  if (plain === undefined) {
    const opens = ({ key }: KdcKey): boolean =>
      key.etype === etype && decrypted(key, KeyUsage.AS_REQ_PA_ENC_TIMESTAMP, cipher) !== undefined;
    noteWrongKey(client, opens, call, context);
    const eData = encodeDer(MethodData, hints(client, keys));
    throw new Refused('KDC_ERR_PREAUTH_FAILED', 'preauth-failed', { eData });
  }
  const { patimestamp } = decodeDer(PaEncTsEnc, plain);
  if (Math.abs(patimestamp - call.now / 1000) > context.settings.clockSkew) {
    throw new Refused('KRB_AP_ERR_SKEW', 'clock-skew', { status: 'STATUS_TIME_DIFFERENCE_AT_DC' });
  }
  return { replyKey, type: PaType.ENC_TIMESTAMP };
}

/** What an AS exchange does with a client's key: derived in one go where it is the first. */
const CLIENT_USAGES = {
  encryption: [KeyUsage.AS_REQ_PA_ENC_TIMESTAMP, KeyUsage.AS_REP_ENC_PART],
};

/** ETYPE-INFO2 of some keys of an account (RFC 4120 §5.2.7.5). */
export function etypeInfo2(client: Account, keys: readonly KdcKey[]): MethodData[number] {
  const entries = keys.map(({ key }) => ({
    etype: key.etype,
    salt: client.keys?.keys.find(({ etype }) => etype === key.etype)?.salt,
  }));
  return { padataType: PaType.ETYPE_INFO2, padataValue: encodeDer(EtypeInfo2, entries) };
}

function hints(client: Account, keys: readonly KdcKey[]): MethodData {
  return [
    etypeInfo2(client, keys),
    { padataType: PaType.ENC_TIMESTAMP, padataValue: new Uint8Array() },
  ];
}
