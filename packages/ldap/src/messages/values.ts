import { type Tagged, tagged } from '@doublehop/wire/der';
import { octets } from '@doublehop/wire/der-primitives';

/** A value to be sent: octets, or a text that goes out as UTF-8 without a detour. */
export type TextOrOctets = string | Uint8Array;

/** OCTET STRING that is written from text or octets, and read as octets. */
export const textOrOctets: Tagged<TextOrOctets> = tagged<TextOrOctets>(
  octets.tag,
  (reader, end) => octets.readContent(reader, end),
  (writer, value) => {
    if (typeof value === 'string') writer.text(value);
    else writer.bytes(value);
  },
);
