import { plain } from '@doublehop/wire/bytes';
import { malformed } from './cursor.ts';

const PREFIX = 4;

/** A message behind its length: direct TCP (MS-SMB2 2.1), a zero octet and 24 bits. */
export function frame(message: Uint8Array): Uint8Array {
  const out = new Uint8Array(PREFIX + message.length);
  new DataView(out.buffer).setUint32(0, message.length, false);
  out.set(message, PREFIX);
  return out;
}

/**
 * Cuts a stream into messages, which are views. A chunk that comes while nothing waits is used in
 * place; otherwise octets gather in a buffer that doubles, so that each is copied a bounded number
 * of times however finely the stream is cut. No memory is taken ahead of what has come.
 */
export class Deframer {
  /** Octets of a message that are taken. */
  maxFrame: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  /** Whether `#bytes` is ours to write to, beyond `#end`. */
  #owned = false;

  constructor(maxFrame: number) {
    this.maxFrame = maxFrame;
  }

  /** Octets that wait. */
  get waiting(): number {
    return this.#end - this.#start;
  }

  /** Puts octets at the end; they must not be written to afterwards. */
  push(chunk: Uint8Array): void {
    if (this.waiting === 0) {
      this.#bytes = plain(chunk);
      this.#start = 0;
      this.#end = chunk.length;
      this.#owned = false;
      return;
    }
    const size = this.waiting + chunk.length;
    if (!this.#owned || this.#end + chunk.length > this.#bytes.length) {
      // A new buffer, never a move within the old one: views of it were handed out.
      const larger = new Uint8Array(Math.max(2 * size, 1_024));
      larger.set(this.#bytes.subarray(this.#start, this.#end));
      this.#end = this.waiting;
      this.#start = 0;
      this.#bytes = larger;
      this.#owned = true;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next whole message, if there is one. Throws SmbError `malformed`. */
  next(): Uint8Array | undefined {
    if (this.waiting < PREFIX) return undefined;
    const { buffer, byteOffset } = this.#bytes;
    const prefix = new DataView(buffer, byteOffset + this.#start, PREFIX).getUint32(0, false);
    const length = prefix & 0xff_ffff;
    if (prefix >>> 24 !== 0) throw malformed('the stream is no direct TCP transport');
    if (length > this.maxFrame) throw malformed(`a message of ${length} octets`);
    const from = this.#start + PREFIX;
    if (this.#end < from + length) return undefined;
    this.#start = from + length;
    return this.#bytes.subarray(from, from + length);
  }
}
