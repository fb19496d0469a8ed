import type {
  AssignmentOperator,
  Block,
  CatchClause,
  Expression,
  FlowStatement,
  IfStatement,
  PipelineElement,
  PipelineStatement,
  Statement,
  TryStatement,
} from './ast.ts';
import { isBlank, isDash, isDoubleQuote, isNewline, isSingleQuote } from './characters.ts';
import type { Cursor } from './cursor.ts';
import { numberAt } from './numbers.ts';
import { command, type Redirections, redirection } from './parse-command.ts';
import { asTarget, variableHere } from './parse-expression.ts';

/** Words that begin what PowerShell has and the subset has not (about_Language_Keywords). */
const OTHER_WORDS: readonly string[] = (
  'begin catch class clean configuration data define do dynamicparam else elseif end enum filter ' +
  'finally function hidden inlinescript parallel param process sequence static switch trap until ' +
  'using workflow'
).split(' ');

/** Reads one statement, without what ends it. */
export function statement(cursor: Cursor): Statement {
  return cursor.nested(() => cursor.withLists(true, () => statementHere(cursor)));
}

function statementHere(cursor: Cursor): Statement {
  cursor.blanks();
  const start = cursor.at;
  const keyword = cursor.ahead(/[a-z]+(?=[\s({;})|&]|$)/iuy)?.[0].toLowerCase();
  const read = keyword === undefined ? undefined : wordStatement(cursor, keyword, start);
  if (read !== undefined) return read;
  if (cursor.peek() === ':' && cursor.ahead(/:[\p{L}_]/uy) !== null) {
    cursor.unsupported('labels');
  }
  return pipelineOrAssignment(cursor, start);
}

function wordStatement(cursor: Cursor, keyword: string, start: number): Statement | undefined {
  const begin = (): void => {
    cursor.at += keyword.length;
    cursor.lines();
  };
  switch (keyword) {
    case 'if':
      begin();
      return ifStatement(cursor, start);
    case 'foreach':
      begin();
      return forEach(cursor, start);
    case 'while': {
      begin();
      const condition = inParentheses(cursor, "the condition of 'while'");
      return { kind: 'while', condition, body: body(cursor), start, end: cursor.at };
    }
    case 'for':
      begin();
      return forStatement(cursor, start);
    case 'try':
      begin();
      return tryStatement(cursor, start);
    case 'throw':
    case 'exit':
    case 'return':
    case 'break':
    case 'continue':
      cursor.at += keyword.length;
      return flow(cursor, keyword, start);
    default:
      return OTHER_WORDS.includes(keyword) ? cursor.unsupported(`'${keyword}'`) : undefined;
  }
}

