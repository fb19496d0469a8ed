import { hash, timingSafeEqual } from 'node:crypto';

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
  readonly #inner: Buffer;
  /** The outer pad with room for the inner digest behind it. */
  readonly #outer: Buffer;

  constructor(name: HashName, key: Uint8Array) {
    const { block, digest } = sizes[name];
    const short = key.length > block ? hash(name, key, 'buffer') : key;
    const pads = Buffer.allocUnsafe(2 * block + digest);
    pads.fill(0x36, 0, block);
    pads.fill(0x5c, block);
    for (let at = 0; at < short.length; at++) {
      const byte = short[at] ?? 0;
      pads[at] = 0x36 ^ byte;
      pads[block + at] = 0x5c ^ byte;
    }
    this.#hash = name;
    this.blockBytes = block;
    this.#inner = pads.subarray(0, block);
    this.#outer = pads.subarray(block);
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
    return Buffer.from(this.#finish(frame), 'latin1').subarray(0, size);
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
    this.#outer.write(hash(this.#hash, frame, 'latin1'), this.blockBytes, 'latin1');
    // The pad gives the key away, and the frame's memory may outlive this call as a plaintext's.
    frame.fill(0, 0, this.blockBytes);
    return hash(this.#hash, this.#outer, 'latin1');
  }
}
