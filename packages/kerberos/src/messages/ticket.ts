import { application, field, type Infer, optionalField, sequence } from '@doublehop/wire/der';
import { flags, integer, kerberosTime } from '@doublehop/wire/der-primitives';
import { PVNO } from '../iana/message-types.ts';
import { PrincipalName, realmType } from '../names.ts';
import {
  AuthorizationData,
  EncryptedData,
  EncryptionKey,
  HostAddresses,
  TransitedEncoding,
} from './common.ts';

/** Ticket (RFC 4120 §5.3). */
export const Ticket = application(
  1,
  sequence({
    tktVno: field(0, integer(PVNO, PVNO)),
    realm: field(1, realmType),
    sname: field(2, PrincipalName),
    encPart: field(3, EncryptedData),
  }),
);
export type Ticket = Infer<typeof Ticket>;

/** EncTicketPart: what the server of the ticket reads (RFC 4120 §5.3). Times are seconds. */
export const EncTicketPart = application(
  3,
  sequence({
    flags: field(0, flags),
    key: field(1, EncryptionKey),
    crealm: field(2, realmType),
    cname: field(3, PrincipalName),
    transited: field(4, TransitedEncoding),
    authtime: field(5, kerberosTime),
    starttime: optionalField(6, kerberosTime),
    endtime: field(7, kerberosTime),
    renewTill: optionalField(8, kerberosTime),
    caddr: optionalField(9, HostAddresses),
    authorizationData: optionalField(10, AuthorizationData),
  }),
);
export type EncTicketPart = Infer<typeof EncTicketPart>;
