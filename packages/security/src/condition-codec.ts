import { fromUtf16le, utf16le } from '@doublehop/wire/bytes';
import { CONDITION_SIGNATURE } from './ace.ts';
import { SecurityError } from './errors.ts';
import { MAX_ACL_SIZE, MAX_CONDITION_TOKENS } from './limits.ts';
import { type Sid, decodeSid, encodeSid, sidSize } from './sid.ts';

/** Byte codes of the operators (MS-DTYP 2.4.4.17.6, 2.4.4.17.7), by their SDDL spelling. */
export const operatorCodes = {
  '==': 0x80,
  '!=': 0x81,
  '<': 0x82,
  '<=': 0x83,
  '>': 0x84,
  '>=': 0x85,
  Contains: 0x86,
  Exists: 0x87,
  Any_of: 0x88,
  Member_of: 0x89,
  Device_Member_of: 0x8a,
  Member_of_Any: 0x8b,
  Device_Member_of_Any: 0x8c,
  Not_Exists: 0x8d,
  Not_Contains: 0x8e,
  Not_Any_of: 0x8f,
  Not_Member_of: 0x90,
  Not_Device_Member_of: 0x91,
  Not_Member_of_Any: 0x92,
  Not_Device_Member_of_Any: 0x93,
  '&&': 0xa0,
  '||': 0xa1,
  '!': 0xa2,
} as const;

/** An operator by its SDDL spelling. */
export type Operator = keyof typeof operatorCodes;

/** Sign and base of an integer literal: how it is written, and whether it counts as negative. */
export type Sign = 'plus' | 'minus' | 'none';
export type Base = 8 | 10 | 16;

/** A signed 64-bit literal and how it was written (MS-DTYP 2.4.4.17.5). */
export interface IntegerLiteral {
  readonly kind: 'integer';
  /** As stored, in two's complement. */
  readonly value: bigint;
  /** Byte code, 1 to 4: the size the author had in mind. */
  readonly size: number;
  readonly sign: Sign;
  readonly base: Base;
}

/** Literals that may be in a composite. */
export type SimpleLiteral =
  | IntegerLiteral
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'octets'; readonly value: Uint8Array }
  | { readonly kind: 'sid'; readonly value: Sid };

/** A literal: one value, or a composite of several (MS-DTYP 2.4.4.17.5). */
export type Literal =
  | SimpleLiteral
  | { readonly kind: 'composite'; readonly items: readonly SimpleLiteral[] };

/** Where an attribute is looked up (MS-DTYP 2.4.4.17.8). */
export type AttributeSource = 'local' | 'user' | 'resource' | 'device';

/** An attribute by its name (MS-DTYP 2.4.4.17.8). */
export interface AttributeToken {
  readonly kind: 'attribute';
  readonly source: AttributeSource;
  readonly name: string;
}

/** One token of a conditional expression in postfix order (MS-DTYP 2.4.4.17.4). */
export type ConditionToken =
  | Literal
  | AttributeToken
  | { readonly kind: 'operator'; readonly operator: Operator };

const TOKEN_STRING = 0x10;
const TOKEN_OCTETS = 0x18;
const TOKEN_COMPOSITE = 0x50;
const TOKEN_SID = 0x51;
const INTEGER_SIZE = 10;

const SIGNS: readonly Sign[] = ['plus', 'minus', 'none'];
const BASES: readonly Base[] = [8, 10, 16];
const SOURCE_CODES = {
  local: 0xf8,
  user: 0xf9,
  resource: 0xfa,
  device: 0xfb,
} as const satisfies Record<AttributeSource, number>;
const SOURCES: ReadonlyMap<number, AttributeSource> = new Map(
  // As below: the keys are exactly the names.
  (Object.keys(SOURCE_CODES) as AttributeSource[]).map((name) => [SOURCE_CODES[name], name]),
);
const OPERATORS: ReadonlyMap<number, Operator> = new Map(
  // The keys of an object literal without a wider type are exactly its names.
  (Object.keys(operatorCodes) as Operator[]).map((name) => [operatorCodes[name], name]),
);

/** Reads a conditional expression with its `artx`; throws SecurityError. */
export function decodeCondition(bytes: Uint8Array): readonly ConditionToken[] {
  if (bytes.length > MAX_ACL_SIZE) throw new SecurityError('oversize', 'condition', 'too long');
  if (!CONDITION_SIGNATURE.every((byte, index) => bytes[index] === byte)) {
    throw new SecurityError('value', 'condition', 'does not start with artx');
  }
  const cursor = new Cursor(bytes, CONDITION_SIGNATURE.length);
  const tokens: ConditionToken[] = [];
  while (!cursor.atEnd()) {
    if (tokens.length >= MAX_CONDITION_TOKENS) {
      throw new SecurityError('oversize', 'condition', `more than ${tokens.length} tokens`);
    }
    const place = cursor.at;
    const code = cursor.u8();
    if (code === 0) {
      cursor.padding();
      break;
    }
    tokens.push(readToken(cursor, code, place));
  }
  return tokens;
}

