import { plain } from './bytes.ts';
import { WireError } from './errors.ts';
import { MAX_NDR_ELEMENTS } from './limits.ts';
import { NdrReader, NdrWriter } from './ndr-cursor.ts';

/**
 * One declaration gives the TypeScript type, the decoder and the encoder of an NDR type (C706
 * chapter 14, transfer syntax 2.0, little-endian). NDR puts what embedded pointers point at
 * after the whole construct that embeds them (C706 14.3.12.3), so both directions run in two
 * steps: the part in place now, and the returned function for the part behind pointers.
 */
export interface NdrType<T> {
  /** Alignment of the part in place: 1, 2, 4 or 8. */
  readonly align: number;
  /** Fewest bytes of the part in place; bounds the counts of arrays. */
  readonly minSize: number;
  /** Reads the part in place; the result reads the rest and gives the value. */
  readonly read: (reader: NdrReader) => () => T;
  /** Reads the whole value: only on types that have nothing behind pointers. Saves a closure. */
  readonly readFlat?: (reader: NdrReader) => T;
  /** Writes the part in place; the result, if any, writes the rest. */
  readonly write: (writer: NdrWriter, value: T) => (() => void) | undefined;
}

/** The TypeScript type of an NDR type's values. */
export type NdrValue<N> = N extends NdrType<infer T> ? T : never;

const HEADER = 16;
const VERSION = 1;
const LITTLE_ENDIAN = 0x10;
const COMMON_HEADER_LENGTH = 8;
const FILLER = 0xcccc_cccc;

/**
 * Reads a pointer to one value in type serialization version 1 (MS-RPCE 2.2.6): common header,
 * private header, referent, value, padding to a multiple of eight and nothing after it.
 */
export function decodeNdr<T>(type: NdrType<T>, bytes: Uint8Array): T {
  if (bytes.length < HEADER) throw new WireError('truncated', 'no serialization headers');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint8(0) !== VERSION || view.getUint8(1) !== LITTLE_ENDIAN) {
    throw new WireError('value', 'not little-endian type serialization version 1', { offset: 0 });
  }
  if (view.getUint16(2, true) !== COMMON_HEADER_LENGTH) {
    throw new WireError('length', 'common header is not 8 bytes', { offset: 2 });
  }
  const size = view.getUint32(8, true);
  if (size > bytes.length - HEADER) {
    throw new WireError('truncated', `object of ${size} bytes`, { offset: 8 });
  }
  if (size < bytes.length - HEADER) {
    throw new WireError('trailing', 'bytes after the object', { offset: HEADER + size });
  }
  const reader = new NdrReader(plain(bytes), HEADER);
  const finish = pointer(type).read(reader);
  const value = finish();
  if (value === null) throw new WireError('pointer', 'the object is NULL', { offset: HEADER });
  if (reader.remaining() >= 8) throw new WireError('trailing', 'unread bytes', reader.place());
  return value;
}

/** Writes a value as `decodeNdr` reads it. Throws WireError `encode` when it has no encoding. */
export function encodeNdr<T>(type: NdrType<T>, value: T): Uint8Array {
  const writer = new NdrWriter();
  writer.u8(VERSION);
  writer.u8(LITTLE_ENDIAN);
  writer.u16(COMMON_HEADER_LENGTH);
  writer.u32(FILLER);
  writer.u32(0);
  writer.u32(0);
  pointer(type).write(writer, value)?.();
  writer.align(8);
  const bytes = writer.finish();
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(8, bytes.length - HEADER, true);
  return bytes;
}

/** An unsigned 8-bit number. */
export const u8: NdrType<number> = scalar(
  1,
  (reader) => reader.u8(),
  (writer, value) => writer.u8(value),
);

/** An unsigned 16-bit number. */
export const u16: NdrType<number> = scalar(
  2,
  (reader) => reader.u16(),
  (writer, value) => writer.u16(value),
);

/** An unsigned 32-bit number. */
export const u32: NdrType<number> = scalar(
  4,
  (reader) => reader.u32(),
  (writer, value) => writer.u32(value),
);

/** An unsigned hyper: 64 bits, aligned to eight. */
export const hyper: NdrType<bigint> = scalar(
  8,
  (reader) => reader.u64(8),
  (writer, value) => writer.u64(value, 8),
);

/** FILETIME (MS-DTYP 2.3.3): two 32-bit halves, so aligned to four; in 100 ns since 1601. */
export const filetime: NdrType<bigint> = flat(
  4,
  8,
  (reader) => reader.u64(4),
  (writer, value) => writer.u64(value, 4),
);

