import { KerberosError } from '../errors.ts';
import { MAX_MESSAGE } from '../limits.ts';

/** Octets of the length before each message on TCP. */
const HEADER = 4;

/** A message as it travels on TCP: behind its length (RFC 4120 §7.2.2). */
export function frameMessage(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER + message.length);
  new DataView(frame.buffer).setUint32(0, message.length);
  frame.set(message, HEADER);
  return frame;
}

/**
 * Cuts a TCP stream into messages. Memory grows with what arrived, not with what a length
 * promises, and each octet is copied a bounded number of times.
 */
export class FrameReader {
  readonly #limit: number;
  #bytes = new Uint8Array(HEADER);
  #filled = 0;
  #size: number | undefined;

  constructor(limit: number = MAX_MESSAGE) {
    this.#limit = limit;
  }

  /** Whether a message has begun and is not complete. */
  get partial(): boolean {
    return this.#filled > 0 || this.#size !== undefined;
  }

  /**
   * The messages that `chunk` completes. Throws KerberosError `limit` for a length above the limit,
   * and so for one with the reserved high bit set: a server answers KRB_ERR_FIELD_TOOLONG to it
   * and closes the connection (RFC 4120 §7.2.2).
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const messages: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      const wanted = (this.#size ?? HEADER) - this.#filled;
      const piece = chunk.subarray(at, at + wanted);
      this.#append(piece);
      at += piece.length;
      if (piece.length < wanted) break;
      const message = this.#complete();
      if (message !== undefined) messages.push(message);
    }
    return messages;
  }

  #append(piece: Uint8Array): void {
    const need = this.#filled + piece.length;
    if (need > this.#bytes.length) {
      const room = Math.min(Math.max(need, this.#bytes.length * 2), this.#size ?? need);
      const larger = new Uint8Array(room);
      larger.set(this.#bytes.subarray(0, this.#filled));
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#filled);
    this.#filled = need;
  }

  /** A full header or a full message stands in the buffer. */
  #complete(): Uint8Array | undefined {
    const bytes = this.#bytes.subarray(0, this.#filled);
    this.#bytes = new Uint8Array(HEADER);
    this.#filled = 0;
    if (this.#size !== undefined) {
      this.#size = undefined;
      return bytes;
    }
    const size = new DataView(bytes.buffer, bytes.byteOffset, HEADER).getUint32(0);
    if (size > this.#limit) {
      throw new KerberosError('limit', `a message of ${size} octets is too long`);
    }
    if (size === 0) return new Uint8Array(0);
    this.#size = size;
    return undefined;
  }
}
