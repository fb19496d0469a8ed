/**
 * A key: a string of bytes, one UTF-16 unit (0 to 255) a byte. Such strings compare as their bytes
 * do, hash, concatenate and slice without copies, which byte arrays cannot in JavaScript.
 * At most `MAX_KEY_BYTES` long and not empty.
 */
export type Key = string;

/** One record of a range. */
export interface Record {
  readonly key: Key;
  readonly value: Uint8Array;
}

/** A stretch of keys; both bounds are in key order whatever the direction. */
export interface Range {
  /** First key of the stretch, itself included; absent = from the first key. */
  readonly start?: Key;
  /** End of the stretch, itself excluded; absent = to the last key. */
  readonly end?: Key;
  /** Highest key first. */
  readonly reverse?: boolean;
  /** At most so many records. */
  readonly limit?: number;
}

/** What can be read. Values are the caller's to keep and never to change. */
export interface Reader {
  get(key: Key): Uint8Array | undefined;
  /**
   * The records of a stretch in key order, lazily. Consumed without awaiting, it shows one moment
   * of the store; consumed over several turns of the event loop it may show later writes, but
   * each key once and in order.
   */
  range(range: Range): Iterable<Record>;
}

/** What a unit of work sees: the store with its own writes already in it. */
export interface Transaction extends Reader {
  /** The value must stay as it is until the write is acknowledged. */
  put(key: Key, value: Uint8Array): void;
  delete(key: Key): void;
}

/**
 * An ordered key-value store: synchronous reads from a local view, atomic durable writes.
 * Every implementation passes `test/support/store-compliance.ts`.
 */
export interface Store extends Reader {
  /**
   * Moves the view of later reads to what is committed now, by any process. Without it, a view is
   * at most as old as the turn of the event loop before.
   */
  refresh(): void;
  /**
   * A number that differs whenever something was committed between two views, and only grows:
   * the validity of anything derived from reads.
   */
  revision(): number;
  /**
   * Runs `work` alone and keeps all of what it wrote, or none when it throws. Resolves when that
   * is durable. Work may run more than once (when another process committed in between), so it
   * must have no effect but through `tx`, and must not be asynchronous. Many writes in flight
   * become durable together.
   */
  write<T>(work: (tx: Transaction) => T): Promise<T>;
  /** Waits for the writes in flight; the store is of no use afterwards. */
  close(): Promise<void>;
}
