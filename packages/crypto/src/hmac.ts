import { hash } from 'node:crypto';

/** The hash functions that Kerberos encryption types build HMAC on, in OpenSSL's spelling. */
export type HashName = 'md5' | 'sha1' | 'sha256' | 'sha384';

/** Block and output bytes of each hash (RFC 1321, FIPS 180-4 §1). */
const sizes: Readonly<Record<HashName, { readonly block: number; readonly digest: number }>> = {
  md5: { block: 64, digest: 16 },
  sha1: { block: 64, digest: 20 },
  sha256: { block: 64, digest: 32 },
  sha384: { block: 128, digest: 48 },
};

/**
 * HMAC (RFC 2104 §2) with one key, as two one-shot hashes over prepared blocks: half the cost of a
 * `createHmac` object, and nothing native to keep alive between messages.
 *
 * A caller that builds the message anyway asks for a {@link frame}, writes the message behind
 * `blockBytes`, and saves a copy.
 */
export class Hmac {
  readonly blockBytes: number;
  readonly #hash: HashName;
  readonly #inner: Uint8Array;
  /** The outer pad with room for the inner digest behind it. */
  readonly #outer: Uint8Array;

  constructor(name: HashName, key: Uint8Array) {
    const { block, digest } = sizes[name];
    this.#hash = name;
    this.blockBytes = block;
    this.#inner = new Uint8Array(block).fill(0x36);
    this.#outer = new Uint8Array(block + digest).fill(0x5c, 0, block);
    const short = key.length > block ? hash(name, key, 'buffer') : key;
    for (const [at, byte] of short.entries()) {
      this.#inner[at] = 0x36 ^ byte;
      this.#outer[at] = 0x5c ^ byte;
    }
  }

  /** HMAC of `data`, whole. */
  digest(data: Uint8Array): Uint8Array {
    const frame = this.frame(data.length);
    frame.set(data, this.blockBytes);
    return this.digestFrame(frame);
  }

  /** A buffer of `blockBytes + size` bytes: the inner pad, then undefined bytes for the message. */
  frame(size: number): Uint8Array {
    const frame = Buffer.allocUnsafe(this.blockBytes + size);
    frame.set(this.#inner);
    return frame;
  }

  /** HMAC of the message in a {@link frame}, whole; clears the pad, which would give away the key. */
  digestFrame(frame: Uint8Array): Uint8Array {
    this.#outer.set(hash(this.#hash, frame, 'buffer'), this.blockBytes);
    frame.fill(0, 0, this.blockBytes);
    return hash(this.#hash, this.#outer, 'buffer');
  }
}
