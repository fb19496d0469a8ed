import { lastNumber } from './counters.ts';
import { CHANGE_LOG_LENGTH, MAX_LOGGED_LINKS } from './limits.ts';
import { ID_BYTES, logAfter, logKey, logUpTo, partsOfLogKey } from './layout.ts';
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

/** A link that a change made or removed. */
export interface LinkEvent {
  /** The attribute's code. */
  readonly code: number;
  readonly target: number;
  readonly added: boolean;
}

/** What a change was to an entry's own attributes; nothing of it known: any of them may differ. */
export interface ChangedContent {
  /** Codes of attributes, those of links among them. */
  readonly codes: readonly number[];
  readonly links: readonly LinkEvent[];
}

/** What happened to an entry since some time; undefined: not known in detail. */
export interface EntryChanges {
  readonly codes: Set<number>;
  /** The last event of each link, by attribute and target. */
  readonly links: Map<string, LinkEvent>;
}

/** Items of a log line behind its flags: the code of an attribute, or a link. */
const ITEM = { attribute: 0, added: 1, removed: 2 } as const;
const CODE_BYTES = 4;

/** A line in this many writes trims the log, so that trimming costs little. */
const TRIM_EVERY = 64;

/** Writes a line of the change log. */
export function logChange(tx: Transaction, change: Change, content?: ChangedContent): void {
  tx.put(logKey(change.usn, change.id), encodeLine(change.flags, content));
  if (change.usn % TRIM_EVERY !== 0 || change.usn <= CHANGE_LOG_LENGTH) return;
  for (const { key } of tx.range(logUpTo(change.usn - CHANGE_LOG_LENGTH))) tx.delete(key);
}

/** flags u8 · { item u8 · code u32 · target 6 for links } */
function encodeLine(flags: number, content: ChangedContent | undefined): Uint8Array {
  if (content === undefined) return Uint8Array.of(flags);
  const { codes } = content;
  const links = content.links.length > MAX_LOGGED_LINKS ? [] : content.links;
  const size = 1 + codes.length * (1 + CODE_BYTES) + links.length * (1 + CODE_BYTES + ID_BYTES);
  const line = Buffer.allocUnsafe(size);
  let at = line.writeUInt8(flags, 0);
  for (const code of codes) {
    at = line.writeUInt8(ITEM.attribute, at);
    at = line.writeUInt32BE(code, at);
  }
  for (const { code, target, added } of links) {
    at = line.writeUInt8(added ? ITEM.added : ITEM.removed, at);
    at = line.writeUInt32BE(code, at);
    at = line.writeUIntBE(target, at, ID_BYTES);
  }
  return line;
}

/**
 * What happened to each entry after a USN; an entry of which something is not known in detail is
 * there without details. Undefined where the log does not reach back so far.
 */
export function contentChangesAfter(
  reader: Reader,
  usn: number,
): Map<number, EntryChanges | undefined> | undefined {
  if (lastNumber(reader, 'usn') - usn > CHANGE_LOG_LENGTH - TRIM_EVERY) return undefined;
  const all = new Map<number, EntryChanges | undefined>();
  for (const { key, value } of reader.range(logAfter(usn))) {
    const { id } = partsOfLogKey(key);
    // Of a link the target's own attributes are not changed.
    if (value[0] === ChangeFlag.linked) continue;
    const known = all.has(id) ? all.get(id) : { codes: new Set<number>(), links: new Map() };
    const isDetailed = known !== undefined && value.length > 1;
    all.set(id, isDetailed ? withLine(known, value) : undefined);
  }
  return all;
}

function withLine(changes: EntryChanges, value: Uint8Array): EntryChanges {
  const line = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  for (let at = 1; at < line.length; ) {
    const item = line.readUInt8(at);
    const code = line.readUInt32BE(at + 1);
    at += 1 + CODE_BYTES;
    changes.codes.add(code);
    if (item === ITEM.attribute) continue;
    const target = line.readUIntBE(at, ID_BYTES);
    at += ID_BYTES;
    changes.links.set(`${code} ${target}`, { code, target, added: item === ITEM.added });
  }
  return changes;
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
