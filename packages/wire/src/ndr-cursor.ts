import { Buffer } from 'node:buffer';
import { WireError } from './errors.ts';

/** Reads NDR primitives in place, each on its alignment counted from the start of the bytes. */
export class NdrReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = start;
  }

  /** How many bytes are left. */
  remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** Where the reader stands, for an error. */
  place(): { readonly offset: number } {
    return { offset: this.#at };
  }

  /** Skips padding, whatever it holds (C706 14.2.2). */
  align(size: number): void {
    this.#at = (this.#at + size - 1) & -size;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    this.align(2);
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    this.align(4);
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(alignment: 4 | 8): bigint {
    this.align(alignment);
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A view of the next bytes. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** The count of a conformant array whose elements take at least `minSize` bytes each. */
  count(minSize: number, maximum: number): number {
    this.align(4);
    const place = this.place();
    const count = this.u32();
    if (count > maximum) throw new WireError('oversize', `array of ${count}`, place);
    if (count * minSize > this.remaining()) {
      throw new WireError('truncated', `array of ${count}`, place);
    }
    return count;
  }

  /** The counts of a conformant and varying array; an offset other than zero is refused. */
  varyingCount(minSize: number, maximum: number): { conformance: number; actual: number } {
    this.align(4);
    const place = this.place();
    const conformance = this.u32();
    const offset = this.u32();
    const actual = this.count(minSize, maximum);
    if (offset !== 0 || actual > conformance) {
      throw new WireError('length', 'array varies outside its bounds', place);
    }
    return { conformance, actual };
  }

  /** The buffer of a string of `length` characters that its header says has room for `room`. */
  text(length: number, room: number): string {
    const place = this.place();
    const { conformance, actual } = this.varyingCount(2, 0x7fff);
    if (actual !== length || conformance !== room) {
      throw new WireError('length', 'string buffer does not match its header', place);
    }
    const start = this.#take(2 * length);
    const { buffer, byteOffset } = this.#bytes;
    return Buffer.from(buffer, byteOffset + start, 2 * length).toString('utf16le');
  }

  #take(length: number): number {
    const start = this.#at;
    if (start + length > this.#bytes.length) {
      throw new WireError('truncated', `${length} more bytes expected`, { offset: start });
    }
    this.#at = start + length;
    return start;
  }
}

const FIRST_REFERENT = 0x0002_0000;
const REFERENT_STEP = 4;
const FIRST_CAPACITY = 1024;

/** Writes NDR primitives into a growing buffer, each on its alignment, padded with zeros. */
export class NdrWriter {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #referent = FIRST_REFERENT;

  /** The bytes written: a view of the buffer, which is not used again. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  align(size: number): void {
    const end = (this.#at + size - 1) & -size;
    this.#reserve(end - this.#at);
  }

  u8(value: number): void {
    checkRange(value, 0xff);
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    checkRange(value, 0xffff);
    if ((this.#at & 1) !== 0) this.align(2);
    const at = this.#reserve(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    checkRange(value, 0xffff_ffff);
    if ((this.#at & 3) !== 0) this.align(4);
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: bigint, alignment: 4 | 8): void {
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) {
      throw new WireError('encode', 'not an unsigned 64-bit number');
    }
    this.align(alignment);
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value, true);
  }

  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  text(value: string): void {
    const at = this.#reserve(2 * value.length);
    for (let index = 0; index < value.length; index += 1) {
      this.#view.setUint16(at + 2 * index, value.charCodeAt(index), true);
    }
  }

  /** Leaves room for the identifier of a pointer that is not null; returns where. */
  referent(): number {
    this.align(4);
    return this.#reserve(4);
  }

  /**
   * Numbers the pointer whose identifier stands at `at`. Called when its referent's turn comes, so
   * that the numbers run depth first, as Windows numbers them.
   */
  number(at: number): void {
    this.#view.setUint32(at, this.#referent, true);
    this.#referent += REFERENT_STEP;
  }

  /** Makes room and moves on; returns where the room starts. */
  #reserve(length: number): number {
    const start = this.#at;
    const end = start + length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#at = end;
    return start;
  }
}

function checkRange(value: number, maximum: number): void {
  if (!Number.isInteger(value) || value < 0 || value > maximum) {
    throw new WireError('encode', `${value} is not an integer up to ${maximum}`);
  }
}
