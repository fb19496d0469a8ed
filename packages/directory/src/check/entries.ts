import { decodeSid, ridOf } from '@doublehop/security/sid';
import { checkContent } from '../checks.ts';
import { lastNumber } from '../counters.ts';
import { descriptorBytes, NO_DESCRIPTOR } from '../descriptor-table.ts';
import { parseDn, rdnKey } from '../dn.ts';
import { readDomain } from '../domain.ts';
import { recordsOfIndex } from '../indexing.ts';
import { needed } from '../known-attributes.ts';
import {
  allEntries,
  childKey,
  entryKey,
  forwardLinks,
  indexKey,
  partsOfLinkKey,
  ROOT_ID,
} from '../layout.ts';
import { MAX_DN_DEPTH } from '../limits.ts';
import { encodeEntry, EntryFlag, type StoredAttributes, StoredEntry } from '../record.ts';
import type { AttributeType, ClassType } from '../schema/schema.ts';
import { canonical } from '../schema/syntax.ts';
import { textBytes } from '../text.ts';
import { indexedAttributes, isDeleted } from '../tombstone.ts';
import { contextKey } from '../view.ts';
import { about, attempt, type CheckContext, entryOf, numberOf, numberOfKey } from './context.ts';
import type { Finding } from './finding.ts';

/** SERVER_TRUST_ACCOUNT of userAccountControl (MS-ADTS 2.2.16). */
const SERVER_TRUST = 0x2000;

/** Containers whose way up is known to end at the root; beyond, the oldest are walked again. */
const MAX_WALKED = 10_000;

/** Looks at every entry: its record, place, attributes, and what stands elsewhere of it. */
export function* checkEntries(context: CheckContext): Iterable<Finding> {
  const walked = new Set<number>();
  for (const { key, value } of context.reader.range(allEntries())) {
    context.step();
    const id = numberOfKey(key);
    const entry = id === undefined ? undefined : attempt(() => new StoredEntry(id, value));
    const attributes = entry === undefined ? undefined : attempt(() => exactly(entry, value));
    if (id === undefined || entry === undefined || attributes === undefined) {
      const object = id === undefined ? 'an entry without a number' : `entry ${id}`;
      yield { kind: 'entry', object, what: 'its record does not decode' };
      continue;
    }
    yield* checkPlace(context, entry, walked);
    yield* checkNumbers(context, entry, attributes);
    yield* checkValues(context, entry, attributes);
    yield* checkClass(context, entry, attributes);
    yield* checkIndexes(context, entry, attributes);
    holdDescriptor(context, entry);
    if (entry.reference(context.known.descriptor.code) === NO_DESCRIPTOR) {
      yield about(context, 'descriptor', id, 'it has no security descriptor');
    } else if (descriptorOf(context, entry) === undefined) {
      yield about(context, 'descriptor', id, 'its security descriptor is not there');
    }
  }
}

/** The attributes of a record that says nothing else: it is what encoding them gives. */
function exactly(entry: StoredEntry, record: Uint8Array): StoredAttributes | undefined {
  const attributes = entry.attributes();
  const { parentId, flags, rdn } = entry;
  const again = encodeEntry({ parentId, flags, rdn }, attributes);
  return Buffer.compare(again, record) === 0 ? attributes : undefined;
}

function* checkPlace(
  context: CheckContext,
  entry: StoredEntry,
  walked: Set<number>,
): Iterable<Finding> {
  const { id, parentId } = entry;
  if (parentId !== ROOT_ID) {
    const parent = entryOf(context, parentId);
    if (parent === undefined) {
      yield about(context, 'tree', id, `entry ${parentId} above it is not there`);
      return;
    }
    if ((parent.flags & EntryFlag.parent) === 0) {
      yield about(context, 'tree', parentId, 'it has others below it and does not say so');
    }
    if (!reachesRoot(context, parentId, walked)) {
      yield about(context, 'tree', id, 'the way up from it does not end');
    }
  } else if ((entry.flags & EntryFlag.contextHead) === 0) {
    yield about(context, 'tree', id, 'it is below the root and heads no naming context');
  }
  const name = attempt(() => placeOf(entry));
  if (name === undefined || numberOf(context.reader.get(name)) !== id) {
    yield about(context, 'tree', id, 'it is not found under its name');
  }
}

