import { isTrue } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import { PsDictionary, type PsValue } from '../objects/value.ts';
import { arithmetic, fromNumeric, negated, numeric } from './arithmetic.ts';
import type {
  BinaryExpression,
  BinaryOperator,
  CastExpression,
  Expression,
  HashtableExpression,
  StepExpression,
  Target,
  TypeName,
  UnaryExpression,
} from './ast.ts';
import { castOrNull, castTo, isOfType } from './cast.ts';
import { compareValues, rangeOf } from './comparison.ts';
import { type Context, NOTHING, type Steps, worthOf } from './context.ts';
import { readIndex, readMember, withIndex, writeMember } from './members.ts';
import { callMethod } from './methods.ts';
import { runtimeError, cannotConvert } from './script-error.ts';
import { format, join, replace, split, splitBlanks } from './text-operators.ts';

/** The value of an expression; one that gives nothing is null. Throws CommandFailure. */
export function* evaluate(expression: Expression, context: Context): Steps<PsValue> {
  const value = yield* evaluateRaw(expression, context);
  return value === NOTHING ? null : value;
}

/** The value of an expression; one that gives nothing is `NOTHING`. Throws CommandFailure. */
export function* evaluateRaw(expression: Expression, context: Context): Steps<PsValue> {
  context.bounds.spend();
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'expandable':
      return yield* expand(expression.parts, context);
    case 'variable':
      return context.names.read(expression);
    case 'array-literal':
      return context.bounds.made(yield* evaluateAll(expression.items, context));
    case 'array':
      return context.bounds.made(yield* context.statements.gather(expression.body, context));
    case 'sub':
      return worthOf(yield* context.statements.gather(expression.body, context));
    case 'paren':
      return yield* context.statements.value(expression.statement, context);
    case 'hashtable':
      return yield* hashtable(expression, context);
    case 'block':
      return context.host.blockValue(expression, context.source);
    case 'unary':
      return yield* unary(expression, context);
    case 'step':
      return yield* step(expression, context);
    case 'binary':
      return yield* binary(expression, context);
    case 'cast':
      return yield* cast(expression, context);
    case 'type':
      return `[${expression.type.name}${expression.type.isArray ? '[]' : ''}]`;
    case 'member': {
      const target = yield* evaluate(expression.target, context);
      const name = context.bounds.textOf(yield* evaluate(expression.name, context));
      return readMember(target, name, context.bounds);
    }
    case 'index': {
      const target = yield* evaluate(expression.target, context);
      return readIndex(target, yield* evaluate(expression.index, context), context.bounds);
    }
    case 'method': {
      const target = yield* evaluate(expression.target, context);
      const args = yield* evaluateAll(expression.args, context);
      return callMethod(target, expression.name, args, context.bounds);
    }
  }
}

/** Puts a value in a variable, a property or a place of a list. Throws CommandFailure. */
export function* assign(target: Target, value: PsValue, context: Context): Steps<void> {
  if (target.kind === 'variable') {
    if (target.name.toLowerCase() !== 'null') context.names.write(target.name, value);
    return;
  }
  const plain = value === NOTHING ? null : value;
  const owner = yield* evaluate(target.target, context);
  if (target.kind === 'member') {
    const name = context.bounds.textOf(yield* evaluate(target.name, context));
    writeMember(owner, name, plain, context.bounds);
    return;
  }
  const index = yield* evaluate(target.index, context);
  const changed = withIndex(owner, index, plain, context.bounds);
  if (changed === owner) return;
  const holder = target.target;
  if (holder.kind !== 'variable' && holder.kind !== 'member' && holder.kind !== 'index') {
    throw runtimeError('An item of a list without a name cannot be assigned to.', 'NotAssignable');
  }
  yield* assign(holder, changed, context);
}

function* evaluateAll(expressions: readonly Expression[], context: Context): Steps<PsValue[]> {
  const values: PsValue[] = [];
  for (const one of expressions) values.push(yield* evaluate(one, context));
  return values;
}

function* expand(parts: readonly (string | Expression)[], context: Context): Steps<string> {
  const texts: string[] = [];
  let length = 0;
  for (const part of parts) {
    const text =
      typeof part === 'string' ? part : context.bounds.textOf(yield* evaluate(part, context));
    length += text.length;
    context.bounds.room(length);
    texts.push(text);
  }
  return texts.join('');
}

