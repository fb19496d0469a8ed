import type { Key } from '@doublehop/crypto/key';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { AdType } from '@doublehop/kerberos/iana/padata-types';
import { AuthorizationData } from '@doublehop/kerberos/messages/common';
import { decodeDer } from '@doublehop/wire/der';
import { Refused } from '../errors.ts';
import { MAX_AUTHDATA_DEPTH } from '../limits.ts';
import type { KdcCall } from './request.ts';
import { decrypted } from './sealed-ticket.ts';

/**
 * enc-authorization-data (RFC 4120 §5.4.1): what the client wants in the ticket, encrypted with its
 * subkey or a session key. A PAC or anything that only a KDC may state is left out, however deep it
 * is wrapped.
 */
export function clientAuthorizationData(
  { body }: { readonly body: Pick<KdcCall['body'], 'encAuthorizationData'> },
  subkey: Key | undefined,
  sessionKey: () => Key,
): AuthorizationData | undefined {
  const encrypted = body.encAuthorizationData;
  if (encrypted === undefined) return undefined;
  const usage =
    subkey === undefined ? KeyUsage.TGS_REQ_AUTHDATA_SESSION_KEY : KeyUsage.TGS_REQ_AUTHDATA_SUBKEY;
  const plain = decrypted(subkey ?? sessionKey(), usage, encrypted.cipher);
  if (plain === undefined) throw new Refused('KRB_AP_ERR_BAD_INTEGRITY', 'authorization-data');
  const allowed = decodeDer(AuthorizationData, plain).filter((item) => isClients(item, 0));
  return allowed.length === 0 ? undefined : allowed;
}

const KDC_ONLY: readonly number[] = [
  AdType.WIN2K_PAC,
  AdType.KDC_ISSUED,
  AdType.FX_FAST_USED,
  AdType.CAMMAC,
  AdType.AUTHENTICATION_INDICATOR,
];

function isClients({ adType, adData }: AuthorizationData[number], depth: number): boolean {
  if (KDC_ONLY.includes(adType) || depth > MAX_AUTHDATA_DEPTH) return false;
  if (adType !== AdType.IF_RELEVANT) return true;
  return decodeDer(AuthorizationData, adData).every((item) => isClients(item, depth + 1));
}
