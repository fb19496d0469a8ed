import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv } from 'node:crypto';
import { cipherKey } from './cipher-key.ts';

/** AES's block, and so the confounder of every AES encryption type (RFC 3962 §6). */
export const blockBytes = 16;

/**
 * AES in CBC mode with ciphertext stealing, the last two blocks always swapped (CBC-CS3) and the
 * initial vector zero, as RFC 3962 §5 and RFC 8009 §5 want it.
 *
 * To make a cipher context costs more than to encrypt a short message with it, so each direction's
 * context is made at its first use, never finalised, and kept. What CBC carries over from the
 * message before is XORed out of the first block of the next.
 */
export class AesCts {
  readonly #key: Uint8Array;
  #encryption: Context<Cipheriv> | undefined;
  #decryption: Context<Decipheriv> | undefined;

  /** `key` of 16 or 32 bytes, which is kept. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /**
   * Encrypts the first `length` bytes (at least one block) of `padded`, which is zero from there to
   * its end, a multiple of the block. Writes `length` bytes to the start of `out`; spoils `padded`.
   */
  encryptInto(out: Uint8Array, padded: Uint8Array, length: number): void {
    this.#encryption ??= open(createCipheriv, this.#key);
    const { cipher, chain } = this.#encryption;
    xorBlock(padded, chain);
    const blocks = cipher.update(padded);
    const last = blocks.length - blockBytes;
    copyBlock(chain, blocks, last);
    if (last === 0) {
      out.set(blocks);
      return;
    }
    const previous = last - blockBytes;
    out.set(blocks.subarray(0, previous));
    out.set(chain, previous);
    out.set(blocks.subarray(previous, previous + length - last), last);
  }

  /** Decrypts `ciphertext` (at least one block) into the start of `out`, which is as long. */
  decryptInto(out: Uint8Array, ciphertext: Uint8Array): void {
    this.#decryption ??= open(createDecipheriv, this.#key);
    const { cipher, chain } = this.#decryption;
    const tail = ((ciphertext.length - 1) % blockBytes) + 1;
    const whole = ciphertext.length === blockBytes ? blockBytes : ciphertext.length - tail;
    const blocks = cipher.update(ciphertext.subarray(0, whole));
    xorBlock(blocks, chain);
    const last = whole - blockBytes;
    copyBlock(chain, ciphertext, last);
    if (whole === ciphertext.length) {
      out.set(blocks);
      return;
    }
    out.set(blocks.subarray(0, last));
    unswap(this.#decryption, { out, ciphertext, blocks, last });
  }
}

/** A cipher in CBC mode and the block that it will XOR into the next. */
interface Context<C> {
  readonly cipher: C;
  readonly chain: Uint8Array;
}

const zeroBlock = new Uint8Array(blockBytes);

function open<C extends Cipheriv>(
  create: (algorithm: string, key: ReturnType<typeof cipherKey>, iv: Uint8Array) => C,
  key: Uint8Array,
): Context<C> {
  const cipher = create(`aes-${key.length * 8}-cbc`, cipherKey(key), zeroBlock);
  cipher.setAutoPadding(false);
  return { cipher, chain: new Uint8Array(blockBytes) };
}

/**
 * Recovers the last two plaintext blocks. The block at `last`, just decrypted, is the final CBC
 * block Cn: its raw decryption is the last plaintext XOR Cn-1, and ends with the end of Cn-1 that
 * was stolen. Cn-1 itself, whole again, is decrypted next.
 */
function unswap(
  context: Context<Decipheriv>,
  message: {
    readonly out: Uint8Array;
    readonly ciphertext: Uint8Array;
    readonly blocks: Uint8Array;
    readonly last: number;
  },
): void {
  const { cipher, chain } = context;
  const { out, ciphertext, blocks, last } = message;
  const before = last === 0 ? zeroBlock : ciphertext.subarray(last - blockBytes, last);
  const stolen = new Uint8Array(blockBytes);
  copyBlock(stolen, blocks, last);
  xorBlock(stolen, before);
  const tailAt = last + blockBytes;
  for (let at = tailAt; at < ciphertext.length; at++) {
    const byte = ciphertext[at] ?? 0;
    out[at] = (stolen[at - tailAt] ?? 0) ^ byte;
    stolen[at - tailAt] = byte;
  }
  const block = cipher.update(stolen);
  // The context XORed Cn, fed just before; the plaintext was XORed with Cn-2.
  xorBlock(block, chain);
  xorBlock(block, before);
  out.set(block, last);
  copyBlock(chain, stolen, 0);
}

function xorBlock(target: Uint8Array, block: Uint8Array): void {
  for (let at = 0; at < blockBytes; at++) {
    target[at] = (target[at] ?? 0) ^ (block[at] ?? 0);
  }
}

function copyBlock(target: Uint8Array, source: Uint8Array, from: number): void {
  for (let at = 0; at < blockBytes; at++) {
    target[at] = source[from + at] ?? 0;
  }
}
