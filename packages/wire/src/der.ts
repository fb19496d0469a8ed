import { WireError } from './errors.ts';
import { Reader, Writer } from './cursor.ts';
import { MAX_ELEMENTS, MAX_ENCODING } from './limits.ts';

/**
 * Schema combinators: one declaration gives the TypeScript type, the encoder and the decoder of an
 * ASN.1 type (X.680, encoded by X.690). Decoding is strict DER or, for LDAP, definite-length BER;
 * octets come back as views of the input, never as copies.
 *
 * Identifiers of one octet suffice: no protocol here has a tag number above 30.
 */
export interface Type<T> {
  /** Identifier octet of every value, or undefined where several are possible. */
  readonly tag: number | undefined;
  /** Whether a value may start with this identifier octet. */
  matches(tag: number): boolean;
  /** Reads a whole value. */
  decode(reader: Reader): T;
  /** Writes a whole value, back to front. */
  encode(writer: Writer, value: T): void;
}

/** A type of one identifier octet, whose content can be given another one. */
export interface Tagged<T> extends Type<T> {
  readonly tag: number;
  /** Reads the content that ends at `end` and leaves the reader there. */
  readContent(reader: Reader, end: number): T;
  writeContent(writer: Writer, value: T): void;
}

/** The TypeScript type that a schema declares. */
export type Infer<S> = S extends Type<infer T> ? T : never;

/** A part of a SEQUENCE that may be absent; with a `fallback`, absence stands for that value. */
export interface OptionalPart<T> {
  readonly optional: Type<T>;
  readonly fallback: T | undefined;
}

/** Decodes exactly one value that fills the input: DER. Throws WireError. */
export function decodeDer<T>(type: Type<T>, bytes: Uint8Array): T {
  return decodeWhole(type, bytes, true);
}

/** Decodes exactly one value that fills the input: definite-length BER (RFC 4511 §5.1). */
export function decodeBer<T>(type: Type<T>, bytes: Uint8Array): T {
  return decodeWhole(type, bytes, false);
}

/** Encodes a value by DER, which is valid BER too. */
export function encodeDer<T>(type: Type<T>, value: T, sizeHint?: number): Uint8Array {
  const writer = new Writer(sizeHint);
  type.encode(writer, value);
  return writer.finish();
}

function decodeWhole<T>(type: Type<T>, bytes: Uint8Array, strict: boolean): T {
  if (bytes.length > MAX_ENCODING) throw new WireError('oversize', 'encoding is too large');
  const reader = new Reader(bytes, strict);
  const value = type.decode(reader);
  if (reader.pos !== reader.end) {
    throw new WireError('trailing', 'octets follow the value', reader.place());
  }
  return value;
}

/** A type from the reader and writer of its content. */
export function tagged<T>(
  tag: number,
  readContent: (reader: Reader, end: number) => T,
  writeContent: (writer: Writer, value: T) => void,
): Tagged<T> {
  return {
    tag,
    matches: (found) => found === tag,
    decode: (reader) => readContent(reader, reader.open(tag)),
    encode(writer, value) {
      const mark = writer.written;
      writeContent(writer, value);
      writer.header(tag, mark);
    },
    readContent,
    writeContent,
  };
}

/** `[n] EXPLICIT T`. */
export function explicit<T>(n: number, type: Type<T>): Tagged<T> {
  return wrapped(0xa0 | n, type);
}

/** `[APPLICATION n] EXPLICIT T`, as every Kerberos message is tagged (RFC 4120 §5.10). */
export function application<T>(n: number, type: Type<T>): Tagged<T> {
  return wrapped(0x60 | n, type);
}

/** `[n] IMPLICIT T`. */
export function implicit<T>(n: number, type: Tagged<T>): Tagged<T> {
  return retagged(0x80 | (type.tag & CONSTRUCTED) | n, type);
}

/** `[APPLICATION n] IMPLICIT T`, as LDAP's operations are tagged (RFC 4511 §4.2 ff). */
export function implicitApplication<T>(n: number, type: Tagged<T>): Tagged<T> {
  return retagged(0x40 | (type.tag & CONSTRUCTED) | n, type);
}

