import { metaKey } from './layout.ts';
import type { Reader, Transaction } from './store/store.ts';

/** Numbers that the directory hands out, each once; `names` counts what changed names. */
export type Counter = 'usn' | 'id' | 'rid' | 'names';

/** Where counters start: RIDs below 1000 are well known, the first controller takes 1000. */
const FIRST: { readonly [counter in Counter]: number } = { usn: 0, id: 0, rid: 1102, names: 0 };

/** The number given last. */
export function lastNumber(reader: Reader, counter: Counter): number {
  const bytes = reader.get(metaKey(counter));
  return bytes === undefined ? FIRST[counter] : toNumber(bytes);
}

/** The next number. */
export function nextNumber(tx: Transaction, counter: Counter): number {
  const next = lastNumber(tx, counter) + 1;
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(next, 0);
  tx.put(metaKey(counter), bytes);
  return next;
}

function toNumber(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0);
}
