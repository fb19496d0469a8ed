import { CommandFailure } from '../commands/command.ts';
import { baseOf, isTrue, itemsOf } from '../objects/convert.ts';
import { toText, typeNameOf } from '../objects/text.ts';
import { PsDictionary, PsObject, type PsValue, Scalar } from '../objects/value.ts';
import { type Numeric, numeric } from './arithmetic.ts';
import type { CastType, TypeName } from './ast.ts';
import type { Bounds } from './bounds.ts';
import { double } from './numbers.ts';
import { cannotConvert, ScriptStop } from './script-error.ts';

/** What .NET calls the types. */
const FULL_NAMES: Readonly<Record<CastType, string>> = {
  string: 'System.String',
  char: 'System.Char',
  int: 'System.Int32',
  long: 'System.Int64',
  double: 'System.Double',
  bool: 'System.Boolean',
  switch: 'System.Management.Automation.SwitchParameter',
  datetime: 'System.DateTime',
  timespan: 'System.TimeSpan',
  guid: 'System.Guid',
  version: 'System.Version',
  array: 'System.Array',
  object: 'System.Object',
  hashtable: 'System.Collections.Hashtable',
  ordered: 'System.Collections.Specialized.OrderedDictionary',
  pscustomobject: 'System.Management.Automation.PSCustomObject',
  void: 'System.Void',
};

/** `[type]value` (about_Type_Conversion). Throws CommandFailure when it cannot be converted. */
export function castTo({ name, isArray }: TypeName, value: PsValue, bounds: Bounds): PsValue {
  if (!isArray) return castOne(name, value, bounds);
  const items = value === null ? [] : (itemsOf(value) ?? [value]);
  bounds.places(items.length);
  return bounds.made(items.map((item) => castOne(name, item, bounds)));
}

/** `value -is [type]`. */
export function isOfType({ name, isArray }: TypeName, value: PsValue): boolean {
  const plain = baseOf(value);
  const isList = Array.isArray(plain) || plain instanceof Uint8Array;
  if (isArray || name === 'array') return isList;
  if (plain === null) return false;
  if (name === 'object') return true;
  if (name === 'pscustomobject') return plain instanceof PsObject;
  if (name === 'hashtable' || name === 'ordered') return plain instanceof PsDictionary;
  const names: Partial<Record<CastType, string>> = { bool: 'Boolean', int: 'Int32', long: 'Int64' };
  return typeNameOf(plain).toLowerCase() === (names[name] ?? name).toLowerCase();
}

/** `value -as [type]`: null when it cannot be converted. */
export function castOrNull(type: TypeName, value: PsValue, bounds: Bounds): PsValue {
  try {
    return castTo(type, value, bounds);
  } catch (error) {
    if (!(error instanceof CommandFailure) || error instanceof ScriptStop) throw error;
    return null;
  }
}

function castOne(name: CastType, value: PsValue, bounds: Bounds): PsValue {
  const plain = baseOf(value);
  switch (name) {
    case 'string':
      return bounds.textOf(value);
    case 'bool':
    case 'switch':
      return isTrue(plain);
    case 'int':
      return wholeOf(plain, 32, 'System.Int32');
    case 'long':
      return wholeOf(plain, 64, 'System.Int64');
    case 'double': {
      const number = numberOf(plain, 'System.Double');
      return double(Number(number.value));
    }
    case 'object':
      return value;
    case 'void':
      return null;
    case 'array':
      return itemsOf(plain) ?? [value];
    case 'hashtable':
    case 'ordered':
      if (plain instanceof PsDictionary) return plain;
      break;
    case 'pscustomobject':
      return plain instanceof PsDictionary ? bounds.made(customFrom(plain)) : value;
    case 'char':
    case 'datetime':
    case 'timespan':
    case 'guid':
    case 'version': {
      const made = scalarOf(name, plain);
      if (made !== undefined) return made;
    }
  }
  throw cannotConvert(toText(plain), FULL_NAMES[name]);
}

/** Rounds half to even, as .NET converts to whole numbers. */
function wholeOf(value: PsValue, bits: 32 | 64, type: string): PsValue {
  const number = numberOf(value, type);
  const whole = number.kind === 'whole' ? number.value : rounded(number.value);
  if (whole === undefined || whole !== BigInt.asIntN(bits, whole)) {
    const kind = type.replace('System.', 'an ');
    const reason = `Value was either too large or too small for ${kind}.`;
    throw cannotConvert(toText(value), type, reason);
  }
  return bits === 32 ? Number(whole) : whole;
}

