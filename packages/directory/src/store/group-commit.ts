import { StoreError } from '../errors.ts';
import { Overlay } from './overlay.ts';
import type { Key, Range, Reader, Record, Transaction } from './store.ts';

/** Writes of a batch: the last value of every key, `null` for deletions. */
export type Writes = ReadonlyMap<Key, Uint8Array | null>;

/** A moment of a store. */
export interface Moment {
  /** What is there; it may show later moments when it is used later. */
  readonly reader: Reader;
  /** Which moment it is: each commit makes the next number. */
  readonly version: number;
}

/** What a store gives its group commit. */
export interface Committer {
  /** The newest moment. */
  now(): Moment;
  /** Makes the writes durable at once if `version` is still the newest; else `false`. */
  commit(writes: Writes, version: number): Promise<boolean>;
}

interface Unit {
  readonly run: (tx: Transaction) => () => void;
  readonly reject: (error: unknown) => void;
}

/** How often batches run again before their writers are told: each loss is another's success. */
const MAX_LOSSES = 10_000;

/** Units of work in one batch: bounds the memory of a batch and the time of a turn. */
const MAX_BATCH = 1024;

/**
 * Collects units of work and commits them in batches. While one batch becomes durable the units
 * of the next run already, over what the one before will have written; where that does not come
 * to be, they run again. Units run in the order in which they came.
 */
export class GroupCommit {
  readonly #committer: Committer;
  readonly #waiting: Unit[] = [];
  /** Takes units while the batch before it is on its way to the disk. */
  #next: Batch | undefined;
  #loop: Promise<void> | undefined;
  #closed = false;

  constructor(committer: Committer) {
    this.#committer = committer;
  }

  write<T>(work: (tx: Transaction) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new StoreError('closed', 'the store is closed'));
    return new Promise<T>((resolve, reject) => {
      const run = (tx: Transaction): (() => void) => {
        const result = work(tx);
        return () => resolve(result);
      };
      this.#waiting.push({ run, reject });
      if (this.#next !== undefined) this.#fill(this.#next);
      this.#loop ??= this.#drain();
    });
  }

  /** Refuses further work and waits for what is in flight. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#loop;
  }

  async #drain(): Promise<void> {
    // The first batch also takes what is written later in this turn of the event loop.
    await Promise.resolve();
    let batch: Batch | undefined;
    let losses = 0;
    try {
      while (this.#waiting.length > 0 || (batch?.units.length ?? 0) > 0) {
        batch = this.#fill(batch ?? new Batch(this.#committer.now()));
        const next = batch.successor();
        this.#next = next;
        // Commits follow one another: each builds upon the one before it.
        // oxlint-disable-next-line no-await-in-loop
        if (await this.#commit(batch)) {
          batch.settle();
          batch = next;
          losses = 0;
        } else {
          this.#waiting.unshift(...batch.units, ...next.units);
          batch = undefined;
          losses += 1;
          if (losses === MAX_LOSSES) throw lost(losses);
        }
        this.#next = undefined;
      }
    } catch (error) {
      const begun = [...(batch?.units ?? []), ...(this.#next?.units ?? [])];
      for (const unit of [...begun, ...this.#waiting.splice(0)]) unit.reject(error);
      this.#next = undefined;
    }
    this.#loop = undefined;
  }

  #fill(batch: Batch): Batch {
    while (batch.units.length < MAX_BATCH) {
      const unit = this.#waiting.shift();
      if (unit === undefined) break;
      batch.add(unit);
    }
    return batch;
  }

  #commit({ writes, version }: Batch): Promise<boolean> | boolean {
    if (writes.size > 0) return this.#committer.commit(writes, version);
    return this.#committer.now().version === version;
  }
}

function lost(races: number): StoreError {
  return new StoreError('conflict', `lost ${races} races against other writers`);
}

/** Units of work and what they write. One that throws leaves no trace. */
class Batch {
  readonly units: Unit[] = [];
  readonly version: number;
  readonly #store: Reader;
  readonly #before: Overlay | undefined;
  readonly #settle: (() => void)[] = [];
  #whole: Overlay;

  /** Over the moment; `before` was written since, or will have been when this is committed. */
  constructor({ reader, version }: Moment, before?: Overlay) {
    this.version = version;
    this.#store = reader;
    this.#before = before;
    this.#whole = this.#empty();
  }

  get writes(): Writes {
    return this.#whole.writes();
  }

  add(unit: Unit): void {
    this.units.push(unit);
    const before = this.#whole;
    const isFirst = before.writes().size === 0;
    // What the first one writes needs no copy: where it fails there is nothing else to keep.
    const part = isFirst ? before : new Overlay(before);
    try {
      this.#settle.push(unit.run(part));
    } catch (error) {
      this.#settle.push(() => unit.reject(error));
      if (isFirst) this.#whole = this.#empty();
      return;
    }
    if (!isFirst) apply(part, before);
  }

  settle(): void {
    for (const done of this.#settle) done();
  }

  /** What is to be built upon this batch once it is durable; nothing is added to this any more. */
  successor(): Batch {
    const [reader, { version }] = [this.#store, this];
    if (this.writes.size > 0) return new Batch({ reader, version: version + 1 }, this.#whole);
    return new Batch({ reader, version }, this.#before);
  }

  #empty(): Overlay {
    const reader = new BatchReader(this.#store);
    return new Overlay(this.#before === undefined ? reader : this.#before.over(reader));
  }
}

/** Keys of this length at most are of what many units look at: entries, counters, descriptors. */
const SHORT_KEY = 8;

/**
 * The view of a batch: what its units all read, such as the entry that others are added below, is
 * read from the store once. Where that changes meanwhile the batch is not committed.
 */
class BatchReader implements Reader {
  readonly #view: Reader;
  readonly #read = new Map<Key, Uint8Array | null>();

  constructor(view: Reader) {
    this.#view = view;
  }

  get(key: Key): Uint8Array | undefined {
    if (key.length > SHORT_KEY) return this.#view.get(key);
    const known = this.#read.get(key);
    if (known !== undefined) return known ?? undefined;
    const value = this.#view.get(key);
    this.#read.set(key, value ?? null);
    return value;
  }

  range(range: Range): Iterable<Record> {
    return this.#view.range(range);
  }
}

function apply(part: Overlay, whole: Overlay): void {
  for (const [key, value] of part.writes()) {
    if (value === null) whole.delete(key);
    else whole.put(key, value);
  }
}
