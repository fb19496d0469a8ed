import { Key } from '@doublehop/crypto/key';
import { strengthenedKey } from '@doublehop/kerberos/fast/keys';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { type MethodData, type PaData } from '@doublehop/kerberos/messages/common';
import { KrbFastResponse, PaFxFastReply } from '@doublehop/kerberos/messages/fast';
import type { PrincipalName } from '@doublehop/kerberos/names';
import { encodeDer } from '@doublehop/wire/der';
import type { KdcContext } from '../context.ts';
import type { IssuedTicket, ReplyProtection } from '../issue.ts';
import type { KdcCall } from '../request.ts';
import type { Armor } from './armor.ts';

/** How a reply leaves the KDC: what seals its encrypted part, and its padata. */
export interface ReplyCover {
  readonly protection: ReplyProtection;
  readonly padata: MethodData | undefined;
  /** cname outside the sealed part. */
  readonly cname: PrincipalName;
}

/** The name of nobody (RFC 8062 §3.1.1). */
export const ANONYMOUS: PrincipalName = {
  nameType: NameType.WELLKNOWN,
  nameString: ['WELLKNOWN', 'ANONYMOUS'],
};

/**
 * Puts a reply into the armor that its request had: padata go inside, beside proof of client and
 * ticket, and a fresh key strengthens the one that seals the encrypted part (RFC 6113 §5.4.3).
 */
export function coverReply(
  issued: IssuedTicket,
  protection: ReplyProtection,
  padata: MethodData | undefined,
  call: KdcCall,
  { domain, random }: KdcContext,
): ReplyCover {
  const { cname } = issued.order;
  const { armor, now } = call;
  if (armor === undefined) return { protection, padata, cname };
  const fresh = Key.random(protection.key.etype, random);
  const checksum = armor.key.checksum(KeyUsage.FAST_FINISHED, issued.ticket);
  const response: KrbFastResponse = {
    padata: padata ?? [],
    strengthenKey: { keytype: fresh.etype, keyvalue: fresh.bytes() },
    finished: {
      timestamp: Math.floor(now / 1000),
      usec: Math.floor(now % 1000) * 1000,
      crealm: domain.realm,
      cname,
      ticketChecksum: { cksumtype: armor.key.checksumType, checksum },
    },
    nonce: armor.nonce,
  };
  return {
    protection: { ...protection, key: strengthenedKey(fresh, protection.key) },
    padata: [sealResponse(response, armor, random)],
    cname: armor.hideNames ? ANONYMOUS : cname,
  };
}

/** PA-FX-FAST-REPLY with a response (RFC 6113 §5.4.3). */
export function sealResponse(
  response: KrbFastResponse,
  { key }: Pick<Armor, 'key'>,
  random: KdcContext['random'],
): PaData {
  const cipher = key.encrypt(KeyUsage.FAST_REP, encodeDer(KrbFastResponse, response), random);
  const padataValue = encodeDer(PaFxFastReply, { encFastRep: { etype: key.etype, cipher } });
  return { padataType: PaType.FX_FAST, padataValue };
}
