import { randomFillSync } from 'node:crypto';

/** Yields `size` unpredictable bytes that nobody else was given; the caller may keep them. */
export type RandomSource = (size: number) => Uint8Array;

/** Bytes drawn from the system at once: one call costs as much for 16 bytes as for thousands. */
const poolBytes = 4096;

/**
 * A random source on `node:crypto` that draws in blocks of 4 KB. The returned views are handed out
 * once each, and a spent pool is dropped rather than refilled, so a view never changes later.
 */
export function pooledRandom(): RandomSource {
  let pool = new Uint8Array(0);
  let used = 0;
  return (size) => {
    if (size > poolBytes) {
      return randomFillSync(new Uint8Array(size));
    }
    if (used + size > pool.length) {
      pool = randomFillSync(new Uint8Array(poolBytes));
      used = 0;
    }
    used += size;
    return pool.subarray(used - size, used);
  };
}

/** `size` bytes of `random`; RangeError if there are fewer, for then messages repeat each other. */
export function confounder(random: RandomSource, size: number): Uint8Array {
  const bytes = random(size);
  if (bytes.length !== size) {
    throw new RangeError(`the random source returned ${bytes.length} bytes, not ${size}`);
  }
  return bytes;
}