/** A fixed array of bytes. Decodes to a view. */
export function fixedBytes(length: number): NdrType<Uint8Array> {
  return flat(
    1,
    length,
    (reader) => reader.bytes(length),
    (writer, value) => {
      if (value.length !== length) {
        throw new WireError('encode', `${value.length} bytes where ${length} belong`);
      }
      writer.bytes(value);
    },
  );
}

/** The values of a structure's fields. */
export type StructValue<F> = { readonly [K in keyof F]: NdrValue<F[K]> };

/** A structure: its fields in the order of declaration, aligned to its widest (C706 14.3.3). */
export function struct<F extends { readonly [K in keyof F]: NdrType<NdrValue<F[K]>> }>(
  fields: F,
): NdrType<StructValue<F>> {
  const names = Object.keys(fields);
  // F's constraint makes every property an NdrType, and the same key picks the type and the value
  // that goes with it; the array only forgets which is which.
  const types = Object.values(fields) as NdrType<unknown>[];
  const align = types.reduce((widest, type) => Math.max(widest, type.align), 1);
  const minSize = types.reduce((sum, type) => sum + type.minSize, 0);
  const read = (reader: NdrReader): (() => StructValue<F>) => {
    reader.align(align);
    const value: Record<string, unknown> = {};
    const rest: [string, () => unknown][] = [];
    for (const [index, type] of types.entries()) {
      const name = names[index] ?? '';
      value[name] = type.readFlat?.(reader);
      if (type.readFlat === undefined) rest.push([name, type.read(reader)]);
    }
    return () => {
      for (const [name, finish] of rest) value[name] = finish();
      // Every field has its value by now.
      return value as StructValue<F>;
    };
  };
  const write = (writer: NdrWriter, value: StructValue<F>): (() => void) | undefined => {
    writer.align(align);
    const values: Readonly<Record<string, unknown>> = value;
    const rest: (() => void)[] = [];
    for (const [index, type] of types.entries()) {
      const finish = type.write(writer, values[names[index] ?? '']);
      if (finish !== undefined) rest.push(finish);
    }
    return finishAll(rest);
  };
  const isFlat = types.every((type) => type.readFlat !== undefined);
  return {
    align,
    minSize,
    read,
    write,
    ...(isFlat ? { readFlat: (reader: NdrReader) => read(reader)() } : {}),
  };
}

/** A unique pointer: null, or a referent that follows later (C706 14.3.11.2). */
export function pointer<T>(type: NdrType<T>): NdrType<T | null> {
  return {
    align: 4,
    minSize: 4,
    read: (reader) => {
      if (reader.u32() === 0) return () => null;
      return () => type.read(reader)();
    },
    write: (writer, value) => {
      if (value === null) {
        writer.u32(0);
        return undefined;
      }
      const at = writer.referent();
      return () => {
        writer.number(at);
        type.write(writer, value)?.();
      };
    },
  };
}

/** A conformant array: its count, then its elements (C706 14.3.3.2). */
export function conformantArray<T>(
  element: NdrType<T>,
  maximum: number = MAX_NDR_ELEMENTS,
): NdrType<readonly T[]> {
  return {
    align: Math.max(4, element.align),
    minSize: 4,
    read: (reader) => {
      return readElements(reader, element, reader.count(element.minSize, maximum));
    },
    write: (writer, value) => {
      if (value.length > maximum) throw new WireError('encode', `${value.length} elements`);
      writer.u32(value.length);
      return writeElements(writer, element, value);
    },
  };
}

/** A conformant and varying array (C706 14.3.3.4), written without slack. */
export function conformantVaryingArray<T>(
  element: NdrType<T>,
  maximum: number = MAX_NDR_ELEMENTS,
): NdrType<readonly T[]> {
  return {
    align: Math.max(4, element.align),
    minSize: 12,
    read: (reader) => {
      const { actual } = reader.varyingCount(element.minSize, maximum);
      return readElements(reader, element, actual);
    },
    write: (writer, value) => {
      if (value.length > maximum) throw new WireError('encode', `${value.length} elements`);
      writer.u32(value.length);
      writer.u32(0);
      writer.u32(value.length);
      return writeElements(writer, element, value);
    },
  };
}

/** A conformant array of bytes. Decodes to a view. */
export const conformantBytes: NdrType<Uint8Array> = {
  align: 4,
  minSize: 4,
  read: (reader) => {
    const value = reader.bytes(reader.count(1, Number.MAX_SAFE_INTEGER));
    return () => value;
  },
  write: (writer, value) => {
    writer.u32(value.length);
    writer.bytes(value);
    return undefined;
  },
};

