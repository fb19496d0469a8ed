import { StoreError } from './errors.ts';
import type { Rdn } from './dn.ts';
import { ID_BYTES } from './layout.ts';
import { isAscii } from './text.ts';

/** A value as stored: text, bytes, or the number of the entry (or descriptor) that it is. */
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
  /** A tombstone, or the container of tombstones: seen by those alone who ask for such. */
  deleted: 16,
} as const;

/** What of an entry is not an attribute. */
export interface EntryHead {
  readonly parentId: number;
  readonly flags: number;
  readonly rdn: Rdn;
}

const FORMAT = 1;
const KIND = { ascii: 0, utf8: 1, bytes: 2, reference: 3 } as const;
/** Scans before the places of attributes are noted: a filter asks once, a decoder for all. */
const SCANS = 4;
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
  /** Where the first attribute stands in the record. */
  readonly attributesAt: number;
  #places: Map<number, number> | undefined;
  #asked = 0;

  constructor(id: number, bytes: Uint8Array) {
    this.id = id;
    // What comes from LMDB is a Buffer already: another view of it would cost as much as a read.
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes[0] !== FORMAT) throw new StoreError('format', `entry ${id} has an unknown format`);
    const valueAt = 9 + (bytes[8] ?? 0);
    this.attributesAt = valueAt + 2 + this.#bytes.readUInt16BE(valueAt);
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
      type: this.#bytes.toString('latin1', 9, typeEnd),
      value: this.#bytes.toString('utf8', typeEnd + 2, this.attributesAt),
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

  /** The first value, when it is a number that stands for something else; 0 = none. */
  reference(code: number): number {
    const at = this.#find(code);
    if (at < 0 || this.#bytes[at + 4] !== KIND.reference) return 0;
    return this.#bytes.readUIntBE(at + ATTRIBUTE_HEADER + 4, ID_BYTES);
  }

  /**
   * Notes where attributes stand, in one pass: for the code of each, `slots` has the place in
   * `places` that its offset goes to. Absent ones get -1.
   */
  locate(slots: ReadonlyMap<number, number>, places: Int32Array): void {
    const bytes = this.#bytes;
    places.fill(-1);
    for (let at = this.attributesAt; at < bytes.length; at = nextAttribute(bytes, at)) {
      const slot = slots.get(bytes.readUInt32BE(at));
      if (slot !== undefined) places[slot] = at;
    }
  }

  /** The record, for those who know where attributes stand in it. */
  get record(): Buffer {
    return this.#bytes;
  }

  /** Where an attribute stands at a place or behind it, which is one's; -1 when it does not. */
  placeAfter(from: number, code: number): number {
    const bytes = this.#bytes;
    for (let at = from; at < bytes.length; at = nextAttribute(bytes, at)) {
      if (bytes.readUInt32BE(at) === code) return at;
    }
    return -1;
  }

  codes(): number[] {
    const codes: number[] = [];
    for (let at = this.attributesAt; at < this.#bytes.length; at = nextAttribute(this.#bytes, at)) {
      codes.push(this.#bytes.readUInt32BE(at));
    }
    return codes;
  }

  /** All of it, to be changed and encoded again. */
  attributes(): StoredAttributes {
    const all: StoredAttributes = new Map();
    for (let at = this.attributesAt; at < this.#bytes.length; at = nextAttribute(this.#bytes, at)) {
      all.set(this.#bytes.readUInt32BE(at), decodeValues(this.#bytes, at));
    }
    return all;
  }

  /** A scan at first; whoever asks often has the places noted. */
  #find(code: number): number {
    if (this.#places !== undefined) return this.#places.get(code) ?? -1;
    this.#asked += 1;
    if (this.#asked > SCANS) {
      this.#places = this.#allPlaces();
      return this.#places.get(code) ?? -1;
    }
    const bytes = this.#bytes;
    for (let at = this.attributesAt; at < bytes.length; at = nextAttribute(bytes, at)) {
      if (bytes.readUInt32BE(at) === code) return at;
    }
    return -1;
  }

  #allPlaces(): Map<number, number> {
    const places = new Map<number, number>();
    for (let at = this.attributesAt; at < this.#bytes.length; at = nextAttribute(this.#bytes, at)) {
      places.set(this.#bytes.readUInt32BE(at), at);
    }
    return places;
  }
}

/** Where the attribute that stands at an offset ends. */
export function nextAttribute(record: Buffer, at: number): number {
  return at + ATTRIBUTE_HEADER + record.readUInt32BE(at + 5);
}

/** Where the first value of the attribute at an offset stands; it has one at least. */
export function firstValue(record: Buffer, at: number): { start: number; end: number } {
  const start = at + ATTRIBUTE_HEADER + 4;
  return { start, end: start + record.readUInt32BE(start - 4) };
}

/** What an entry is made from: attributes that have these very values still stand as they stood. */
export interface EntryOrigin {
  readonly entry: StoredEntry;
  readonly values: StoredAttributes;
}

/** The stored form of an entry, written in one pass: bulk loads spend their time here. */
export function encodeEntry(
  head: EntryHead,
  attributes: StoredAttributes,
  origin?: EntryOrigin,
): Uint8Array {
  const bytes = Buffer.allocUnsafe(sizeBound(head, attributes));
  bytes[0] = FORMAT;
  bytes[1] = head.flags;
  bytes.writeUIntBE(head.parentId, 2, ID_BYTES);
  const typeLength = bytes.write(head.rdn.type, 9, 'latin1');
  bytes[8] = typeLength;
  const valueLength = bytes.write(head.rdn.value, 11 + typeLength, 'utf8');
  bytes.writeUInt16BE(valueLength, 9 + typeLength);
  let at = 11 + typeLength + valueLength;
  // Attributes mostly keep their order, so that each is found behind the one before it.
  let from = origin?.entry.attributesAt ?? 0;
  for (const [code, values] of attributes) {
    if (values.length === 0) continue;
    const isSame = origin !== undefined && origin.values.get(code) === values;
    const place = isSame ? origin.entry.placeAfter(from, code) : -1;
    if (origin === undefined || place < 0) {
      at = encodeAttribute(bytes, at, code, values);
    } else {
      const { record } = origin.entry;
      from = nextAttribute(record, place);
      at += record.copy(bytes, at, place, from);
    }
  }
  return bytes.subarray(0, at);
}

/** At least as many bytes as the entry takes: text counted at the most that UTF-8 makes of it. */
function sizeBound(head: EntryHead, attributes: StoredAttributes): number {
  let size = 11 + head.rdn.type.length + 3 * head.rdn.value.length;
  for (const values of attributes.values()) {
    size += ATTRIBUTE_HEADER;
    for (const value of values) {
      if (typeof value === 'number') size += 4 + ID_BYTES;
      else size += 4 + (typeof value === 'string' ? 3 * value.length : value.length);
    }
  }
  return size;
}

/** Writes an attribute; returns where the next one starts. */
function encodeAttribute(
  bytes: Buffer,
  start: number,
  code: number,
  values: readonly StoredValue[],
): number {
  const kind = kindOf(values);
  bytes.writeUInt32BE(code, start);
  bytes[start + 4] = kind;
  let at = start + ATTRIBUTE_HEADER;
  for (const value of values) {
    const length = encodeValue(bytes, at + 4, value, kind);
    bytes.writeUInt32BE(length, at);
    at += 4 + length;
  }
  bytes.writeUInt32BE(at - start - ATTRIBUTE_HEADER, start + 5);
  return at;
}

function kindOf(values: readonly StoredValue[]): number {
  const [first] = values;
  if (typeof first === 'number') return KIND.reference;
  if (first instanceof Uint8Array) return KIND.bytes;
  return values.every((value) => typeof value === 'string' && isAscii(value))
    ? KIND.ascii
    : KIND.utf8;
}

function encodeValue(bytes: Buffer, at: number, value: StoredValue, kind: number): number {
  if (typeof value === 'string') {
    return kind === KIND.ascii ? bytes.write(value, at, 'latin1') : bytes.write(value, at, 'utf8');
  }
  if (typeof value === 'number') return bytes.writeUIntBE(value, at, ID_BYTES) - at;
  bytes.set(value, at);
  return value.length;
}

/** The values of the attribute at an offset. */
export function decodeValues(bytes: Buffer, header: number): StoredValue[] {
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
  if (kind === KIND.ascii) return bytes.toString('latin1', at, stop);
  if (kind === KIND.utf8) return bytes.toString('utf8', at, stop);
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

/** An entry's record with another number in the place of one of its references. */
export function withReference(entry: StoredEntry, code: number, value: number): Uint8Array {
  const places = new Int32Array(1);
  entry.locate(new Map([[code, 0]]), places);
  const [at = -1] = places;
  if (at < 0) throw new TypeError(`entry ${entry.id} has no reference to replace`);
  const copy = Buffer.from(entry.record);
  copy.writeUIntBE(value, at + ATTRIBUTE_HEADER + 4, ID_BYTES);
  return copy;
}

/**
 * An entry's record with other values of attributes that have one ASCII value each, by code; all
 * else stays as it is, byte for byte.
 */
export function withTexts(entry: StoredEntry, texts: ReadonlyMap<number, string>): Uint8Array {
  const { record } = entry;
  const places = new Map<number, number>();
  for (const code of texts.keys()) places.set(code, places.size);
  const found = new Int32Array(places.size);
  entry.locate(places, found);
  const parts: Uint8Array[] = [];
  let done = 0;
  for (const at of found.toSorted()) {
    if (at < 0) continue;
    parts.push(record.subarray(done, at));
    done = nextAttribute(record, at);
  }
  parts.push(record.subarray(done));
  for (const [code, text] of texts) {
    const attribute = Buffer.allocUnsafe(ATTRIBUTE_HEADER + 4 + text.length);
    encodeAttribute(attribute, 0, code, [text]);
    parts.push(attribute);
  }
  return Buffer.concat(parts);
}
