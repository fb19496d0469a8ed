import { access, chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { getLastVersion, open, type Database, type RootDatabase } from 'lmdb';
import { StoreError } from '../errors.ts';
import { PRELOAD_RECORDS, PRELOAD_STEP } from '../limits.ts';
import { GroupCommit, type Writes } from './group-commit.ts';
import type { Key, Range, Record, Store, Transaction } from './store.ts';

/** How an LMDB store is opened. */
export interface LmdbOptions {
  /** Folder of the data file and its lock file; made when absent, for its owner only. */
  readonly path: string;
  /**
   * `disk` (the default) acknowledges a write once the data file is synchronised: it survives
   * loss of power. `process` leaves that to the system: it survives `kill -9` alone.
   */
  readonly durability?: 'disk' | 'process';
  /**
   * Nothing is made or changed but the reader's place in the lock file, so that other processes
   * keep what it looks at: `write` throws StoreError `read-only`, and a folder without a store is
   * StoreError `format`.
   */
  readonly readOnly?: boolean;
  /**
   * Goes once through the file, a little in each turn of the event loop: until the process has
   * seen a page of it, the page's first use costs more than all else that a look-up does. For
   * processes that serve others for long.
   */
  readonly preload?: boolean;
  /** Called when that was done: a measurement begins then. */
  readonly onPreloaded?: () => void;
}

/**
 * A store in a memory-mapped LMDB file, shared by processes: any number read, and one at a time
 * writes. Conflicts between writing processes are found by a version number that every commit
 * checks and raises, so no process ever waits for a lock in its main thread.
 */
export function lmdbStore(options: LmdbOptions): Promise<Store> {
  return LmdbStore.open(options);
}

const VERSION_KEY = '\0';
const NOTHING = Buffer.alloc(0);

/** Keys as they are, written where LMDB wants them and read from there. */
const keyEncoder = {
  writeKey(key: Key, target: Buffer, start: number): number {
    const end = start + target.write(key, start, 'latin1');
    // The error by which lmdb-js knows that it needs another buffer.
    if (end < start + key.length) throw new RangeError('the key does not fit');
    return end;
  },
  readKey(source: Buffer, start: number, end: number): Key {
    return source.toString('latin1', start, end);
  },
};

const coding = { keyEncoder, encoding: 'binary' } as const;

interface Databases {
  readonly root: RootDatabase<Buffer, Key>;
  readonly data: Database<Buffer, Key>;
  readonly versions: Database<Buffer, Key>;
}

class LmdbStore implements Store {
  readonly #db: Databases;
  readonly #readOnly: boolean;
  readonly #writer: GroupCommit;
  /** The version of the present view, once asked for; forgotten when the view moves. */
  #revision: number | undefined;
  #turnEnds = false;
  #closed = false;
  /** Made once: it is handed over in every turn of the event loop. */
  readonly #endTurn = (): void => {
    this.#turnEnds = false;
    if (!this.#closed) this.refresh();
  };

  static async open(options: LmdbOptions): Promise<Store> {
    const store = await LmdbStore.#open(options);
    // What cannot be read is told to whoever reads it.
    if (options.preload === true) {
      store.#preload().then(options.onPreloaded, () => undefined);
    }
    return store;
  }

  static async #open(options: LmdbOptions): Promise<LmdbStore> {
    const readOnly = options.readOnly === true;
    if (readOnly) await requireStore(options.path);
    // What is kept here are keys: nobody but the owner may read the folder or the file.
    else await mkdir(options.path, { recursive: true, mode: 0o700 });
    const root = open<Buffer, Key>({
      ...coding,
      path: options.path,
      noSubdir: false,
      maxDbs: 2,
      // A commit is visible to others only when it is durable, as in LMDB itself.
      overlappingSync: false,
      noSync: options.durability === 'process',
      readOnly,
    });
    if (readOnly) return new LmdbStore(existing(root), readOnly);
    // Readers that were killed would keep old pages from being used again.
    root.readerCheck();
    const data = root.openDB<Buffer, Key>({ name: 'data', ...coding });
    const versions = root.openDB<Buffer, Key>({ name: 'version', useVersions: true, ...coding });
    if (versions.getEntry(VERSION_KEY) === undefined) {
      await versions.ifNoExists(VERSION_KEY, () => {
        void versions.put(VERSION_KEY, NOTHING, 1);
      });
    }
    await chmod(join(options.path, 'data.mdb'), 0o600);
    return new LmdbStore({ root, data, versions }, readOnly);
  }

  constructor(db: Databases, readOnly: boolean) {
    this.#db = db;
    this.#readOnly = readOnly;
    this.#writer = new GroupCommit({
      now: () => {
        this.refresh();
        return { reader: this, version: this.#readVersion() };
      },
      commit: (writes, version) => this.#commit(writes, version),
    });
  }

  get(key: Key): Uint8Array | undefined {
    this.#assertOpen();
    const lent = this.#db.data.getBinaryFast(key);
    if (lent === undefined) return undefined;
    // The view that LMDB lends is only good until the next read; its length is the value's.
    const value = Buffer.allocUnsafe(lent.length);
    value.set(lent.subarray(0, lent.length));
    return value;
  }

  *range(range: Range): Iterable<Record> {
    this.#assertOpen();
    if (range.limit !== undefined && range.limit <= 0) return;
    yield* this.#db.data.getRange(bounds(range));
  }

  refresh(): void {
    this.#assertOpen();
    this.#db.root.resetReadTxn();
    this.#revision = undefined;
  }

  revision(): number {
    this.#assertOpen();
    if (this.#revision === undefined) {
      this.#revision = this.#readVersion();
      this.#forgetWithTheTurn();
    }
    return this.#revision;
  }

  write<T>(work: (tx: Transaction) => T): Promise<T> {
    if (this.#readOnly) {
      return Promise.reject(new StoreError('read-only', 'the store was opened to be read alone'));
    }
    return this.#writer.write(work);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#writer.close();
    this.#closed = true;
    await this.#db.root.close();
  }

  async #commit(writes: Writes, version: number): Promise<boolean> {
    const { data, versions } = this.#db;
    const done = await versions.ifVersion(VERSION_KEY, version, () => {
      // Promises of single instructions are not waited for: they settle with the whole.
      void versions.put(VERSION_KEY, NOTHING, version + 1);
      for (const [key, value] of writes) {
        if (value === null) void data.remove(key);
        else void data.put(key, asBuffer(value));
      }
    });
    if (!this.#closed) this.refresh();
    return done;
  }

  /** LMDB counts the records of each stretch by itself, which touches every page of them. */
  async #preload(): Promise<void> {
    let start: Key = VERSION_KEY;
    for (let left = PRELOAD_RECORDS; left > 0 && !this.#closed; left -= PRELOAD_STEP) {
      const stretch = { start, offset: PRELOAD_STEP, limit: 1 };
      const [next] = this.#db.data.getKeys(stretch);
      if (next === undefined) return;
      start = next;
      // oxlint-disable-next-line no-await-in-loop
      await setImmediate();
    }
  }

  #readVersion(): number {
    const record = this.#db.versions.getBinaryFast(VERSION_KEY);
    if (record === undefined) throw new StoreError('format', 'the store has no version record');
    return getLastVersion();
  }

  /** LMDB's own view moves on with the event loop, and the remembered version with it. */
  #forgetWithTheTurn(): void {
    if (this.#turnEnds) return;
    this.#turnEnds = true;
    globalThis.setImmediate(this.#endTurn);
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed');
  }
}

