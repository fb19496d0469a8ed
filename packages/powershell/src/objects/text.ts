import { PsDictionary, PsObject, type PsValue, Scalar, SecureText } from './value.ts';

/**
 * A value as text, as PowerShell's conversion to a string gives it in the invariant culture: items
 * of a collection with spaces between, `@{Name=value}` for custom objects, nothing for null. What
 * is inside of what is inside is told by its type alone.
 */
export function toText(value: PsValue): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return [...value].join(' ');
  if (value instanceof Scalar) return scalarText(value);
  if (value instanceof SecureText) return value.toString();
  if (value instanceof PsDictionary) return 'System.Collections.Hashtable';
  if (value instanceof PsObject) return objectText(value);
  return value.map(innerText).join(' ');
}

/** The short name of a value's type, as errors show it. */
export function typeNameOf(value: PsValue): string {
  if (value === null) return '';
  if (typeof value === 'string') return 'String';
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value === 'number') return isInt32(value) ? 'Int32' : 'Double';
  if (typeof value === 'bigint') return 'Int64';
  if (value instanceof Uint8Array) return 'Byte[]';
  if (value instanceof Scalar) return value.type;
  if (value instanceof PsDictionary) return 'Hashtable';
  if (value instanceof SecureText) return 'SecureString';
  if (value instanceof PsObject) return value.typeNames[0]?.split('.').at(-1) ?? 'PSObject';
  return 'Object[]';
}

/** Whether a JavaScript number stands for an Int32. */
export function isInt32(value: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31 && !Object.is(value, -0);
}

/** A Double as .NET writes it: the shortest digits that read back, `E+20` from 1e15 on. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e15 || magnitude < 1e-4)) {
    const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
    const digits = exponent.replace(/^[+-]/u, '').padStart(2, '0');
    return `${mantissa}E${exponent.startsWith('-') ? '-' : '+'}${digits}`;
  }
  return String(value);
}

/** A TimeSpan of so many 100 ns: `[-][d.]hh:mm:ss[.fffffff]`. */
export function timeSpanText(ticks: bigint): string {
  const size = ticks < 0n ? -ticks : ticks;
  const two = (part: bigint): string => String(part).padStart(2, '0');
  const seconds = size / 10_000_000n;
  const days = seconds / 86_400n;
  const clock = [(seconds / 3600n) % 24n, (seconds / 60n) % 60n, seconds % 60n].map(two).join(':');
  const rest = size % 10_000_000n;
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(7, '0')}`;
  return `${ticks < 0n ? '-' : ''}${days > 0n ? `${days}.` : ''}${clock}${fraction}`;
}

/** A DateTime in the invariant culture: `11/22/2026 18:05:09`. */
export function dateText(iso: string): string {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)/u.exec(iso);
  return parts === null ? iso : `${parts[2]}/${parts[3]}/${parts[1]} ${parts[4]}`;
}

function scalarText({ type, value }: Scalar): string {
  if (type === 'Char') return String.fromCharCode(Number(value));
  if (type === 'TimeSpan') return timeSpanText(BigInt(value));
  if (type === 'DateTime') return dateText(String(value));
  if (type === 'Double' || type === 'Single') return numberText(Number(value));
  return String(value);
}

function innerText(value: PsValue): string {
  if (Array.isArray(value)) return 'System.Object[]';
  if (!(value instanceof PsObject) || value.text !== undefined) return toText(value);
  const { base, typeNames } = value;
  if (base?.kind === 'primitive') return innerText(base.value);
  const name = typeNames[0] ?? '';
  return base === undefined && isCustom(name) ? '' : name;
}

function isCustom(name: string): boolean {
  return name === '' || /(^|\.)PSCustomObject$|^Selected\./u.test(name);
}

function objectText(object: PsObject): string {
  const { base, text, typeNames } = object;
  if (text !== undefined) return text;
  if (base?.kind === 'primitive') return toText(base.value);
  if (base?.kind === 'dictionary') return toText(base.entries);
  if (base !== undefined) return base.items.map(innerText).join(' ');
  const [first = ''] = typeNames;
  if (!isCustom(first)) return first;
  const properties = [...object.properties()];
  return `@{${properties.map(({ name, value }) => `${name}=${innerText(value)}`).join('; ')}}`;
}
