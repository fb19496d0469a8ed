import { concat, fromUtf16le, utf16le } from '@doublehop/wire/bytes';
import { AceType } from './ace.ts';
import type { Claim, Claims } from './claims.ts';
import type { Acl } from './descriptor.ts';
import { SecurityError } from './errors.ts';
import { MAX_CONDITION_TOKENS } from './limits.ts';
import { type Sid, decodeSid, encodeSid, sidSize } from './sid.ts';

/** A resource attribute: the application data of an RA ACE (MS-DTYP 2.4.4.15, 2.4.10.1). */
export interface ResourceAttribute {
  readonly name: string;
  /** CLAIM_SECURITY_ATTRIBUTE flags, custom bits in the upper half. */
  readonly flags: number;
  readonly claim: Claim;
}

/** Value types of CLAIM_SECURITY_ATTRIBUTE_RELATIVE_V1 (MS-DTYP 2.4.10.1). */
const VALUE_TYPES = {
  integer: 1,
  unsigned: 2,
  string: 3,
  sid: 5,
  boolean: 6,
  octets: 16,
} as const satisfies Record<Claim['type'], number>;

const CASE_SENSITIVE = 0x0002;
const HEADER = 16;

/** Reads CLAIM_SECURITY_ATTRIBUTE_RELATIVE_V1. */
export function decodeResourceAttribute(bytes: Uint8Array): ResourceAttribute {
  if (bytes.length < HEADER) throw new SecurityError('truncated', 'claim', 'no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const type = view.getUint16(4, true);
  const flags = view.getUint32(8, true);
  const count = view.getUint32(12, true);
  if (count > MAX_CONDITION_TOKENS || HEADER + 4 * count > bytes.length) {
    throw new SecurityError('oversize', 'claim', `${count} values`);
  }
  const offsets: number[] = [];
  for (let index = 0; index < count; index += 1) {
    offsets.push(view.getUint32(HEADER + 4 * index, true));
  }
  const reader = new ValueReader(bytes);
  const name = reader.text(view.getUint32(0, true));
  return { name, flags, claim: readClaim(reader, type, flags, offsets) };
}

/** Writes CLAIM_SECURITY_ATTRIBUTE_RELATIVE_V1; each part on a multiple of four. */
export function encodeResourceAttribute(attribute: ResourceAttribute): Uint8Array {
  const { claim, flags } = attribute;
  const values = valueBytes(claim);
  const parts = [padded(concat(utf16le(attribute.name), new Uint8Array(2))), ...values.map(padded)];
  const start = HEADER + 4 * values.length;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, start));
  const view = new DataView(bytes.buffer);
  view.setUint16(4, VALUE_TYPES[claim.type], true);
  view.setUint32(8, flags, true);
  view.setUint32(12, values.length, true);
  let at = start;
  for (const [index, part] of parts.entries()) {
    view.setUint32(index === 0 ? 0 : HEADER + 4 * (index - 1), at, true);
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The resource attributes of a SACL, as conditions look them up (MS-DTYP 2.5.3.1.7). */
export function resourceClaims(sacl: Acl | 'null' | undefined): Claims {
  const claims = new Map<string, Claim>();
  if (sacl === undefined || sacl === 'null') return claims;
  for (const ace of sacl.aces) {
    if (ace.type !== AceType.resourceAttribute || ace.applicationData === undefined) continue;
    const { name, claim } = decodeResourceAttribute(ace.applicationData);
    const key = name.toLowerCase();
    if (!claims.has(key)) claims.set(key, claim);
  }
  return claims;
}

function readClaim(
  reader: ValueReader,
  type: number,
  flags: number,
  offsets: readonly number[],
): Claim {
  switch (type) {
    case VALUE_TYPES.integer: {
      const values = offsets.map((at) => BigInt.asIntN(64, reader.quad(at)));
      return { type: 'integer', values };
    }
    case VALUE_TYPES.unsigned:
      return { type: 'unsigned', values: offsets.map((at) => reader.quad(at)) };
    case VALUE_TYPES.boolean:
      return { type: 'boolean', values: offsets.map((at) => reader.quad(at) !== 0n) };
    case VALUE_TYPES.string: {
      const values = offsets.map((at) => reader.text(at));
      const caseSensitive = (flags & CASE_SENSITIVE) !== 0;
      return { type: 'string', values, ...(caseSensitive ? { caseSensitive } : {}) };
    }
    case VALUE_TYPES.octets:
      return { type: 'octets', values: offsets.map((at) => reader.octets(at)) };
    case VALUE_TYPES.sid:
      return { type: 'sid', values: offsets.map((at) => wholeSid(reader.octets(at))) };
    default:
      throw new SecurityError('value', 'claim', `value type ${type}`);
  }
}

function wholeSid(octets: Uint8Array): Sid {
  if (sidSize(octets) !== octets.length) {
    throw new SecurityError('length', 'claim', 'SID does not fill its place');
  }
  return decodeSid(octets);
}

/**
 * Reads values at offsets that the peer chose. Together they may not be larger than the whole:
 * thousands of offsets that point to one long text would otherwise read it thousands of times.
 */
class ValueReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #left: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#left = bytes.length;
  }

  quad(at: number): bigint {
    this.#spend(at, 8);
    return this.#view.getBigUint64(at, true);
  }

  octets(at: number): Uint8Array {
    this.#spend(at, 4);
    const length = this.#view.getUint32(at, true);
    this.#spend(at + 4, length);
    return this.#bytes.subarray(at + 4, at + 4 + length);
  }

  /** Text up to a zero character. */
  text(at: number): string {
    let end = at;
    for (;;) {
      this.#spend(end, 2);
      if (this.#view.getUint16(end, true) === 0) break;
      end += 2;
    }
    return fromUtf16le(this.#bytes.subarray(at, end));
  }

  #spend(at: number, length: number): void {
    this.#left -= length;
    if (at + length > this.#bytes.length || this.#left < 0) {
      throw new SecurityError('truncated', 'claim', 'a value is cut off', { offset: at });
    }
  }
}

function valueBytes(claim: Claim): Uint8Array[] {
  if (claim.type === 'string') {
    return claim.values.map((value) => concat(utf16le(value), new Uint8Array(2)));
  }
  if (claim.type === 'sid') return claim.values.map((value) => counted(encodeSid(value)));
  if (claim.type === 'octets') return claim.values.map(counted);
  return claim.values.map((value) => quad(BigInt(value)));
}

function quad(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return bytes;
}

function counted(octets: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + octets.length);
  new DataView(bytes.buffer).setUint32(0, octets.length, true);
  bytes.set(octets, 4);
  return bytes;
}

function padded(bytes: Uint8Array): Uint8Array {
  return bytes.length % 4 === 0 ? bytes : concat(bytes, new Uint8Array(4 - (bytes.length % 4)));
}
