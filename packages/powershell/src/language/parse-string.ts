import type {
  ExpandableExpression,
  Expression,
  LiteralExpression,
  VariableExpression,
  VariableScope,
} from './ast.ts';
import { endsBareword, isDoubleQuote, isNamePart, isNewline, isSingleQuote } from './characters.ts';
import type { Cursor } from './cursor.ts';

export type StringExpression = LiteralExpression | ExpandableExpression;

/** Collects the parts of a string, joining the texts between expressions. */
class Parts {
  readonly #parts: (string | Expression)[] = [];
  #text: string[] = [];

  text(text: string): void {
    this.#text.push(text);
  }

  /** Adds what `$` begins here; if nothing, the character itself. */
  dollar(cursor: Cursor): void {
    const expression = dollar(cursor);
    if (expression === undefined) {
      cursor.at += 1;
      this.text('$');
      return;
    }
    this.#flush();
    this.#parts.push(expression);
  }

  finish(start: number, end: number, isBare: boolean): StringExpression {
    this.#flush();
    const [first = '', ...more] = this.#parts;
    return typeof first === 'string' && more.length === 0
      ? { kind: 'literal', value: first, isBare, start, end }
      : { kind: 'expandable', parts: this.#parts, start, end };
  }

  #flush(): void {
    if (this.#text.length > 0) this.#parts.push(this.#text.join(''));
    this.#text = [];
  }
}

/** Reads a string in quotes; undefined: none begins here. */
export function quotedString(cursor: Cursor): StringExpression | undefined {
  const start = cursor.at;
  const parts = new Parts();
  if (isSingleQuote(cursor.peek())) single(cursor, parts);
  else if (isDoubleQuote(cursor.peek())) double(cursor, parts);
  else if (cursor.peek() === '@' && isSingleQuote(cursor.peek(1))) singleHere(cursor, parts);
  else if (cursor.peek() === '@' && isDoubleQuote(cursor.peek(1))) doubleHere(cursor, parts);
  else return undefined;
  return parts.finish(start, cursor.at, false);
}

/** Reads an argument without quotes: quoted pieces and `$` in it count as in strings. */
export function bareword(cursor: Cursor): StringExpression {
  const start = cursor.at;
  const parts = new Parts();
  for (let char = cursor.peek(); !endsBareword(char); char = cursor.peek()) {
    if (isSingleQuote(char)) single(cursor, parts);
    else if (isDoubleQuote(char)) double(cursor, parts);
    else if (char === '$') parts.dollar(cursor);
    else if (char === '`') {
      if (isNewline(cursor.peek(1)) || cursor.peek(1) === '') break;
      escape(cursor, parts);
    } else {
      parts.text(char);
      cursor.at += 1;
    }
  }
  return parts.finish(start, cursor.at, true);
}

/** Reads a variable or `$( … )`; undefined: the `$` here is only a character. */
export function dollar(cursor: Cursor): Expression | undefined {
  const start = cursor.at;
  if (cursor.take('$(')) {
    const body = cursor.grammar.block(cursor, ')');
    return { kind: 'sub', body, start, end: cursor.at };
  }
  return variable(cursor);
}

/** Reads a variable: `$x`, `$env:x`, `${x y}`; undefined: none begins here. */
export function variable(cursor: Cursor): VariableExpression | undefined {
  const start = cursor.at;
  const braced = cursor.match(/\$\{(?<name>(?:[^}`\r\n]|`[^])*)(?<end>\})?/uy);
  if (braced !== null) {
    if (braced.groups?.['end'] === undefined) cursor.unexpected("the '}' of a variable's name");
    const name = (braced.groups['name'] ?? '').replaceAll(/`(?<char>[^])/gu, '$<char>');
    if (name === '') cursor.fail('syntax', 'a variable without a name', start);
    const colon = name.indexOf(':');
    return colon < 0
      ? { kind: 'variable', name, start, end: cursor.at }
      : scoped(cursor, start, name.slice(0, colon), name.slice(colon + 1));
  }
  const plain = cursor.match(/\$(?<first>[\p{L}\p{Nd}_?]+)(?::(?<rest>[\p{L}\p{Nd}_?]+))?/uy);
  if (plain === null) {
    if (/^\$[$^]/u.test(cursor.peek() + cursor.peek(1)) && !isNamePart(cursor.peek(2))) {
      cursor.unsupported(`the variable ${cursor.peek()}${cursor.peek(1)}`);
    }
    return undefined;
  }
  const { first = '', rest } = plain.groups ?? {};
  if (rest !== undefined) return scoped(cursor, start, first, rest);
  if (cursor.peek() === ':' && cursor.peek(1) !== ':') {
    cursor.fail('syntax', `':' after $${first} names nothing: write \${${first}}:`, start);
  }
  return { kind: 'variable', name: first, start, end: cursor.at };
}

const SCOPES: readonly VariableScope[] = ['env', 'using', 'global', 'script', 'local'];

function scoped(cursor: Cursor, start: number, prefix: string, name: string): VariableExpression {
  const scope = SCOPES.find((one) => one === prefix.toLowerCase());
  if (scope === undefined) cursor.unsupported(`variables of ${prefix}:`, start);
  if (name === '') cursor.fail('syntax', 'a variable without a name', start);
  return { kind: 'variable', scope, name, start, end: cursor.at };
}

function single(cursor: Cursor, parts: Parts): void {
  cursor.at += 1;
  for (;;) {
    const char = cursor.peek();
    if (cursor.isAtEnd) cursor.fail('incomplete', "the string has no closing '");
    cursor.at += 1;
    if (isSingleQuote(char)) {
      if (!isSingleQuote(cursor.peek())) return;
      cursor.at += 1;
    }
    parts.text(char);
  }
}

function double(cursor: Cursor, parts: Parts): void {
  cursor.at += 1;
  for (;;) {
    const char = cursor.peek();
    if (cursor.isAtEnd) cursor.fail('incomplete', 'the string has no closing "');
    if (isDoubleQuote(char)) {
      cursor.at += 1;
      if (!isDoubleQuote(cursor.peek())) return;
      parts.text(char);
      cursor.at += 1;
    } else expandableCharacter(cursor, parts);
  }
}

function singleHere(cursor: Cursor, parts: Parts): void {
  hereHead(cursor);
  const { text } = cursor.source;
  const end = new RegExp("(?:^|\\r\\n|\\r|\\n)['\u2018\u2019\u201A\u201B]@", 'gu');
  end.lastIndex = cursor.at;
  const rest = hereEnd(cursor, isSingleQuote) ? undefined : end.exec(text);
  if (rest === undefined) return;
  if (rest === null) endless(cursor, "'@");
  parts.text(text.slice(cursor.at, rest.index));
  cursor.at = rest.index + rest[0].length;
}

function doubleHere(cursor: Cursor, parts: Parts): void {
  hereHead(cursor);
  if (hereEnd(cursor, isDoubleQuote)) return;
  for (;;) {
    if (cursor.isAtEnd) endless(cursor, '"@');
    const found = cursor.match(/(?:\r\n|\r|\n)(?:["\u201C\u201D\u201E]@)?/uy);
    if (found === null) expandableCharacter(cursor, parts);
    else if (found[0].endsWith('@')) return;
    else parts.text(found[0]);
  }
}

/** An end right after the head: nothing is in the string. */
function hereEnd(cursor: Cursor, isQuote: (char: string) => boolean): boolean {
  const isEnd = isQuote(cursor.peek()) && cursor.peek(1) === '@';
  if (isEnd) cursor.at += 2;
  return isEnd;
}

function hereHead(cursor: Cursor): void {
  cursor.at += 2;
  if (cursor.match(/[^\S\r\n]*(?:\r\n|\r|\n)/uy) === null) {
    cursor.unexpected('the end of the line that begins a here-string');
  }
}

function endless(cursor: Cursor, mark: string): never {
  return cursor.fail('incomplete', `the here-string has no line that begins with ${mark}`);
}

function expandableCharacter(cursor: Cursor, parts: Parts): void {
  const char = cursor.peek();
  if (char === '$') parts.dollar(cursor);
  else if (char === '`') escape(cursor, parts);
  else {
    parts.text(char);
    cursor.at += 1;
  }
}

/** about_Special_Characters; other characters stand for themselves. */
const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\u0007',
  b: '\b',
  e: '\u001B',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function escape(cursor: Cursor, parts: Parts): void {
  const start = cursor.at;
  const unicode = cursor.match(/`u\{(?<hex>[\da-f]{1,6})\}/iuy);
  if (unicode !== null) {
    const code = Number.parseInt(unicode.groups?.['hex'] ?? '', 16);
    if (code > 0x10_ff_ff) cursor.fail('syntax', 'no such character', start);
    parts.text(String.fromCodePoint(code));
    return;
  }
  const char = cursor.peek(1);
  if (char === '') cursor.fail('incomplete', 'a backtick at the end');
  parts.text(Object.hasOwn(ESCAPES, char) ? (ESCAPES[char] ?? char) : char);
  cursor.at += 2;
}
