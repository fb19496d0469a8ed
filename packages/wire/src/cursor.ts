import { Buffer } from 'node:buffer';
import { plain } from './bytes.ts';
import { WireError } from './errors.ts';
import { MAX_DEPTH } from './limits.ts';

/**
 * Reads tag-length-value bytes in place. `end` bounds the value being read; nested values narrow
 * it and restore it. `strict` is DER (X.690 §10); otherwise definite-length BER, as LDAP uses it
 * (RFC 4511 §5.1).
 */
export class Reader {
  readonly bytes: Uint8Array;
  readonly strict: boolean;
  pos = 0;
  end: number;
  #depth = 0;

  constructor(bytes: Uint8Array, strict: boolean) {
    this.bytes = plain(bytes);
    this.end = bytes.length;
    this.strict = strict;
  }

  /** Identifier octet of the next value, or -1 at the end of the enclosing one. */
  peek(): number {
    return this.pos < this.end ? (this.bytes[this.pos] ?? -1) : -1;
  }

  /** Consumes identifier and length; returns where the content ends. */
  open(tag: number): number {
    if (this.pos >= this.end) {
      throw new WireError('truncated', `expected tag ${hex(tag)}, found the end`, this.place());
    }
    const found = this.bytes[this.pos] ?? -1;
    if (found !== tag) {
      throw new WireError('tag', `expected tag ${hex(tag)}, found ${hex(found)}`, this.place());
    }
    this.pos += 1;
    return this.#length();
  }

  /** Consumes a whole value of any kind; returns where its content starts. */
  skip(): number {
    this.pos += 1;
    const end = this.#length();
    const start = this.pos;
    this.pos = end;
    return start;
  }

  /** Runs `read` one level deeper: recursion is bounded by `MAX_DEPTH`. */
  deeper<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new WireError('depth', 'nested too deeply', this.place());
    const value = read();
    this.#depth -= 1;
    return value;
  }

  /** Where the reader stands, for an error. */
  place(): { readonly offset: number } {
    return { offset: this.pos };
  }

  #length(): number {
    const first = this.bytes[this.pos] ?? -1;
    if (this.pos >= this.end || first < 0) {
      throw new WireError('truncated', 'a length is missing', this.place());
    }
    this.pos += 1;
    const size = first < 0x80 ? first : this.#longLength(first & 0x7f);
    const end = this.pos + size;
    if (end > this.end) {
      throw new WireError('truncated', `a value of ${size} octets is cut short`, this.place());
    }
    return end;
  }

  #longLength(octets: number): number {
    if (octets === 0) throw new WireError('length', 'indefinite length', this.place());
    if (octets > 4) throw new WireError('length', 'length of more than 4 octets', this.place());
    if (this.pos + octets > this.end) {
      throw new WireError('truncated', 'a length is cut short', this.place());
    }
    let size = 0;
    for (let i = 0; i < octets; i += 1) size = size * 256 + (this.bytes[this.pos + i] ?? 0);
    if (this.strict && (size < 0x80 || size < 256 ** (octets - 1))) {
      throw new WireError('length', 'length is not minimal', this.place());
    }
    this.pos += octets;
    return size;
  }
}

/**
 * Writes from the back to the front, so that a length is known when its header is written and
 * nothing is moved or encoded twice.
 */
export class Writer {
  #buffer: Buffer;
  #pos: number;

  constructor(sizeHint = 1024) {
    this.#buffer = Buffer.allocUnsafe(sizeHint);
    this.#pos = sizeHint;
  }

  /** How many octets stand behind the write position: the difference of two is a length. */
  get written(): number {
    return this.#buffer.length - this.#pos;
  }

  /** Puts one octet in front. */
  byte(value: number): void {
    if (this.#pos === 0) this.#grow(1);
    this.#pos -= 1;
    this.#buffer[this.#pos] = value;
  }

  /** Puts octets in front. */
  bytes(value: Uint8Array): void {
    if (this.#pos < value.length) this.#grow(value.length);
    this.#pos -= value.length;
    this.#buffer.set(value, this.#pos);
  }

  /** Puts the UTF-8 octets of a text in front. */
  text(value: string): void {
    const room = value.length * 3;
    if (this.#pos < room) this.#grow(room);
    if (value.length <= SHORT_TEXT && this.#ascii(value)) return;
    const size = Buffer.byteLength(value, 'utf8');
    this.#pos -= size;
    this.#buffer.write(value, this.#pos, 'utf8');
  }

  /** Puts identifier and length of the content written since `mark` in front. */
  header(tag: number, mark: number): void {
    const size = this.written - mark;
    if (size < 0x80) {
      this.byte(size);
    } else {
      let octets = 0;
      for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) {
        this.byte(rest & 0xff);
        octets += 1;
      }
      this.byte(0x80 | octets);
    }
    this.byte(tag);
  }

  /** What was written; the writer is not used again. */
  finish(): Uint8Array {
    const { buffer, byteOffset, length } = this.#buffer;
    return new Uint8Array(buffer, byteOffset + this.#pos, length - this.#pos);
  }

  #ascii(value: string): boolean {
    const start = this.#pos - value.length;
    for (let i = 0; i < value.length; i += 1) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return false;
      this.#buffer[start + i] = unit;
    }
    this.#pos = start;
    return true;
  }

  #grow(need: number): void {
    const used = this.written;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, used + need));
    this.#buffer.copy(larger, larger.length - used, this.#pos);
    this.#pos = larger.length - used;
    this.#buffer = larger;
  }
}

/** Up to this many characters a loop beats the call into Node's encoder. */
const SHORT_TEXT = 64;

function hex(tag: number): string {
  return `0x${tag.toString(16).padStart(2, '0')}`;
}
