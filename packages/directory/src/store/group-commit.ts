import { StoreError } from '../errors.ts';
import { Overlay } from './overlay.ts';
import type { Key, Range, Reader, Record, Transaction } from './store.ts';

/** Writes of a batch: the last value of every key, `null` for deletions. */
export type Writes = ReadonlyMap<Key, Uint8Array | null>;

/** What a store gives its group commit. */
export interface Committer {
  /** The newest view; asked for before a batch runs. */
  view(): Reader;
  /** Makes the writes durable at once if nothing was committed since `view`; else `false`. */
  commit(writes: Writes): Promise<boolean>;
}

interface Unit {
  readonly run: (tx: Transaction) => () => void;
  readonly reject: (error: unknown) => void;
}

/** How often a batch is run again before its writers are told; each loss is another's success. */
const MAX_ATTEMPTS = 10_000;

/** Units of work in one batch: bounds the memory of a batch and the time of a turn. */
const MAX_BATCH = 1024;

/**
 * Collects units of work and commits them in batches: while one batch becomes durable the next
 * one gathers. Units of a batch run one after another, each over the writes of those before it;
 * one that throws leaves no trace.
 */
export class GroupCommit {
  readonly #committer: Committer;
  readonly #waiting: Unit[] = [];
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
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      // Commits follow one another: each batch reads what the one before it has written.
      // oxlint-disable-next-line no-await-in-loop
      await this.#commit(batch);
    }
    this.#loop = undefined;
  }

  async #commit(batch: readonly Unit[]): Promise<void> {
    try {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const { writes, settle } = runAll(batch, this.#committer.view());
        // oxlint-disable-next-line no-await-in-loop
        if (writes.size === 0 || (await this.#committer.commit(writes))) {
          for (const done of settle) done();
          return;
        }
      }
      throw new StoreError('conflict', `lost ${MAX_ATTEMPTS} races against other writers`);
    } catch (error) {
      for (const unit of batch) unit.reject(error);
    }
  }
}

function runAll(batch: readonly Unit[], view: Reader): { writes: Writes; settle: (() => void)[] } {
  const whole = new Overlay(new BatchReader(view));
  const settle: (() => void)[] = [];
  for (const unit of batch) {
    const part = batch.length === 1 ? whole : new Overlay(whole);
    try {
      settle.push(unit.run(part));
    } catch (error) {
      if (part === whole) return { writes: new Map(), settle: [() => unit.reject(error)] };
      settle.push(() => unit.reject(error));
      continue;
    }
    if (part !== whole) apply(part, whole);
  }
  return { writes: whole.writes(), settle };
}

/** Keys of this length at most are of what many units look at: entries, counters, descriptors. */
const SHORT_KEY = 8;

/**
 * The view of a batch, which stands still: what its units all read, such as the entry that others
 * are added below, is read from the store once.
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
