import {
  type AttributeSource,
  type AttributeToken,
  type ConditionToken,
  type IntegerLiteral,
  type Operator,
  type SimpleLiteral,
  operatorCodes,
} from './condition-codec.ts';
import { toHex } from '@doublehop/wire/bytes';
import { SecurityError } from './errors.ts';
import { MAX_CONDITION_NESTING, MAX_CONDITION_TOKENS } from './limits.ts';
import type { SddlCursor } from './sddl-cursor.ts';
import type { Sid } from './sid.ts';
import type { SddlDomain } from './well-known-sids.ts';

/**
 * Reads a condition with its parentheses (MS-DTYP 2.5.1.1, cond-expr) into postfix order. The
 * precedence is that of 2.5.1.3: terms, `!`, `&&`, `||`.
 */
export function parseCondition(cursor: SddlCursor, domain: SddlDomain): ConditionToken[] {
  const parser = new Parser(cursor, domain);
  cursor.expect('(');
  parser.or(0);
  cursor.expect(')');
  return parser.tokens;
}

/** Writes a condition as `parseCondition` reads it, with as few parentheses as it needs. */
export function formatCondition(
  tokens: readonly ConditionToken[],
  sidText: (sid: Sid) => string,
): string {
  const stack: Phrase[] = [];
  for (const token of tokens) {
    if (token.kind === 'operator') {
      const right = popPhrase(stack);
      const binary = isBinary(token.operator);
      stack.push(combine(token.operator, binary ? popPhrase(stack) : undefined, right));
    } else {
      stack.push({ text: operandText(token, sidText), rank: TERM });
    }
  }
  const [phrase, more] = stack;
  if (phrase === undefined || more !== undefined) malformed();
  return `(${phrase.text})`;
}

const WORDS = Object.keys(operatorCodes).filter((name) => /^[A-Z]/.test(name));
/** Operator words by lower-case spelling; WORDS holds keys of `operatorCodes` only. */
const WORD_OPERATORS = new Map(WORDS.map((name) => [name.toLowerCase(), name as Operator]));

const SYMBOLS: readonly Operator[] = ['==', '!=', '<=', '>=', '<', '>'];
const RELATIONS: ReadonlySet<Operator> = new Set<Operator>([
  'Contains',
  'Not_Contains',
  'Any_of',
  'Not_Any_of',
]);
const EXISTENCE: ReadonlySet<Operator> = new Set<Operator>(['Exists', 'Not_Exists']);

const WORD = /[A-Za-z_]+/y;
const SIMPLE_NAME = /[A-Za-z0-9:./_%][A-Za-z0-9:./_@%]*/y;
const PREFIXED_NAME = /[A-Za-z0-9#$'*+\-./:;?@[\\\]^_`{}~%\u0080-\uffff]+/y;
const INTEGER = /[+-]?(?:0x[0-9a-f]{1,16}|[0-9]{1,22})/iy;
const STRING = /"[^"]*"/y;
const OCTETS = /#(?:[0-9a-f]{2})*/iy;
const PREFIXES: readonly (readonly [string, AttributeSource])[] = [
  ['@user.', 'user'],
  ['@device.', 'device'],
  ['@resource.', 'resource'],
];

class Parser {
  readonly tokens: ConditionToken[] = [];
  readonly #cursor: SddlCursor;
  readonly #domain: SddlDomain;

  constructor(cursor: SddlCursor, domain: SddlDomain) {
    this.#cursor = cursor;
    this.#domain = domain;
  }

  or(depth: number): void {
    this.#chain('||', () => this.#chain('&&', () => this.#factor(depth)));
  }

  #chain(operator: '||' | '&&', part: () => void): void {
    part();
    for (;;) {
      this.#cursor.space();
      if (!this.#cursor.accept(operator)) return;
      part();
      this.#push({ kind: 'operator', operator });
    }
  }

