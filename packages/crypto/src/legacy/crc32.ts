import { crc32 as standardCrc32 } from 'node:zlib';

/**
 * The CRC-32 of RFC 3961 §6.1.3: ISO 3309's polynomial, but neither the start value nor the result
 * is complemented; four bytes, least significant first. Proves nothing; it is computed so that its
 * refusal can be told from a checksum that is wrong.
 */
export function crc32(data: Uint8Array): Uint8Array {
  // zlib complements both on the way in and out, so complement both once more.
  const value = ~standardCrc32(data, 0xffff_ffff);
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}
