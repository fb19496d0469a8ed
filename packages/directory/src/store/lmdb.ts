import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { StoreError } from '../errors.ts';
import { GroupCommit, type Writes } from './group-commit.ts';
import { bytesToKey, keyToBytes } from './key.ts';
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
}

/**
 * A store in a memory-mapped LMDB file, shared by processes: any number read, and one at a time
 * writes. Conflicts between writing processes are found by a version number that every commit
 * checks and raises, so no process ever waits for a lock in its main thread.
 */
export function lmdbStore(options: LmdbOptions): Promise<Store> {
  return LmdbStore.open(options);
}

const VERSION_KEY = Buffer.from([0]);
const NOTHING = Buffer.alloc(0);

interface Databases {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly data: Database<Buffer, Buffer>;
  readonly versions: Database<Buffer, Buffer>;
}

class LmdbStore implements Store {
  readonly #db: Databases;
  readonly #writer: GroupCommit;
  /** The version of the present view, once asked for; forgotten when the view moves. */
  #revision: number | undefined;
  #turnEnds = false;
  #closed = false;

  static async open(options: LmdbOptions): Promise<Store> {
    // What is kept here are keys: nobody but the owner may read the folder or the file.
    await mkdir(options.path, { recursive: true, mode: 0o700 });
    const root = open<Buffer, Buffer>({
      path: options.path,
      noSubdir: false,
      maxDbs: 2,
      keyEncoding: 'binary',
      encoding: 'binary',
      // A commit is visible to others only when it is durable, as in LMDB itself.
      overlappingSync: false,
      noSync: options.durability === 'process',
    });
    // Readers that were killed would keep old pages from being used again.
    root.readerCheck();
    const coding = { keyEncoding: 'binary', encoding: 'binary' } as const;
    const data = root.openDB<Buffer, Buffer>({ name: 'data', ...coding });
    const versions = root.openDB<Buffer, Buffer>({ name: 'version', useVersions: true, ...coding });
    if (versions.getEntry(VERSION_KEY) === undefined) {
      await versions.ifNoExists(VERSION_KEY, () => {
        void versions.put(VERSION_KEY, NOTHING, 1);
      });
    }
    await chmod(join(options.path, 'data.mdb'), 0o600);
    return new LmdbStore({ root, data, versions });
  }

  constructor(db: Databases) {
    this.#db = db;
    this.#writer = new GroupCommit({
      view: () => {
        this.refresh();
        return this;
      },
      commit: (writes) => this.#commit(writes),
    });
  }

  get(key: Key): Uint8Array | undefined {
    this.#assertOpen();
    const value = this.#db.data.getBinaryFast(keyToBytes(key));
    // The view that LMDB lends is only good until the next read; its length is the value's.
    return value === undefined ? undefined : Buffer.from(value.subarray(0, value.length));
  }

  *range(range: Range): Iterable<Record> {
    this.#assertOpen();
    if (range.limit !== undefined && range.limit <= 0) return;
    for (const { key, value } of this.#db.data.getRange(bounds(range))) {
      yield { key: bytesToKey(key), value };
    }
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
    return this.#writer.write(work);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#writer.close();
    this.#closed = true;
    await this.#db.root.close();
  }

  async #commit(writes: Writes): Promise<boolean> {
    const { data, versions } = this.#db;
    const version = this.#readVersion();
    const done = await versions.ifVersion(VERSION_KEY, version, () => {
      // Promises of single instructions are not waited for: they settle with the whole.
      void versions.put(VERSION_KEY, NOTHING, version + 1);
      for (const [key, value] of writes) {
        if (value === undefined) void data.remove(keyToBytes(key));
        else void data.put(keyToBytes(key), asBuffer(value));
      }
    });
    if (!this.#closed) this.refresh();
    return done;
  }

  #readVersion(): number {
    const version = this.#db.versions.getEntry(VERSION_KEY)?.version;
    if (version === undefined) throw new StoreError('format', 'the store has no version record');
    return version;
  }

  /** LMDB's own view moves on with the event loop, and the remembered version with it. */
  #forgetWithTheTurn(): void {
    if (this.#turnEnds) return;
    this.#turnEnds = true;
    setImmediate(() => {
      this.#turnEnds = false;
      if (!this.#closed) this.refresh();
    });
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed');
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** LMDB walks from `start` towards `end`, so a reverse range swaps its bounds. */
function bounds(range: Range): object {
  const end = range.end === undefined ? undefined : keyToBytes(range.end);
  const limit = range.limit === undefined ? {} : { limit: range.limit };
  if (range.reverse === true) {
    return {
      ...limit,
      reverse: true,
      ...(end === undefined ? {} : { start: end, exclusiveStart: true }),
      // Without a bound lmdb-js would leave out the least key of all.
      end: keyToBytes(range.start ?? '\0'),
      inclusiveEnd: true,
    };
  }
  return {
    ...limit,
    start: keyToBytes(range.start ?? '\0'),
    ...(end === undefined ? {} : { end }),
  };
}
