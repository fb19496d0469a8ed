import type {
  BinaryExpression,
  BinaryOperator,
  BlockParameter,
  CastType,
  Expression,
  OperatorName,
  Target,
  TypeName,
  UnaryExpression,
} from './ast.ts';
import { isDash, isDoubleQuote, isNamePart, isNameStart, isSingleQuote } from './characters.ts';
import type { Cursor } from './cursor.ts';
import { methodNames } from './method-names.ts';
import { numberAt } from './numbers.ts';
import { dollar, quotedString, variable } from './parse-string.ts';

/** Dash operators by precedence, the weakest first (about_Operator_Precedence). */
const LEVELS: readonly (readonly OperatorName[])[] = [
  ['and', 'or', 'xor'],
  [
    'eq',
    'ne',
    'gt',
    'ge',
    'lt',
    'le',
    'like',
    'notlike',
    'match',
    'notmatch',
    'replace',
    'split',
    'join',
    'contains',
    'notcontains',
    'in',
    'notin',
    'is',
    'isnot',
    'as',
  ],
  ['+', '-'],
  ['*', '/', '%'],
  ['f'],
  ['..'],
];

/** Operators that exist with `c` and `i` before their name. */
const CASED = /^(?:eq|ne|g[te]|l[te]|(?:not)?(?:like|match|contains|in)|replace|split)$/u;

/** Operators that PowerShell has and the subset has not. */
const OTHERS = /^(?:c(?:not)?like|band|bor|bxor|bnot|shl|shr)$/u;

/** Reads an expression with operators. */
export function expression(cursor: Cursor): Expression {
  return cursor.nested(() => chain(cursor, 0));
}

/** Reads operands joined by operators of one level; stronger ones are read within. */
function chain(cursor: Cursor, level: number): Expression {
  if (level === LEVELS.length) return arrayLiteral(cursor);
  const first = chain(cursor, level + 1);
  const rest: BinaryExpression['rest'][number][] = [];
  for (;;) {
    cursor.blanks();
    const start = cursor.at;
    const operator = binaryOperator(cursor, LEVELS[level] ?? []);
    if (operator === undefined) break;
    cursor.lines();
    const right = chain(cursor, level + 1);
    rest.push({ operator, right, start, end: cursor.at });
  }
  if (rest.length === 0) return first;
  return { kind: 'binary', first, rest, start: first.start, end: rest.at(-1)?.end ?? first.end };
}

/** Takes one of these operators if it is next. */
function binaryOperator(
  cursor: Cursor,
  names: readonly OperatorName[],
): BinaryOperator | undefined {
  const start = cursor.at;
  if (names.includes('..')) {
    return cursor.take('..') ? { name: '..', matchCase: false } : undefined;
  }
  const word = dashWord(cursor);
  if (word !== undefined) {
    const found = operatorNamed(word);
    if (found === undefined) return unknownOperator(cursor, word, start);
    if (names.includes(found.name)) return found;
    cursor.at = start;
    return undefined;
  }
  const char = isDash(cursor.peek()) ? '-' : cursor.peek();
  const name = names.find((one) => one === char);
  // `+=` and its kin end an assignment's target.
  if (name === undefined || cursor.peek(1) === '=') return undefined;
  cursor.at += 1;
  return { name, matchCase: false };
}

/** The word after a dash, in lower case; undefined, and nothing taken: no word follows a dash. */
function dashWord(cursor: Cursor): string | undefined {
  if (!isDash(cursor.peek()) || !isNameStart(cursor.peek(1))) return undefined;
  cursor.at += 1;
  return (cursor.match(/\p{L}+/uy)?.[0] ?? '').toLowerCase();
}

function operatorNamed(word: string): BinaryOperator | undefined {
  const exact = LEVELS.flat().find((name) => name === word);
  if (exact !== undefined) return { name: exact, matchCase: false };
  const name = LEVELS.flat().find((one) => one === word.slice(1));
  if (name === undefined || !/^[ci]/u.test(word) || !CASED.test(name)) return undefined;
  const matchCase = word.startsWith('c');
  return matchCase && name.endsWith('like') ? undefined : { name, matchCase };
}

function unknownOperator(cursor: Cursor, word: string, start: number): never {
  if (OTHERS.test(word)) cursor.unsupported(`the operator -${word}`, start);
  return cursor.fail('syntax', `-${word} is no operator`, start);
}

