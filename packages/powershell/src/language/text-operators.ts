import { asList, itemsOf } from '../objects/convert.ts';
import { dateText, numberText, toText } from '../objects/text.ts';
import { PsDictionary, type PsValue, Scalar } from '../objects/value.ts';
import { numeric } from './arithmetic.ts';
import type { Bounds } from './bounds.ts';
import { compilePattern, type Pattern, type PatternMatch } from './pattern.ts';
import { runtimeError } from './script-error.ts';

/** `-match` of one text: what `$Matches` then is; undefined: it does not match. */
export function matchText(
  text: string,
  pattern: Pattern,
  bounds: Bounds,
): PsDictionary | undefined {
  const found = pattern.find(text, 0, (steps) => bounds.spend(steps));
  if (found === undefined) return undefined;
  const groups = new PsDictionary();
  found.groups.forEach((group, i) => {
    const name = i === 0 ? undefined : pattern.names[i - 1];
    if (group !== undefined) groups.set(name ?? i, group);
  });
  return groups;
}

/** `text -replace pattern, substitution`, for each item of a list (about_Comparison_Operators). */
export function replace(
  left: PsValue,
  right: PsValue,
  matchCase: boolean,
  bounds: Bounds,
): PsValue {
  const [patternText = null, substitution = null, ...more] = itemsOf(right) ?? [right];
  if (more.length > 0) {
    const message =
      'The -replace operator must be followed by at most two operands: the pattern and the ' +
      'substitution.';
    throw runtimeError(message, 'BadReplaceArgument');
  }
  const pattern = compilePattern(bounds.textOf(patternText), { matchCase });
  const by = bounds.textOf(substitution);
  return eachText(left, (text) => replaceAll(bounds.textOf(text), pattern, by, bounds));
}

function replaceAll(text: string, pattern: Pattern, by: string, bounds: Bounds): string {
  const pieces: string[] = [];
  let length = 0;
  let at = 0;
  for (const match of matches(text, pattern, bounds)) {
    const piece = text.slice(at, match.start) + substituted(by, match, pattern);
    length += piece.length;
    bounds.room(length);
    pieces.push(piece);
    at = match.end;
  }
  pieces.push(text.slice(at));
  return bounds.text(pieces.join(''));
}

/** `$1`, `${name}`, `$&` and `$$` (.NET: Substitutions in Regular Expressions). */
function substituted(by: string, { groups }: PatternMatch, { names }: Pattern): string {
  return by.replaceAll(
    /\$(?:(?<number>\d{1,3})|\{(?<name>\w{1,64})\}|(?<mark>[&$]))/gu,
    (written: string, number?: string, name?: string, mark?: string) => {
      if (mark !== undefined) return mark === '$' ? '$' : (groups[0] ?? '');
      const key = number ?? name ?? '';
      const index = /^\d+$/u.test(key) ? Number(key) : names.indexOf(key) + 1;
      const isGroup = index <= names.length && (index > 0 || key === '0');
      return isGroup ? (groups[index] ?? '') : written;
    },
  );
}

function* matches(text: string, pattern: Pattern, bounds: Bounds): Generator<PatternMatch> {
  let from = 0;
  while (from <= text.length) {
    bounds.spend();
    const match = pattern.find(text, from, (steps) => bounds.spend(steps));
    if (match === undefined) return;
    yield match;
    from = match.end > match.start ? match.end : match.end + 1;
  }
}

/** `text -split pattern[, most]`; groups of the pattern are kept, as .NET does. */
export function split(left: PsValue, right: PsValue, matchCase: boolean, bounds: Bounds): PsValue {
  const [patternText = null, limit = null, ...more] = itemsOf(right) ?? [right];
  const most = numeric(limit);
  if (more.length > 0 || most === undefined || most.value < 0) {
    throw runtimeError('-split takes a pattern and a number of pieces.', 'BadSplitArgument');
  }
  const pattern = compilePattern(bounds.textOf(patternText), { matchCase });
  const pieces = asList(left).flatMap((text) =>
    splitText(bounds.textOf(text), pattern, Number(most.value), bounds),
  );
  return bounds.made(pieces);
}

function splitText(text: string, pattern: Pattern, most: number, bounds: Bounds): string[] {
  const pieces: string[] = [];
  let count = 1;
  let at = 0;
  for (const match of matches(text, pattern, bounds)) {
    if (most > 0 && count >= most) break;
    pieces.push(
      text.slice(at, match.start),
      ...match.groups.slice(1).filter((one) => one !== undefined),
    );
    bounds.places(pieces.length);
    count += 1;
    at = match.end;
  }
  return [...pieces, text.slice(at)];
}

/** `-split text`: at white space. */
export function splitBlanks(value: PsValue, bounds: Bounds): PsValue {
  const words = asList(value).flatMap((text) => bounds.textOf(text).trim().split(/\s+/u));
  return bounds.made(words);
}

