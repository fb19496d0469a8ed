import { logChange } from './changes.ts';
import { nextNumber } from './counters.ts';
import { recordsOfIndex } from './indexing.ts';
import { needed, type KnownAttributes } from './known-attributes.ts';
import {
  allEntries,
  allExtensions,
  entryKey,
  extensionKey,
  ID_BYTES,
  idOfBytes,
  idOfEntryKey,
  idOfExtension,
  idToBytes,
  indexOf,
} from './layout.ts';
import { StoredEntry } from './record.ts';
import { type AttributeType, SearchFlag } from './schema/schema.ts';
import type { Transaction } from './store/store.ts';
import { indexedAttributes } from './tombstone.ts';
import type { View } from './view.ts';

/**
 * How far the index is that a client asked for, by searchFlags of an attribute that had none
 * (MS-ADTS 2.2.9, fATTINDEX). It is the first byte of the attribute's record among the extensions
 * of the schema; while entries are gone through, the number of the last one follows.
 *
 *     none → clearing → building → built → removing → none
 *
 * Values are written to it from `clearing` on, and looked for in it once it is built.
 */
const State = { none: 0, clearing: 1, building: 2, built: 3, removing: 4 } as const;

type State = (typeof State)[keyof typeof State];

const NOTHING = new Uint8Array(0);

/** What the record of an extension says of the attribute's index. */
export function indexingOf(record: Uint8Array): Pick<AttributeType, 'indexed' | 'indexing'> {
  const state = record[0] ?? State.none;
  if (state === State.built) return { indexed: true, indexing: undefined };
  if (state === State.removing) return { indexed: false, indexing: 'removing' };
  return { indexed: false, indexing: state === State.none ? undefined : 'building' };
}

/** Whether a record is one that is written here. */
export function isIndexing(record: Uint8Array): boolean {
  const [state = State.none] = record;
  const isPlace = state === State.building && record.length === 1 + ID_BYTES;
  return record.length <= 1 ? state <= State.removing : isPlace;
}

/** Whether a client wants an index that the attribute's line in the tables does not give it. */
export function wantsIndex(
  original: AttributeType | undefined,
  { searchFlags, syntax }: Pick<AttributeType, 'searchFlags' | 'syntax'>,
): boolean {
  if ((searchFlags & SearchFlag.index) === 0 || syntax === 'dn') return false;
  if (original === undefined) return true;
  // What is not indexed though the tables say so is not worth it.
  const isTold = original.indexed || (original.searchFlags & SearchFlag.index) !== 0;
  return !isTold && !original.constructed && !original.secret;
}

/** The record of an extension after a change; of a new attribute no entry has had values. */
export function nextIndexing(
  record: Uint8Array | undefined,
  wanted: boolean,
  isNew: boolean,
): Uint8Array {
  const state = record?.[0] ?? State.none;
  const isThere = state !== State.none && state !== State.removing;
  if (wanted === isThere) return record ?? NOTHING;
  if (wanted) return Uint8Array.of(isNew ? State.built : State.clearing);
  return Uint8Array.of(State.removing);
}

/** Whether there is something to be done before an index is what its record will say. */
export function isUnfinished(record: Uint8Array): boolean {
  const state = record[0] ?? State.none;
  return state !== State.none && state !== State.built;
}

/** One unit of work of bounded size at indexes; returns whether all are done. */
export function buildIndexes(
  tx: Transaction,
  view: View,
  known: KnownAttributes,
  limit: number,
): boolean {
  for (const { key, value } of tx.range(allExtensions())) {
    if (!isUnfinished(value)) continue;
    const id = idOfExtension(key);
    const type = typeOf(view, id);
    const next =
      type === undefined ? State.none : step(tx, { view, known, type, record: value }, limit);
    if (typeof next === 'number') {
      tx.put(extensionKey(id), next === State.none ? NOTHING : Uint8Array.of(next));
      // Whoever follows the directory takes the schema in anew.
      logChange(tx, { usn: nextNumber(tx, 'usn'), id, flags: 0 });
    } else {
      tx.put(extensionKey(id), next);
    }
    return false;
  }
  return true;
}

function typeOf(view: View, id: number): AttributeType | undefined {
  const oid = view.entry(id)?.text(needed(view.schema, 'attributeID').code);
  return oid === undefined ? undefined : view.schema.attribute(oid);
}

interface Work {
  readonly view: View;
  readonly known: KnownAttributes;
  readonly type: AttributeType;
  readonly record: Uint8Array;
}

/** Some of the work; returns the state that follows, or the record where it goes on. */
function step(tx: Transaction, work: Work, limit: number): State | Uint8Array {
  const state = work.record[0];
  if (state === State.building) return fill(tx, work, limit);
  const old = [...tx.range({ ...indexOf(work.type.code), limit })];
  for (const { key } of old) tx.delete(key);
  if (old.length === limit) return work.record;
  return state === State.removing ? State.none : State.building;
}

/** Entries in the order of their numbers: what is added meanwhile comes later, or is there. */
function fill(
  tx: Transaction,
  { view, known, type, record }: Work,
  limit: number,
): State | Uint8Array {
  const after = record.length > ID_BYTES ? idOfBytes(record.subarray(1)) : 0;
  let last = after;
  let count = 0;
  for (const { key, value } of tx.range({ ...allEntries(), start: entryKey(after + 1), limit })) {
    count += 1;
    last = idOfEntryKey(key);
    const entry = new StoredEntry(last, value);
    const values = entry.values(type.code);
    if (values.length === 0) continue;
    const indexed = indexedAttributes(known, entry.flags, new Map([[type.code, values]]));
    if (!indexed.has(type.code)) continue;
    for (const one of recordsOfIndex(view, known, type, entry, values)) tx.put(...one);
  }
  return count < limit ? State.built : Uint8Array.of(State.building, ...idToBytes(last));
}