/** LMDB itself would make a file where there is none. */
async function requireStore(path: string): Promise<void> {
  try {
    await access(join(path, 'data.mdb'));
  } catch {
    throw new StoreError('format', `${path} holds no store`);
  }
}

/** The databases of a store that is there; throws where it is another file of LMDB. */
function existing(root: RootDatabase<Buffer, Key>): Databases {
  // Sound: of a file that is not written to, lmdb-js gives nothing for a database that it lacks.
  const data = root.openDB<Buffer, Key>({ name: 'data', ...coding }) as
    | Databases['data']
    | undefined;
  const versions = root.openDB<Buffer, Key>({ name: 'version', useVersions: true, ...coding }) as
    | Databases['versions']
    | undefined;
  if (data === undefined || versions?.getEntry(VERSION_KEY) === undefined) {
    void root.close();
    throw new StoreError('format', 'the file holds no store');
  }
  return { root, data, versions };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** LMDB walks from `start` towards `end`, so a reverse range swaps its bounds. */
function bounds(range: Range): object {
  const { end } = range;
  const limit = range.limit === undefined ? {} : { limit: range.limit };
  if (range.reverse === true) {
    return {
      ...limit,
      reverse: true,
      ...(end === undefined ? {} : { start: end, exclusiveStart: true }),
      // Without a bound lmdb-js would leave out the least key of all.
      end: range.start ?? '\0',
      inclusiveEnd: true,
    };
  }
  return {
    ...limit,
    start: range.start ?? '\0',
    ...(end === undefined ? {} : { end }),
  };
}
