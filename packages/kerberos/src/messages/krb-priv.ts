import { application, field, type Infer, optionalField, sequence } from '@doublehop/wire/der';
import { integer, kerberosTime, microseconds, octets } from '@doublehop/wire/der-primitives';
import { MessageType } from '../iana/message-types.ts';
import { EncryptedData, HostAddress, lenientUint32, pvno } from './common.ts';

/** KRB-PRIV: a message that is encrypted for the peer (RFC 4120 §5.7.1); there is no field [2]. */
export const KrbPriv = application(
  21,
  sequence({
    pvno: field(0, pvno),
    msgType: field(1, integer(MessageType.KRB_PRIV, MessageType.KRB_PRIV)),
    encPart: field(3, EncryptedData),
  }),
);
export type KrbPriv = Infer<typeof KrbPriv>;

/** EncKrbPrivPart (RFC 4120 §5.7.1). */
export const EncKrbPrivPart = application(
  28,
  sequence({
    userData: field(0, octets),
    timestamp: optionalField(1, kerberosTime),
    usec: optionalField(2, microseconds),
    seqNumber: optionalField(3, lenientUint32),
    sAddress: field(4, HostAddress),
    rAddress: optionalField(5, HostAddress),
  }),
);
export type EncKrbPrivPart = Infer<typeof EncKrbPrivPart>;
