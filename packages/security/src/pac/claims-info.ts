import {
  conformantArray,
  conformantBytes,
  conformantVaryingArray,
  decodeNdr,
  encodeNdr,
  hyper,
  mapped,
  type NdrType,
  type NdrValue,
  pointer,
  struct,
  u16,
  u32,
} from '@doublehop/wire/ndr';
import { type Claim, type Claims, claimsOf } from '../claims.ts';
import { SecurityError } from '../errors.ts';
import { MAX_CLAIM_TEXT, MAX_CLAIM_VALUES, MAX_CLAIMS, MAX_CLAIMS_SIZE } from '../limits.ts';
import { upperCase } from '../upper-case.ts';
import { compressXpressHuffman, decompressXpressHuffman } from '../xpress-huffman.ts';
import type { ClaimEntry, ClaimsArray, ClaimsSet, PacClaim } from './claims-set.ts';
import { readingNdr } from './ndr-fault.ts';

/** Formats of CLAIMS_SET_METADATA (MS-ADTS 2.2.18.3). LZNT1 and plain XPRESS are never written. */
const Compression = { none: 0, xpressHuffman: 4 } as const;

/** Octets of a claims set from which on Windows packs it. */
const COMPRESSION_THRESHOLD = 384;

/**
 * Reads PAC_CLIENT_CLAIMS_INFO or PAC_DEVICE_CLAIMS_INFO (MS-PAC 2.11, 2.13): buffers 13 and 15.
 * A buffer without contents is a set without claims.
 */
export function decodeClaimsInfo(data: Uint8Array): ClaimsSet {
  if (data.length === 0) return [];
  return readingNdr('claim', () => {
    const { claimsSet, claimsSetSize, uncompressedSize, format } = decodeNdr(metadata, data);
    const packed = claimsSet ?? new Uint8Array();
    if (packed.length !== claimsSetSize) throw badLength('a claims set');
    if (packed.length === 0) return [];
    const bytes = unpacked(packed, format, uncompressedSize);
    return fromWire(decodeNdr(claimsSetType, bytes));
  });
}

/** Writes buffer 13 or 15, packed where Windows packs (MS-ADTS 2.2.18.8). */
export function encodeClaimsInfo(set: ClaimsSet): Uint8Array {
  const bytes = encodeNdr(claimsSetType, toWire(set));
  if (bytes.length > MAX_CLAIMS_SIZE) {
    throw new SecurityError('oversize', 'claim', `claims of ${bytes.length} bytes`);
  }
  const packed = bytes.length < COMPRESSION_THRESHOLD ? undefined : compressXpressHuffman(bytes);
  const claimsSet = packed ?? bytes;
  return encodeNdr(metadata, {
    claimsSetSize: claimsSet.length,
    claimsSet,
    format: packed === undefined ? Compression.none : Compression.xpressHuffman,
    uncompressedSize: bytes.length,
    reservedType: 0,
    reservedSize: 0,
    reserved: null,
  });
}

/**
 * The claims as access checks look them up. The last claim of an ID counts, as on Windows; where
 * one has the same value twice, none is to be trusted. An empty text, which no directory gives,
 * makes no claim.
 */
export function claimsOfSet(set: ClaimsSet): Claims {
  const entries = set.flatMap(({ entries: own }) => own);
  for (const { claim } of entries) refuseDoubles(claim);
  const usable = entries.filter(
    ({ claim }) => claim.type !== 'string' || !claim.values.includes(''),
  );
  return claimsOf(usable.map(({ id, claim }): [string, Claim] => [id, claim]));
}

function refuseDoubles({ values }: PacClaim): void {
  const keys = values.map((value) => (typeof value === 'string' ? upperCase(value) : value));
  if (new Set(keys).size < keys.length) {
    throw new SecurityError('value', 'claim', 'the same value twice');
  }
}

function unpacked(packed: Uint8Array, format: number, size: number): Uint8Array {
  if (size > MAX_CLAIMS_SIZE) throw new SecurityError('oversize', 'claim', `${size} bytes`);
  if (format === Compression.none) {
    if (size !== packed.length) throw badLength('an unpacked claims set');
    return packed;
  }
  if (format !== Compression.xpressHuffman) {
    throw new SecurityError('unsupported', 'claim', `compression format ${format}`);
  }
  return decompressXpressHuffman(packed, size);
}

/** A text with its terminator. */
const text: NdrType<string> = mapped(
  conformantVaryingArray(u16, MAX_CLAIM_TEXT),
  (units) => {
    if (units.at(-1) !== 0) throw new SecurityError('value', 'claim', 'a text without an end');
    let value = '';
    for (const unit of units.slice(0, -1)) value += String.fromCharCode(unit);
    return value;
  },
  unitsOf,
);

function unitsOf(value: string): number[] {
  const units: number[] = [];
  for (let index = 0; index < value.length; index += 1) units.push(value.charCodeAt(index));
  units.push(0);
  return units;
}

const numbers = struct({
  count: u32,
  values: pointer(conformantArray(hyper, MAX_CLAIM_VALUES)),
});
const texts = struct({
  count: u32,
  values: pointer(conformantArray(pointer(text), MAX_CLAIM_VALUES)),
});