/**
 * RPC_UNICODE_STRING (MS-DTYP 2.3.10) with its buffer. A NULL buffer reads as the empty text; an
 * empty text is written with a buffer, as Windows does. `room` is how many characters more than
 * the text MaximumLength and the buffer have: Windows leaves one for a terminator in some fields.
 */
export function unicodeString(room: 0 | 1): NdrType<string> {
  return {
    align: 4,
    minSize: 8,
    read: (reader) => {
      reader.align(4);
      const place = reader.place();
      const length = reader.u16();
      const maximum = reader.u16();
      if (length % 2 !== 0 || maximum % 2 !== 0 || length > maximum) {
        throw new WireError('length', 'string length is odd or above its maximum', place);
      }
      const referent = reader.u32();
      if (referent === 0 && length !== 0) {
        throw new WireError('pointer', 'string without a buffer', place);
      }
      if (referent === 0) return () => '';
      return () => reader.text(length / 2, maximum / 2);
    },
    write: (writer, value) => {
      const length = 2 * value.length;
      if (length + 2 * room > 0xfffe) throw new WireError('encode', 'string is too long');
      writer.align(4);
      writer.u16(length);
      writer.u16(length + 2 * room);
      const at = writer.referent();
      return () => {
        writer.number(at);
        writer.u32(value.length + room);
        writer.u32(0);
        writer.u32(value.length);
        writer.text(value);
      };
    },
  };
}

/** Most sub-authorities of an RPC_SID (MS-DTYP 2.4.2.3). */
const MAX_SUB_AUTHORITIES = 15;
const SID_HEADER = 8;

/** RPC_SID (MS-DTYP 2.4.2.3) as the bytes of a binary SID (2.4.2.2). Decodes to a view. */
export const rpcSid: NdrType<Uint8Array> = {
  align: 4,
  minSize: 4 + SID_HEADER,
  read: (reader) => {
    const count = reader.count(4, MAX_SUB_AUTHORITIES);
    const place = reader.place();
    const value = reader.bytes(SID_HEADER + 4 * count);
    if (value[0] !== 1 || value[1] !== count) {
      throw new WireError('value', 'SID does not match its count', place);
    }
    return () => value;
  },
  write: (writer, value) => {
    const count = value[1] ?? 0;
    if (count > MAX_SUB_AUTHORITIES || value.length !== SID_HEADER + 4 * count) {
      throw new WireError('encode', 'not a binary SID');
    }
    writer.u32(count);
    writer.bytes(value);
    return undefined;
  },
};

/** A type with values of another shape. What `to` throws reaches the caller of `decodeNdr`. */
export function mapped<T, U>(
  type: NdrType<T>,
  to: (value: T) => U,
  from: (value: U) => T,
): NdrType<U> {
  return {
    align: type.align,
    minSize: type.minSize,
    read: (reader) => {
      const finish = type.read(reader);
      return () => to(finish());
    },
    write: (writer, value) => type.write(writer, from(value)),
  };
}

function readElements<T>(
  reader: NdrReader,
  element: NdrType<T>,
  count: number,
): () => readonly T[] {
  const { readFlat } = element;
  if (readFlat !== undefined) {
    const values: T[] = [];
    for (let index = 0; index < count; index += 1) values.push(readFlat(reader));
    return () => values;
  }
  const finishers: (() => T)[] = [];
  for (let index = 0; index < count; index += 1) finishers.push(element.read(reader));
  return () => finishers.map((finish) => finish());
}

function writeElements<T>(
  writer: NdrWriter,
  element: NdrType<T>,
  values: readonly T[],
): (() => void) | undefined {
  const rest: (() => void)[] = [];
  for (const value of values) {
    const finish = element.write(writer, value);
    if (finish !== undefined) rest.push(finish);
  }
  return finishAll(rest);
}

/** What stands behind pointers, in their order; undefined when there is nothing. */
function finishAll(rest: readonly (() => void)[]): (() => void) | undefined {
  if (rest.length === 0) return undefined;
  return () => {
    for (const finish of rest) finish();
  };
}

/** A type with nothing behind pointers. */
function flat<T>(
  align: number,
  minSize: number,
  readFlat: (reader: NdrReader) => T,
  write: (writer: NdrWriter, value: T) => void,
): NdrType<T> {
  return {
    align,
    minSize,
    readFlat,
    read: (reader) => {
      const value = readFlat(reader);
      return () => value;
    },
    write: (writer, value) => {
      write(writer, value);
      return undefined;
    },
  };
}

function scalar<T>(
  size: number,
  read: (reader: NdrReader) => T,
  write: (writer: NdrWriter, value: T) => void,
): NdrType<T> {
  return flat(size, size, read, write);
}
