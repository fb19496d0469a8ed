import { type Cipheriv, createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import type { Decipheriv, KeyObject } from 'node:crypto';

/** AES's block, and so the confounder of every AES encryption type (RFC 3962 §6). */
export const blockBytes = 16;

const zeroBlock = new Uint8Array(blockBytes);

/**
 * AES in CBC mode with ciphertext stealing, the last two blocks always swapped (CBC-CS3) and the
 * initial vector zero, as RFC 3962 §5 and RFC 8009 §5 want it.
 *
 * A cipher context costs more to make than a message to encrypt, so each direction's context is
 * made once and never finalised. What CBC carries over from the message before is XORed out of the
 * first block of the next.
 */
export class AesCts {
  readonly #key: KeyObject;
  readonly #algorithm: string;
  #cipher: Cipheriv | undefined;
  #decipher: Decipheriv | undefined;
  /** The last block that went through each context. */
  #cipherChain = zeroBlock;
  #decipherChain = zeroBlock;

  /** `key` of 16 or 32 bytes. */
  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
    this.#algorithm = `aes-${key.length * 8}-cbc`;
  }

  /**
   * Encrypts the first `length` bytes (at least one block) of `padded`, which is zero from there to
   * its end, a multiple of the block. Writes `length` bytes to the start of `out`; spoils `padded`.
   */
  encryptInto(out: Uint8Array, padded: Uint8Array, length: number): void {
    this.#cipher ??= createCipheriv(this.#algorithm, this.#key, zeroBlock).setAutoPadding(false);
    xorBlock(padded, 0, this.#cipherChain);
    const blocks = this.#cipher.update(padded);
    const last = blocks.length - blockBytes;
    this.#cipherChain = blocks.subarray(last);
    if (last === 0) {
      out.set(blocks);
      return;
    }
    const previous = last - blockBytes;
    out.set(blocks.subarray(0, previous));
    out.set(this.#cipherChain, previous);
    out.set(blocks.subarray(previous, previous + length - last), last);
  }

  /** Decrypts `ciphertext` (at least one block) into the start of `out`, which is as long. */
  decryptInto(out: Uint8Array, ciphertext: Uint8Array): void {
    this.#decipher ??= createDecipheriv(this.#algorithm, this.#key, zeroBlock).setAutoPadding(
      false,
    );
    if (ciphertext.length === blockBytes) {
      const block = this.#decipher.update(ciphertext);
      xorBlock(block, 0, this.#decipherChain);
      this.#decipherChain = ciphertext.slice();
      out.set(block);
      return;
    }
    const tail = ((ciphertext.length - 1) % blockBytes) + 1;
    const whole = ciphertext.length - tail;
    const swapped = whole - blockBytes;
    const blocks = this.#decipher.update(ciphertext.subarray(0, whole));
    xorBlock(blocks, 0, this.#decipherChain);
    this.#unswap(out, ciphertext, blocks, swapped);
    out.set(blocks.subarray(0, swapped));
  }

  /**
   * Recovers the last two plaintext blocks. The block at `swapped` is the final CBC block Cn; its
   * raw decryption yields the last plaintext XORed with Cn-1, and the stolen end of Cn-1.
   */
  #unswap(out: Uint8Array, ciphertext: Uint8Array, blocks: Uint8Array, swapped: number): void {
    const previous = swapped === 0 ? zeroBlock : ciphertext.subarray(swapped - blockBytes, swapped);
    const tailAt = swapped + blockBytes;
    const stolen = new Uint8Array(blockBytes);
    stolen.set(blocks.subarray(swapped));
    xorBlock(stolen, 0, previous);
    // stolen is now D(Cn); the plaintext tail is D(Cn) ^ Cn-1, and the rest of D(Cn) is Cn-1's end.
    for (let at = tailAt; at < ciphertext.length; at++) {
      const byte = ciphertext[at] ?? 0;
      out[at] = (stolen[at - tailAt] ?? 0) ^ byte;
      stolen[at - tailAt] = byte;
    }
    const block = this.#decipher?.update(stolen) ?? zeroBlock;
    // The context chained with Cn, the block fed before; the plaintext was chained with Cn-2.
    for (let at = 0; at < blockBytes; at++) {
      out[swapped + at] = (block[at] ?? 0) ^ (ciphertext[swapped + at] ?? 0) ^ (previous[at] ?? 0);
    }
    this.#decipherChain = stolen;
  }
}

function xorBlock(target: Uint8Array, offset: number, block: Uint8Array): void {
  for (let at = 0; at < blockBytes; at++) {
    target[offset + at] = (target[offset + at] ?? 0) ^ (block[at] ?? 0);
  }
}
