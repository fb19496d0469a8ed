import {
  application,
  field,
  type Infer,
  optionalField,
  sequence,
  sequenceOf,
} from '@doublehop/wire/der';
import { flags, integer, kerberosTime, microseconds } from '@doublehop/wire/der-primitives';
import { MessageType } from '../iana/message-types.ts';
import { MAX_TICKETS } from '../limits.ts';
import { PrincipalName, realmType } from '../names.ts';
import {
  EncryptedData,
  EncryptionKey,
  HostAddress,
  HostAddresses,
  lenientUint32,
  pvno,
  ticketBytes,
} from './common.ts';

/** KRB-CRED: forwarded tickets (RFC 4120 §5.8.1). */
export const KrbCred = application(
  22,
  sequence({
    pvno: field(0, pvno),
    msgType: field(1, integer(MessageType.KRB_CRED, MessageType.KRB_CRED)),
    tickets: field(2, sequenceOf(ticketBytes, MAX_TICKETS)),
    encPart: field(3, EncryptedData),
  }),
);
export type KrbCred = Infer<typeof KrbCred>;

/** KrbCredInfo (RFC 4120 §5.8.1). */
export const KrbCredInfo = sequence({
  key: field(0, EncryptionKey),
  prealm: optionalField(1, realmType),
  pname: optionalField(2, PrincipalName),
  flags: optionalField(3, flags),
  authtime: optionalField(4, kerberosTime),
  starttime: optionalField(5, kerberosTime),
  endtime: optionalField(6, kerberosTime),
  renewTill: optionalField(7, kerberosTime),
  srealm: optionalField(8, realmType),
  sname: optionalField(9, PrincipalName),
  caddr: optionalField(10, HostAddresses),
});
export type KrbCredInfo = Infer<typeof KrbCredInfo>;

/** EncKrbCredPart (RFC 4120 §5.8.1). */
export const EncKrbCredPart = application(
  29,
  sequence({
    ticketInfo: field(0, sequenceOf(KrbCredInfo, MAX_TICKETS)),
    nonce: optionalField(1, lenientUint32),
    timestamp: optionalField(2, kerberosTime),
    usec: optionalField(3, microseconds),
    sAddress: optionalField(4, HostAddress),
    rAddress: optionalField(5, HostAddress),
  }),
);
export type EncKrbCredPart = Infer<typeof EncKrbCredPart>;
