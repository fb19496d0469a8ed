import {
  field,
  type Infer,
  optionalField,
  sequence,
  sequenceOf,
  type Type,
} from '@doublehop/wire/der';
import { int32, integer, kerberosTime, octets } from '@doublehop/wire/der-primitives';
import { WireError } from '@doublehop/wire/errors';
import { PVNO } from '../iana/message-types.ts';
import { MAX_LIST } from '../limits.ts';

/**
 * UInt32 as old peers write it too: MIT and Windows have sent nonces, sequence numbers and key
 * versions above 2^31 as negative INTEGERs.
 */
export const lenientUint32 = integer(-0x8000_0000, 0xffff_ffff);

/** pvno: always 5. */
export const pvno = integer(PVNO, PVNO);

/** EncryptionKey (RFC 4120 §5.2.9). */
export const EncryptionKey = sequence({ keytype: field(0, int32), keyvalue: field(1, octets) });
export type EncryptionKey = Infer<typeof EncryptionKey>;

/** EncryptedData (RFC 4120 §5.2.9). */
export const EncryptedData = sequence({
  etype: field(0, int32),
  kvno: optionalField(1, lenientUint32),
  cipher: field(2, octets),
});
export type EncryptedData = Infer<typeof EncryptedData>;

/** Checksum (RFC 4120 §5.2.9). */
export const Checksum = sequence({ cksumtype: field(0, int32), checksum: field(1, octets) });
export type Checksum = Infer<typeof Checksum>;

/** HostAddress (RFC 4120 §5.2.5). */
export const HostAddress = sequence({ addrType: field(0, int32), address: field(1, octets) });
export type HostAddress = Infer<typeof HostAddress>;

/** HostAddresses (RFC 4120 §5.2.5). */
export const HostAddresses = sequenceOf(HostAddress, MAX_LIST);
export type HostAddresses = Infer<typeof HostAddresses>;

/** AuthorizationData (RFC 4120 §5.2.6). */
export const AuthorizationData = sequenceOf(
  sequence({ adType: field(0, int32), adData: field(1, octets) }),
  MAX_LIST,
);
export type AuthorizationData = Infer<typeof AuthorizationData>;

/** PA-DATA: padata-type is [1], padata-value [2] (RFC 4120 §5.2.7). */
export const PaData = sequence({ padataType: field(1, int32), padataValue: field(2, octets) });
export type PaData = Infer<typeof PaData>;

/** METHOD-DATA (RFC 4120 §5.9.1). */
export const MethodData = sequenceOf(PaData, MAX_LIST);
export type MethodData = Infer<typeof MethodData>;

/** LastReq (RFC 4120 §5.4.2). */
export const LastReq = sequenceOf(
  sequence({ lrType: field(0, int32), lrValue: field(1, kerberosTime) }),
  MAX_LIST,
);

/** TransitedEncoding (RFC 4120 §5.3). */
export const TransitedEncoding = sequence({ trType: field(0, int32), contents: field(1, octets) });

/**
 * The DER of a Ticket, unopened: whoever carries a ticket keeps its bytes; only its KDC and its
 * server decode it with `Ticket`.
 */
export const ticketBytes: Type<Uint8Array> = {
  tag: 0x61,
  matches: (tag) => tag === 0x61,
  decode(reader) {
    const start = reader.pos;
    if (reader.peek() !== 0x61) throw new WireError('tag', 'not a Ticket', reader.place());
    reader.skip();
    return reader.bytes.subarray(start, reader.pos);
  },
  encode: (writer, value) => writer.bytes(value),
};

/** First padata value of a type, or undefined. */
export function findPadata(
  padata: readonly PaData[] | undefined,
  type: number,
): Uint8Array | undefined {
  return padata?.find(({ padataType }) => padataType === type)?.padataValue;
}
