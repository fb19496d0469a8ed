import { assertKey } from './key.ts';
import { SortedMap } from './sorted-map.ts';
import type { Key, Range, Reader, Record, Transaction } from './store.ts';

/**
 * A transaction that keeps its writes to itself until they are taken: what makes aborting free,
 * and re-running possible for stores that commit by compare-and-swap. `null` is a deletion: a key
 * that is not there is told from it by one look-up.
 */
export class Overlay implements Transaction {
  readonly #under: Reader;
  readonly #writes: Map<Key, Uint8Array | null>;
  /** The same writes in order, made when a range is first asked for. */
  #ordered: SortedMap<Uint8Array | null> | undefined;

  constructor(under: Reader, writes = new Map<Key, Uint8Array | null>()) {
    this.#under = under;
    this.#writes = writes;
  }

  /** These writes over another reader. Nothing more is written here from then on. */
  over(under: Reader): Reader {
    return new Overlay(under, this.#writes);
  }

  get(key: Key): Uint8Array | undefined {
    const written = this.#writes.get(key);
    if (written === undefined) return this.#under.get(key);
    return written ?? undefined;
  }

  put(key: Key, value: Uint8Array): void {
    assertKey(key);
    this.#write(key, value);
  }

  delete(key: Key): void {
    assertKey(key);
    this.#write(key, null);
  }

  /** Every key written, with its last value. */
  writes(): ReadonlyMap<Key, Uint8Array | null> {
    return this.#writes;
  }

  *range(range: Range): Iterable<Record> {
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    if (left <= 0) return;
    const { limit: _limit, ...all } = range;
    for (const record of merge(this.#under.range(all), own(this.#sorted(), range), range)) {
      yield record;
      left -= 1;
      if (left === 0) return;
    }
  }

  #write(key: Key, value: Uint8Array | null): void {
    this.#writes.set(key, value);
    this.#ordered?.set(key, value);
  }

  #sorted(): SortedMap<Uint8Array | null> {
    if (this.#ordered === undefined) {
      this.#ordered = new SortedMap();
      for (const [key, value] of this.#writes) this.#ordered.set(key, value);
    }
    return this.#ordered;
  }
}

/** A stretch of a sorted map, robust against changes between two steps. */
export function* own<V>(map: SortedMap<V>, range: Range): Generator<[Key, V]> {
  if (range.reverse === true) {
    let at = map.below(range.end);
    while (at !== undefined && (range.start === undefined || at[0] >= range.start)) {
      yield at;
      at = map.below(at[0]);
    }
    return;
  }
  let at = map.ceiling(range.start ?? '', false);
  while (at !== undefined && (range.end === undefined || at[0] < range.end)) {
    yield at;
    at = map.ceiling(at[0], true);
  }
}

function* merge(
  under: Iterable<Record>,
  over: Iterator<[Key, Uint8Array | null]>,
  range: Range,
): Generator<Record> {
  const before = range.reverse === true ? descending : ascending;
  let next = over.next();
  for (const record of under) {
    let replaced = false;
    while (next.done !== true && !before(record.key, next.value[0])) {
      const [key, value] = next.value;
      replaced ||= key === record.key;
      if (value !== null) yield { key, value };
      next = over.next();
    }
    if (!replaced) yield record;
  }
  while (next.done !== true) {
    const [key, value] = next.value;
    if (value !== null) yield { key, value };
    next = over.next();
  }
}

function ascending(a: Key, b: Key): boolean {
  return a < b;
}

function descending(a: Key, b: Key): boolean {
  return a > b;
}