  #factor(depth: number): void {
    const cursor = this.#cursor;
    if (depth > MAX_CONDITION_NESTING) {
      throw new SecurityError('depth', 'sddl', 'condition is nested too deeply');
    }
    cursor.space();
    if (cursor.accept('!')) {
      this.#factor(depth + 1);
      this.#push({ kind: 'operator', operator: '!' });
    } else if (cursor.accept('(')) {
      this.or(depth + 1);
      cursor.space();
      cursor.expect(')');
    } else {
      this.#term();
      cursor.space();
    }
  }

  #term(): void {
    const cursor = this.#cursor;
    const start = cursor.at;
    const word = this.#word();
    if (word !== undefined && EXISTENCE.has(word)) {
      cursor.space();
      this.#push(this.#attribute());
      this.#push({ kind: 'operator', operator: word });
    } else if (word !== undefined && !RELATIONS.has(word)) {
      cursor.space();
      this.#push(this.#sids());
      this.#push({ kind: 'operator', operator: word });
    } else {
      cursor.at = start;
      this.#relation();
    }
  }

  #relation(): void {
    const cursor = this.#cursor;
    this.#push(this.#attribute());
    cursor.space();
    const start = cursor.at;
    const symbol = SYMBOLS.find((candidate) => cursor.accept(candidate));
    const operator = symbol ?? this.#word();
    if (operator === undefined || (symbol === undefined && !RELATIONS.has(operator))) {
      cursor.at = start;
      return;
    }
    cursor.space();
    this.#push(this.#operand());
    this.#push({ kind: 'operator', operator });
  }

  #word(): Operator | undefined {
    return WORD_OPERATORS.get(this.#cursor.take(WORD)?.toLowerCase() ?? '');
  }

  #attribute(): AttributeToken {
    const cursor = this.#cursor;
    for (const [prefix, source] of PREFIXES) {
      if (!cursor.accept(prefix)) continue;
      const name = cursor.take(PREFIXED_NAME) ?? cursor.fail('expected the name of an attribute');
      return { kind: 'attribute', source, name: unescape(name) };
    }
    const name = cursor.take(SIMPLE_NAME) ?? cursor.fail('expected the name of an attribute');
    return { kind: 'attribute', source: 'local', name: unescape(name) };
  }

  #operand(): ConditionToken {
    const cursor = this.#cursor;
    if (cursor.sees('@')) return this.#attribute();
    if (!cursor.sees('{')) return this.#literal();
    return { kind: 'composite', items: this.#list(() => this.#literal()) };
  }

  #sids(): ConditionToken {
    if (!this.#cursor.sees('{')) return this.#sid();
    return { kind: 'composite', items: this.#list(() => this.#sid()) };
  }

  #list(item: () => SimpleLiteral): SimpleLiteral[] {
    const cursor = this.#cursor;
    const items: SimpleLiteral[] = [];
    cursor.expect('{');
    cursor.space();
    while (!cursor.accept('}')) {
      if (items.length > 0) cursor.expect(',');
      cursor.space();
      if (items.length >= MAX_CONDITION_TOKENS) cursor.fail('too many values');
      items.push(item());
      cursor.space();
    }
    return items;
  }

  #sid(): SimpleLiteral {
    const cursor = this.#cursor;
    cursor.expect('SID(');
    const value = cursor.sid(this.#domain);
    cursor.expect(')');
    return { kind: 'sid', value };
  }

  #literal(): SimpleLiteral {
    const cursor = this.#cursor;
    if (cursor.sees('SID(')) return this.#sid();
    const string = cursor.take(STRING);
    if (string !== undefined) return { kind: 'string', value: unquote(string) };
    const octets = cursor.take(OCTETS);
    if (octets !== undefined) return { kind: 'octets', value: octetsOf(octets.slice(1)) };
    const number = cursor.take(INTEGER) ?? cursor.fail('expected a value');
    return integerOf(number) ?? cursor.fail('number does not fit in 64 bits');
  }

  #push(token: ConditionToken): void {
    if (this.tokens.length >= MAX_CONDITION_TOKENS) this.#cursor.fail('condition is too long');
    this.tokens.push(token);
  }
}

function integerOf(text: string): IntegerLiteral | undefined {
  const digits = text.replace(/^[+-]/, '');
  const base = /^0x/i.test(digits) ? 16 : /^0[0-7]+$/.test(digits) ? 8 : 10;
  const size = BigInt(base === 8 ? `0o${digits.slice(1)}` : digits.replace(/^0+(?=[0-9])/, ''));
  const value = text.startsWith('-') ? -size : size;
  if (BigInt.asIntN(64, value) !== value) return undefined;
  const sign = text.startsWith('-') ? 'minus' : text.startsWith('+') ? 'plus' : 'none';
  return { kind: 'integer', value, size: INT64, sign, base };
}

