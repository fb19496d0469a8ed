import type { Argument, CommandElement, Expression } from './ast.ts';
import { endsBareword, isDash, isDoubleQuote, isNewline, isSingleQuote } from './characters.ts';
import type { Cursor } from './cursor.ts';
import { numberAt } from './numbers.ts';
import { bareword, variable } from './parse-string.ts';
import { PsObject } from '../objects/value.ts';
import { toText } from '../objects/text.ts';

/** What `>` does with a stream, as far as the subset has it. */
export interface Redirections {
  mergesErrors: boolean;
  dropsErrors: boolean;
  dropsOutput: boolean;
}

/** Reads a command: its name and its arguments. */
export function command(cursor: Cursor, redirections: Redirections): CommandElement {
  const start = cursor.at;
  if (cursor.peek() === '.' && /[\s({'"$]/u.test(cursor.peek(1))) {
    cursor.unsupported('dot-sourcing');
  }
  const word = bareword(cursor);
  if (word.end === start) return cursor.unexpected('a command');
  if (word.kind !== 'literal') return cursor.unsupported('a command whose name is computed', start);
  const args: Argument[] = [];
  for (;;) {
    cursor.blanks();
    if (endsCommand(cursor)) break;
    if (!redirection(cursor, redirections)) args.push(argument(cursor));
  }
  const name = toText(word.value);
  const { mergesErrors } = redirections;
  return { kind: 'command', name, args, mergesErrors, start, end: cursor.at };
}

/** Takes `2>&1`, `>$null` or `2>$null` if it is next. */
export function redirection(cursor: Cursor, redirections: Redirections): boolean {
  const start = cursor.at;
  if (cursor.peek() === '<') cursor.unsupported('redirection of input');
  const mark = cursor.match(/(?<from>[1-6*]?)>(?:&(?<to>[12])|>?)/uy);
  if (mark === null) return false;
  const { from = '', to } = mark.groups ?? {};
  if (to !== undefined) {
    if (from !== '2' || to !== '1') cursor.unsupported('redirection other than 2>&1', start);
    redirections.mergesErrors = true;
    return true;
  }
  cursor.blanks();
  const isNull = cursor.match(/\$null(?![\p{L}\p{Nd}_:])/iuy) !== null;
  if (!isNull || !['', '1', '2'].includes(from)) {
    cursor.unsupported('redirection other than 2>&1, >$null and 2>$null', start);
  }
  if (from === '2') redirections.dropsErrors = true;
  else redirections.dropsOutput = true;
  return true;
}

function endsCommand(cursor: Cursor): boolean {
  const char = cursor.peek();
  return char === '' || ';|)}&'.includes(char) || isNewline(char);
}

function argument(cursor: Cursor): Argument {
  const start = cursor.at;
  if (isDash(cursor.peek())) {
    if (cursor.match(/--%(?=\s|$)/uy) !== null) cursor.unsupported('--%', start);
    if (cursor.match(/--(?=\s|$)/uy) !== null) cursor.unsupported('--', start);
    cursor.at += 1;
    const name = cursor.match(/[\p{L}_?][^\s(){},;|&.[:'"$`\0]*/uy)?.[0];
    if (name !== undefined && !isSingleQuote(cursor.peek()) && !isDoubleQuote(cursor.peek())) {
      return parameter(cursor, name, start);
    }
    cursor.at = start;
  }
  const value = values(cursor);
  return { value, start, end: cursor.at };
}

function parameter(cursor: Cursor, name: string, start: number): Argument {
  const end = cursor.at;
  if (!cursor.take(':')) return { name, start, end };
  cursor.blanks();
  if (endsCommand(cursor)) return cursor.unexpected(`the value of -${name}`);
  const value = values(cursor);
  return { name, value, start, end: cursor.at };
}

/** Reads a value, or several with commas between. */
function values(cursor: Cursor): Expression {
  const first = oneValue(cursor);
  const items = [first];
  for (;;) {
    const before = cursor.at;
    cursor.blanks();
    if (!cursor.take(',')) {
      cursor.at = before;
      break;
    }
    cursor.lines();
    items.push(oneValue(cursor));
  }
  if (items.length === 1) return first;
  return { kind: 'array-literal', items, start: first.start, end: cursor.at };
}

function oneValue(cursor: Cursor): Expression {
  const char = cursor.peek();
  if (isOperand(cursor, char)) return cursor.grammar.primary(cursor);
  const number = numericArgument(cursor);
  if (number !== undefined) return number;
  const word = bareword(cursor);
  return word.end === word.start ? cursor.unexpected('an argument') : word;
}

function isOperand(cursor: Cursor, char: string): boolean {
  if (char === '(' || char === '{' || isSingleQuote(char) || isDoubleQuote(char)) return true;
  if (char === '@') return true;
  if (char !== '$') return false;
  const next = cursor.peek(1);
  // `$(…)` alone is an operand; in the middle of a word it is a part of the word.
  return next === '(' || isVariableAlone(cursor);
}

/** `$x`, `$x.Name`, `$x[0]`; not `$x\path`, which is a word with a variable in it. */
function isVariableAlone(cursor: Cursor): boolean {
  const start = cursor.at;
  const found = variable(cursor);
  const after = cursor.peek();
  cursor.at = start;
  return found !== undefined && (endsBareword(after) || after === '.' || after === '[');
}

/** A number is one for arithmetic, and its own text for what takes text (`0x3e7`). */
function numericArgument(cursor: Cursor): Expression | undefined {
  const start = cursor.at;
  const { text } = cursor.source;
  const sign = isDash(cursor.peek()) ? 1 : 0;
  const number = numberAt(text, start + sign);
  const end = start + sign + (number?.length ?? 0);
  if (number === undefined || !endsBareword(text.charAt(end))) return undefined;
  cursor.at = end;
  const plain = sign === 0 ? number.value : negative(number.value);
  if (plain === undefined) {
    cursor.at = start;
    return undefined;
  }
  const written = text.slice(start, end);
  const value =
    toText(plain) === written
      ? plain
      : new PsObject({ base: { kind: 'primitive', value: plain }, text: written });
  return { kind: 'literal', value, isBare: true, start, end };
}

function negative(value: unknown): number | bigint | undefined {
  if (typeof value === 'bigint') return -value;
  return typeof value === 'number' && value !== 0 ? -value : undefined;
}