/** The key of an entry's name below its parent. */
export function placeOf({ parentId, rdn }: StoredEntry): string {
  const name = parentId === ROOT_ID ? contextKey(parseDn(rdn.value)) : rdnKey(rdn);
  return childKey(parentId, textBytes(name));
}

function reachesRoot(context: CheckContext, from: number, walked: Set<number>): boolean {
  const way: number[] = [];
  for (let at = from; at !== ROOT_ID && !walked.has(at); ) {
    const entry = entryOf(context, at);
    // What is not there is found where it is missed.
    if (entry === undefined) return true;
    if (way.length >= MAX_DN_DEPTH) return false;
    way.push(at);
    at = entry.parentId;
  }
  if (walked.size > MAX_WALKED) walked.clear();
  for (const id of way) walked.add(id);
  return true;
}

/** Whatever was handed out once is not to be handed out again. */
function* checkNumbers(
  context: CheckContext,
  entry: StoredEntry,
  attributes: StoredAttributes,
): Iterable<Finding> {
  const { reader, known } = context;
  const { id } = entry;
  if (id > lastNumber(reader, 'id')) {
    yield about(context, 'counter', id, 'its number is above the counter of entries');
  }
  for (const type of [known.usnCreated, known.usnChanged]) {
    const usn = Number(attributes.get(type.code)?.[0] ?? 0);
    if (usn <= lastNumber(reader, 'usn')) continue;
    yield about(context, 'counter', id, `${type.name} is above the counter of changes`);
  }
  const bytes = entry.bytes(known.objectSid.code);
  if (bytes === undefined) return;
  const sid = attempt(() => decodeSid(bytes));
  const domain = attempt(() => readDomain(reader))?.sid;
  if (sid === undefined) yield about(context, 'attribute', id, 'objectSid does not decode');
  else if (domain !== undefined && sid.startsWith(`${domain}-`)) {
    if (ridOf(sid) > lastNumber(reader, 'rid')) {
      yield about(context, 'counter', id, 'its RID is above the counter of RIDs');
    }
  }
}

function* checkValues(
  context: CheckContext,
  entry: StoredEntry,
  attributes: StoredAttributes,
): Iterable<Finding> {
  const { schema, reader } = context;
  const category = needed(schema, 'objectCategory');
  for (const [code, values] of attributes) {
    const type = schema.attributeByCode(code);
    if (type === undefined) {
      yield about(context, 'attribute', entry.id, `attribute ${code} is not of the schema`);
      continue;
    }
    if (type.singleValued && values.length > 1) {
      yield about(context, 'attribute', entry.id, `${type.name} has more than one value`);
    }
    if (!values.every((value) => isOfType(type, value, type === context.known.descriptor))) {
      yield about(context, 'attribute', entry.id, `${type.name} has a value of no such syntax`);
    }
    if (type.syntax !== 'dn') continue;
    for (const value of values) {
      if (typeof value !== 'number' || reader.get(entryKey(value)) !== undefined) continue;
      // Others may outlive the tombstone of what they named; nobody is shown them then.
      if (value <= lastNumber(reader, 'id') && type !== category) continue;
      yield about(context, 'reference', entry.id, `${type.name} names entry ${value}: not there`);
    }
  }
}

function isOfType(type: AttributeType, value: unknown, isNumber: boolean): boolean {
  if (typeof value === 'number') return isNumber || type.syntax === 'dn';
  if (isNumber || type.syntax === 'dn') return false;
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) return false;
  return attempt(() => canonical(type.syntax, value)) !== undefined;
}