function rounded(value: number): bigint | undefined {
  if (!Number.isFinite(value)) return undefined;
  const floor = Math.floor(value);
  const isHalf = value - floor === 0.5;
  return BigInt(isHalf ? floor + Math.abs(floor % 2) : Math.round(value));
}

function numberOf(value: PsValue, type: string): Numeric {
  if (value instanceof Scalar && value.type === 'Char') {
    return { kind: 'whole', value: BigInt(value.value), isLong: false };
  }
  const items = itemsOf(value);
  const number = numeric(items?.length === 1 ? (items[0] ?? null) : value);
  if (number !== undefined) return number;
  const reason = typeof value === 'string' ? 'Input string was not in a correct format.' : '';
  throw cannotConvert(toText(value), type, reason);
}

function customFrom(entries: PsDictionary): PsObject {
  const object = new PsObject({
    typeNames: ['System.Management.Automation.PSCustomObject', 'System.Object'],
  });
  for (const [key, value] of entries.entries()) object.set(toText(key), value);
  return object;
}

type ScalarCast = Extract<CastType, 'char' | 'datetime' | 'timespan' | 'guid' | 'version'>;

function scalarOf(name: ScalarCast, value: PsValue): Scalar | undefined {
  const text = typeof value === 'string' ? value.trim() : undefined;
  if (value instanceof Scalar && value.type.toLowerCase() === name) return value;
  switch (name) {
    case 'char': {
      if (typeof value === 'string') {
        return value.length === 1 ? new Scalar('Char', value.charCodeAt(0)) : undefined;
      }
      const number = numeric(value);
      const isUnit = number?.kind === 'whole' && number.value >= 0n && number.value <= 0xff_ffn;
      return isUnit ? new Scalar('Char', Number(number.value)) : undefined;
    }
    case 'datetime':
      return text === undefined ? undefined : dateOf(text);
    case 'timespan':
      return timeSpanOf(text, value);
    case 'guid': {
      const guid = /^\{?(?<plain>[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\}?$/iu.exec(text ?? '');
      const plain = guid?.groups?.['plain'];
      return plain === undefined ? undefined : new Scalar('Guid', plain.toLowerCase());
    }
    case 'version':
      return /^\d+(?:\.\d+){1,3}$/u.test(text ?? '')
        ? new Scalar('Version', text ?? '')
        : undefined;
  }
}

/** `2026-11-22`, `2026-11-22T18:05:09` or `11/22/2026 18:05:09`, of no zone. */
function dateOf(text: string): Scalar | undefined {
  const iso = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?)?$/u;
  const slashed = /^(\d\d?)\/(\d\d?)\/(\d{4})(?: (\d\d?:\d\d)(:\d\d)?)?$/u;
  const one = iso.exec(text);
  const other = slashed.exec(text);
  const two = (part = ''): string => part.padStart(2, '0');
  const parts = one
    ? { day: `${one[1]}-${one[2]}-${one[3]}`, time: one[4], rest: one }
    : other && {
        day: `${other[3]}-${two(other[1])}-${two(other[2])}`,
        time: other[4],
        rest: other,
      };
  if (!parts) return undefined;
  const { day, time = '00:00', rest } = parts;
  const end = `${rest[5] ?? ':00'}${one?.[6] ?? ''}${one?.[7] ?? ''}`;
  const whole = `${day}T${time.padStart(5, '0')}${end}`;
  return Number.isNaN(Date.parse(whole)) ? undefined : new Scalar('DateTime', whole);
}

/** `[d.]hh:mm[:ss[.fffffff]]`, a number of days, or a whole number of 100 ns. */
function timeSpanOf(text: string | undefined, value: PsValue): Scalar | undefined {
  if (text === undefined) {
    const number = numeric(value);
    return number?.kind === 'whole' ? new Scalar('TimeSpan', number.value) : undefined;
  }
  const pattern = /^(-?)(?:(\d{1,8})\.)?(\d\d?):(\d\d?)(?::(\d\d?)(?:\.(\d{1,7}))?)?$/u;
  const found = pattern.exec(text);
  const days = /^-?\d{1,8}$/u.test(text) ? BigInt(text) * 864_000_000_000n : undefined;
  if (found === null) return days === undefined ? undefined : new Scalar('TimeSpan', days);
  const [, sign = '', day = '0', hour = '0', minute = '0', second = '0', part = ''] = found;
  const seconds =
    ((BigInt(day) * 24n + BigInt(hour)) * 60n + BigInt(minute)) * 60n + BigInt(second);
  const ticks = seconds * 10_000_000n + BigInt(part.padEnd(7, '0'));
  return new Scalar('TimeSpan', sign === '-' ? -ticks : ticks);
}
