import { lastNumber } from './counters.ts';
import { CHANGE_LOG_LENGTH } from './limits.ts';
import { logAfter, logKey, logUpTo, partsOfLogKey } from './layout.ts';
import type { Reader, Transaction } from './store/store.ts';

/** What a change was about, for those who keep something derived from entries. */
export const ChangeFlag = {
  /** A name that accounts are found by came or went. */
  names: 1,
  /** The entry was renamed, moved or removed. */
  renamed: 2,
  removed: 4,
  /** A link to the entry was made or removed at its other end. */
  linked: 8,
  /** The entry was renamed or moved and had others below it: their names changed too. */
  below: 16,
} as const;

/** One line of the change log. */
export interface Change {
  readonly usn: number;
  readonly id: number;
  readonly flags: number;
}

/** A line in this many writes trims the log, so that trimming costs little. */
const TRIM_EVERY = 64;

/** Writes a line of the change log. */
export function logChange(tx: Transaction, change: Change): void {
  tx.put(logKey(change.usn, change.id), Uint8Array.of(change.flags));
  if (change.usn % TRIM_EVERY !== 0 || change.usn <= CHANGE_LOG_LENGTH) return;
  for (const { key } of tx.range(logUpTo(change.usn - CHANGE_LOG_LENGTH))) tx.delete(key);
}

/** Changes after a USN, or undefined when there were more than `limit` or the log is shorter. */
export function changesAfter(reader: Reader, usn: number, limit: number): Change[] | undefined {
  if (lastNumber(reader, 'usn') - usn > Math.min(limit, CHANGE_LOG_LENGTH - TRIM_EVERY)) {
    return undefined;
  }
  const changes: Change[] = [];
  for (const { key, value } of reader.range(logAfter(usn))) {
    changes.push({ ...partsOfLogKey(key), flags: value[0] ?? 0 });
  }
  return changes;
}
