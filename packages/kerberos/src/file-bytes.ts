import { isUtf8 } from 'node:buffer';
import { fromUtf8, plain, utf8 } from '@doublehop/wire/bytes';
import { MAX_NAME_LENGTH } from './limits.ts';

/**
 * Byte order of the integers in a file. The oldest keytab and cache versions are written in the
 * order of the machine, which the file does not tell.
 */
export type ByteOrder = 'big' | 'little';

/**
 * Reads the fixed-size integers and counted data of MIT's keytab and cache files. What is missing
 * or impossible ends in the error that `fail` makes of a reason and an offset.
 */
export class FileReader {
  readonly bytes: Uint8Array;
  pos = 0;
  readonly end: number;
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #fail: (reason: string, offset: number) => Error;

  constructor(
    bytes: Uint8Array,
    order: ByteOrder,
    fail: (reason: string, offset: number) => Error,
    range: { readonly start: number; readonly end: number } = { start: 0, end: bytes.length },
  ) {
    this.bytes = plain(bytes);
    this.pos = range.start;
    this.end = range.end;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#little = order === 'little';
    this.#fail = fail;
  }

  /** Octets not read yet. */
  get left(): number {
    return this.end - this.pos;
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), this.#little);
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2), this.#little);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), this.#little);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), this.#little);
  }

  /** The next octets, as a view. */
  octets(size: number): Uint8Array {
    const start = this.#take(size);
    return this.bytes.subarray(start, start + size);
  }

  /** The next octets as the text of a name: UTF-8, bounded, without NUL. */
  text(size: number): string {
    if (size > MAX_NAME_LENGTH) throw this.error('a name is too long');
    const octets = this.octets(size);
    if (!isUtf8(octets)) throw this.error('a name is not UTF-8');
    if (octets.includes(0)) throw this.error('a name contains NUL');
    return fromUtf8(octets);
  }

  /** The error that `reason` makes here. */
  error(reason: string): Error {
    return this.#fail(reason, this.pos);
  }

  #take(size: number): number {
    if (size > this.left) throw this.error('ends too early');
    const start = this.pos;
    this.pos += size;
    return start;
  }
}

/** Writes what {@link FileReader} reads. Numbers out of range are the caller's mistake. */
export class FileWriter {
  #bytes = new Uint8Array(512);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;
  readonly #little: boolean;

  constructor(order: ByteOrder) {
    this.#little = order === 'little';
  }

  uint8(value: number): void {
    const at = this.#room(1);
    this.#view.setUint8(at, value);
  }

  /** Signed or unsigned. */
  int16(value: number): void {
    const at = this.#room(2);
    this.#view.setInt16(at, value, this.#little);
  }

  /** Signed or unsigned. */
  int32(value: number): void {
    const at = this.#room(4);
    this.#view.setInt32(at, value, this.#little);
  }

  octets(value: Uint8Array): void {
    const start = this.#room(value.length);
    this.#bytes.set(value, start);
  }

  /** Octets after their count in 16 bits; RangeError where it does not fit. */
  data16(value: Uint8Array | string): void {
    const octets = typeof value === 'string' ? utf8(value) : value;
    if (octets.length > 0x7fff) throw new RangeError('data does not fit a 16-bit length');
    this.int16(octets.length);
    this.octets(octets);
  }

  /** Octets after their count in 32 bits. */
  data32(value: Uint8Array | string): void {
    const octets = typeof value === 'string' ? utf8(value) : value;
    this.int32(octets.length);
    this.octets(octets);
  }

  /** What was written, as a copy. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  #room(size: number): number {
    const start = this.#size;
    this.#size += size;
    if (this.#size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#size));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }
}
