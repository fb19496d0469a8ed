import type { Cipheriv } from 'node:crypto';
import { foldedUsages } from './limits.ts';

/** The octets that tell a usage's three derived keys apart (RFC 3961 §5.3). */
export const keyKinds = {
  /** Ke, which encrypts. */
  encryption: 0xaa,
  /** Ki, which protects what Ke encrypts. */
  integrity: 0x55,
  /** Kc, which makes checksums. */
  checksum: 0x99,
} as const;

/** A usage and the kind of key wanted for it: the constant of RFC 3961 §5.3, five octets. */
export function usageConstant(usage: number, kind: number): Uint8Array {
  return Uint8Array.of(usage >>> 24, usage >>> 16, usage >>> 8, usage, kind);
}

/** Throws RangeError unless `usage` is a key usage number (RFC 3961 §4: unsigned 32 bits). */
export function assertUsage(usage: number): void {
  if (usage >>> 0 !== usage) {
    throw new RangeError('a key usage is an unsigned 32-bit integer');
  }
}

/**
 * n-fold of RFC 3961 §5.1 to `size` bytes: copies of the input, each rotated 13 bits further right,
 * cut into pieces of `size` and added with end-around carry.
 */
export function nFold(input: Uint8Array, size: number): Uint8Array {
  const inputBits = input.length * 8;
  const total = leastCommonMultiple(input.length, size);
  const output = new Uint8Array(size);
  let carry = 0;
  for (let at = total - 1; at >= 0; at--) {
    const copy = Math.floor(at / input.length);
    const bit = modulo((at % input.length) * 8 - 13 * copy, inputBits);
    const byteAt = bit >>> 3;
    const pair =
      ((input[byteAt] ?? 0) << 8) | (input[byteAt + 1 === input.length ? 0 : byteAt + 1] ?? 0);
    const sum = ((pair >>> (8 - (bit & 7))) & 0xff) + (output[at % size] ?? 0) + carry;
    output[at % size] = sum;
    carry = sum >>> 8;
  }
  // The carry out of the most significant end comes in at the least significant one.
  for (let at = size - 1; carry > 0; at = (at === 0 ? size : at) - 1) {
    const sum = (output[at] ?? 0) + carry;
    output[at] = sum;
    carry = sum >>> 8;
  }
  return output;
}

/**
 * DR of RFC 3961 §5.1 for several constants at once. `blocks` holds the folded constants, each a
 * block of the cipher; `cipher` is that cipher in ECB mode under the base key without padding.
 * Returns `seedBytes` for each constant, one after the other. DR feeds every output block back in,
 * so all constants advance together with one call per output block.
 */
export function deriveRandom(
  cipher: Cipheriv,
  blocks: Uint8Array,
  blockBytes: number,
  seedBytes: number,
): Uint8Array {
  const count = blocks.length / blockBytes;
  const seeds = new Uint8Array(count * seedBytes);
  let current = blocks;
  for (let done = 0; done < seedBytes; done += blockBytes) {
    current = cipher.update(current);
    const take = Math.min(blockBytes, seedBytes - done);
    for (let index = 0; index < count; index++) {
      // Octet by octet: a view of so few would cost more.
      const from = index * blockBytes;
      const to = index * seedBytes + done;
      for (let at = 0; at < take; at++) seeds[to + at] = current[from + at] ?? 0;
    }
  }
  return seeds;
}

/**
 * The folded constants of a usage for a cipher with 16-byte blocks: Ke's, Ki's and Kc's, one after
 * the other. A view into a table for the usages that occur in practice. Throws RangeError for what
 * is no usage.
 */
export function foldedUsageConstants(usage: number): Uint8Array {
  assertUsage(usage);
  if (usage < foldedUsages) {
    return foldedTable.subarray(usage * tripleBytes, (usage + 1) * tripleBytes);
  }
  return foldTriple(usage);
}

const foldedBytes = 16;
const tripleBytes = 3 * foldedBytes;
const foldedTable = foldTable();

function foldTable(): Uint8Array {
  const table = new Uint8Array(foldedUsages * tripleBytes);
  for (let usage = 0; usage < foldedUsages; usage++) {
    table.set(foldTriple(usage), usage * tripleBytes);
  }
  return table;
}

function foldTriple(usage: number): Uint8Array {
  const triple = new Uint8Array(tripleBytes);
  const kinds = [keyKinds.encryption, keyKinds.integrity, keyKinds.checksum];
  for (const [index, kind] of kinds.entries()) {
    triple.set(nFold(usageConstant(usage, kind), foldedBytes), index * foldedBytes);
  }
  return triple;
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) {
    [x, y] = [y, x % y];
  }
  return (a / x) * b;
}

function modulo(value: number, base: number): number {
  return ((value % base) + base) % base;
}
