import type { Data, DataEntry, DataMapping } from './data.ts';
import { TEXT_LENGTH, TEXT_PATTERN } from './form.ts';
import type { Place, Placed, PolicyProblem } from './model.ts';

const TEXT = new RegExp(TEXT_PATTERN, 'u');

/**
 * Reads values of a policy file, and notes what is wrong with them. What is wrong reads as
 * undefined or as nothing, so that the rest of the file is looked at too.
 */
export class DataReader {
  readonly problems: PolicyProblem[] = [];

  problem(at: Place, message: string): undefined {
    this.problems.push({ at, message });
    return undefined;
  }

  /** A mapping with keys out of `keys`; `what` names it in errors. */
  mapping(data: Data, keys: readonly string[], what: string): DataMapping | undefined {
    if (data.kind !== 'mapping') {
      return this.problem(data.at, `${what} is a mapping with ${list(keys)}, not ${words(data)}`);
    }
    for (const [key, { at }] of data.entries) {
      if (!keys.includes(key)) this.problem(at, unknownKey(key, keys, what));
    }
    return data;
  }

  /** A key that must be there. */
  required(mapping: DataMapping, key: string, what: string): DataEntry | undefined {
    const entry = mapping.entries.get(key);
    if (entry === undefined) this.problem(mapping.at, `${what} has no "${key}"`);
    return entry;
  }

  /** One line of text. */
  text(data: Data, what: string, length = TEXT_LENGTH): Placed | undefined {
    const { at } = data;
    if (data.kind !== 'text') {
      const quote = data.kind === 'number' || data.kind === 'boolean' ? '; put it in quotes' : '';
      return this.problem(at, `${what} is a text, not ${words(data)}${quote}`);
    }
    const { value } = data;
    if (!TEXT.test(value)) {
      const fault =
        value.trim() === '' ? 'is empty' : 'has line breaks or control characters in it';
      return this.problem(at, `${what} ${fault}`);
    }
    // The schema counts code points (JSON Schema Validation §6.3.1).
    if (value.length > length && Array.from(value).length > length) {
      return this.problem(at, `${what} is longer than ${length} characters`);
    }
    return { value, at };
  }

  /** A list of texts. `least`: how many must stand in it. */
  texts(entry: DataEntry | undefined, what: string, least = 0): readonly Placed[] {
    const items = this.items(entry, what, least);
    return items.flatMap((item) => this.text(item, `an entry of ${what}`) ?? []);
  }

  /** The items of a list; none where there is no such key. */
  items(entry: DataEntry | undefined, what: string, least = 0): readonly Data[] {
    if (entry === undefined) return [];
    const { value } = entry;
    if (value.kind !== 'list') {
      this.problem(value.at, `${what} is a list, one "- " a line or [A, B], not ${words(value)}`);
      return [];
    }
    if (value.items.length < least) this.problem(value.at, `${what} is an empty list`);
    return value.items;
  }

  /** One of some words. */
  word<T extends string>(
    entry: DataEntry | undefined,
    choices: readonly T[],
    { what, fallback }: { readonly what: string; readonly fallback: T },
  ): T {
    if (entry === undefined) return fallback;
    const { value } = entry;
    const found = value.kind === 'text' ? choices.find((word) => word === value.value) : undefined;
    if (found === undefined) this.problem(value.at, `${what} is one of ${list(choices)}`);
    return found ?? fallback;
  }

  boolean(entry: DataEntry, what: string): boolean | undefined {
    const { value } = entry;
    if (value.kind === 'boolean') return value.value;
    return this.problem(value.at, `${what} is true or false, not ${words(value)}`);
  }
}

/** `a, b and c`. */
export function list(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}

function words(data: Data): string {
  if (data.kind === 'null') return 'nothing';
  if (data.kind === 'number' || data.kind === 'boolean') return String(data.value);
  return `a ${data.kind}`;
}

function unknownKey(key: string, keys: readonly string[], what: string): string {
  const meant = keys.find((known) => alike(known, key));
  const hint = meant === undefined ? `known are ${list(keys)}` : `"${meant}" is meant?`;
  return `${what} has no key "${key}"; ${hint}`;
}

/** Whether two keys differ in case, a plural s or a sign between words. */
function alike(a: string, b: string): boolean {
  const bare = (text: string): string => text.toLowerCase().replace(/[-_ ]/g, '').replace(/s$/, '');
  return bare(a) === bare(b);
}
