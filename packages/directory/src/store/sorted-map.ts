import type { Key } from './store.ts';

/** Keys of one chunk: small enough to splice quickly, large enough for a short list of chunks. */
const CHUNK = 256;

interface Chunk<V> {
  readonly keys: Key[];
  readonly values: V[];
}

/**
 * A map in key order: chunks of sorted keys found by binary search, so that every operation is
 * O(log n) comparisons and moves at most a chunk.
 */
export class SortedMap<V> {
  readonly #chunks: Chunk<V>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: Key): V | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)];
    if (chunk === undefined) return undefined;
    const at = lowerBound(chunk.keys, key);
    return chunk.keys[at] === key ? chunk.values[at] : undefined;
  }

  set(key: Key, value: V): void {
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index];
    if (chunk === undefined) {
      this.#chunks.push({ keys: [key], values: [value] });
      this.#size += 1;
      return;
    }
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] === key) {
      chunk.values[at] = value;
      return;
    }
    chunk.keys.splice(at, 0, key);
    chunk.values.splice(at, 0, value);
    this.#size += 1;
    if (chunk.keys.length > CHUNK) this.#split(index, chunk);
  }

  delete(key: Key): boolean {
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index];
    if (chunk === undefined) return false;
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] !== key) return false;
    chunk.keys.splice(at, 1);
    chunk.values.splice(at, 1);
    this.#size -= 1;
    if (chunk.keys.length === 0) this.#chunks.splice(index, 1);
    return true;
  }

  /** The first key at or after `key`, or strictly after it; with its value. */
  ceiling(key: Key, strictly: boolean): [Key, V] | undefined {
    let index = this.#chunkOf(key);
    let chunk = this.#chunks[index];
    if (chunk === undefined) return undefined;
    let at = lowerBound(chunk.keys, key);
    if (strictly && chunk.keys[at] === key) at += 1;
    if (at === chunk.keys.length) {
      index += 1;
      at = 0;
      chunk = this.#chunks[index];
    }
    return chunk === undefined ? undefined : pair(chunk, at);
  }

  /** The last key strictly before `key` (or of all, without one); with its value. */
  below(key: Key | undefined): [Key, V] | undefined {
    let index = key === undefined ? this.#chunks.length - 1 : this.#chunkOf(key);
    let chunk = this.#chunks[index];
    if (chunk === undefined) return undefined;
    let at = (key === undefined ? chunk.keys.length : lowerBound(chunk.keys, key)) - 1;
    if (at < 0) {
      index -= 1;
      chunk = this.#chunks[index];
      if (chunk === undefined) return undefined;
      at = chunk.keys.length - 1;
    }
    return pair(chunk, at);
  }

  /** The last chunk that starts at or before the key; 0 when none does. */
  #chunkOf(key: Key): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#chunks[middle]?.keys[0];
      if (first !== undefined && first <= key) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : low - 1;
  }

  #split(index: number, chunk: Chunk<V>): void {
    const half = chunk.keys.length >>> 1;
    const right = { keys: chunk.keys.splice(half), values: chunk.values.splice(half) };
    this.#chunks.splice(index + 1, 0, right);
  }
}

function pair<V>(chunk: Chunk<V>, at: number): [Key, V] | undefined {
  const key = chunk.keys[at];
  if (key === undefined) return undefined;
  // Keys and values are spliced together, so a key's place always holds a V.
  return [key, chunk.values[at] as V];
}

function lowerBound(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = keys[middle];
    if (candidate !== undefined && candidate < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
