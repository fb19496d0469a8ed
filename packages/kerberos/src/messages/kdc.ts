import {
  application,
  choice,
  field,
  type Infer,
  optionalField,
  sequence,
  sequenceOf,
  spanned,
} from '@doublehop/wire/der';
import { flags, int32, integer, kerberosTime } from '@doublehop/wire/der-primitives';
import { MessageType } from '../iana/message-types.ts';
import { MAX_ADDITIONAL_TICKETS, MAX_LIST } from '../limits.ts';
import { PrincipalName, realmType } from '../names.ts';
import {
  EncryptedData,
  EncryptionKey,
  HostAddresses,
  LastReq,
  lenientUint32,
  MethodData,
  pvno,
  ticketBytes,
} from './common.ts';

/** KDC-REQ-BODY (RFC 4120 §5.4.1). `additionalTickets` are the DER of Tickets. */
export const KdcReqBody = sequence({
  kdcOptions: field(0, flags),
  cname: optionalField(1, PrincipalName),
  realm: field(2, realmType),
  sname: optionalField(3, PrincipalName),
  from: optionalField(4, kerberosTime),
  till: field(5, kerberosTime),
  rtime: optionalField(6, kerberosTime),
  nonce: field(7, lenientUint32),
  etype: field(8, sequenceOf(int32, MAX_LIST)),
  addresses: optionalField(9, HostAddresses),
  encAuthorizationData: optionalField(10, EncryptedData),
  additionalTickets: optionalField(11, sequenceOf(ticketBytes, MAX_ADDITIONAL_TICKETS)),
});
export type KdcReqBody = Infer<typeof KdcReqBody>;

/** KDC-REQ (RFC 4120 §5.4.1); the body keeps its bytes, which the checksum of a TGS-REQ covers. */
function kdcReq(msgType: number) {
  return application(
    msgType,
    sequence({
      pvno: field(1, pvno),
      msgType: field(2, integer(msgType, msgType)),
      padata: optionalField(3, MethodData),
      reqBody: field(4, spanned(KdcReqBody)),
    }),
  );
}

/** AS-REQ (RFC 4120 §5.4.1). */
export const AsReq = kdcReq(MessageType.AS_REQ);

/** TGS-REQ (RFC 4120 §5.4.1). */
export const TgsReq = kdcReq(MessageType.TGS_REQ);
export type KdcReq = Infer<typeof AsReq>;

/** What a KDC takes: AS-REQ or TGS-REQ. */
export const KdcRequest = choice({ as: AsReq, tgs: TgsReq });

/** KDC-REP (RFC 4120 §5.4.2); `ticket` is the DER of a Ticket. */
function kdcRep(msgType: number) {
  return application(
    msgType,
    sequence({
      pvno: field(0, pvno),
      msgType: field(1, integer(msgType, msgType)),
      padata: optionalField(2, MethodData),
      crealm: field(3, realmType),
      cname: field(4, PrincipalName),
      ticket: field(5, ticketBytes),
      encPart: field(6, EncryptedData),
    }),
  );
}

/** AS-REP (RFC 4120 §5.4.2). */
export const AsRep = kdcRep(MessageType.AS_REP);

/** TGS-REP (RFC 4120 §5.4.2). */
export const TgsRep = kdcRep(MessageType.TGS_REP);
export type KdcRep = Infer<typeof AsRep>;

/** EncKDCRepPart (RFC 4120 §5.4.2), with RFC 6806 §11's encrypted padata. */
export const EncKdcRepPart = sequence({
  key: field(0, EncryptionKey),
  lastReq: field(1, LastReq),
  nonce: field(2, lenientUint32),
  keyExpiration: optionalField(3, kerberosTime),
  flags: field(4, flags),
  authtime: field(5, kerberosTime),
  starttime: optionalField(6, kerberosTime),
  endtime: field(7, kerberosTime),
  renewTill: optionalField(8, kerberosTime),
  srealm: field(9, realmType),
  sname: field(10, PrincipalName),
  caddr: optionalField(11, HostAddresses),
  encryptedPaData: optionalField(12, MethodData),
});
export type EncKdcRepPart = Infer<typeof EncKdcRepPart>;

/** EncASRepPart (RFC 4120 §5.4.2). */
export const EncAsRepPart = application(25, EncKdcRepPart);

/** EncTGSRepPart (RFC 4120 §5.4.2). */
export const EncTgsRepPart = application(26, EncKdcRepPart);

/** What a client takes: some KDCs put tag 26 into an AS-REP (RFC 4120 §5.4.2 tells to accept). */
export const AnyEncRepPart = choice({ as: EncAsRepPart, tgs: EncTgsRepPart });
