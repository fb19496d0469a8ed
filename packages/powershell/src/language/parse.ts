import { PowerShellError } from '../errors.ts';
import type { Block, Script, Span, Statement } from './ast.ts';
import { isNamePart, isNewline } from './characters.ts';
import { Cursor, type Grammar } from './cursor.ts';
import { expression, parameterList, primary } from './parse-expression.ts';
import { statement } from './parse-statement.ts';
import { Source } from './source.ts';

const GRAMMAR: Grammar = { block: inner, statement, expression, primary };

/**
 * Reads a script of the subset that docs/console-language.md describes. Throws PowerShellError,
 * with file, line and column, for anything else: nothing of such a script runs.
 */
export function parseScript(text: string, file = 'script'): Script {
  const source = new Source(text, file);
  const cursor = new Cursor(source, GRAMMAR);
  cursor.take('\uFEFF');
  const parameters = parameterList(cursor);
  const block = statements(cursor, undefined);
  const body = parameters === undefined ? block : { ...block, parameters };
  return { source, body, start: 0, end: text.length };
}

/** Whether a text can run as it is; false: it ends within a block, string or line that goes on. */
export function isComplete(text: string): boolean {
  try {
    parseScript(text, 'console');
    return true;
  } catch (error) {
    if (error instanceof PowerShellError) return error.code !== 'incomplete';
    throw error;
  }
}

function inner(cursor: Cursor, close: ')' | '}'): Block {
  return cursor.nested(() => statements(cursor, close));
}

function statements(cursor: Cursor, close: ')' | '}' | undefined): Block {
  const start = cursor.at;
  const found: Statement[] = [];
  for (;;) {
    do cursor.lines();
    while (cursor.take(';'));
    const end = cursor.at;
    if (close === undefined ? cursor.isAtEnd : cursor.take(close)) {
      return { statements: found, start, end };
    }
    if (cursor.isAtEnd) cursor.unexpected(`'${close ?? ''}'`);
    const one = statement(cursor);
    found.push(one);
    endStatement(cursor, one, close);
  }
}

/** After a block a statement ends by itself; all others need a line end or `;`. */
function endStatement(cursor: Cursor, { start }: Span, close: ')' | '}' | undefined): void {
  const { text } = cursor.source;
  const isBlockStatement =
    text.charAt(cursor.at - 1) === '}' && /^(?:if|for|foreach|while)$/iu.test(word(text, start));
  cursor.blanks();
  const char = cursor.peek();
  const ends = char === '' || char === ';' || isNewline(char) || char === close;
  if (!ends && !isBlockStatement) cursor.unexpected('the end of the statement');
}

function word(text: string, start: number): string {
  let end = start;
  while (isNamePart(text.charAt(end)) && end - start < 16) end += 1;
  return text.slice(start, end);
}
