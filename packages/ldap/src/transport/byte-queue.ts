import { plain } from '@doublehop/wire/bytes';

const EMPTY = new Uint8Array(0);

/**
 * Octets of a stream that are not consumed yet. A chunk that comes while nothing waits is used in
 * place; otherwise octets gather in a buffer that doubles, so that every octet is copied a bounded
 * number of times however finely the stream is cut. No memory is taken ahead of what has come.
 */
export class ByteQueue {
  #bytes: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;
  /** Whether `#bytes` is ours to write to, beyond `#end`. */
  #owned = false;

  /** Octets that wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Puts octets at the end; they must not be written to afterwards. */
  push(chunk: Uint8Array): void {
    if (this.length === 0) {
      this.#bytes = plain(chunk);
      this.#start = 0;
      this.#end = chunk.length;
      this.#owned = false;
      return;
    }
    const size = this.length + chunk.length;
    if (!this.#owned || this.#end + chunk.length > this.#bytes.length) {
      // A new buffer, never a move within the old one: views of it were handed out.
      const larger = new Uint8Array(Math.max(size * 2, 1024));
      larger.set(this.#bytes.subarray(this.#start, this.#end));
      this.#end = this.length;
      this.#start = 0;
      this.#bytes = larger;
      this.#owned = true;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The first octets as a view, or undefined while fewer wait. */
  peek(count: number): Uint8Array | undefined {
    if (this.length < count) return undefined;
    return this.#bytes.subarray(this.#start, this.#start + count);
  }

  /** Consumes octets that were peeked at. */
  skip(count: number): void {
    this.#start += count;
    if (this.length === 0) this.#clear();
  }

  /** Consumes everything. */
  takeAll(): Uint8Array {
    const rest = this.#bytes.subarray(this.#start, this.#end);
    this.#clear();
    return rest;
  }

  #clear(): void {
    this.#bytes = EMPTY;
    this.#start = 0;
    this.#end = 0;
    this.#owned = false;
  }
}
