import { application, field, type Infer, optionalField, sequence } from '@doublehop/wire/der';
import { flags, integer, kerberosTime, microseconds } from '@doublehop/wire/der-primitives';
import { MessageType } from '../iana/message-types.ts';
import { PrincipalName, realmType } from '../names.ts';
import {
  AuthorizationData,
  Checksum,
  EncryptedData,
  EncryptionKey,
  lenientUint32,
  pvno,
  ticketBytes,
} from './common.ts';

/** AP-REQ (RFC 4120 §5.5.1); `ticket` is the DER of a Ticket. */
export const ApReq = application(
  14,
  sequence({
    pvno: field(0, pvno),
    msgType: field(1, integer(MessageType.AP_REQ, MessageType.AP_REQ)),
    apOptions: field(2, flags),
    ticket: field(3, ticketBytes),
    authenticator: field(4, EncryptedData),
  }),
);
export type ApReq = Infer<typeof ApReq>;

/** Authenticator (RFC 4120 §5.5.1). */
export const Authenticator = application(
  2,
  sequence({
    authenticatorVno: field(0, pvno),
    crealm: field(1, realmType),
    cname: field(2, PrincipalName),
    cksum: optionalField(3, Checksum),
    cusec: field(4, microseconds),
    ctime: field(5, kerberosTime),
    subkey: optionalField(6, EncryptionKey),
    seqNumber: optionalField(7, lenientUint32),
    authorizationData: optionalField(8, AuthorizationData),
  }),
);
export type Authenticator = Infer<typeof Authenticator>;

/** AP-REP (RFC 4120 §5.5.2). */
export const ApRep = application(
  15,
  sequence({
    pvno: field(0, pvno),
    msgType: field(1, integer(MessageType.AP_REP, MessageType.AP_REP)),
    encPart: field(2, EncryptedData),
  }),
);
export type ApRep = Infer<typeof ApRep>;

/** EncAPRepPart (RFC 4120 §5.5.2). */
export const EncApRepPart = application(
  27,
  sequence({
    ctime: field(0, kerberosTime),
    cusec: field(1, microseconds),
    subkey: optionalField(2, EncryptionKey),
    seqNumber: optionalField(3, lenientUint32),
  }),
);
export type EncApRepPart = Infer<typeof EncApRepPart>;
