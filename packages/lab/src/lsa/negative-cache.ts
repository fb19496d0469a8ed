import { MAX_NEGATIVE_ENTRIES } from '../limits.ts';

/** Why a look-up failed, as the cache repeats it. */
export interface NegativeEntry<T> {
  readonly key: string;
  readonly why: T;
  /** Milliseconds since 1970 until which the failure is repeated without asking again. */
  readonly until: number;
}

/**
 * Failures that are repeated for a while instead of asking again. Windows keeps such entries for
 * SPNs that were not found (SpnCacheTimeout) and for refused S4U requests (S4UCacheTimeout), 15
 * minutes each: the second kind is what hides a fresh grant. Bounded; the oldest goes first.
 */
export class NegativeCache<T> {
  readonly #entries = new Map<string, NegativeEntry<T>>();
  readonly #lifetime: number;
  readonly #clock: () => number;

  constructor(lifetime: number, clock: () => number) {
    this.#lifetime = lifetime;
    this.#clock = clock;
  }

  /** The failure that is still repeated. */
  find(key: string): NegativeEntry<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.until > this.#clock()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  /** Entries that are held, ended or not. */
  get size(): number {
    return this.#entries.size;
  }

  /** Drops what is repeated no more. */
  sweep(): void {
    for (const key of this.#entries.keys()) this.find(key);
  }

  /** Notes a failure from now on. */
  add(key: string, why: T): NegativeEntry<T> {
    const entry = { key, why, until: this.#clock() + this.#lifetime };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_NEGATIVE_ENTRIES && oldest !== undefined) {
      this.#entries.delete(oldest);
    }
    return entry;
  }

  /** What is still repeated, oldest first. */
  list(): readonly NegativeEntry<T>[] {
    const now = this.#clock();
    return [...this.#entries.values()].filter(({ until }) => until > now);
  }

  /** Lets every entry end so many milliseconds earlier. */
  advance(milliseconds: number): void {
    for (const [key, entry] of this.#entries) {
      this.#entries.set(key, { ...entry, until: entry.until - milliseconds });
    }
  }

  /** Forgets all; returns how many were still repeated. */
  clear(): number {
    const count = this.list().length;
    this.#entries.clear();
    return count;
  }
}
