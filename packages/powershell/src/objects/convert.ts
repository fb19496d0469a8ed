import { toText } from './text.ts';
import { PsDictionary, PsObject, type PsValue, Scalar } from './value.ts';

/**
 * PowerShell's truth: null, zero, empty text and empty lists are false; a list of one is its item.
 */
export function isTrue(value: PsValue): boolean {
  const plain = baseOf(value);
  if (plain === null) return false;
  if (typeof plain === 'boolean') return plain;
  if (typeof plain === 'string') return plain !== '';
  if (typeof plain === 'number' || typeof plain === 'bigint') return Number(plain) !== 0;
  const items = itemsOf(plain);
  if (items !== undefined) return items.length > 1 || isTrue(items[0] ?? null);
  const number = plain instanceof Scalar ? scalarNumber(plain) : undefined;
  return number === undefined ? true : number !== 0;
}

/** The items of a value that PowerShell enumerates; undefined: it is one thing. */
export function itemsOf(value: PsValue): readonly PsValue[] | undefined {
  if (Array.isArray(value)) return value as readonly PsValue[]; // isArray loses readonly
  if (value instanceof Uint8Array) return [...value].map((byte) => new Scalar('Byte', byte));
  if (!(value instanceof PsObject)) return undefined;
  const { base } = value;
  return base === undefined || base.kind === 'primitive' || base.kind === 'dictionary'
    ? undefined
    : base.items;
}

/** A value as a list: its items, itself alone, or nothing for null. */
export function asList(value: PsValue): readonly PsValue[] {
  return value === null ? [] : (itemsOf(value) ?? [value]);
}

/** What a primitive with notes added to it is without them. */
export function baseOf(value: PsValue): PsValue {
  if (!(value instanceof PsObject)) return value;
  const { base } = value;
  if (base?.kind === 'primitive') return base.value;
  return base?.kind === 'dictionary' ? base.entries : value;
}

/**
 * A value as a number, as PowerShell converts it (`'0x10'` is 16, `''` is 0); undefined: it is
 * none.
 */
export function toNumber(value: PsValue): number | undefined {
  const plain = baseOf(value);
  if (plain === null) return 0;
  if (typeof plain === 'number') return plain;
  if (typeof plain === 'bigint') return Number(plain);
  if (typeof plain === 'boolean') return plain ? 1 : 0;
  if (typeof plain === 'string') return parseNumber(plain);
  if (plain instanceof Scalar) return scalarNumber(plain);
  const items = itemsOf(plain);
  return items?.length === 1 ? toNumber(items[0] ?? null) : undefined;
}

/** A property of a value, as `.Name` finds it: also of a dictionary, and `Length` and `Count`. */
export function propertyOf(value: PsValue, name: string): PsValue | undefined {
  if (value instanceof PsDictionary) return dictionaryProperty(value, name);
  if (value instanceof PsObject) {
    const plain = baseOf(value);
    const own = value.get(name);
    return own ?? (plain === value ? countOf(value, name) : propertyOf(plain, name));
  }
  return countOf(value, name);
}

function dictionaryProperty(dictionary: PsDictionary, name: string): PsValue | undefined {
  const entry = dictionary.get(name);
  if (entry !== undefined) return entry;
  const entries = [...dictionary.entries()];
  switch (name.toLowerCase()) {
    case 'count':
      return dictionary.size;
    case 'keys':
      return entries.map(([key]) => key);
    case 'values':
      return entries.map(([, value]) => value);
    default:
      return undefined;
  }
}

function countOf(value: PsValue, name: string): PsValue | undefined {
  const lower = name.toLowerCase();
  if (typeof value === 'string' && lower === 'length') return value.length;
  if (lower !== 'count' && lower !== 'length') return undefined;
  return value === null ? 0 : (itemsOf(value)?.length ?? 1);
}

function scalarNumber({ type, value }: Scalar): number | undefined {
  if (typeof value !== 'string') return Number(value);
  return type === 'Decimal' ? Number(value) : undefined;
}

function parseNumber(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return 0;
  const isNumber = /^[+-]?(?:0x[\da-f]{1,16}|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/iu.test(trimmed);
  if (!isNumber) return undefined;
  const sign = trimmed.startsWith('-') ? -1 : 1;
  return sign * Number(trimmed.replace(/^[+-]/u, ''));
}

/** Whether two values are equal as `-eq` has it: by the left one's type, text without case. */
export function isEqual(left: PsValue, right: PsValue): boolean {
  const a = baseOf(left);
  const b = baseOf(right);
  if (a === null || b === null) return a === b;
  if (typeof a === 'string') return a.toLowerCase() === toText(b).toLowerCase();
  if (typeof a === 'boolean') return a === isTrue(b);
  const number = toNumber(a);
  if (number !== undefined && itemsOf(a) === undefined) return number === toNumber(b);
  return a === b || toText(a).toLowerCase() === toText(b).toLowerCase();
}

/** Order as `-lt` and Sort-Object have it: numbers by size, all else as text without case. */
export function compare(left: PsValue, right: PsValue): number {
  const a = baseOf(left);
  const b = baseOf(right);
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  const byNumber = typeof a !== 'string' ? toNumber(a) : undefined;
  const other = byNumber === undefined ? undefined : toNumber(b);
  if (byNumber !== undefined && other !== undefined) return Math.sign(byNumber - other);
  if (a instanceof Scalar && b instanceof Scalar && a.type === 'DateTime') {
    return compareText(String(a.value), String(b.value));
  }
  return compareText(toText(a).toLowerCase(), toText(b).toLowerCase());
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