/** Writes a conditional expression with its `artx`, padded to a multiple of four. */
export function encodeCondition(tokens: readonly ConditionToken[]): Uint8Array {
  const out: number[] = [...CONDITION_SIGNATURE];
  for (const token of tokens) writeToken(out, token);
  while (out.length % 4 !== 0) out.push(0);
  if (out.length > MAX_ACL_SIZE) throw new SecurityError('oversize', 'condition', 'too long');
  return Uint8Array.from(out);
}

function readToken(cursor: Cursor, code: number, place: number): ConditionToken {
  const operator = OPERATORS.get(code);
  if (operator !== undefined) return { kind: 'operator', operator };
  const source = SOURCES.get(code);
  if (source !== undefined) return { kind: 'attribute', source, name: readString(cursor) };
  if (code !== TOKEN_COMPOSITE) return readLiteral(cursor, code, place);
  const inner = new Cursor(cursor.block(), 0);
  const items: SimpleLiteral[] = [];
  while (!inner.atEnd()) {
    if (items.length >= MAX_CONDITION_TOKENS) {
      throw new SecurityError('oversize', 'condition', `more than ${items.length} values`);
    }
    items.push(readLiteral(inner, inner.u8(), place));
  }
  return { kind: 'composite', items };
}

function readLiteral(cursor: Cursor, code: number, place: number): SimpleLiteral {
  if (code >= 1 && code <= 4) return readInteger(cursor, code, place);
  switch (code) {
    case TOKEN_STRING:
      return { kind: 'string', value: readString(cursor) };
    case TOKEN_OCTETS:
      return { kind: 'octets', value: cursor.block() };
    case TOKEN_SID: {
      const block = cursor.block();
      if (sidSize(block) !== block.length) {
        throw new SecurityError('length', 'condition', 'SID does not fill its token');
      }
      return { kind: 'sid', value: decodeSid(block) };
    }
    default:
      throw new SecurityError('value', 'condition', `token ${code}`, { offset: place });
  }
}

function readInteger(cursor: Cursor, size: number, place: number): IntegerLiteral {
  const block = cursor.take(INTEGER_SIZE);
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const sign = SIGNS[view.getUint8(8) - 1];
  const base = BASES[view.getUint8(9) - 1];
  if (sign === undefined || base === undefined) {
    throw new SecurityError('value', 'condition', 'sign or base of a number', { offset: place });
  }
  return { kind: 'integer', value: view.getBigInt64(0, true), size, sign, base };
}

function readString(cursor: Cursor): string {
  const block = cursor.block();
  if (block.length % 2 !== 0) {
    throw new SecurityError('length', 'condition', 'text of an odd length');
  }
  return fromUtf16le(block);
}

function writeToken(out: number[], token: ConditionToken): void {
  if (token.kind === 'operator') {
    out.push(operatorCodes[token.operator]);
  } else if (token.kind === 'attribute') {
    out.push(SOURCE_CODES[token.source]);
    writeBlock(out, utf16le(token.name));
  } else if (token.kind === 'composite') {
    const inner: number[] = [];
    for (const item of token.items) writeLiteral(inner, item);
    out.push(TOKEN_COMPOSITE);
    writeBlock(out, inner);
  } else {
    writeLiteral(out, token);
  }
}

function writeLiteral(out: number[], literal: SimpleLiteral): void {
  if (literal.kind === 'integer') {
    const quad = new Uint8Array(8);
    new DataView(quad.buffer).setBigInt64(0, literal.value, true);
    out.push(literal.size, ...quad);
    out.push(SIGNS.indexOf(literal.sign) + 1, BASES.indexOf(literal.base) + 1);
  } else if (literal.kind === 'string') {
    out.push(TOKEN_STRING);
    writeBlock(out, utf16le(literal.value));
  } else if (literal.kind === 'octets') {
    out.push(TOKEN_OCTETS);
    writeBlock(out, literal.value);
  } else {
    out.push(TOKEN_SID);
    writeBlock(out, encodeSid(literal.value));
  }
}

function writeBlock(out: number[], block: ArrayLike<number>): void {
  const { length } = block;
  out.push(length & 0xff, (length >>> 8) & 0xff, (length >>> 16) & 0xff, length >>> 24);
  for (let index = 0; index < length; index += 1) out.push(block[index] ?? 0);
}

/** Walks over the bytes of an expression; never past their end. */
class Cursor {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  atEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  u8(): number {
    return this.take(1)[0] ?? 0;
  }

  take(length: number): Uint8Array {
    const { at } = this;
    if (at + length > this.#bytes.length) {
      throw new SecurityError('truncated', 'condition', 'a token is cut off', { offset: at });
    }
    this.at = at + length;
    return this.#bytes.subarray(at, at + length);
  }

  /** A length of 32 bits and that many bytes. */
  block(): Uint8Array {
    const head = this.take(4);
    return this.take(new DataView(head.buffer, head.byteOffset, 4).getUint32(0, true));
  }

  /** Zeros up to the end of the ACE, fewer than four altogether (MS-DTYP 2.4.4.17.4). */
  padding(): void {
    const rest = this.#bytes.subarray(this.at);
    if (rest.length > 2 || rest.some((byte) => byte !== 0)) {
      throw new SecurityError('value', 'condition', 'padding is not', { offset: this.at });
    }
    this.at = this.#bytes.length;
  }
}