/** A required `[n] EXPLICIT` part of a SEQUENCE. */
export function field<T>(n: number, type: Type<T>): Tagged<T> {
  return explicit(n, type);
}

/** An `[n] EXPLICIT … OPTIONAL` part of a SEQUENCE. */
export function optionalField<T>(n: number, type: Type<T>): OptionalPart<T> {
  return { optional: explicit(n, type), fallback: undefined };
}

/** A part that may be absent, tagged as the type itself is. */
export function optional<T>(type: Type<T>): OptionalPart<T> {
  return { optional: type, fallback: undefined };
}

const CONSTRUCTED = 0x20;

function retagged<T>(tag: number, type: Tagged<T>): Tagged<T> {
  return tagged(
    tag,
    (reader, end) => type.readContent(reader, end),
    (writer, value) => type.writeContent(writer, value),
  );
}

function wrapped<T>(tag: number, type: Type<T>): Tagged<T> {
  return tagged(
    tag,
    (reader, end) => {
      const outer = reader.end;
      reader.end = end;
      const value = type.decode(reader);
      if (reader.pos !== end) {
        throw new WireError('trailing', 'octets follow the tagged value', reader.place());
      }
      reader.end = outer;
      return value;
    },
    (writer, value) => type.encode(writer, value),
  );
}

type Part = Type<unknown> | OptionalPart<unknown>;
type Parts = Readonly<Record<string, Part>>;
type OptionalKeys<P extends Parts> = {
  [K in keyof P]: P[K] extends OptionalPart<unknown> ? K : never;
}[keyof P];
type PartValue<P> =
  P extends OptionalPart<infer T> ? T | undefined : P extends Type<infer T> ? T : never;

/** The object type of a SEQUENCE's parts. */
export type SequenceOfParts<P extends Parts> = {
  readonly [K in Exclude<keyof P, OptionalKeys<P>>]: PartValue<P[K]>;
} & { readonly [K in OptionalKeys<P>]?: PartValue<P[K]> };

/** Whether elements beyond the known ones are skipped: the `...` of the ASN.1 text. */
export interface SequenceOptions {
  readonly extensible?: boolean;
}

/** `SEQUENCE { … }`: the parts in the order of their declaration. */
export function sequence<P extends Parts>(
  parts: P,
  options: SequenceOptions = {},
): Tagged<SequenceOfParts<P>> {
  const list = Object.entries(parts).map(([name, part]) =>
    'optional' in part
      ? { name, type: part.optional, required: false, fallback: part.fallback }
      : { name, type: part, required: true, fallback: undefined },
  );
  const reversed = list.toReversed();
  const extensible = options.extensible === true;
  return tagged(
    SEQUENCE,
    (reader, end) => {
      const outer = reader.end;
      reader.end = end;
      const value: Record<string, unknown> = {};
      for (const part of list) {
        if (part.type.matches(reader.peek())) value[part.name] = part.type.decode(reader);
        else if (part.required) throw missing(reader, part.name);
        else value[part.name] = part.fallback;
      }
      while (extensible && reader.pos < end) reader.skip();
      if (reader.pos !== end) {
        throw new WireError('trailing', 'unexpected element in a SEQUENCE', reader.place());
      }
      reader.end = outer;
      // Sound: every part was read by the type that its key declares.
      return value as SequenceOfParts<P>;
    },
    (writer, value) => {
      const source = value as Readonly<Record<string, unknown>>;
      for (const part of reversed) {
        const present = source[part.name];
        if (present === undefined && part.required) {
          throw new WireError('encode', `the element ${part.name} is missing`);
        }
        if (present !== undefined && (part.required || present !== part.fallback)) {
          part.type.encode(writer, present);
        }
      }
    },
  );
}

/** A part with a DEFAULT: decoded as `fallback` when absent, not encoded when equal to it. */
export function defaulted<T>(
  type: Type<T>,
  fallback: T & (string | number | boolean),
): OptionalPart<T> {
  return { optional: type, fallback };
}

function missing(reader: Reader, name: string): WireError {
  const code = reader.pos >= reader.end ? 'truncated' : 'tag';
  return new WireError(code, `the element ${name} is missing`, reader.place());
}

/** `SEQUENCE OF T`, at most `max` elements. */
export function sequenceOf<T>(type: Type<T>, max: number = MAX_ELEMENTS): Tagged<readonly T[]> {
  return repeated(SEQUENCE, type, max);
}

