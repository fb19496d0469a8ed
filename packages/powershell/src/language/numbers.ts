import { isInt32 } from '../objects/text.ts';
import { type PsValue, Scalar } from '../objects/value.ts';

// More digits than a number can use are no whole number: making one of them would take long.
const HEX = /0x(?<hex>[\da-f]{1,64})(?![\da-f])/u;
const WHOLE = /(?<whole>\d{1,64})(?!\d|\.\d|e[+-]?\d)/u;
const REAL = /(?<real>(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?)/u;
const ENDING = /(?<suffix>l?)(?<unit>[kmgtp]b)?/u;
const NUMBER = `(?:${HEX.source}|${WHOLE.source}|${REAL.source})${ENDING.source}`;

/** A number that begins at a place of a text: its value and its length; undefined: none does. */
export function numberAt(text: string, at: number): { value: PsValue; length: number } | undefined {
  const pattern = new RegExp(NUMBER, 'iuy');
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  if (found === null) return undefined;
  const { hex, whole, real, suffix, unit } = found.groups ?? {};
  const isLong = suffix !== '';
  const factor =
    unit === undefined ? 1 : 1024 ** ('kmgtp'.indexOf(unit.charAt(0).toLowerCase()) + 1);
  const value =
    real === undefined
      ? wholeNumber(hex === undefined ? BigInt(whole ?? '0') : hexNumber(hex), factor, isLong)
      : isLong
        ? undefined
        : double(Number(real) * factor);
  return value === undefined ? undefined : { value, length: found[0].length };
}

/** A Double, also if it is a whole number. */
export function double(value: number): PsValue {
  return isInt32(value) || Object.is(value, -0) ? new Scalar('Double', value) : value;
}

/** Whether a value is of a whole-number type that arithmetic keeps whole. */
export function isWhole(value: PsValue): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && isInt32(value));
}

/** A whole number as Int32, else Int64, else Double, as PowerShell widens literals. */
function wholeNumber(value: bigint, factor: number, isLong: boolean): PsValue | undefined {
  const product = value * BigInt(factor);
  if (product !== BigInt.asIntN(64, product)) return isLong ? undefined : double(Number(product));
  return isLong || product !== BigInt.asIntN(32, product) ? product : Number(product);
}

/** Hexadecimal digits are the bits of an Int32 up to 8 of them, of an Int64 up to 16. */
function hexNumber(digits: string): bigint {
  const value = BigInt(`0x${digits}`);
  const significant = digits.replace(/^0+/u, '').length;
  if (significant <= 8) return BigInt.asIntN(32, value);
  return significant <= 16 ? BigInt.asIntN(64, value) : value;
}