function* hashtable({ entries }: HashtableExpression, context: Context): Steps<PsDictionary> {
  const dictionary = new PsDictionary();
  for (const { key, value } of entries) {
    const name = yield* evaluate(key, context);
    if (name === null)
      throw runtimeError('A null key is not allowed in a hash literal.', 'InvalidNullKey');
    if (dictionary.has(name)) {
      const text = context.bounds.textOf(name);
      const message = `Duplicate keys '${text}' are not allowed in hash literals.`;
      throw runtimeError(message, 'DuplicateKeyInHashLiteral');
    }
    const worth = yield* context.statements.value(value, context);
    dictionary.set(name, worth === NOTHING ? null : worth);
  }
  return context.bounds.made(dictionary);
}

function* unary({ operator, operand }: UnaryExpression, context: Context): Steps<PsValue> {
  const value = yield* evaluate(operand, context);
  switch (operator) {
    case 'not':
      return !isTrue(value);
    case 'minus':
      return negated(value);
    case 'plus': {
      const number = numeric(value);
      if (number === undefined) throw cannotConvert(context.bounds.textOf(value), 'System.Int32');
      return fromNumeric(number);
    }
    case 'comma':
      return [value];
    case 'join':
      return join(value, '', context.bounds);
    case 'split':
      return splitBlanks(value, context.bounds);
  }
}

function* step({ target, by, isPrefix }: StepExpression, context: Context): Steps<PsValue> {
  const before = yield* evaluate(target, context);
  if (numeric(before) === undefined || typeof before === 'string') {
    throw runtimeError(
      "The '++' and '--' operators work only on numbers.",
      'OperatorRequiresNumber',
    );
  }
  const after = arithmetic('+', before ?? 0, by, context.bounds);
  yield* assign(target, after, context);
  return isPrefix ? after : before;
}

function* binary({ first, rest }: BinaryExpression, context: Context): Steps<PsValue> {
  let left = yield* evaluate(first, context);
  for (const { operator, right } of rest) {
    context.bounds.spend();
    const { name } = operator;
    // The right side of -and and -or is only looked at when it matters.
    if (name === 'and' || name === 'or') {
      const isDecided = isTrue(left) === (name === 'or');
      left = isDecided ? name === 'or' : isTrue(yield* evaluate(right, context));
    } else if (right.kind === 'type') {
      left = ofType(operator, left, right.type, context);
    } else {
      left = operate(operator, left, yield* evaluate(right, context), context);
    }
  }
  return left;
}

function ofType(
  { name }: BinaryOperator,
  left: PsValue,
  type: TypeName,
  { bounds }: Context,
): PsValue {
  if (name === 'as') return castOrNull(type, left, bounds);
  if (name === 'is' || name === 'isnot') return isOfType(type, left) === (name === 'is');
  throw runtimeError(`-${name} takes no type.`, 'BadOperatorArgument');
}

function operate(
  { name, matchCase }: BinaryOperator,
  left: PsValue,
  right: PsValue,
  context: Context,
): PsValue {
  const { bounds, names } = context;
  switch (name) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmetic(name, left, right, bounds);
    case '..':
      return rangeOf(rangeEnd(left), rangeEnd(right), bounds);
    case 'f':
      return format(bounds.textOf(left), right, bounds);
    case 'join':
      return join(left, bounds.textOf(right), bounds);
    case 'split':
      return split(left, right, matchCase, bounds);
    case 'replace':
      return replace(left, right, matchCase, bounds);
    case 'xor':
      return isTrue(left) !== isTrue(right);
    case 'is':
    case 'isnot':
    case 'as':
    case 'and':
    case 'or':
      throw runtimeError(`-${name} takes no such value.`, 'BadOperatorArgument');
    case 'eq':
    case 'ne':
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
    case 'like':
    case 'notlike':
    case 'match':
    case 'notmatch':
    case 'contains':
    case 'notcontains':
    case 'in':
    case 'notin':
      return compareValues(name, left, right, {
        matchCase,
        bounds,
        setMatches: (matches) => names.write('Matches', matches),
      });
  }
}

function rangeEnd(value: PsValue): number {
  const number = numeric(value);
  const whole = number === undefined ? Number.NaN : Math.round(Number(number.value));
  if (Math.abs(whole) < 2 ** 31) return whole;
  throw cannotConvert(toText(value), 'System.Int32');
}

function* cast({ type, operand }: CastExpression, context: Context): Steps<PsValue> {
  // A literal that becomes an object keeps the order of its entries.
  const value = yield* evaluate(operand, context);
  const result = castTo(type, value, context.bounds);
  return type.name === 'void' ? NOTHING : result;
}
