import { encryptionType } from './encryption-types.ts';
import { Key } from './key.ts';
import { maxPrfPlusCounter } from './limits.ts';

/**
 * KRB-FX-CF2 (RFC 6113 §5.1): a key of `k1`'s type out of two keys and two peppers, which tell
 * apart what the result is for. Text peppers are ASCII.
 */
export function krbFxCf2(
  k1: Key,
  k2: Key,
  pepper1: string | Uint8Array,
  pepper2: string | Uint8Array,
): Key {
  const { keyBytes } = encryptionType(k1.etype);
  const left = prfPlus(k1, pepper1, keyBytes);
  const right = prfPlus(k2, pepper2, keyBytes);
  return Key.of(
    k1.etype,
    left.map((byte, at) => byte ^ (right[at] ?? 0)),
  );
}

/**
 * PRF+ (RFC 6113 §5.1): `size` bytes of PRF(key, 1 | pepper) | PRF(key, 2 | pepper) | ...
 * Throws RangeError when `size` needs more than the one-octet counter can count.
 */
export function prfPlus(key: Key, pepper: string | Uint8Array, size: number): Uint8Array {
  const input = Buffer.concat([Uint8Array.of(0), Buffer.from(pepper)]);
  const output = new Uint8Array(size);
  let done = 0;
  for (let counter = 1; done < size; counter++) {
    if (counter > maxPrfPlusCounter) {
      throw new RangeError('PRF+ cannot yield that many bytes');
    }
    input[0] = counter;
    const piece = key.prf(input).subarray(0, size - done);
    output.set(piece, done);
    done += piece.length;
  }
  return output;
}
