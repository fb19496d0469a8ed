import { StoreError } from '../errors.ts';
import { MAX_KEY_BYTES } from '../limits.ts';
import type { Key, Range } from './store.ts';

/** Throws `key` for what no store may hold. */
export function assertKey(key: Key): void {
  if (key.length === 0 || key.length > MAX_KEY_BYTES) {
    throw new StoreError('key', `a key of ${key.length} bytes; 1 to ${MAX_KEY_BYTES} are kept`);
  }
}

/** The stretch of all keys that start with a prefix. */
export function prefixed(prefix: Key): Range & { start: Key } {
  const end = successor(prefix);
  return end === undefined ? { start: prefix } : { start: prefix, end };
}

/** The first key after all that start with a prefix; undefined when there is none. */
export function successor(prefix: Key): Key | undefined {
  let length = prefix.length;
  while (length > 0 && prefix.charCodeAt(length - 1) === 0xff) length -= 1;
  if (length === 0) return undefined;
  const last = prefix.charCodeAt(length - 1);
  return prefix.slice(0, length - 1) + String.fromCharCode(last + 1);
}