/** Reads `a, b`: the comma binds stronger than every other binary operator. */
function arrayLiteral(cursor: Cursor): Expression {
  const first = unary(cursor);
  const items = [first];
  for (;;) {
    cursor.blanks();
    if (!cursor.hasLists || !cursor.take(',')) break;
    cursor.lines();
    items.push(unary(cursor));
  }
  if (items.length === 1) return first;
  return { kind: 'array-literal', items, start: first.start, end: items.at(-1)?.end ?? first.end };
}

function unary(cursor: Cursor): Expression {
  return cursor.nested(() => {
    cursor.blanks();
    const start = cursor.at;
    const step = cursor.match(/\+\+|--/uy)?.[0];
    if (step !== undefined) {
      const target = asTarget(cursor, unary(cursor));
      const by = step === '++' ? 1 : -1;
      return { kind: 'step', target, by, isPrefix: true, start, end: cursor.at };
    }
    const operator = unaryOperator(cursor);
    if (operator !== undefined) {
      cursor.lines();
      const operand = unary(cursor);
      return { kind: 'unary', operator, operand, start, end: cursor.at };
    }
    return cursor.peek() === '[' ? cast(cursor) : primary(cursor);
  });
}

function unaryOperator(cursor: Cursor): UnaryExpression['operator'] | undefined {
  const start = cursor.at;
  if (cursor.take('!')) return 'not';
  if (cursor.take(',')) return 'comma';
  if (cursor.take('+')) return 'plus';
  const word = dashWord(cursor);
  if (word === 'not' || word === 'join' || word === 'split') return word;
  if (word !== undefined) {
    const isBinary = operatorNamed(word) !== undefined;
    return isBinary
      ? cursor.fail('syntax', `nothing is on the left of -${word}`, start)
      : unknownOperator(cursor, word, start);
  }
  if (!isDash(cursor.peek())) return undefined;
  cursor.at += 1;
  return 'minus';
}

const CASTS: Readonly<Record<string, CastType>> = {
  string: 'string',
  char: 'char',
  int: 'int',
  int32: 'int',
  long: 'long',
  int64: 'long',
  double: 'double',
  bool: 'bool',
  boolean: 'bool',
  switch: 'switch',
  datetime: 'datetime',
  timespan: 'timespan',
  guid: 'guid',
  version: 'version',
  array: 'array',
  object: 'object',
  psobject: 'object',
  hashtable: 'hashtable',
  ordered: 'ordered',
  pscustomobject: 'pscustomobject',
  void: 'void',
};

/** Reads `[type]operand`, or `[type]` alone after `-is` and `-as`. */
function cast(cursor: Cursor): Expression {
  const start = cursor.at;
  const type = typeName(cursor);
  if (cursor.sees('::')) cursor.unsupported('static members of types');
  const end = cursor.at;
  cursor.blanks();
  if (!beginsOperand(cursor)) return { kind: 'type', type, start, end };
  const operand = unary(cursor);
  return { kind: 'cast', type, operand, start, end: cursor.at };
}

function typeName(cursor: Cursor): TypeName {
  const start = cursor.at;
  const found = cursor.match(/\[\s*(?:System\.)?(?<name>[\w.]+)\s*(?<array>\[\s*\]\s*)?\]/iuy);
  if (found === null) {
    if (cursor.match(/\[[^\]]*$/uy) !== null) cursor.unexpected("']' of a type");
    cursor.unsupported('attributes, and types with parts', start);
  }
  const { name = '', array } = found.groups ?? {};
  const key = name.toLowerCase();
  const type = Object.hasOwn(CASTS, key) ? CASTS[key] : undefined;
  if (type === undefined) cursor.unsupported(`the type [${name}]`, start);
  return { name: type, isArray: array !== undefined };
}

