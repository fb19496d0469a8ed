import { StoreError } from '../errors.ts';
import { GroupCommit, type Writes } from './group-commit.ts';
import { own } from './overlay.ts';
import { SortedMap } from './sorted-map.ts';
import type { Key, Range, Record, Store, Transaction } from './store.ts';

/** A store in this process's memory: for tests and for domains that end with their process. */
export function memoryStore(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  readonly #records = new SortedMap<Uint8Array>();
  readonly #writer = new GroupCommit({
    now: () => ({ reader: this, version: this.#revision }),
    commit: (writes, version) => {
      if (version !== this.#revision) return Promise.resolve(false);
      this.#apply(writes);
      return Promise.resolve(true);
    },
  });
  #revision = 0;
  #closed = false;

  get(key: Key): Uint8Array | undefined {
    this.#assertOpen();
    return this.#records.get(key);
  }

  *range(range: Range): Iterable<Record> {
    this.#assertOpen();
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    if (left <= 0) return;
    for (const [key, value] of own(this.#records, range)) {
      yield { key, value };
      left -= 1;
      if (left === 0) return;
    }
  }

  refresh(): void {
    this.#assertOpen();
  }

  revision(): number {
    this.#assertOpen();
    return this.#revision;
  }

  write<T>(work: (tx: Transaction) => T): Promise<T> {
    return this.#writer.write(work);
  }

  async close(): Promise<void> {
    await this.#writer.close();
    this.#closed = true;
  }

  #apply(writes: Writes): void {
    for (const [key, value] of writes) {
      // A copy: the caller may reuse its buffer once the write is acknowledged.
      if (value === null) this.#records.delete(key);
      else this.#records.set(key, value.slice());
    }
    this.#revision += 1;
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed');
  }
}
