import { createCipheriv } from 'node:crypto';
import { AesCts } from '@doublehop/crypto/cts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from './support.ts';

/** RFC 3962 §5 by the book: CBC of the padded text in a fresh context, last two blocks swapped. */
function reference(key: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const padded = Buffer.alloc(Math.ceil(plaintext.length / 16) * 16);
  padded.set(plaintext);
  const cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, Buffer.alloc(16));
  const blocks = cipher.setAutoPadding(false).update(padded);
  if (blocks.length === 16) {
    return blocks;
  }
  const swapped = [blocks.subarray(0, -32), blocks.subarray(-16), blocks.subarray(-32, -16)];
  return Buffer.concat(swapped).subarray(0, plaintext.length);
}

const keys = fc
  .constantFrom(16, 32)
  .chain((size) => fc.uint8Array({ minLength: size, maxLength: size }));
const texts = fc.uint8Array({ minLength: 16, maxLength: 100 });

test('one context gives what a fresh one would, whatever went through it before', () => {
  fc.assert(
    fc.property(keys, fc.array(fc.tuple(fc.boolean(), texts), { maxLength: 12 }), (key, steps) => {
      const cipher = new AesCts(key);
      for (const [sealing, text] of steps) {
        const sealed = reference(key, text);
        const out = new Uint8Array(text.length);
        if (sealing) {
          const padded = new Uint8Array(Math.ceil(text.length / 16) * 16);
          padded.set(text);
          cipher.encryptInto(out, padded, text.length);
          expect(toHex(out)).toBe(toHex(sealed));
        } else {
          cipher.decryptInto(out, sealed);
          expect(toHex(out)).toBe(toHex(text));
        }
      }
    }),
  );
});
