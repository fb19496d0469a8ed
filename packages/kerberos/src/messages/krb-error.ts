import { application, field, type Infer, optionalField, sequence } from '@doublehop/wire/der';
import {
  generalString,
  int32,
  integer,
  kerberosTime,
  microseconds,
  octets,
} from '@doublehop/wire/der-primitives';
import { MessageType } from '../iana/message-types.ts';
import { PrincipalName, realmType } from '../names.ts';
import { pvno } from './common.ts';

/** KRB-ERROR (RFC 4120 §5.9.1). */
export const KrbError = application(
  30,
  sequence({
    pvno: field(0, pvno),
    msgType: field(1, integer(MessageType.KRB_ERROR, MessageType.KRB_ERROR)),
    ctime: optionalField(2, kerberosTime),
    cusec: optionalField(3, microseconds),
    stime: field(4, kerberosTime),
    susec: field(5, microseconds),
    errorCode: field(6, int32),
    crealm: optionalField(7, realmType),
    cname: optionalField(8, PrincipalName),
    realm: field(9, realmType),
    sname: field(10, PrincipalName),
    eText: optionalField(11, generalString),
    eData: optionalField(12, octets),
  }),
);
export type KrbError = Infer<typeof KrbError>;

/** KERB-ERROR-DATA in e-data (MS-KILE 2.2.2). */
export const KerbErrorData = sequence({
  dataType: field(1, int32),
  dataValue: optionalField(2, octets),
});

/** data-type of KERB-ERROR-DATA whose value is a KERB-EXT-ERROR (MS-KILE 2.2.1, 2.2.2). */
export const KERB_ERR_TYPE_EXTENDED = 3;