function* checkClass(
  context: CheckContext,
  entry: StoredEntry,
  attributes: StoredAttributes,
): Iterable<Finding> {
  const { schema, known } = context;
  const { id, parentId, flags, rdn } = entry;
  const names = (attributes.get(known.objectClass.code) ?? []).map(String);
  const type = schema.classType(names.at(-1) ?? '');
  if (type === undefined) {
    yield about(context, 'attribute', id, 'objectClass names no class of the schema');
    return;
  }
  const control = Number(entry.text(known.userAccountControl.code) ?? 0);
  if ((control & SERVER_TRUST) !== 0 && !isDeleted(entry)) context.controllers.push(id);
  yield* checkTombstone(context, entry);
  if (isDeleted(entry)) return;
  const auxiliary = names.flatMap((name): ClassType[] => {
    const each = schema.classType(name);
    return each?.category === 'auxiliary' ? [each] : [];
  });
  const links = linksOf(context, id);
  try {
    checkContent(schema, { id, parentId, flags, rdn, type, attributes }, auxiliary, {
      added: [...links],
      has: (link) => links.has(link),
    });
  } catch (error) {
    const what = error instanceof Error ? error.message : 'it is not what its class asks for';
    yield about(context, 'attribute', id, what);
  }
}

/** The link attributes that an entry has values of, each found by one step in the store. */
function linksOf({ reader, schema }: CheckContext, id: number): Set<AttributeType> {
  const types = new Set<AttributeType>();
  let range = forwardLinks(id);
  for (;;) {
    const [first] = reader.range({ ...range, limit: 1 });
    if (first === undefined) return types;
    const { link } = partsOfLinkKey(first.key);
    const type = schema.attributeByLink(link);
    if (type !== undefined) types.add(type);
    const { end } = forwardLinks(id, link);
    if (end === undefined) return types;
    range = { ...range, start: end };
  }
}

function* checkTombstone(context: CheckContext, entry: StoredEntry): Iterable<Finding> {
  const { reader, schema } = context;
  const type = needed(schema, 'isDeleted');
  const marked = entry.text(type.code) === 'TRUE';
  const listed = reader.get(indexKey(type.code, 'TRUE', entry.id)) !== undefined;
  if (marked !== isDeleted(entry)) {
    yield about(context, 'tombstone', entry.id, 'its isDeleted is not what its record says');
  }
  if (listed !== isDeleted(entry)) {
    const what = listed ? 'it is listed as deleted and is not' : 'it is deleted and not listed';
    yield about(context, 'tombstone', entry.id, what);
  }
}

function* checkIndexes(
  context: CheckContext,
  entry: StoredEntry,
  attributes: StoredAttributes,
): Iterable<Finding> {
  const { reader, view, schema, known } = context;
  const indexed = indexedAttributes(known, entry.flags, attributes);
  for (const [code, values] of indexed) {
    const type = schema.attributeByCode(code);
    if (type?.indexed !== true) continue;
    const records = attempt(() => recordsOfIndex(view, known, type, entry, values)) ?? new Map();
    for (const [key, { length }] of records) {
      const record = reader.get(key);
      if (record === undefined) {
        yield about(context, 'index', entry.id, `it is not in the index of ${type.name}`);
      } else if (length > 0 && numberOf(record) !== entry.id) {
        const what = `its ${type.name} is that of entry ${numberOf(record) ?? 'unknown'} too`;
        yield about(context, 'index', entry.id, what);
      }
    }
  }
}

function holdDescriptor({ held, known }: CheckContext, entry: StoredEntry): void {
  const id = entry.reference(known.descriptor.code);
  if (id !== NO_DESCRIPTOR) held.set(id, (held.get(id) ?? 0) + 1);
}

function descriptorOf({ reader, known }: CheckContext, entry: StoredEntry): Uint8Array | undefined {
  return descriptorBytes(reader, entry.reference(known.descriptor.code));
}
