import type { KnownAttributes } from './known-attributes.ts';
import { idToBytes, indexKey, uniqueKey } from './layout.ts';
import type { StoredAttributes, StoredValue } from './record.ts';
import { matchKey } from './schema/syntax.ts';
import type { AttributeType, Schema } from './schema/schema.ts';
import type { Transaction } from './store/store.ts';

const NOTHING = new Uint8Array(0);

/** Makes the indexes say what an entry now is; returns whether an account's name changed. */
export function reindex(
  tx: Transaction,
  schema: Schema,
  known: KnownAttributes,
  id: number,
  before: StoredAttributes,
  after: StoredAttributes,
): boolean {
  let names = false;
  // Of a new entry there is nothing before.
  const codes = before.size === 0 ? after.keys() : new Set([...before.keys(), ...after.keys()]);
  for (const code of codes) {
    const type = schema.attributeByCode(code);
    const old = before.get(code) ?? [];
    const next = after.get(code) ?? [];
    if (type === undefined || old === next) continue;
    if (!type.indexed && type.indexing !== 'building') continue;
    const record = type.unique ? idToBytes(id) : NOTHING;
    const gone = recordsOfIndex(known, type, id, old);
    const changed = replaceKeys(tx, gone, recordsOfIndex(known, type, id, next), record);
    names ||= changed && isAccountName(known, type);
  }
  return names;
}

function replaceKeys(
  tx: Transaction,
  old: ReadonlySet<string>,
  next: ReadonlySet<string>,
  record: Uint8Array,
): boolean {
  let changed = false;
  for (const key of old) {
    if (next.has(key)) continue;
    tx.delete(key);
    changed = true;
  }
  for (const key of next) {
    if (old.has(key)) continue;
    tx.put(key, record);
    changed = true;
  }
  return changed;
}

/** The keys under which the index of an attribute has an entry with these values. */
export function recordsOfIndex(
  known: KnownAttributes,
  type: AttributeType,
  id: number,
  values: readonly StoredValue[],
): Set<string> {
  // Every entry is of class top: only the most specific class tells entries apart.
  const indexed = type === known.objectClass ? values.slice(-1) : values;
  const keys = new Set<string>();
  for (const value of indexed) {
    if (typeof value === 'number') continue;
    const key = matchKey(type.syntax, value);
    keys.add(type.unique ? uniqueKey(type.code, key) : indexKey(type.code, key, id));
  }
  return keys;
}

function isAccountName(known: KnownAttributes, type: AttributeType): boolean {
  return (
    type === known.samAccountName ||
    type === known.servicePrincipalName ||
    type === known.userPrincipalName ||
    type === known.objectSid
  );
}
