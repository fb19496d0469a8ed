import { explicit, field, type Infer, optionalField, sequence, spanned } from '@doublehop/wire/der';
import { flags, int32, kerberosTime, microseconds, octets } from '@doublehop/wire/der-primitives';
import { PrincipalName, realmType } from '../names.ts';
import { Checksum, EncryptedData, EncryptionKey, lenientUint32, MethodData } from './common.ts';
import { KdcReqBody } from './kdc.ts';

/** Flexible Authentication Secure Tunneling: the messages of RFC 6113 §5.4. */

/** armor-type of an AP-REQ (RFC 6113 §5.4.1.1): the only one that is defined. */
export const FX_FAST_ARMOR_AP_REQUEST = 1;

/** FastOptions (RFC 6113 §5.4.2). */
export const FastOption = {
  /** The reply outside the armor names nobody. */
  HIDE_CLIENT_NAMES: 0x4000_0000,
  KDC_FOLLOW_REFERRALS: 0x0000_8000,
} as const;

/** Bits 0 to 15: a KDC that does not know one of them refuses (RFC 6113 §5.4.2). */
export const CRITICAL_FAST_OPTIONS = 0xffff_0000;

/** KrbFastArmor (RFC 6113 §5.4.1). */
export const KrbFastArmor = sequence(
  { armorType: field(0, int32), armorValue: field(1, octets) },
  { extensible: true },
);
export type KrbFastArmor = Infer<typeof KrbFastArmor>;

/** KrbFastArmoredReq (RFC 6113 §5.4.2); `encFastReq` is an encrypted KrbFastReq. */
export const KrbFastArmoredReq = sequence(
  {
    armor: optionalField(0, KrbFastArmor),
    reqChecksum: field(1, Checksum),
    encFastReq: field(2, EncryptedData),
  },
  { extensible: true },
);
export type KrbFastArmoredReq = Infer<typeof KrbFastArmoredReq>;

/** PA-FX-FAST-REQUEST (RFC 6113 §5.4.2): the CHOICE has one alternative. */
export const PaFxFastRequest = explicit(0, KrbFastArmoredReq);

/** KrbFastReq (RFC 6113 §5.4.2). */
export const KrbFastReq = sequence(
  {
    fastOptions: field(0, flags),
    padata: field(1, MethodData),
    reqBody: field(2, spanned(KdcReqBody)),
  },
  { extensible: true },
);
export type KrbFastReq = Infer<typeof KrbFastReq>;

/** PA-FX-FAST-REPLY (RFC 6113 §5.4.3); `encFastRep` is an encrypted KrbFastResponse. */
export const PaFxFastReply = explicit(
  0,
  sequence({ encFastRep: field(0, EncryptedData) }, { extensible: true }),
);

/** KrbFastFinished (RFC 6113 §5.4.3): who the client is and which ticket it gets. */
export const KrbFastFinished = sequence(
  {
    timestamp: field(0, kerberosTime),
    usec: field(1, microseconds),
    crealm: field(2, realmType),
    cname: field(3, PrincipalName),
    ticketChecksum: field(4, Checksum),
  },
  { extensible: true },
);
export type KrbFastFinished = Infer<typeof KrbFastFinished>;

/** KrbFastResponse (RFC 6113 §5.4.3). */
export const KrbFastResponse = sequence(
  {
    padata: field(0, MethodData),
    strengthenKey: optionalField(1, EncryptionKey),
    finished: optionalField(2, KrbFastFinished),
    nonce: field(3, lenientUint32),
  },
  { extensible: true },
);
export type KrbFastResponse = Infer<typeof KrbFastResponse>;
