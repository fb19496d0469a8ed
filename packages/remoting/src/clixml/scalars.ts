import { isInt32 } from '@doublehop/powershell/objects/text';
import { type PsValue, Scalar, type ScalarType } from '@doublehop/powershell/objects/value';
import { RemotingError } from '../errors.ts';
import { formatTimeSpan, parseTimeSpan } from './duration.ts';
import { SCALAR_TAGS } from './names.ts';

/** A number as XML Schema writes doubles: `INF`, `NaN`, exponents after `E`. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'INF' : '-INF';
  return Object.is(value, -0) ? '-0' : String(value).replace('e', 'E');
}

/** The text of a scalar before it is escaped. Throws RemotingError `clixml` if it is none. */
export function scalarText({ type, value }: Scalar): string {
  if (type === 'TimeSpan') return formatTimeSpan(BigInt(value));
  if (type === 'Double') return doubleText(Number(value));
  if (type === 'Single') return singleText(Number(value));
  const text = String(value);
  checkScalar(type, text);
  return text;
}

/** The value of a primitive element; undefined: the element is not one of a `Scalar`. */
export function scalarFrom(tag: string, text: string): PsValue | undefined {
  const type = TYPES.get(tag);
  if (type === undefined) return undefined;
  const trimmed = TRIMMED.has(type) ? text.trim() : text;
  if (type === 'TimeSpan') return new Scalar(type, timeSpan(trimmed));
  if (type === 'Double') return doubleValue(parseDouble(trimmed));
  if (type === 'Single') return new Scalar(type, parseDouble(trimmed));
  checkScalar(type, trimmed);
  if (type === 'UInt64') return new Scalar(type, BigInt(trimmed));
  if (RANGES[type] !== undefined) return new Scalar(type, Number(trimmed));
  return new Scalar(type, type === 'Guid' ? trimmed.toLowerCase() : trimmed);
}

/** A whole number between the bounds. Throws RemotingError `clixml`. */
export function parseInteger(text: string, low: bigint, high: bigint): bigint {
  const trimmed = text.trim();
  if (!/^[+-]?\d{1,24}$/u.test(trimmed)) throw malformed('a whole number');
  const value = BigInt(trimmed.replace('+', ''));
  if (value < low || value > high) throw malformed('a number within the range of its type');
  return value;
}

const TYPES = new Map(
  // Object.entries of the record with these keys.
  Object.entries(SCALAR_TAGS).map(([type, tag]) => [tag, type as ScalarType] as const),
);

/** MS-PSRP 2.2.5.1: types whose text may have white space around it. */
const TRIMMED: ReadonlySet<ScalarType> = new Set<ScalarType>([
  'Char',
  'Byte',
  'SByte',
  'Int16',
  'UInt16',
  'UInt32',
  'UInt64',
  'Single',
  'Double',
  'Decimal',
  'DateTime',
  'TimeSpan',
  'Guid',
  'Version',
]);

type Range = readonly [bigint, bigint];
const RANGES: Readonly<Partial<Record<ScalarType, Range>>> = {
  Char: [0n, 0xffffn],
  Byte: [0n, 255n],
  SByte: [-128n, 127n],
  Int16: [-32_768n, 32_767n],
  UInt16: [0n, 65_535n],
  UInt32: [0n, 0xffff_ffffn],
  UInt64: [0n, 0xffff_ffff_ffff_ffffn],
};

const SHAPES: Readonly<Partial<Record<ScalarType, RegExp>>> = {
  Decimal: /^[+-]?\d{0,29}(\.\d{0,28})?$/u,
  DateTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?$/u,
  Guid: /^[\dA-Fa-f]{8}(-[\dA-Fa-f]{4}){3}-[\dA-Fa-f]{12}$/u,
  Version: /^\d{1,10}(\.\d{1,10}){1,3}$/u,
};

function checkScalar(type: ScalarType, text: string): void {
  const range = RANGES[type];
  if (range !== undefined) parseInteger(text, ...range);
  if (SHAPES[type]?.test(text) === false) throw malformed(`a ${type}`);
  if (type === 'Decimal' && !/\d/u.test(text)) throw malformed('a Decimal');
}

function parseDouble(text: string): number {
  if (text === 'INF') return Number.POSITIVE_INFINITY;
  if (text === '-INF') return Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d{1,4})?$/u.test(text)) throw malformed('a number');
  return Number(text);
}

/** Plain numbers that are whole stand for Int32: a Double that is one needs its type. */
function doubleValue(value: number): PsValue {
  return isInt32(value) ? new Scalar('Double', value) : value;
}

function timeSpan(text: string): bigint {
  const ticks = parseTimeSpan(text);
  if (ticks === undefined || ticks > MAX_TICKS || ticks < -MAX_TICKS) throw malformed('a TimeSpan');
  return ticks;
}

/** A TimeSpan has 64 bits. */
const MAX_TICKS = 2n ** 63n;

function singleText(value: number): string {
  const single = Math.fround(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return doubleText(short);
  }
  return doubleText(single);
}

function malformed(what: string): RemotingError {
  return new RemotingError('clixml', `what should be ${what} is not`);
}
