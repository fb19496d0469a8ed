import { fromUtf16le, plain } from '@doublehop/wire/bytes';
import { SmbError } from '../errors.ts';

/** Reads little-endian fields in place; what is not there is an SmbError `malformed`. */
export class SmbReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  pos: number;

  constructor(bytes: Uint8Array, pos = 0) {
    this.bytes = plain(bytes);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.pos = pos;
  }

  get remaining(): number {
    return this.bytes.length - this.pos;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  skip(count: number): void {
    this.#take(count);
  }

  /** A view of the next octets. */
  take(count: number): Uint8Array {
    const start = this.#take(count);
    return this.bytes.subarray(start, start + count);
  }

  /**
   * A view of octets that a field points to. Empty where the length is zero, whatever the offset
   * says: senders write anything there.
   */
  at(offset: number, length: number): Uint8Array {
    if (length === 0) return this.bytes.subarray(0, 0);
    if (offset + length > this.bytes.length) throw malformed('a buffer lies outside the message');
    return this.bytes.subarray(offset, offset + length);
  }

  /** The fixed size that every body begins with (MS-SMB2 2.2). */
  structure(size: number): void {
    const found = this.u16();
    if (found !== size) throw malformed(`a structure of ${found} octets where ${size} belong`);
  }

  #take(count: number): number {
    const start = this.pos;
    if (start + count > this.bytes.length) throw malformed('the message is cut short');
    this.pos = start + count;
    return start;
  }
}

const FIRST_CAPACITY = 256;

/**
 * Writes little-endian fields into a growing buffer. `base` is what stands before it: offsets are
 * counted from the beginning of the message's header.
 */
export class SmbWriter {
  readonly #base: number;
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  constructor(base = 0) {
    this.#base = base;
  }

  /** Where the next octet will stand, counted with the base. */
  get offset(): number {
    return this.#base + this.#at;
  }

  u8(value: number): void {
    const at = this.#room(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#room(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: bigint): void {
    const at = this.#room(8);
    this.#view.setBigUint64(at, value, true);
  }

  bytes(value: Uint8Array): void {
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
  }

  zeros(count: number): void {
    this.#room(count);
  }

  /** Zeros up to a multiple of `size`, counted with the base. */
  align(size: number): void {
    this.#room((size - (this.offset % size)) % size);
  }

  /** Overwrites 32 bits that stand at `offset`. */
  patch32(offset: number, value: number): void {
    this.#view.setUint32(offset - this.#base, value, true);
  }

  /** What was written; the writer is not used again. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #room(count: number): number {
    const start = this.#at;
    const end = start + count;
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

/** The error of bytes that are not SMB 2. */
export function malformed(message: string): SmbError {
  return new SmbError('malformed', message);
}

/** Text of UTF-16LE octets; an odd number of them is malformed. */
export function utf16Text(bytes: Uint8Array): string {
  if (bytes.length % 2 !== 0) throw malformed('a text of an odd number of octets');
  return fromUtf16le(bytes);
}
