import { baseOf, isEqual, itemsOf } from '../objects/convert.ts';
import { toText, typeNameOf } from '../objects/text.ts';
import { PsDictionary, type PsValue, Scalar } from '../objects/value.ts';
import { numeric } from './arithmetic.ts';
import type { Bounds } from './bounds.ts';
import { cannotConvert, runtimeError } from './script-error.ts';
import { formatted } from './text-operators.ts';

/** `target.name(args)`, of the methods in method-names.ts. Throws CommandFailure. */
export function callMethod(
  target: PsValue,
  name: string,
  args: readonly PsValue[],
  bounds: Bounds,
): PsValue {
  const plain = baseOf(target);
  if (plain === null) {
    throw runtimeError(
      'You cannot call a method on a null-valued expression.',
      'InvokeMethodOnNull',
    );
  }
  bounds.spend();
  const result =
    name === 'tostring'
      ? asText(target, args, bounds)
      : typeof plain === 'string'
        ? ofText(plain, name, new Arguments(args, name), bounds)
        : ofCollection(plain, name, args, bounds);
  if (result !== undefined) return result;
  throw runtimeError(
    `Method invocation failed because [${typeNameOf(plain)}] does not contain a method named ` +
      `'${name}'.`,
    'MethodNotFound',
  );
}

function asText(target: PsValue, [form]: readonly PsValue[], bounds: Bounds): string {
  if (form === undefined || form === null) return bounds.textOf(target);
  return bounds.text(formatted(baseOf(target), toText(form)));
}

function ofCollection(
  target: PsValue,
  name: string,
  [wanted = null]: readonly PsValue[],
  bounds: Bounds,
): PsValue | undefined {
  if (target instanceof PsDictionary) {
    if (name === 'containskey' || name === 'contains') return target.has(baseOf(wanted));
    if (name !== 'remove') return undefined;
    throw runtimeError('Entries of a dictionary cannot be removed here.', 'NotSupported');
  }
  const items = itemsOf(target);
  if (items === undefined) return undefined;
  bounds.places(items.length);
  if (name === 'contains') return items.some((item) => isEqual(item, wanted));
  return name === 'indexof' ? items.findIndex((item) => isEqual(item, wanted)) : undefined;
}

/** A method's arguments, converted as they are asked for. */
class Arguments {
  readonly #values: readonly PsValue[];
  readonly #method: string;

  constructor(values: readonly PsValue[], method: string) {
    this.#values = values;
    this.#method = method;
  }

  get count(): number {
    return this.#values.length;
  }

  text(at: number): string {
    return toText(this.#value(at));
  }

  /** Every character of every argument. */
  characters(): ReadonlySet<string> {
    return new Set(
      this.#values.flatMap((value) => (itemsOf(value) ?? [value]).map(toText)).join(''),
    );
  }

  number(at: number): number {
    const value = this.#value(at);
    const number = numeric(value);
    if (number !== undefined) return Math.round(Number(number.value));
    throw cannotConvert(toText(value), 'System.Int32', 'Input string was not in a correct format.');
  }

  #value(at: number): PsValue {
    const value = this.#values[at];
    if (value !== undefined) return value;
    throw runtimeError(
      `Cannot find an overload for "${this.#method}" and the argument count: "${this.count}".`,
      'MethodCountCouldNotFindBest',
      'NotSpecified',
    );
  }
}

// The methods of System.String compare ordinally here: with case, as replace and contains do.
function ofText(text: string, name: string, args: Arguments, bounds: Bounds): PsValue | undefined {
  switch (name) {
    case 'toupper':
    case 'toupperinvariant':
      return text.toUpperCase();
    case 'tolower':
    case 'tolowerinvariant':
      return text.toLowerCase();
    case 'trim':
      return trimmed(text, args, true, true);
    case 'trimstart':
      return trimmed(text, args, true, false);
    case 'trimend':
      return trimmed(text, args, false, true);
    case 'startswith':
      return text.startsWith(args.text(0));
    case 'endswith':
      return text.endsWith(args.text(0));
    case 'contains':
      return text.includes(args.text(0));
    case 'indexof':
      return text.indexOf(args.text(0));
    case 'lastindexof':
      return text.lastIndexOf(args.text(0));
    case 'replace':
      return replaced(text, args.text(0), args.text(1), bounds);
    case 'split':
      return splitAt(text, args, bounds);
    case 'substring':
    case 'remove':
      return cut(text, args, name === 'substring');
    case 'insert': {
      const at = within(args.number(0), text.length);
      bounds.room(text.length + args.text(1).length);
      return text.slice(0, at) + args.text(1) + text.slice(at);
    }
    case 'padleft':
    case 'padright':
      return padded(text, args, name === 'padleft', bounds);
    case 'tochararray':
      bounds.places(text.length);
      return Array.from({ length: text.length }, (_, i) => new Scalar('Char', text.charCodeAt(i)));
    default:
      return undefined;
  }
}

function trimmed(text: string, args: Arguments, atStart: boolean, atEnd: boolean): string {
  const chars = args.characters();
  const isCut = (char: string): boolean => (args.count === 0 ? /\s/u.test(char) : chars.has(char));
  let start = 0;
  let end = text.length;
  while (atStart && start < end && isCut(text.charAt(start))) start += 1;
  while (atEnd && end > start && isCut(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function replaced(text: string, from: string, to: string, bounds: Bounds): string {
  if (from === '') throw runtimeError('String cannot be of zero length.', 'ArgumentException');
  const pieces = text.split(from);
  bounds.room(text.length + pieces.length * to.length);
  return pieces.join(to);
}

/** At each of the characters given, as .NET Framework takes them; else at white space. */
function splitAt(text: string, args: Arguments, bounds: Bounds): PsValue {
  const chars = args.characters();
  const isCut = (char: string): boolean => (args.count === 0 ? /\s/u.test(char) : chars.has(char));
  const pieces: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (!isCut(text.charAt(at))) continue;
    pieces.push(text.slice(from, at));
    from = at + 1;
  }
  return bounds.made([...pieces, text.slice(from)]);
}

function cut(text: string, args: Arguments, isKept: boolean): string {
  const start = within(args.number(0), text.length);
  const end = args.count > 1 ? within(start + args.number(1), text.length) : text.length;
  if (end < start) return within(-1, text.length).toString();
  return isKept ? text.slice(start, end) : text.slice(0, start) + text.slice(end);
}

function padded(text: string, args: Arguments, atLeft: boolean, bounds: Bounds): string {
  const width = args.number(0);
  bounds.room(width);
  const by = args.count > 1 ? args.text(1).charAt(0) || ' ' : ' ';
  return atLeft ? text.padStart(width, by) : text.padEnd(width, by);
}

function within(at: number, length: number): number {
  if (at >= 0 && at <= length) return at;
  throw runtimeError(
    'Index and length must refer to a location within the string.',
    'ArgumentOutOfRangeException',
    'NotSpecified',
  );
}
