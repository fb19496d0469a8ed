import { fromHex, toHex } from '@doublehop/wire/bytes';
import type { Claim } from './claims.ts';
import { SecurityError } from './errors.ts';
import { MAX_CONDITION_TOKENS } from './limits.ts';
import type { ResourceAttribute } from './resource-attribute.ts';
import type { SddlCursor } from './sddl-cursor.ts';
import type { Sid } from './sid.ts';
import type { SddlDomain } from './well-known-sids.ts';

const LETTERS = {
  integer: 'TI',
  unsigned: 'TU',
  string: 'TS',
  sid: 'TD',
  octets: 'TX',
  boolean: 'TB',
} as const satisfies Record<Claim['type'], string>;

const STRING = /"[^"]*"/y;
const TYPE = /T[IUSDXB]/iy;
const FLAGS = /0x[0-9a-f]{1,8}/iy;
const NUMBER = /[+-]?(?:0x[0-9a-f]{1,16}|[0-9]{1,20})/iy;
const OCTETS = /(?:[0-9a-f]{2})*/iy;
const BIT = /[01]/y;
const CASE_SENSITIVE = 2;

/** Reads attribute-data with its parentheses (MS-DTYP 2.5.1.1, resource-attribute-ace). */
export function parseResourceAttribute(cursor: SddlCursor, domain: SddlDomain): ResourceAttribute {
  cursor.expect('(');
  cursor.space();
  const name = quoted(cursor);
  comma(cursor);
  const type = (
    cursor.take(TYPE) ?? cursor.fail('expected the type of an attribute')
  ).toUpperCase();
  comma(cursor);
  const flags = Number(cursor.take(FLAGS) ?? cursor.fail('expected the flags of an attribute'));
  const claim = readClaim(cursor, type, flags, domain);
  cursor.space();
  cursor.expect(')');
  return { name, flags, claim };
}

/** Writes attribute-data with its parentheses. */
export function formatResourceAttribute(
  attribute: ResourceAttribute,
  sidText: (sid: Sid) => string,
): string {
  const { name, flags, claim } = attribute;
  const head = [quote(name), LETTERS[claim.type], `0x${flags.toString(16)}`];
  return `(${[...head, ...valueTexts(claim, sidText)].join(',')})`;
}

function readClaim(cursor: SddlCursor, type: string, flags: number, domain: SddlDomain): Claim {
  switch (type) {
    case LETTERS.integer:
      return { type: 'integer', values: list(cursor, () => integer(cursor, 'signed')) };
    case LETTERS.unsigned:
      return { type: 'unsigned', values: list(cursor, () => integer(cursor, 'unsigned')) };
    case LETTERS.sid:
      return { type: 'sid', values: list(cursor, () => cursor.sid(domain)) };
    case LETTERS.octets:
      return { type: 'octets', values: list(cursor, () => octets(cursor)) };
    case LETTERS.boolean: {
      const bit = (): boolean => (cursor.take(BIT) ?? cursor.fail('expected 0 or 1')) === '1';
      return { type: 'boolean', values: list(cursor, bit) };
    }
    default: {
      const values = list(cursor, () => quoted(cursor));
      const caseSensitive = (flags & CASE_SENSITIVE) !== 0;
      return { type: 'string', values, ...(caseSensitive ? { caseSensitive } : {}) };
    }
  }
}

function list<T>(cursor: SddlCursor, item: () => T): T[] {
  const values: T[] = [];
  for (;;) {
    cursor.space();
    if (!cursor.accept(',')) return values;
    if (values.length >= MAX_CONDITION_TOKENS) cursor.fail('too many values');
    cursor.space();
    values.push(item());
  }
}

function comma(cursor: SddlCursor): void {
  cursor.space();
  cursor.expect(',');
  cursor.space();
}

function quoted(cursor: SddlCursor): string {
  return (cursor.take(STRING) ?? cursor.fail('expected a quoted text')).slice(1, -1);
}

function integer(cursor: SddlCursor, kind: 'signed' | 'unsigned'): bigint {
  const text = cursor.take(NUMBER) ?? cursor.fail('expected a number');
  const size = BigInt(text.replace(/^[+-]/, ''));
  const value = text.startsWith('-') ? -size : size;
  const fits = kind === 'signed' ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
  return fits === value ? value : cursor.fail('number does not fit in 64 bits');
}

function octets(cursor: SddlCursor): Uint8Array {
  cursor.accept('#');
  return fromHex(cursor.take(OCTETS) ?? '');
}

function valueTexts(claim: Claim, sidText: (sid: Sid) => string): string[] {
  if (claim.type === 'string') return claim.values.map(quote);
  if (claim.type === 'sid') return claim.values.map(sidText);
  if (claim.type === 'octets') return claim.values.map((value) => `#${toHex(value)}`);
  if (claim.type === 'boolean') return claim.values.map((value) => (value ? '1' : '0'));
  return claim.values.map(String);
}

function quote(text: string): string {
  if (text.includes('"')) {
    throw new SecurityError('unsupported', 'sddl', 'quotation mark in a resource attribute');
  }
  return `"${text}"`;
}