/** CLAIM_TYPE (MS-ADTS 2.2.18.1). */
const TYPES = { integer: 1, unsigned: 2, string: 3, boolean: 6 } as const;

/**
 * CLAIM_ENTRY (MS-ADTS 2.2.18.5), whose union NDR precedes with its tag once more. Of a type that
 * it does not know, the union has nothing: such an entry is passed over.
 */
const entry: NdrType<ClaimEntry | undefined> = {
  align: 4,
  minSize: 8,
  read: (reader) => {
    const id = pointer(text).read(reader);
    const type = reader.u16();
    if (reader.u16() !== type) throw new SecurityError('value', 'claim', 'two types of one claim');
    if (type === TYPES.string) {
      const values = texts.read(reader);
      return () => ({ id: idOf(id()), claim: stringClaim(values()) });
    }
    if (type !== TYPES.integer && type !== TYPES.unsigned && type !== TYPES.boolean) {
      return () => {
        id();
        return undefined;
      };
    }
    const values = numbers.read(reader);
    return () => {
      const name = idOf(id());
      const claim = numberClaim(type, values());
      return claim === undefined ? undefined : { id: name, claim };
    };
  },
  write: (writer, given) => {
    if (given === undefined) throw new TypeError('an entry of no known type is not written');
    const { id, claim } = given;
    const writeId = pointer(text).write(writer, id);
    writer.u16(TYPES[claim.type]);
    writer.u16(TYPES[claim.type]);
    const count = claim.values.length;
    const writeValues =
      claim.type === 'string'
        ? texts.write(writer, { count, values: claim.values })
        : numbers.write(writer, { count, values: claim.values.map(toHyper) });
    return () => {
      writeId?.();
      writeValues?.();
    };
  },
};

const claimsArray = struct({
  source: u16,
  count: u32,
  entries: pointer(conformantArray(entry, MAX_CLAIMS)),
});

/** CLAIMS_SET (MS-ADTS 2.2.18.7). */
const claimsSetType = struct({
  count: u32,
  arrays: pointer(conformantArray(claimsArray, MAX_CLAIMS)),
  reservedType: u16,
  reservedSize: u32,
  reserved: pointer(conformantBytes),
});

/** CLAIMS_SET_METADATA (MS-ADTS 2.2.18.8). */
const metadata = struct({
  claimsSetSize: u32,
  claimsSet: pointer(conformantBytes),
  format: u16,
  uncompressedSize: u32,
  reservedType: u16,
  reservedSize: u32,
  reserved: pointer(conformantBytes),
});

/** CLAIMS_SOURCE_TYPE (MS-ADTS 2.2.18.2). */
const SOURCES = { ad: 1, certificate: 2 } as const;

function fromWire(wire: NdrValue<typeof claimsSetType>): ClaimsSet {
  // Of other sources than these Windows takes no claims.
  return listOf(wire.arrays, wire.count).flatMap(({ source, count, entries }): ClaimsArray[] => {
    const own = listOf(entries, count).filter((each) => each !== undefined);
    if (source === SOURCES.ad) return [{ source: 'ad', entries: own }];
    return source === SOURCES.certificate ? [{ source: 'certificate', entries: own }] : [];
  });
}

function toWire(set: ClaimsSet): NdrValue<typeof claimsSetType> {
  const arrays = set.map(({ source, entries }) => ({
    source: SOURCES[source],
    count: entries.length,
    entries: entries.length === 0 ? null : entries,
  }));
  return {
    count: arrays.length,
    arrays: arrays.length === 0 ? null : arrays,
    reservedType: 0,
    reservedSize: 0,
    reserved: null,
  };
}

function idOf(id: string | null): string {
  if (id === null) throw new SecurityError('value', 'claim', 'a claim without an ID');
  return id;
}

function stringClaim({ count, values }: NdrValue<typeof texts>): PacClaim {
  const known = listOf(values, count).map((value) => {
    if (value === null) throw new SecurityError('value', 'claim', 'a value is NULL');
    return value;
  });
  return { type: 'string', values: known };
}

/** undefined: booleans that are neither 0 nor 1 say nothing. */
function numberClaim(
  type: number,
  { count, values }: NdrValue<typeof numbers>,
): PacClaim | undefined {
  const known = listOf(values, count);
  if (type === TYPES.unsigned) return { type: 'unsigned', values: known };
  if (type === TYPES.integer) {
    return { type: 'integer', values: known.map((value) => BigInt.asIntN(64, value)) };
  }
  if (known.some((value) => value > 1n)) return undefined;
  return { type: 'boolean', values: known.map((value) => value !== 0n) };
}

function toHyper(value: bigint | boolean): bigint {
  return typeof value === 'boolean' ? BigInt(value) : BigInt.asUintN(64, value);
}

/** A list behind a pointer; its count stands apart from it and must agree. */
function listOf<T>(list: readonly T[] | null, count: number): readonly T[] {
  if ((list?.length ?? 0) !== count) throw badLength('a list of claims');
  return list ?? [];
}

function badLength(what: string): SecurityError {
  return new SecurityError('length', 'claim', `${what} does not match its size`);
}