function ifStatement(cursor: Cursor, start: number): IfStatement {
  const condition = inParentheses(cursor, "the condition of 'if'");
  const clauses = [{ condition, body: body(cursor) }];
  for (;;) {
    const end = cursor.at;
    cursor.lines();
    if (cursor.match(/elseif(?=[\s(])/iuy) !== null) {
      cursor.lines();
      const next = inParentheses(cursor, "the condition of 'elseif'");
      clauses.push({ condition: next, body: body(cursor) });
    } else if (cursor.match(/else(?=[\s{]|$)/iuy) === null) {
      cursor.at = end;
      return { kind: 'if', clauses, start, end };
    } else {
      cursor.lines();
      const otherwise = body(cursor);
      return { kind: 'if', clauses, otherwise, start, end: cursor.at };
    }
  }
}

function forEach(cursor: Cursor, start: number): Statement {
  cursor.expect('(', "after 'foreach'");
  cursor.lines();
  const variable = variableHere(cursor);
  asTarget(cursor, variable);
  cursor.lines();
  if (cursor.match(/in(?=[\s($@'"\d])/iuy) === null) cursor.unexpected("'in'");
  cursor.lines();
  const items = statement(cursor);
  cursor.lines();
  cursor.expect(')', "after what 'foreach' goes through");
  cursor.lines();
  return { kind: 'foreach', variable, items, body: body(cursor), start, end: cursor.at };
}

function forStatement(cursor: Cursor, start: number): Statement {
  cursor.expect('(', "after 'for'");
  const part = (close: ';' | ')'): Statement | undefined => {
    cursor.lines();
    if (cursor.take(close)) return undefined;
    const read = statement(cursor);
    cursor.lines();
    cursor.expect(close, "in 'for'");
    return read;
  };
  const first = part(';');
  const condition = part(';');
  const step = part(')');
  cursor.lines();
  return {
    kind: 'for',
    ...(first && { first }),
    ...(condition && { condition }),
    ...(step && { step }),
    body: body(cursor),
    start,
    end: cursor.at,
  };
}

function tryStatement(cursor: Cursor, start: number): TryStatement {
  const tried = body(cursor);
  const catches: CatchClause[] = [];
  for (;;) {
    const end = cursor.at;
    cursor.lines();
    if (cursor.match(/finally(?=[\s{])/iuy) !== null) {
      cursor.lines();
      const last = body(cursor);
      return { kind: 'try', body: tried, catches, last, start, end: cursor.at };
    }
    if (cursor.match(/catch(?=[\s{[])/iuy) === null) {
      if (catches.length === 0) cursor.fail('syntax', "'try' needs a 'catch' or 'finally'");
      cursor.at = end;
      return { kind: 'try', body: tried, catches, start, end };
    }
    if (catches.at(-1)?.types.length === 0) {
      cursor.fail('syntax', "no 'catch' can follow the one for every error");
    }
    catches.push({ types: exceptionTypes(cursor), body: body(cursor) });
  }
}

/** `[System.Net.WebException], [System.IO.IOException]`, or nothing. */
function exceptionTypes(cursor: Cursor): string[] {
  const types: string[] = [];
  do {
    cursor.lines();
    const name = cursor.match(/\[\s*([\w.]+)\s*\]/uy)?.[1];
    if (name === undefined) {
      if (types.length > 0) cursor.unexpected('the type of an exception');
      return types;
    }
    types.push(name);
    cursor.lines();
  } while (cursor.take(','));
  return types;
}

function inParentheses(cursor: Cursor, what: string): Statement {
  cursor.expect('(', `before ${what}`);
  cursor.lines();
  const condition = statement(cursor);
  cursor.lines();
  cursor.expect(')', `after ${what}`);
  cursor.lines();
  return condition;
}

function body(cursor: Cursor): Block {
  cursor.expect('{', 'before a block');
  return cursor.grammar.block(cursor, '}');
}

function flow(cursor: Cursor, kind: FlowStatement['kind'], start: number): FlowStatement {
  const end = cursor.at;
  cursor.blanks();
  const char = cursor.peek();
  if (char === '' || ';)}'.includes(char) || isNewline(char)) return { kind, start, end };
  if (kind === 'break' || kind === 'continue') cursor.unsupported('labels');
  const value = statement(cursor);
  return { kind, value, start, end: cursor.at };
}

function pipelineOrAssignment(cursor: Cursor, start: number): Statement {
  if (!beginsExpression(cursor)) return pipeline(cursor, start, undefined);
  const first = cursor.grammar.expression(cursor);
  cursor.blanks();
  if (cursor.match(/\?\?=?/uy) !== null) cursor.unsupported('??');
  const mark = cursor.match(/[-+*/%]?=/uy)?.[0];
  if (mark === undefined) return pipeline(cursor, start, first);
  const target = asTarget(cursor, first);
  cursor.lines();
  const value = statement(cursor);
  // The pattern above has the six texts.
  const operator = mark as AssignmentOperator;
  return { kind: 'assignment', target, operator, value, start, end: cursor.at };
}

function pipeline(cursor: Cursor, start: number, first?: Expression): PipelineStatement {
  const all: Redirections = { mergesErrors: false, dropsErrors: false, dropsOutput: false };
  const elements = [element(cursor, all, first)];
  for (;;) {
    cursor.blanks();
    if (cursor.sees('||') || cursor.sees('&&')) cursor.unsupported('|| and &&');
    if (cursor.peek() === '&') cursor.unsupported('& after a command');
    const { end } = elements.at(-1) ?? { end: cursor.at };
    const { dropsErrors, dropsOutput } = all;
    if (dropsErrors && elements.length > 1) {
      cursor.unsupported('2>$null in a pipeline of several commands', start);
    }
    if (!cursor.take('|')) {
      return { kind: 'pipeline', elements, dropsErrors, dropsOutput, start, end };
    }
    if (dropsOutput) cursor.unsupported('>$null before the end of a pipeline', start);
    cursor.lines();
    if (beginsExpression(cursor)) cursor.fail('syntax', 'an expression can only begin a pipeline');
    elements.push(element(cursor, all));
  }
}

function element(cursor: Cursor, all: Redirections, first?: Expression): PipelineElement {
  all.mergesErrors = false;
  if (first === undefined) return command(cursor, all);
  cursor.blanks();
  while (redirection(cursor, all)) cursor.blanks();
  return { kind: 'expression', expression: first, start: first.start, end: first.end };
}

/** Whether an expression begins here, or a command. */
function beginsExpression(cursor: Cursor): boolean {
  const char = cursor.peek();
  if (char === '&') cursor.unsupported('the call operator &');
  if (char !== '' && '$(@{[!,+'.includes(char)) return true;
  if (isSingleQuote(char) || isDoubleQuote(char) || isDash(char)) return true;
  const number = numberAt(cursor.source.text, cursor.at);
  if (number === undefined) return false;
  // `7z` is a command, `7 + 1` and `1..3` are expressions.
  const after = cursor.peek(number.length);
  return isBlank(after) || isNewline(after) || !/[\p{L}\p{Nd}_\\~^@]/u.test(after);
}
