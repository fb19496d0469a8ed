import { concat, plain } from '@doublehop/wire/bytes';
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
 * Cuts a stream into messages. Octets gather in the chunks they came in until a message is whole;
 * no memory is taken ahead of them.
 */
export class Deframer {
  /** Octets of a message that are taken. */
  maxFrame: number;
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(maxFrame: number) {
    this.maxFrame = maxFrame;
  }

  /** Octets that wait. */
  get waiting(): number {
    return this.#size;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(plain(chunk));
    this.#size += chunk.length;
  }

  /** The next whole message, if there is one. Throws SmbError `malformed`. */
  next(): Uint8Array | undefined {
    if (this.#size < PREFIX) return undefined;
    const prefix = this.#peekPrefix();
    const length = prefix & 0xff_ffff;
    if (prefix >>> 24 !== 0) throw malformed('the stream is no direct TCP transport');
    if (length > this.maxFrame) throw malformed(`a message of ${length} octets`);
    if (this.#size < PREFIX + length) return undefined;
    return this.#take(PREFIX + length).subarray(PREFIX);
  }

  #peekPrefix(): number {
    let first = this.#chunks[0] ?? new Uint8Array(0);
    if (first.length < PREFIX) {
      first = concat(...this.#chunks);
      this.#chunks = [first];
    }
    return new DataView(first.buffer, first.byteOffset, PREFIX).getUint32(0, false);
  }

  #take(count: number): Uint8Array {
    const first = this.#chunks[0] ?? new Uint8Array(0);
    const whole = first.length >= count ? first : concat(...this.#chunks);
    const rest = whole.subarray(count);
    if (whole === first) this.#chunks.shift();
    else this.#chunks = [];
    if (rest.length > 0) this.#chunks.unshift(rest);
    this.#size -= count;
    return whole.subarray(0, count);
  }
}
