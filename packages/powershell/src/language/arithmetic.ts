import { baseOf, itemsOf } from '../objects/convert.ts';
import { toText, typeNameOf } from '../objects/text.ts';
import { PsDictionary, type PsValue, Scalar } from '../objects/value.ts';
import type { Bounds } from './bounds.ts';
import { double, isWhole, numberAt } from './numbers.ts';
import { cannotConvert, runtimeError } from './script-error.ts';

/** A number as arithmetic needs it. */
export type Numeric =
  | { readonly kind: 'whole'; readonly value: bigint; readonly isLong: boolean }
  | { readonly kind: 'real'; readonly value: number };

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';

/**
 * Arithmetic by the left operand's type (about_Arithmetic_Operators): text and lists are joined
 * and repeated; whole numbers that outgrow their type become Doubles.
 */
export function arithmetic(
  operator: ArithmeticOperator,
  left: PsValue,
  right: PsValue,
  bounds: Bounds,
): PsValue {
  const a = baseOf(left);
  const b = baseOf(right);
  if (operator === '+') {
    if (a === null) return right;
    if (typeof a === 'string') return joined(a, bounds.textOf(b), bounds);
    if (a instanceof PsDictionary && b instanceof PsDictionary) return merged(a, b, bounds);
  }
  if (operator === '*' && typeof a === 'string') return repeated(a, b, bounds);
  const items = itemsOf(a);
  if (items !== undefined && operator === '+') {
    const more = itemsOf(b) ?? [right];
    bounds.places(items.length + more.length);
    return bounds.extended(items.concat(more), a, more);
  }
  if (items !== undefined && operator === '*') {
    const count = repeatCount(b);
    bounds.places(items.length * count);
    return bounds.made(Array.from({ length: count }, () => items).flat());
  }
  return calculate(operator, operand(a, operator), operand(b, operator));
}

/** A value as a number of its kind; undefined: it is none. */
export function numeric(value: PsValue): Numeric | undefined {
  const plain = baseOf(value);
  if (plain === null) return { kind: 'whole', value: 0n, isLong: false };
  if (typeof plain === 'boolean') return { kind: 'whole', value: BigInt(plain), isLong: false };
  if (isWhole(plain)) {
    return { kind: 'whole', value: BigInt(plain), isLong: typeof plain === 'bigint' };
  }
  if (typeof plain === 'number') return { kind: 'real', value: plain };
  if (typeof plain === 'string') return numericText(plain);
  if (!(plain instanceof Scalar)) return undefined;
  if (/^(?:S?Byte|U?Int16)$/u.test(plain.type)) {
    return { kind: 'whole', value: BigInt(plain.value), isLong: false };
  }
  if (/^UInt(?:32|64)$/u.test(plain.type)) {
    return { kind: 'whole', value: BigInt(plain.value), isLong: true };
  }
  const isReal = /^(?:Single|Double|Decimal)$/u.test(plain.type);
  return isReal ? { kind: 'real', value: Number(plain.value) } : undefined;
}

/** The negative of a value. */
export function negated(value: PsValue): PsValue {
  return calculate('-', { kind: 'whole', value: 0n, isLong: false }, operand(value, '-'));
}

/** The value of a Numeric: Int32, Int64 if it was one, else Double. */
export function fromNumeric(number: Numeric): PsValue {
  if (number.kind === 'real') return double(number.value);
  const { value, isLong } = number;
  if (!isLong && value === BigInt.asIntN(32, value)) return Number(value);
  return isLong && value === BigInt.asIntN(64, value) ? value : double(Number(value));
}

function numericText(text: string): Numeric | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'whole', value: 0n, isLong: false };
  const sign = /^[+-]/u.test(trimmed) ? 1 : 0;
  const found = numberAt(trimmed, sign);
  if (found?.length !== trimmed.length - sign) return undefined;
  const number = numeric(found.value);
  if (number === undefined || !trimmed.startsWith('-')) return number;
  return number.kind === 'real'
    ? { kind: 'real', value: -number.value }
    : { ...number, value: -number.value };
}

function operand(value: PsValue, operator: ArithmeticOperator): Numeric {
  const number = numeric(value);
  if (number !== undefined) return number;
  if (typeof value === 'string') {
    throw cannotConvert(value, 'System.Int32', 'Input string was not in a correct format.');
  }
  const names = { '+': 'Addition', '-': 'Subtraction', '*': 'Multiply', '/': 'Division' };
  const method = operator === '%' ? 'Modulus' : names[operator];
  throw runtimeError(
    `Method invocation failed because [${typeNameOf(value)}] does not contain a method named ` +
      `'op_${method}'.`,
    'MethodNotFound',
  );
}

function calculate(operator: ArithmeticOperator, a: Numeric, b: Numeric): PsValue {
  if (a.kind === 'real' || b.kind === 'real') {
    return double(real(operator, Number(a.value), Number(b.value)));
  }
  const isLong = a.isLong || b.isLong;
  if ((operator === '/' || operator === '%') && b.value === 0n) {
    throw runtimeError('Attempted to divide by zero.', 'RuntimeException', 'NotSpecified');
  }
  if (operator === '/' && a.value % b.value !== 0n)
    return double(Number(a.value) / Number(b.value));
  return fromNumeric({ kind: 'whole', value: whole(operator, a.value, b.value), isLong });
}

function whole(operator: ArithmeticOperator, a: bigint, b: bigint): bigint {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
  }
}

function real(operator: ArithmeticOperator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
  }
}

function joined(a: string, b: string, bounds: Bounds): string {
  bounds.room(a.length + b.length);
  return a + b;
}

function repeated(text: string, times: PsValue, bounds: Bounds): string {
  const count = repeatCount(times);
  bounds.room(text.length * count);
  return text.repeat(count);
}

function repeatCount(value: PsValue): number {
  const number = numeric(value);
  const count = number === undefined ? Number.NaN : Math.round(Number(number.value));
  if (count >= 0) return count;
  throw cannotConvert(toText(value), 'System.UInt32');
}

function merged(a: PsDictionary, b: PsDictionary, bounds: Bounds): PsDictionary {
  const all = new PsDictionary(a.entries());
  for (const [key, value] of b.entries()) {
    if (all.has(key)) {
      const message = `Item has already been added. Key in dictionary: '${toText(key)}'`;
      throw runtimeError(message, 'System.ArgumentException', 'NotSpecified');
    }
    all.set(key, value);
  }
  return bounds.made(all);
}
