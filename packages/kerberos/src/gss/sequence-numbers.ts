import type { RandomSource } from '@doublehop/crypto/random';

/**
 * A first sequence number (RFC 4120 §5.5.1 wants it random), of 30 bits as MIT krb5 draws it, so
 * that peers which read it as signed read the same.
 */
export function firstSequence(random: RandomSource): number {
  const [a = 0, b = 0, c = 0, d = 0] = random(4);
  return ((a & 0x3f) << 24) | (b << 16) | (c << 8) | d;
}

/** The peer's first number: 0 where it sent none, unsigned where it wrote a negative one. */
export function sequenceOf(seqNumber: number | undefined): number {
  return (seqNumber ?? 0) >>> 0;
}
