import { StoreError } from './errors.ts';
import type { Rdn } from './dn.ts';
import { ID_BYTES } from './layout.ts';
import { isAscii } from './text.ts';

/** A value as stored: text, bytes, or the number of the entry that a DN names. */
export type StoredValue = string | Uint8Array | number;

/** Stored values by attribute code. */
export type StoredAttributes = Map<number, readonly StoredValue[]>;

/** Facts about an entry that save looking elsewhere. */
export const EntryFlag = {
  /** Head of a naming context: searches from above stop here (MS-ADTS 3.1.1.1.5). */
  contextHead: 1,
  /** Had a child at some time. */
  parent: 2,
  /** Had a link from it at some time. */
  forwardLinks: 4,
  /** Had a link to it at some time. */
  backLinks: 8,
} as const;

/** What of an entry is not an attribute. */
export interface EntryHead {
  readonly parentId: number;
  readonly flags: number;
  readonly rdn: Rdn;
}

const FORMAT = 1;
const KIND = { ascii: 0, utf8: 1, bytes: 2, reference: 3 } as const;
/** Attribute header: code, kind, byte length of its values. */
const ATTRIBUTE_HEADER = 4 + 1 + 4;

/**
 * An entry as the store keeps it; attributes are found by a scan of headers and decoded when asked
 * for, so looking at one attribute of many entries costs little.
 *
 *     format u8 · flags u8 · parent 6 · rdn type (u8 length) · rdn value (u16 length)
 *     { code u32 · kind u8 · length u32 · { value length u32 · value } }
 */
export class StoredEntry {
  readonly id: number;
  readonly #bytes: Buffer;
  readonly #attributesAt: number;

  constructor(id: number, bytes: Uint8Array) {
    this.id = id;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes[0] !== FORMAT) throw new StoreError('format', `entry ${id} has an unknown format`);
    const valueAt = 9 + (bytes[8] ?? 0);
    this.#attributesAt = valueAt + 2 + this.#bytes.readUInt16BE(valueAt);
  }

  get flags(): number {
    return this.#bytes[1] ?? 0;
  }

  get parentId(): number {
    return this.#bytes.readUIntBE(2, ID_BYTES);
  }

  get rdn(): Rdn {
    const typeEnd = 9 + (this.#bytes[8] ?? 0);
    return {
      type: this.#bytes.latin1Slice(9, typeEnd),
      value: this.#bytes.utf8Slice(typeEnd + 2, this.#attributesAt),
    };
  }

  has(code: number): boolean {
    return this.#find(code) >= 0;
  }

  values(code: number): readonly StoredValue[] {
    const at = this.#find(code);
    return at < 0 ? [] : decodeValues(this.#bytes, at);
  }

  /** The first value, when it is text. */
  text(code: number): string | undefined {
    const [value] = this.values(code);
    return typeof value === 'string' ? value : undefined;
  }

  /** The first value, when it is bytes. */
  bytes(code: number): Uint8Array | undefined {
    const [value] = this.values(code);
    return value instanceof Uint8Array ? value : undefined;
  }

  codes(): number[] {
    const codes: number[] = [];
    for (let at = this.#attributesAt; at < this.#bytes.length; at = this.#next(at)) {
      codes.push(this.#bytes.readUInt32BE(at));
    }
    return codes;
  }

  /** All of it, to be changed and encoded again. */
  attributes(): StoredAttributes {
    const all: StoredAttributes = new Map();
    for (let at = this.#attributesAt; at < this.#bytes.length; at = this.#next(at)) {
      all.set(this.#bytes.readUInt32BE(at), decodeValues(this.#bytes, at));
    }
    return all;
  }

  #find(code: number): number {
    const bytes = this.#bytes;
    for (let at = this.#attributesAt; at < bytes.length; at = this.#next(at)) {
      if (bytes.readUInt32BE(at) === code) return at;
    }
    return -1;
  }

  #next(at: number): number {
    return at + ATTRIBUTE_HEADER + this.#bytes.readUInt32BE(at + 5);
  }
}

/** The stored form of an entry. */
export function encodeEntry(head: EntryHead, attributes: StoredAttributes): Uint8Array {
  const type = Buffer.from(head.rdn.type, 'latin1');
  const value = Buffer.from(head.rdn.value, 'utf8');
  const start = Buffer.allocUnsafe(11 + type.length + value.length);
  start[0] = FORMAT;
  start[1] = head.flags;
  start.writeUIntBE(head.parentId, 2, ID_BYTES);
  start[8] = type.length;
  type.copy(start, 9);
  start.writeUInt16BE(value.length, 9 + type.length);
  value.copy(start, 11 + type.length);
  const parts = [start];
  for (const [code, values] of attributes) {
    if (values.length > 0) parts.push(encodeAttribute(code, values));
  }
  return Buffer.concat(parts);
}

function encodeAttribute(code: number, values: readonly StoredValue[]): Buffer {
  const kind = kindOf(values);
  const encoded = values.map((value) => encodeValue(value, kind));
  const length = encoded.reduce((sum, each) => sum + 4 + each.length, 0);
  const bytes = Buffer.allocUnsafe(ATTRIBUTE_HEADER + length);
  bytes.writeUInt32BE(code, 0);
  bytes[4] = kind;
  bytes.writeUInt32BE(length, 5);
  let at = ATTRIBUTE_HEADER;
  for (const each of encoded) {
    bytes.writeUInt32BE(each.length, at);
    each.copy(bytes, at + 4);
    at += 4 + each.length;
  }
  return bytes;
}

function kindOf(values: readonly StoredValue[]): number {
  const [first] = values;
  if (typeof first === 'number') return KIND.reference;
  if (first instanceof Uint8Array) return KIND.bytes;
  return values.every((value) => typeof value === 'string' && isAscii(value))
    ? KIND.ascii
    : KIND.utf8;
}

function encodeValue(value: StoredValue, kind: number): Buffer {
  if (typeof value === 'number') {
    const bytes = Buffer.allocUnsafe(ID_BYTES);
    bytes.writeUIntBE(value, 0, ID_BYTES);
    return bytes;
  }
  if (typeof value === 'string') return Buffer.from(value, kind === KIND.ascii ? 'latin1' : 'utf8');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function decodeValues(bytes: Buffer, header: number): StoredValue[] {
  const kind = bytes[header + 4];
  const end = header + ATTRIBUTE_HEADER + bytes.readUInt32BE(header + 5);
  const values: StoredValue[] = [];
  for (let at = header + ATTRIBUTE_HEADER; at < end; ) {
    const stop = at + 4 + bytes.readUInt32BE(at);
    values.push(decodeValue(bytes, kind, at + 4, stop));
    at = stop;
  }
  return values;
}

function decodeValue(
  bytes: Buffer,
  kind: number | undefined,
  at: number,
  stop: number,
): StoredValue {
  if (kind === KIND.ascii) return bytes.latin1Slice(at, stop);
  if (kind === KIND.utf8) return bytes.utf8Slice(at, stop);
  // A copy, plain: callers keep values longer than the record they came in.
  if (kind === KIND.bytes) return new Uint8Array(bytes.subarray(at, stop));
  if (kind === KIND.reference) return bytes.readUIntBE(at, ID_BYTES);
  throw new StoreError('format', `a value of unknown kind ${kind}`);
}

/** The same record with one more flag. */
export function withFlag(record: Uint8Array, flag: number): Uint8Array {
  const copy = new Uint8Array(record);
  copy[1] = (copy[1] ?? 0) | flag;
  return copy;
}
