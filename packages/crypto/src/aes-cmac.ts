import { createCipheriv } from 'node:crypto';
import { cipherKey } from './cipher-key.ts';

const BLOCK = 16;
const ZERO_BLOCK = new Uint8Array(BLOCK);

/** AES-CMAC with one key of 16 octets (RFC 4493 §2.4): what SMB 3 signs with. */
export class AesCmac {
  readonly #key: ReturnType<typeof cipherKey>;
  readonly #whole: Uint8Array;
  readonly #padded: Uint8Array;

  /** Throws RangeError for a key of another size. */
  constructor(key: Uint8Array) {
    if (key.length !== BLOCK) throw new RangeError(`a key of ${key.length} octets`);
    this.#key = cipherKey(Uint8Array.from(key));
    this.#whole = doubled(this.#last(ZERO_BLOCK));
    this.#padded = doubled(this.#whole);
  }

  /** The 16 octets for the message whose parts follow each other. */
  digest(...parts: readonly Uint8Array[]): Uint8Array {
    let size = 0;
    for (const part of parts) size += part.length;
    const blocks = Math.max(1, Math.ceil(size / BLOCK));
    const message = Buffer.alloc(blocks * BLOCK);
    let at = 0;
    for (const part of parts) {
      message.set(part, at);
      at += part.length;
    }
    const complete = size === message.length;
    if (!complete) message[size] = 0x80;
    const mask = complete ? this.#whole : this.#padded;
    const start = message.length - BLOCK;
    for (let index = 0; index < BLOCK; index += 1) {
      message[start + index] = (message[start + index] ?? 0) ^ (mask[index] ?? 0);
    }
    return this.#last(message);
  }

  /** The last block of CBC with a zero vector. */
  #last(message: Uint8Array): Uint8Array {
    const cipher = createCipheriv('aes-128-cbc', this.#key, ZERO_BLOCK).setAutoPadding(false);
    return Uint8Array.from(cipher.update(message).subarray(-BLOCK));
  }
}

/** Multiplication by x in GF(2^128) (RFC 4493 §2.3). */
function doubled(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(BLOCK);
  for (let index = 0; index < BLOCK; index += 1) {
    out[index] = ((block[index] ?? 0) << 1) | ((block[index + 1] ?? 0) >>> 7);
  }
  if ((block[0] ?? 0) >= 0x80) out[BLOCK - 1] = (out[BLOCK - 1] ?? 0) ^ 0x87;
  return out;
}
