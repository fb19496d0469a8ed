import {
  field,
  type Infer,
  optionalField,
  sequence,
  sequenceOf,
  spanned,
} from '@doublehop/wire/der';
import {
  boolean,
  flags,
  int32,
  kerberosTime,
  microseconds,
  octets,
} from '@doublehop/wire/der-primitives';
import { MAX_LIST } from '../limits.ts';
import { kerberosString, PrincipalName, realmType } from '../names.ts';
import { Checksum, lenientUint32 } from './common.ts';

/** PA-ENC-TS-ENC (RFC 4120 §5.2.7.2). */
export const PaEncTsEnc = sequence({
  patimestamp: field(0, kerberosTime),
  pausec: optionalField(1, microseconds),
});

/** ETYPE-INFO2 (RFC 4120 §5.2.7.5). */
export const EtypeInfo2 = sequenceOf(
  sequence({
    etype: field(0, int32),
    salt: optionalField(1, kerberosString),
    s2kparams: optionalField(2, octets),
  }),
  MAX_LIST,
);
export type EtypeInfo2 = Infer<typeof EtypeInfo2>;

/** ETYPE-INFO (RFC 4120 §5.2.7.4): RC4-only peers still send it. */
export const EtypeInfo = sequenceOf(
  sequence({ etype: field(0, int32), salt: optionalField(1, octets) }),
  MAX_LIST,
);

/** KERB-PA-PAC-REQUEST (MS-KILE 2.2.3). */
export const KerbPaPacRequest = sequence({ includePac: field(0, boolean) });

/** PA-PAC-OPTIONS (MS-KILE 2.2.10). */
export const PaPacOptions = sequence({ flags: field(0, flags) });

/** PA-FOR-USER (MS-SFU 2.2.1). */
export const PaForUser = sequence({
  userName: field(0, PrincipalName),
  userRealm: field(1, realmType),
  cksum: field(2, Checksum),
  authPackage: field(3, kerberosString),
});
export type PaForUser = Infer<typeof PaForUser>;

/** S4UUserID (MS-SFU 2.2.2). */
export const S4uUserId = sequence(
  {
    nonce: field(0, lenientUint32),
    cname: optionalField(1, PrincipalName),
    crealm: field(2, realmType),
    subjectCertificate: optionalField(3, octets),
    options: optionalField(4, flags),
  },
  { extensible: true },
);
export type S4uUserId = Infer<typeof S4uUserId>;

/** PA-S4U-X509-USER (MS-SFU 2.2.2); `userId` keeps the bytes that the checksum covers. */
export const PaS4uX509User = sequence({
  userId: field(0, spanned(S4uUserId)),
  checksum: field(1, Checksum),
});
export type PaS4uX509User = Infer<typeof PaS4uX509User>;
