import { parseDn } from './dn.ts';
import { readDomain } from './domain.ts';
import type { KnownAttributes } from './known-attributes.ts';
import { idToBytes, indexKey, uniqueKey } from './layout.ts';
import type { StoredAttributes, StoredEntry, StoredValue } from './record.ts';
import { matchKey } from './schema/syntax.ts';
import type { AttributeType } from './schema/schema.ts';
import type { Transaction } from './store/store.ts';
import { contextOf } from './tombstone.ts';
import type { View } from './view.ts';

const NOTHING = new Uint8Array(0);

/** What indexes are written with, in one unit of work. */
export interface IndexWriting {
  readonly tx: Transaction;
  readonly view: View;
  readonly known: KnownAttributes;
}

/** Where an entry is. */
export type Placed = Pick<StoredEntry, 'id' | 'parentId'>;

/** Makes the indexes say what an entry now is; returns whether an account's name changed. */
export function reindex(
  writing: IndexWriting,
  entry: Placed,
  before: StoredAttributes,
  after: StoredAttributes,
): boolean {
  let names = false;
  for (const [code, next] of after) {
    const old = before.get(code);
    if (old !== next && reindexOne(writing, entry, code, { old: old ?? [], next })) names = true;
  }
  for (const [code, old] of before) {
    if (!after.has(code) && reindexOne(writing, entry, code, { old, next: [] })) names = true;
  }
  return names;
}

/** The values of an attribute, then and now. */
interface Values {
  readonly old: readonly StoredValue[];
  readonly next: readonly StoredValue[];
}

function reindexOne(
  { tx, view, known }: IndexWriting,
  entry: Placed,
  code: number,
  { old, next }: Values,
): boolean {
  const type = view.schema.attributeByCode(code);
  if (type === undefined || (!type.indexed && type.indexing !== 'building')) return false;
  const gone = recordsOfIndex(view, known, type, entry, old);
  const changed = replaceKeys(tx, gone, recordsOfIndex(view, known, type, entry, next));
  return changed && isAccountName(known, type);
}

type IndexRecords = ReadonlyMap<string, Uint8Array>;

function replaceKeys(tx: Transaction, old: IndexRecords, next: IndexRecords): boolean {
  let changed = false;
  for (const key of old.keys()) {
    if (next.has(key)) continue;
    tx.delete(key);
    changed = true;
  }
  for (const [key, record] of next) {
    if (old.has(key)) continue;
    tx.put(key, record);
    changed = true;
  }
  return changed;
}

/** The records by which the index of an attribute has an entry with these values. */
export function recordsOfIndex(
  view: View,
  known: KnownAttributes,
  type: AttributeType,
  entry: Placed,
  values: readonly StoredValue[],
): IndexRecords {
  // Every entry is of class top: only the most specific class tells entries apart.
  const indexed = type === known.objectClass ? values.slice(-1) : values;
  const records = new Map<string, Uint8Array>();
  for (const value of indexed) {
    if (typeof value === 'number') continue;
    const key = matchKey(type.syntax, value);
    if (!type.unique || (isShared(type, key) && isElsewhere(view, entry.parentId))) {
      records.set(indexKey(type.code, key, entry.id), NOTHING);
    } else {
      records.set(uniqueKey(type.code, key), idToBytes(entry.id));
    }
  }
  return records;
}

/** Bytes of the shortest SID of a domain, its own (MS-DTYP 2.4.2.2). */
const DOMAIN_SID_BYTES = 24;

/**
 * Whether several entries may have a value of a unique attribute, one in each naming context: that
 * is so of well-known SIDs, which the configuration and the domain have entries for (MS-ADTS
 * 6.1.1.2.6, 6.1.1.4.11). The domain's is the one that the SID names.
 */
export function isShared(type: AttributeType, key: string): boolean {
  return key.length < DOMAIN_SID_BYTES && type.name === 'objectSid';
}

/** Whether what is below an entry is outside of the domain's naming context. */
export function isElsewhere(view: View, parentId: number): boolean {
  const domain = readDomain(view.reader);
  if (domain === undefined) return false;
  return contextOf(view, parentId)?.id !== view.resolve(parseDn(domain.dn)).id;
}

/** The entry that a SID names: of the domain, or else of another naming context. */
export function idOfSid(view: View, known: KnownAttributes, sid: Uint8Array): number | undefined {
  const type = known.objectSid;
  const key = matchKey(type.syntax, sid);
  const id = view.onlyWithKey(type, key);
  if (id !== undefined || !isShared(type, key)) return id;
  const [other] = view.withValue(type, sid);
  return other;
}

function isAccountName(known: KnownAttributes, type: AttributeType): boolean {
  return (
    type === known.samAccountName ||
    type === known.servicePrincipalName ||
    type === known.userPrincipalName ||
    type === known.objectSid
  );
}