/** Whether what comes can only be a cast's operand. */
function beginsOperand(cursor: Cursor): boolean {
  const char = cursor.peek();
  if (isDash(char)) return /\d/u.test(cursor.peek(1));
  return /[$([{@!\d]/u.test(char) || isSingleQuote(char) || isDoubleQuote(char);
}

/** Reads an operand, and what follows it without space: `.Name`, `[0]`, `.Trim()`, `++`. */
export function primary(cursor: Cursor): Expression {
  return cursor.nested(() => postfix(cursor, simple(cursor)));
}

/** Each postfix nests the tree one deeper, so each counts as nesting. */
function postfix(cursor: Cursor, target: Expression): Expression {
  const { start } = target;
  if (cursor.sees('::')) cursor.unsupported('static members of types');
  if (cursor.sees('?.') || cursor.sees('?[')) cursor.unsupported('?. and ?[]');
  const step = cursor.match(/\+\+|--/uy)?.[0];
  if (step !== undefined) {
    const by = step === '++' ? 1 : -1;
    const stepped = asTarget(cursor, target);
    return { kind: 'step', target: stepped, by, isPrefix: false, start, end: cursor.at };
  }
  if (cursor.peek() === '[') {
    cursor.at += 1;
    cursor.lines();
    const index = cursor.withLists(true, () => cursor.grammar.expression(cursor));
    cursor.lines();
    cursor.expect(']', 'after an index');
    const indexed: Expression = { kind: 'index', target, index, start, end: cursor.at };
    return cursor.nested(() => postfix(cursor, indexed));
  }
  if (cursor.peek() !== '.' || cursor.peek(1) === '.') return target;
  cursor.at += 1;
  const at = cursor.at;
  const name = memberName(cursor);
  const reached: Expression =
    cursor.peek() === '('
      ? method(cursor, target, name, at)
      : { kind: 'member', target, name, start, end: cursor.at };
  return cursor.nested(() => postfix(cursor, reached));
}

function memberName(cursor: Cursor): Expression {
  const start = cursor.at;
  const plain = cursor.match(/[\p{L}\p{Nd}_]+/uy)?.[0];
  if (plain !== undefined) {
    return { kind: 'literal', value: plain, isBare: true, start, end: cursor.at };
  }
  const name =
    quotedString(cursor) ??
    (cursor.peek() === '$' ? dollar(cursor) : undefined) ??
    (cursor.peek() === '(' ? paren(cursor) : undefined);
  return name ?? cursor.unexpected("a property's name");
}

function method(cursor: Cursor, target: Expression, name: Expression, at: number): Expression {
  const text = name.kind === 'literal' && typeof name.value === 'string' ? name.value : undefined;
  const lower = text?.toLowerCase();
  if (lower === undefined || !methodNames.has(lower)) {
    cursor.unsupported(`the method ${text ?? 'with a computed name'}()`, at);
  }
  cursor.at += 1;
  const args: Expression[] = [];
  cursor.lines();
  while (cursor.peek() !== ')') {
    args.push(cursor.withLists(false, () => expression(cursor)));
    cursor.lines();
    if (!cursor.take(',')) break;
    cursor.lines();
  }
  cursor.expect(')', 'after the arguments');
  return { kind: 'method', target, name: lower, args, start: target.start, end: cursor.at };
}

function simple(cursor: Cursor): Expression {
  const start = cursor.at;
  const char = cursor.peek();
  const string = quotedString(cursor);
  if (string !== undefined) return string;
  if (char === '$') return dollar(cursor) ?? cursor.unexpected("a variable's name");
  if (char === '(') return paren(cursor);
  if (cursor.take('@(')) {
    const body = cursor.grammar.block(cursor, ')');
    return { kind: 'array', body, start, end: cursor.at };
  }
  if (cursor.take('@{')) return hashtable(cursor, start);
  if (cursor.take('{')) return block(cursor, start);
  if (char === '@') cursor.unsupported('splatting (@name)');
  if (char === '&') cursor.unsupported('the call operator &');
  const number = numberAt(cursor.source.text, cursor.at);
  if (number === undefined) return cursor.unexpected('a value');
  cursor.at += number.length;
  if (isNamePart(cursor.peek())) cursor.fail('syntax', 'letters after a number', start);
  return { kind: 'literal', value: number.value, isBare: false, start, end: cursor.at };
}

function paren(cursor: Cursor): Expression {
  const start = cursor.at;
  cursor.at += 1;
  cursor.lines();
  const statement = cursor.grammar.statement(cursor);
  cursor.lines();
  cursor.expect(')', 'after what is in parentheses');
  return { kind: 'paren', statement, start, end: cursor.at };
}

function block(cursor: Cursor, start: number): Expression {
  const inner = cursor.at;
  const parameters = parameterList(cursor);
  const statements = cursor.grammar.block(cursor, '}');
  const body = parameters === undefined ? statements : { ...statements, parameters };
  const text = cursor.source.text.slice(inner, cursor.at - 1);
  return { kind: 'block', body, text, start, end: cursor.at };
}

/** Reads `param(…)`; undefined: there is none. Attributes are not in the subset. */
export function parameterList(cursor: Cursor): BlockParameter[] | undefined {
  const start = cursor.at;
  cursor.lines();
  if (cursor.match(/param(?=\s*\()/iuy) === null) {
    cursor.at = start;
    return undefined;
  }
  cursor.lines();
  cursor.expect('(', "after 'param'");
  const parameters: BlockParameter[] = [];
  cursor.lines();
  while (cursor.peek() !== ')') {
    parameters.push(parameter(cursor));
    cursor.lines();
    if (!cursor.take(',')) break;
    cursor.lines();
  }
  cursor.expect(')', "after the variables of 'param'");
  return parameters;
}

function parameter(cursor: Cursor): BlockParameter {
  const start = cursor.at;
  const type = cursor.peek() === '[' ? typeName(cursor) : undefined;
  cursor.lines();
  const { name, scope } = variableHere(cursor);
  if (scope !== undefined) cursor.fail('syntax', 'a parameter has no scope', start);
  cursor.blanks();
  const hasInitial = cursor.take('=');
  cursor.blanks();
  const initial = hasInitial ? cursor.withLists(false, () => expression(cursor)) : undefined;
  return { name, ...(type && { type }), ...(initial && { initial }), start, end: cursor.at };
}

function hashtable(cursor: Cursor, start: number): Expression {
  return cursor.nested(() => {
    const entries: { key: Expression; value: ReturnType<Cursor['grammar']['statement']> }[] = [];
    for (;;) {
      separators(cursor);
      if (cursor.take('}')) return { kind: 'hashtable', entries, start, end: cursor.at };
      const key = hashtableKey(cursor);
      cursor.blanks();
      cursor.expect('=', 'after a key');
      cursor.lines();
      entries.push({ key, value: cursor.grammar.statement(cursor) });
      cursor.blanks();
      if (!/[;}\r\n]/u.test(cursor.peek())) cursor.unexpected("the end of a hashtable's entry");
    }
  });
}

function hashtableKey(cursor: Cursor): Expression {
  const start = cursor.at;
  const plain = cursor.match(/[\p{L}_][\p{L}\p{Nd}_]*/uy)?.[0];
  return plain === undefined
    ? primary(cursor)
    : { kind: 'literal', value: plain, isBare: true, start, end: cursor.at };
}

function separators(cursor: Cursor): void {
  do cursor.lines();
  while (cursor.take(';'));
}

/** The expression as what can be assigned to. */
export function asTarget(cursor: Cursor, target: Expression): Target {
  if (target.kind === 'member' || target.kind === 'index') {
    rootOf(cursor, target);
    return target;
  }
  if (target.kind !== 'variable') {
    if (target.kind === 'cast') cursor.unsupported('variables with a type', target.start);
    if (target.kind === 'array-literal') {
      cursor.unsupported('assignment to several variables', target.start);
    }
    cursor.fail('syntax', 'this cannot be assigned to', target.start);
  }
  const isConstant = /^(?:true|false|null|\?)$/iu.test(target.name) && target.scope === undefined;
  // `$null = command` is how a script drops what a command puts out.
  if (isConstant && target.name.toLowerCase() !== 'null') {
    cursor.fail('syntax', `$${target.name} cannot be assigned to`, target.start);
  }
  if (target.scope === 'using' || target.scope === 'env') {
    cursor.unsupported(`assignment to $${target.scope}:${target.name}`, target.start);
  }
  return target;
}

function rootOf(cursor: Cursor, target: Expression): void {
  let root = target;
  while (root.kind === 'member' || root.kind === 'index') root = root.target;
  if (root.kind === 'variable' && root.scope === 'using') {
    cursor.unsupported(`assignment to parts of $using:${root.name}`, root.start);
  }
}

/** Reads a variable that must be here. */
export function variableHere(cursor: Cursor): Extract<Expression, { kind: 'variable' }> {
  return variable(cursor) ?? cursor.unexpected('a variable');
}
