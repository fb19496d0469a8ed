import { createHash } from 'node:crypto';
import { decodeDescriptor } from '@doublehop/security/descriptor';
import { lastNumber } from '../counters.ts';
import { countOf } from '../descriptor-table.ts';
import { recordsOfIndex } from '../indexing.ts';
import { decodeKeys, encodeKeys } from '../keys-record.ts';
import { needed } from '../known-attributes.ts';
import {
  backKey,
  decodeId,
  descriptorHashKey,
  descriptorKey,
  entryKey,
  forwardKey,
  ID_BYTES,
  idOfIndexRecord,
  partsOfLinkKey,
  partsOfLogKey,
  ROOT_ID,
} from '../layout.ts';
import { isIndexing } from '../index-building.ts';
import { EntryFlag, type StoredEntry } from '../record.ts';
import type { AttributeType } from '../schema/schema.ts';
import { prefixed } from '../store/key.ts';
import type { Record } from '../store/store.ts';
import { isDeleted } from '../tombstone.ts';
import { about, attempt, type CheckContext, entryOf, numberOf, numberOfKey } from './context.ts';
import { placeOf } from './entries.ts';
import type { Finding } from './finding.ts';

type Check = (context: CheckContext, record: Record) => Iterable<Finding>;

/** The records that are not entries, by the first byte of their keys (`layout.ts`). */
const CHECKS: { readonly [kind: string]: Check } = {
  b: checkBack,
  c: checkChild,
  d: checkDescriptor,
  f: checkForward,
  h: checkHash,
  i: checkIndexRecord,
  n: checkCount,
  p: checkPropagation,
  s: checkKeys,
  u: checkLog,
  x: checkExtension,
};

/** Kinds that are looked at elsewhere: the directory's facts, and entries. */
const ELSEWHERE: ReadonlySet<string> = new Set(['e', 'm']);

/** Looks at every record that is not an entry; entries were looked at before. */
export function* checkRecords(context: CheckContext): Iterable<Finding> {
  for (let byte = 0; byte < 256; byte += 1) {
    const kind = String.fromCharCode(byte);
    const check = CHECKS[kind];
    if (ELSEWHERE.has(kind)) continue;
    for (const record of context.reader.range(prefixed(kind))) {
      context.step();
      const object = `record ${Buffer.from(record.key, 'latin1').toString('hex')}`;
      if (check === undefined) {
        yield { kind: 'record', object, what: 'is of no known kind' };
        break;
      }
      yield* check(context, record);
    }
  }
}

function* checkChild(context: CheckContext, { key, value }: Record): Iterable<Finding> {
  const parent = decodeId(key, 1);
  const id = numberOf(value);
  const entry = id === undefined ? undefined : entryOf(context, id);
  if (parent !== ROOT_ID && context.reader.get(entryKey(parent)) === undefined) {
    yield about(context, 'tree', parent, 'it is not there and has names below it');
  }
  if (id === undefined || entry === undefined) {
    yield about(context, 'tree', parent, `a name below it leads to entry ${id ?? '?'}: not there`);
  } else if (attempt(() => placeOf(entry)) !== key) {
    yield about(context, 'tree', id, 'a name leads to it that it does not have');
  }
}

function* checkIndexRecord(context: CheckContext, record: Record): Iterable<Finding> {
  const { schema, known } = context;
  const code = Buffer.from(record.key.slice(1, 5), 'latin1').readUInt32BE(0);
  const type = schema.attributeByCode(code);
  const id = idOfIndexRecord(record);
  const entry = entryOf(context, id);
  if (type === undefined || entry === undefined) {
    const name = type?.name ?? `attribute ${code}`;
    yield about(context, 'index', id, `the index of ${name} leads to it: not there`);
    return;
  }
  // The list of tombstones is checked with them.
  if (type === needed(schema, 'isDeleted')) return;
  // What is on its way in or out is not complete.
  if (type.indexing !== undefined) return;
  const isIndexed = type.indexed && (!isDeleted(entry) || type === known.objectGuid);
  if (isIndexed && indexKeys(context, entry, type).has(record.key)) return;
  yield about(context, 'index', id, `the index of ${type.name} has a value that it has not`);
}

/** The keys that an index ought to have for an entry; of those with many values they are kept. */
function indexKeys(
  { view, known, manyKeys }: CheckContext,
  entry: StoredEntry,
  type: AttributeType,
): ReadonlySet<string> {
  const place = `${type.code}/${entry.id}`;
  const kept = manyKeys.get(place);
  if (kept !== undefined) return kept;
  const records = attempt(() => recordsOfIndex(view, known, type, entry, entry.values(type.code)));
  const keys = new Set(records?.keys());
  if (keys.size > FEW_KEYS) {
    if (manyKeys.size >= MAX_KEPT) manyKeys.clear();
    manyKeys.set(place, keys);
  }
  return keys;
}

/** Above this, the keys of an entry's values are not made anew for each record of the index. */
const FEW_KEYS = 8;
/** Entries of many values that are kept at a time. */
const MAX_KEPT = 64;

