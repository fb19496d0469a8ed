import { PowerShellError, type PowerShellErrorCode } from '../errors.ts';
import { MAX_SCRIPT_NESTING } from '../limits.ts';
import type { Block, Expression, Statement } from './ast.ts';
import { isBlank, isNewline } from './characters.ts';
import type { Source } from './source.ts';

/** The parts of the grammar that contain each other. */
export interface Grammar {
  /** Statements up to a closing mark, which is taken too. */
  block(cursor: Cursor, close: ')' | '}'): Block;
  statement(cursor: Cursor): Statement;
  expression(cursor: Cursor): Expression;
  /** One operand with what is written at its end (`.Name`, `[0]`), and no operators. */
  primary(cursor: Cursor): Expression;
}

/** A place in a text that is being read. */
export class Cursor {
  readonly source: Source;
  readonly grammar: Grammar;
  at = 0;
  #depth = 0;
  #hasLists = true;

  constructor(source: Source, grammar: Grammar) {
    this.source = source;
    this.grammar = grammar;
  }

  get isAtEnd(): boolean {
    return this.at >= this.source.text.length;
  }

  /** The character that far ahead; nothing at the end. */
  peek(ahead = 0): string {
    return this.source.text.charAt(this.at + ahead);
  }

  sees(text: string): boolean {
    return this.source.text.startsWith(text, this.at);
  }

  /** Goes over a text if it is there. */
  take(text: string): boolean {
    const isThere = this.sees(text);
    if (isThere) this.at += text.length;
    return isThere;
  }

  /** Goes over what a sticky pattern matches here. */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source.text);
    if (found !== null) this.at += found[0].length;
    return found;
  }

  /** What a sticky pattern matches here, without going over it. */
  ahead(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    return pattern.exec(this.source.text);
  }

  /** Goes over a text that must be there. */
  expect(text: string, what: string): void {
    if (!this.take(text)) this.unexpected(`'${text}' ${what}`);
  }

  /** Goes over white space, comments and continued lines, within the line. */
  blanks(): void {
    for (;;) {
      const char = this.peek();
      if (isBlank(char)) this.at += 1;
      else if (char === '`' && this.#continuation()) continue;
      else if (char === '#') this.#lineComment();
      else if (char === '<' && this.sees('<#')) this.#blockComment();
      else return;
    }
  }

  /** Goes over blanks and line ends. */
  lines(): void {
    for (;;) {
      this.blanks();
      if (!isNewline(this.peek())) return;
      this.at += 1;
    }
  }

  /** Reads something that may contain itself, within the limit. */
  nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_SCRIPT_NESTING) {
      this.fail('limit', `nested deeper than ${MAX_SCRIPT_NESTING}`);
    }
    const result = read();
    this.#depth -= 1;
    return result;
  }

  /** Whether commas make lists here; between the arguments of a method they do not. */
  get hasLists(): boolean {
    return this.#hasLists;
  }

  /** Reads something where commas make lists, or where they do not. */
  withLists<T>(hasLists: boolean, read: () => T): T {
    const before = this.#hasLists;
    this.#hasLists = hasLists;
    const result = read();
    this.#hasLists = before;
    return result;
  }

  fail(code: PowerShellErrorCode, reason: string, at = this.at): never {
    throw new PowerShellError(code, reason, this.source.positionAt(at));
  }

  /** Fails for what is outside the subset. */
  unsupported(what: string, at = this.at): never {
    this.fail('unsupported', `not supported: ${what}`, at);
  }

  /** Fails because something else should be here; at the end, the text is only unfinished. */
  unexpected(wanted: string): never {
    if (this.isAtEnd) this.fail('incomplete', `the text ends where ${wanted} should be`);
    const [word = ''] =
      /^(?:[\p{L}\p{Nd}_-]{1,30}|[^])/u.exec(this.source.text.slice(this.at, this.at + 40)) ?? [];
    this.fail('syntax', `${JSON.stringify(word)} where ${wanted} should be`);
  }

  #continuation(): boolean {
    const end = this.at + 1;
    if (end >= this.source.text.length) {
      this.at = end;
      this.fail('incomplete', 'the line goes on, says the backtick at its end');
    }
    const found = this.match(/`(?:\r\n|\r|\n)/uy);
    return found !== null;
  }

  #lineComment(): void {
    while (!this.isAtEnd && !isNewline(this.peek())) this.at += 1;
  }

  #blockComment(): void {
    const end = this.source.text.indexOf('#>', this.at + 2);
    if (end < 0) this.fail('incomplete', "the comment has no '#>'");
    this.at = end + 2;
  }
}