/** Byte code of a 64-bit literal, which is what text is read as. */
const INT64 = 4;

function octetsOf(digits: string): Uint8Array {
  const octets = new Uint8Array(digits.length / 2);
  for (let at = 0; at < octets.length; at += 1) {
    octets[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  }
  return octets;
}

interface Phrase {
  readonly text: string;
  /** How tightly it holds together: one of the four below. */
  readonly rank: number;
}

const OR = 0;
const AND = 1;
const NOT = 2;
const TERM = 3;

function isBinary(operator: Operator): boolean {
  const code = operatorCodes[operator];
  return operator === '&&' || operator === '||' || (code <= 0x88 && operator !== 'Exists')
    ? true
    : operator === 'Not_Contains' || operator === 'Not_Any_of';
}

function combine(operator: Operator, left: Phrase | undefined, right: Phrase): Phrase {
  if (operator === '!') return { text: `!(${right.text})`, rank: NOT };
  if (left === undefined) return { text: `${operator} ${right.text}`, rank: TERM };
  const rank = operator === '||' ? OR : operator === '&&' ? AND : TERM;
  // Chains are read from left to right, so only a right side of the same rank needs brackets.
  return { text: `${held(left, rank)} ${operator} ${held(right, rank + 1)}`, rank };
}

function held(phrase: Phrase, rank: number): string {
  return phrase.rank >= Math.min(rank, TERM) ? phrase.text : `(${phrase.text})`;
}

function popPhrase(stack: Phrase[]): Phrase {
  return stack.pop() ?? malformed();
}

function malformed(): never {
  throw new SecurityError('value', 'condition', 'operators and operands do not add up');
}

type Operand = Exclude<ConditionToken, { kind: 'operator' }>;

function operandText(token: Operand, sidText: (sid: Sid) => string): string {
  if (token.kind === 'attribute') return attributeText(token);
  if (token.kind !== 'composite') return literalText(token, sidText);
  return `{${token.items.map((item) => literalText(item, sidText)).join(', ')}}`;
}

function literalText(literal: SimpleLiteral, sidText: (sid: Sid) => string): string {
  if (literal.kind === 'integer') return integerText(literal);
  if (literal.kind === 'string') return quote(literal.value);
  if (literal.kind === 'sid') return `SID(${sidText(literal.value)})`;
  return `#${toHex(literal.value)}`;
}

function integerText(literal: IntegerLiteral): string {
  const size = literal.value < 0n ? -literal.value : literal.value;
  const sign = { plus: '+', minus: '-', none: '' }[literal.sign];
  const prefix = { 8: '0', 10: '', 16: '0x' }[literal.base];
  return `${sign}${prefix}${size.toString(literal.base)}`;
}

function attributeText({ source, name }: AttributeToken): string {
  if (name === '') throw new SecurityError('unsupported', 'sddl', 'attribute without a name');
  if (source === 'local') return escape(name, /[^A-Za-z0-9:./_]/g);
  const prefix = { user: '@User.', device: '@Device.', resource: '@Resource.' }[source];
  return prefix + escape(name, /[^A-Za-z0-9#$'*+\-./:;?@[\\\]^_`{}~\u0080-\uffff]/g);
}

/** Characters that an attribute's name cannot have are written %XXXX (MS-DTYP 2.5.1.1). */
function escape(text: string, others: RegExp): string {
  return text.replace(others, (character) => {
    return `%${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function unescape(text: string): string {
  return text.replace(/%([0-9a-f]{4})/gi, (_all, code: string) => {
    return String.fromCharCode(Number.parseInt(code, 16));
  });
}

/**
 * The grammar has no way to put a quotation mark into a string; %0022 does it here, and %0025
 * keeps a percent sign that would otherwise look like one of the two.
 */
function quote(text: string): string {
  return `"${text.replace(/%(?=002[25])/g, '%0025').replaceAll('"', '%0022')}"`;
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/%002([25])/g, (_all, digit) => (digit === '2' ? '"' : '%'));
}
