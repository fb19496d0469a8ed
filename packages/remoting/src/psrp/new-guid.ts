import type { RandomSource } from '@doublehop/crypto/random';
import { decodeGuid, GUID_SIZE, type Guid } from '@doublehop/security/guid';

/** A new random GUID (RFC 9562 §5.4). */
export function newGuid(random: RandomSource): Guid {
  const bytes = random(GUID_SIZE).slice();
  // Third field: little-endian in the binary form.
  bytes[7] = ((bytes[7] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return decodeGuid(bytes);
}
