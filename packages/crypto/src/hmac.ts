import { hash, timingSafeEqual } from 'node:crypto';

/** The hash functions that HMAC is built on here, in OpenSSL's spelling. */
export type HashName = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** Block bytes of each hash (RFC 1321 §3, FIPS 180-4 §1). */
const blocks: Readonly<Record<HashName, number>> = {
  md5: 64,
  sha1: 64,
  sha256: 64,
  sha384: 128,
  sha512: 128,
};

const zeros: Readonly<Record<HashName, Uint8Array>> = {
  md5: new Uint8Array(blocks.md5),
  sha1: new Uint8Array(blocks.sha1),
  sha256: new Uint8Array(blocks.sha256),
  sha384: new Uint8Array(blocks.sha384),
  sha512: new Uint8Array(blocks.sha512),
};

/**
 * HMAC (RFC 2104 §2) with one key, as two one-shot hashes over prepared blocks: nothing native to
 * make or to keep. Digests come out of `hash` as Latin-1 strings, one character a byte, because a
 * Buffer costs it three times as much.
 *
 * A caller that builds the message anyway asks for a {@link frame}, writes the message behind
 * `blockBytes`, and saves a copy. A frame is used up by the one call that it is given to.
 */
export class Hmac {
  readonly blockBytes: number;
  readonly #hash: HashName;
  // Arrays of their own: pieces of Node's buffer pool would keep the pool's other, passing pieces.
  readonly #inner: Uint8Array;
  readonly #outer: Uint8Array;
  readonly #zeros: Uint8Array;

  constructor(name: HashName, key: Uint8Array) {
    this.#hash = name;
    this.blockBytes = blocks[name];
    this.#zeros = zeros[name];
    this.#inner = new Uint8Array(this.blockBytes).fill(0x36);
    this.#outer = new Uint8Array(this.blockBytes).fill(0x5c);
    const short = key.length > this.blockBytes ? hash(name, key, 'buffer') : key;
    for (let at = 0; at < short.length; at++) {
      const byte = short[at] ?? 0;
      this.#inner[at] = 0x36 ^ byte;
      this.#outer[at] = 0x5c ^ byte;
    }
  }

  /** A buffer of `blockBytes + size` bytes: the inner pad, then undefined bytes for the message. */
  frame(size: number): Buffer {
    const frame = Buffer.allocUnsafe(this.blockBytes + size);
    frame.set(this.#inner);
    return frame;
  }

  /** The first `size` bytes of the HMAC of `data`. */
  digest(data: Uint8Array, size: number = Infinity): Uint8Array {
    const frame = this.frame(data.length);
    frame.set(data, this.blockBytes);
    return this.digestFrame(frame, size);
  }

  /** The first `size` bytes of the HMAC of the message in `frame`. */
  digestFrame(frame: Buffer, size: number = Infinity): Uint8Array {
    const digest = this.#finish(frame);
    const bytes = new Uint8Array(Math.min(size, digest.length));
    for (let at = 0; at < bytes.length; at++) {
      bytes[at] = digest.charCodeAt(at);
    }
    return bytes;
  }

  /** Writes the first bytes of the HMAC of the message in `frame` to `out` from `at` to its end. */
  digestFrameInto(out: Buffer, at: number, frame: Buffer): void {
    out.write(this.#finish(frame), at, 'latin1');
  }

  /** Whether `mac` begins the HMAC of the message in `frame`, compared in constant time. */
  verifyFrame(frame: Buffer, mac: Uint8Array): boolean {
    return timingSafeEqual(this.digestFrame(frame, mac.length), mac);
  }

  #finish(frame: Buffer): string {
    const inner = hash(this.#hash, frame, 'latin1');
    const outer = Buffer.allocUnsafe(this.blockBytes + inner.length);
    outer.set(this.#outer);
    outer.write(inner, this.blockBytes, 'latin1');
    const digest = hash(this.#hash, outer, 'latin1');
    // Either pad gives the key away, and their memory may live on beside a plaintext.
    frame.set(this.#zeros);
    outer.set(this.#zeros);
    return digest;
  }
}
