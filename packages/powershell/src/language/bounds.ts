import { MAX_COLLECTION_ITEMS, MAX_SCRIPT_STEPS, MAX_TEXT_LENGTH } from '../limits.ts';
import { itemsOf } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import { PsDictionary, PsObject, type PsValue, Scalar } from '../objects/value.ts';
import { limitExceeded, type ScriptStop } from './script-error.ts';

/** So many units of text weigh as much as an item of a collection. */
const TEXT_PER_ITEM = 16;

/** Deepest value in a value; a value that is in itself is deeper. */
const MAX_VALUE_DEPTH = 32;

/** About a millisecond or two. */
const STEPS_BETWEEN_RESTS = 10_000;

/** Copying so many items costs a step, and so does looking at fewer. */
const ITEMS_PER_STEP = 256;
const LOOKS_PER_STEP = 16;

/** What one run of a script may still use: nothing a script does is without an end. */
export class Bounds {
  #steps = 0;
  #restAt = STEPS_BETWEEN_RESTS;
  /** Of lists that hold nothing that may change. */
  readonly #weights = new WeakMap<object, number>();

  /** Takes steps of those the run has. */
  spend(steps = 1): void {
    this.#steps += steps;
    if (this.#steps > MAX_SCRIPT_STEPS) throw exceeded('steps', MAX_SCRIPT_STEPS);
  }

  /** Whether so much was done that others should have a turn; true once. */
  isTimeToRest(): boolean {
    const isTime = this.#steps >= this.#restAt;
    if (isTime) this.#restAt = this.#steps + STEPS_BETWEEN_RESTS;
    return isTime;
  }

  /** Passes a text that was made, if it is not too long. */
  text(text: string): string {
    this.room(text.length);
    return text;
  }

  /** Fails before a text of that length is made. */
  room(length: number): void {
    if (length > MAX_TEXT_LENGTH) throw exceeded('characters of a text', MAX_TEXT_LENGTH);
    this.spend(length / TEXT_PER_ITEM / ITEMS_PER_STEP);
  }

  /** Fails before a list of that many items is made. */
  places(count: number): void {
    if (count > MAX_COLLECTION_ITEMS) throw exceeded('items of a list', MAX_COLLECTION_ITEMS);
    this.spend(count / ITEMS_PER_STEP);
  }

  /** Passes a collection that was made or changed, if it is not too large with all in it. */
  made<T extends PsValue>(value: T): T {
    this.#weigh(value, 0, MAX_COLLECTION_ITEMS);
    return value;
  }

  /** Passes a list that is another one with items behind it: only those are looked at. */
  extended(list: readonly PsValue[], base: PsValue, added: readonly PsValue[]): PsValue {
    const known = isObject(base) ? this.#weights.get(base) : undefined;
    if (known === undefined) return this.made(list);
    const weight = added.reduce<number>(
      (sum, item) => check(sum + this.#weigh(item, 1, MAX_COLLECTION_ITEMS), MAX_COLLECTION_ITEMS),
      known,
    );
    if (added.every((item) => this.#isFixed(item))) this.#weights.set(list, weight);
    return list;
  }

  /** A value as text, within the limits. */
  textOf(value: PsValue): string {
    return this.text(toText(value));
  }

  /** How heavy a value is; throws as soon as it is heavier than what is left. */
  #weigh(value: PsValue, depth: number, left: number): number {
    if (depth > MAX_VALUE_DEPTH) throw exceeded('values within values', MAX_VALUE_DEPTH);
    if (typeof value === 'string') return check(1 + value.length / TEXT_PER_ITEM, left);
    const children = childrenOf(value);
    if (children === undefined) return 1;
    const known = Array.isArray(value) ? this.#weights.get(value) : undefined;
    if (known !== undefined) return check(known, left);
    this.spend(children.length / LOOKS_PER_STEP);
    let weight = check(1 + children.length, left);
    let isFixed = true;
    for (const child of children) {
      weight = check(weight + this.#weigh(child, depth + 1, left - weight) - 1, left);
      isFixed &&= this.#isFixed(child);
    }
    if (isFixed && Array.isArray(value)) this.#weights.set(value, weight);
    return weight;
  }

  #isFixed(value: PsValue): boolean {
    return !isObject(value) || value instanceof Scalar || this.#weights.has(value);
  }
}

function check(weight: number, left: number): number {
  if (weight > left) throw exceeded('items of a collection', MAX_COLLECTION_ITEMS);
  return weight;
}

function isObject(value: PsValue): value is PsValue & object {
  return typeof value === 'object' && value !== null;
}

function childrenOf(value: PsValue): readonly PsValue[] | undefined {
  if (value instanceof PsDictionary) return [...value.entries()].flat();
  if (value instanceof Uint8Array) return undefined;
  if (!(value instanceof PsObject)) return itemsOf(value);
  const { base } = value;
  const inside =
    base === undefined ? [] : base.kind === 'dictionary' ? [base.entries] : (itemsOf(value) ?? []);
  return [...inside, ...[...value.properties()].map((property) => property.value)];
}

function exceeded(what: string, limit: number): ScriptStop {
  return limitExceeded(`The script is stopped: it needs more than ${limit} ${what}.`);
}