function* checkForward(context: CheckContext, { key }: Record): Iterable<Finding> {
  const owner = decodeId(key, 1);
  const { link, far } = partsOfLinkKey(key);
  const name = context.schema.attributeByLink(link)?.name;
  if (name === undefined) yield about(context, 'link', owner, `link ${link} is of no schema`);
  const other = context.reader.get(backKey(far, link, owner));
  yield* checkEnds(context, { link: name ?? `link ${link}`, owner, target: far });
  if (other === undefined) {
    yield about(context, 'link', owner, `${name ?? link} lacks its back link at entry ${far}`);
  }
}

function* checkBack(context: CheckContext, { key }: Record): Iterable<Finding> {
  const target = decodeId(key, 1);
  const { link, far } = partsOfLinkKey(key);
  if (context.reader.get(forwardKey(far, link, target)) !== undefined) return;
  const name = context.schema.attributeByLink(link)?.name ?? `link ${link}`;
  yield about(context, 'link', target, `a back link of ${name} is without link at entry ${far}`);
}

function* checkEnds(
  context: CheckContext,
  { link, owner, target }: { link: string; owner: number; target: number },
): Iterable<Finding> {
  const ends = [
    [owner, EntryFlag.forwardLinks],
    [target, EntryFlag.backLinks],
  ] as const;
  for (const [id, flag] of ends) {
    const entry = entryOf(context, id);
    if (entry === undefined)
      yield about(context, 'link', id, `${link} has it as an end: not there`);
    else if (isDeleted(entry)) yield about(context, 'link', id, `it is deleted and has ${link}`);
    else if ((entry.flags & flag) === 0) {
      yield about(context, 'link', id, `it has ${link} and does not say so`);
    }
  }
}

function* checkKeys(context: CheckContext, { key, value }: Record): Iterable<Finding> {
  const id = numberOfKey(key) ?? ROOT_ID;
  const entry = entryOf(context, id);
  if (entry === undefined) yield about(context, 'keys', id, 'it has keys and is not there');
  else if (isDeleted(entry)) yield about(context, 'keys', id, 'it is deleted and has keys');
  const again = attempt(() => encodeKeys(decodeKeys(value)));
  if (again === undefined || Buffer.compare(again, value) !== 0) {
    yield about(context, 'keys', id, 'its keys do not decode');
  }
}

function* checkDescriptor(context: CheckContext, { key, value }: Record): Iterable<Finding> {
  const id = numberOfKey(key) ?? 0;
  const object = `descriptor ${id}`;
  if (attempt(() => decodeDescriptor(value)) === undefined) {
    yield { kind: 'descriptor', object, what: 'does not decode' };
  }
  const digest = createHash('sha256').update(value).digest('latin1');
  if (numberOf(context.reader.get(descriptorHashKey(digest))) !== id) {
    yield { kind: 'descriptor', object, what: 'is not found by its contents' };
  }
  const held = context.held.get(id) ?? 0;
  const counted = countOf(context.reader, id);
  if (held === counted && held > 0) return;
  yield { kind: 'descriptor', object, what: `is that of ${held} entries, and counts ${counted}` };
}

function* checkHash(context: CheckContext, { key, value }: Record): Iterable<Finding> {
  const id = numberOf(value) ?? 0;
  const bytes = context.reader.get(descriptorKey(id));
  const digest = createHash('sha256').update(bytes ?? new Uint8Array(0));
  if (bytes !== undefined && descriptorHashKey(digest.digest('latin1')) === key) return;
  yield { kind: 'descriptor', object: `descriptor ${id}`, what: 'is found by other contents' };
}

function* checkCount(context: CheckContext, { key }: Record): Iterable<Finding> {
  const id = numberOfKey(key) ?? 0;
  if (context.reader.get(descriptorKey(id)) !== undefined) return;
  yield { kind: 'descriptor', object: `descriptor ${id}`, what: 'is counted and not there' };
}

function* checkPropagation(context: CheckContext, { key, value }: Record): Iterable<Finding> {
  const id = numberOfKey(key) ?? ROOT_ID;
  // Its entry may go before its turn comes; the record then goes with the turn.
  if (id > lastNumber(context.reader, 'id') || id === ROOT_ID) {
    yield about(context, 'propagation', id, 'it is to hand down its descriptor: never there');
  }
  if (value.length > MAX_PLACE) yield about(context, 'propagation', id, 'its place is no key');
}

/** Bytes of the key up to which the work has come. */
const MAX_PLACE = 1024;

function* checkExtension(context: CheckContext, { key, value }: Record): Iterable<Finding> {
  const id = numberOfKey(key) ?? ROOT_ID;
  const type = entryOf(context, id)?.values(context.known.objectClass.code).at(-1);
  if (type !== 'attributeSchema' && type !== 'classSchema') {
    yield about(context, 'record', id, 'it is said to be of the schema and is not');
  }
  if (!isIndexing(value)) yield about(context, 'index', id, 'the state of its index is none');
}

function* checkLog(context: CheckContext, { key, value }: Record): Iterable<Finding> {
  const { usn, id } = partsOfLogKey(key);
  if (key.length !== 1 + 2 * ID_BYTES || value.length === 0) {
    yield { kind: 'change-log', object: `change ${usn}`, what: 'does not decode' };
  } else if (usn > lastNumber(context.reader, 'usn')) {
    yield about(context, 'change-log', id, `change ${usn} is above the counter of changes`);
  } else if (id > lastNumber(context.reader, 'id')) {
    yield about(context, 'change-log', id, `change ${usn} is of an entry that was never there`);
  }
}
