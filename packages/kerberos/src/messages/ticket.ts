import { Reader, Writer } from '@doublehop/wire/cursor';
import {
  application,
  encodeDer,
  field,
  type Infer,
  optionalField,
  sequence,
} from '@doublehop/wire/der';
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

const withoutAuthorizationData = {
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
};

/** EncTicketPart: what the server of the ticket reads (RFC 4120 §5.3). Times are seconds. */
export const EncTicketPart = application(
  3,
  sequence({
    ...withoutAuthorizationData,
    authorizationData: optionalField(10, AuthorizationData),
  }),
);
export type EncTicketPart = Infer<typeof EncTicketPart>;

const BareEncTicketPart = application(3, sequence(withoutAuthorizationData));

/** An EncTicketPart without its authorization data. */
export type BareEncTicketPart = Infer<typeof BareEncTicketPart>;

/**
 * Encodes one EncTicketPart with several authorization data, as a KDC must: its ticket signature
 * covers the encoding without the PAC (MS-PAC 2.8.2). What they have in common is encoded once.
 */
export function encTicketPartEncoder(
  part: BareEncTicketPart,
): (authorizationData: AuthorizationData | undefined) => Uint8Array {
  const common = fieldsOf(part);
  return (data) => {
    if (data === undefined) return encodeDer(BareEncTicketPart, part);
    const size = data.reduce((sum, { adData }) => sum + adData.length + ELEMENT, common.length);
    const writer = new Writer(size + ELEMENT);
    AuthorizationDataField.encode(writer, data);
    writer.bytes(common);
    writer.header(SEQUENCE, 0);
    writer.header(APPLICATION_3, 0);
    return writer.finish();
  };
}

const AuthorizationDataField = field(10, AuthorizationData);
const SEQUENCE = 0x30;
const APPLICATION_3 = 0x63;
/** At least what headers and type of one element of authorization data take. */
const ELEMENT = 32;

/** The contents of the SEQUENCE. */
function fieldsOf(part: BareEncTicketPart): Uint8Array {
  const reader = new Reader(encodeDer(BareEncTicketPart, part), true);
  reader.open(APPLICATION_3);
  reader.open(SEQUENCE);
  return reader.bytes.subarray(reader.pos);
}