/** `SET OF T`. Order is kept as it stood: LDAP gives it no meaning (RFC 4511 §4.1.7). */
export function setOf<T>(type: Type<T>, max: number = MAX_ELEMENTS): Tagged<readonly T[]> {
  return repeated(0x31, type, max);
}

function repeated<T>(tag: number, type: Type<T>, max: number): Tagged<readonly T[]> {
  return tagged(
    tag,
    (reader, end) => {
      const outer = reader.end;
      reader.end = end;
      const values: T[] = [];
      while (reader.pos < end) {
        if (values.length === max) {
          throw new WireError('oversize', `more than ${max} elements`, reader.place());
        }
        values.push(type.decode(reader));
      }
      reader.end = outer;
      return values;
    },
    (writer, values) => {
      for (let i = values.length - 1; i >= 0; i -= 1) type.encode(writer, values[i] as T);
    },
  );
}

type Alternatives = Readonly<Record<string, Type<unknown>>>;

/** The union type of a CHOICE: `kind` names the alternative. */
export type ChoiceOf<A extends Alternatives> = {
  [K in keyof A & string]: { readonly kind: K; readonly value: Infer<A[K]> };
}[keyof A & string];

/** `CHOICE { … }`. */
export function choice<A extends Alternatives>(alternatives: A): Type<ChoiceOf<A>> {
  const entries = Object.entries(alternatives);
  const find = (tag: number) => entries.find(([, type]) => type.matches(tag));
  return {
    tag: undefined,
    matches: (tag) => find(tag) !== undefined,
    decode(reader) {
      const found = find(reader.peek());
      if (found === undefined) {
        throw new WireError('tag', 'no alternative has this tag', reader.place());
      }
      // Sound: the value was read by the type that stands under its kind.
      return { kind: found[0], value: found[1].decode(reader) } as ChoiceOf<A>;
    },
    encode(writer, { kind, value }) {
      const type = alternatives[kind];
      if (type === undefined) throw new WireError('encode', `unknown alternative ${kind}`);
      type.encode(writer, value);
    },
  };
}

/** Another view of a type: `read` may throw WireError for values that are not valid. */
export function mapped<T, U>(
  type: Tagged<T>,
  read: (value: T) => U,
  write: (value: U) => T,
): Tagged<U> {
  return tagged(
    type.tag,
    (reader, end) => read(type.readContent(reader, end)),
    (writer, value) => type.writeContent(writer, write(value)),
  );
}

/** A type that is declared later: recursion, bounded by `MAX_DEPTH`. */
export function lazy<T>(resolve: () => Type<T>): Type<T> {
  return {
    tag: undefined,
    matches: (tag) => resolve().matches(tag),
    decode: (reader) => reader.deeper(() => resolve().decode(reader)),
    encode: (writer, value) => resolve().encode(writer, value),
  };
}

/** Any single value, kept as its whole encoding. */
export const anyValue: Type<Uint8Array> = {
  tag: undefined,
  matches: (tag) => tag >= 0,
  decode(reader) {
    const start = reader.pos;
    if (reader.peek() < 0) throw new WireError('truncated', 'a value is missing', reader.place());
    reader.skip();
    return reader.bytes.subarray(start, reader.pos);
  },
  encode: (writer, value) => writer.bytes(value),
};

/** A decoded value together with the exact bytes it was read from: what a checksum covers. */
export interface Spanned<T> {
  readonly value: T;
  readonly raw: Uint8Array;
}

/** Decodes to value and bytes; encodes the bytes verbatim. */
export function spanned<T>(type: Type<T>): Type<Spanned<T>> {
  return {
    tag: type.tag,
    matches: (tag) => type.matches(tag),
    decode(reader) {
      const start = reader.pos;
      const value = type.decode(reader);
      return { value, raw: reader.bytes.subarray(start, reader.pos) };
    },
    encode: (writer, { raw }) => writer.bytes(raw),
  };
}

/** Encodes once and keeps both. */
export function span<T>(type: Type<T>, value: T): Spanned<T> {
  return { value, raw: encodeDer(type, value) };
}

const SEQUENCE = 0x30;