export function join(value: PsValue, separator: string, bounds: Bounds): string {
  const texts = asList(value).map((item) => bounds.textOf(item));
  bounds.room(texts.reduce((sum, text) => sum + text.length + separator.length, 0));
  return texts.join(separator);
}

const BAD_FORMAT = 'Input string was not in a correct format.';
const BAD_INDEX =
  'Index (zero based) must be greater than or equal to zero and less than the size of the ' +
  'argument list.';

/** `'{0} of {1,5:N1}' -f a, b` (.NET: Composite formatting). Throws CommandFailure. */
export function format(pattern: string, value: PsValue, bounds: Bounds): string {
  const items = itemsOf(value) ?? [value];
  let length = pattern.length;
  const hole =
    /\{\{|\}\}|\{(?<index>\d{1,6})(?:,(?<width>-?\d{1,6}))?(?::(?<form>[^{}]*))?\}|[{}]/gu;
  return pattern.replaceAll(
    hole,
    (written: string, index?: string, width?: string, form?: string) => {
      if (written === '{{' || written === '}}') return written.charAt(0);
      const at = Number(index);
      if (index === undefined || at >= items.length) {
        const why = index === undefined ? BAD_FORMAT : BAD_INDEX;
        throw runtimeError(`Error formatting a string: ${why}`, 'FormatError');
      }
      const size = Math.abs(Number(width ?? 0));
      bounds.room(length + size);
      const text = bounds.textOf(formatted(items[at] ?? null, form ?? ''));
      length += Math.max(text.length, size);
      bounds.room(length);
      return width?.startsWith('-') === true ? text.padEnd(size) : text.padStart(size);
    },
  );
}

/** A value by a format of .NET: D, F, N, P and X with digits, and parts of dates. */
export function formatted(value: PsValue, form: string): string {
  if (form === '') return toText(value);
  if (value instanceof Scalar && value.type === 'DateTime')
    return formatDate(String(value.value), form);
  const number = typeof value === 'string' ? undefined : numeric(value);
  if (number === undefined) return toText(value);
  const found = /^(?<kind>[dfgnpx])(?<digits>\d{0,2})$/iu.exec(form)?.groups;
  const kind = found?.['kind'] ?? '';
  const digits = found?.['digits'] === '' ? undefined : Number(found?.['digits']);
  const plain = Number(number.value);
  switch (kind.toLowerCase()) {
    case 'd':
      if (number.kind !== 'whole') break;
      return signed(
        number.value < 0n,
        String(number.value)
          .replace('-', '')
          .padStart(digits ?? 0, '0'),
      );
    case 'x': {
      if (number.kind !== 'whole') break;
      const hex = BigInt.asUintN(number.isLong ? 64 : 32, number.value).toString(16);
      return (kind === 'X' ? hex.toUpperCase() : hex).padStart(digits ?? 0, '0');
    }
    case 'f':
      return fixed(plain, digits ?? 2);
    case 'n':
      return grouped(fixed(plain, digits ?? 2));
    case 'p':
      return `${grouped(fixed(plain * 100, digits ?? 2))} %`;
    case 'g':
      return numberText(plain);
  }
  throw runtimeError(
    `Error formatting a string: the format ${form} is not supported.`,
    'FormatError',
  );
}

function signed(isNegative: boolean, text: string): string {
  return isNegative ? `-${text}` : text;
}

function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return /^-0(?:\.0*)?$/u.test(text) ? text.slice(1) : text;
}

function grouped(text: string): string {
  const [whole = '', fraction] = text.split('.');
  const parts = whole.replaceAll(/\B(?=(?:\d{3})+$)/gu, ',');
  return fraction === undefined ? parts : `${parts}.${fraction}`;
}

/** Parts of a date: yyyy, MM, dd, HH, mm, ss and what stands between them. */
function formatDate(iso: string, form: string): string {
  const [year = '', month = '', day = '', hour = '', minute = '', second = ''] =
    iso.split(/[-T:.Z+]/u);
  const parts: Readonly<Record<string, string>> = {
    yyyy: year,
    MM: month,
    dd: day,
    HH: hour,
    mm: minute,
    ss: second,
  };
  if (form.length === 1) {
    const whole: Readonly<Record<string, string>> = {
      s: iso.slice(0, 19),
      d: dateText(iso).slice(0, 10),
      G: dateText(iso),
    };
    const known = whole[form];
    if (known !== undefined) return known;
  }
  const rest = form.replaceAll(/yyyy|MM|dd|HH|mm|ss/gu, '');
  if (/\p{L}/u.test(rest.replace('T', ''))) {
    throw runtimeError(
      `Error formatting a string: the format ${form} is not supported.`,
      'FormatError',
    );
  }
  return form.replaceAll(/yyyy|MM|dd|HH|mm|ss/gu, (part) => parts[part] ?? part);
}

/** What an operator makes of each item of a list, or of the one value. */
function eachText(value: PsValue, make: (item: PsValue) => string): PsValue {
  const items = itemsOf(value);
  return items === undefined ? make(value) : items.map(make);
}
