import { SecurityError } from '../errors.ts';

/** Bits of PAC_ATTRIBUTES_INFO (MS-PAC 2.14). */
export const PacAttribute = {
  /** The client asked for a PAC. */
  requested: 1,
  /** The client neither asked for one nor declined it. */
  givenImplicitly: 2,
} as const;

const DEFINED_BITS = 2;
const SIZE = 8;

/** Reads buffer 17: the first 32 flags, of which those that its length leaves out are zero. */
export function decodePacAttributes(data: Uint8Array): number {
  if (data.length < SIZE) throw new SecurityError('truncated', 'attributes', 'no flags');
  const bits = uint32(data, 0);
  if (4 + 4 * Math.ceil(bits / 32) > data.length) {
    throw new SecurityError('length', 'attributes', `${bits} flags`);
  }
  const flags = uint32(data, 4);
  return bits >= 32 ? flags : (flags & (2 ** bits - 1)) >>> 0;
}

/** Writes buffer 17 with the two flags that are defined. */
export function encodePacAttributes(flags: number): Uint8Array {
  return Uint8Array.of(DEFINED_BITS, 0, 0, 0, flags, flags >> 8, flags >> 16, flags >> 24);
}

function uint32(data: Uint8Array, at: number): number {
  let value = 0;
  for (let step = 3; step >= 0; step -= 1) value = value * 256 + (data[at + step] ?? 0);
  return value;
}
