/** Where some octets were put. */
export interface Placed {
  readonly bytes: Buffer;
  readonly start: number;
}

/** One block holds so much; what is larger than an eighth of it has one for itself. */
const BLOCK_BYTES = 65_536;

/**
 * Room for many small runs of octets that are kept for long. A buffer of its own costs each more
 * than the octets in it, and parts of Node's pool would hold on to what came and went beside them.
 * A block is freed when nothing in it is kept.
 */
export class Blocks {
  #block: Buffer = Buffer.alloc(0);
  #used = 0;

  /** Room for so many octets, not zeroed. */
  reserve(size: number): Placed {
    if (size > BLOCK_BYTES / 8) return { bytes: Buffer.allocUnsafeSlow(size), start: 0 };
    if (this.#used + size > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += size;
    return { bytes: this.#block, start };
  }
}
