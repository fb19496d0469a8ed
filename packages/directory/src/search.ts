import type { Filter } from '@doublehop/ldap/filter';
import { EntryView } from './entry-view.ts';
import { compileFilter, type Access, type FilterContext, type Predicate } from './evaluate.ts';
import { isShared } from './indexing.ts';
import type { KnownAttributes } from './known-attributes.ts';
import {
  allEntries,
  idOfBytes,
  idOfEntryKey,
  idOfIndexRecord,
  indexBetween,
  indexOf,
  indexStart,
  indexValue,
  ROOT_ID,
  uniqueKey,
} from './layout.ts';
import { MAX_SEEN, PLANNER_COMMON, PLANNER_PROBE } from './limits.ts';
import { once } from './once.ts';
import { EntryFlag, StoredEntry } from './record.ts';
import type { Range } from './store/store.ts';
import type { AttributeType } from './schema/schema.ts';
import { deletedIds } from './tombstone.ts';
import type { View } from './view.ts';

/** How far a search reaches (RFC 4511 §4.5.1.2). */
export type Scope = 'base' | 'one' | 'subtree';

/** A search whose base is found. */
export interface Search {
  /** Absent: the root above all naming contexts (MS-ADTS 3.1.1.3.4.1.12, phantom root). */
  readonly base: StoredEntry | undefined;
  readonly scope: Scope;
  readonly filter: Filter;
  readonly limit?: number;
  /** Tombstones and their containers are found too (MS-ADTS 3.1.1.3.4.1.14). */
  readonly deleted?: boolean | undefined;
  /** Naming contexts below the base belong to the search. */
  readonly contexts?: boolean | undefined;
  /** Entries looked at between two moments for others; absent: there are none. */
  readonly pause?: number | undefined;
  /** Entries that the client may know of (MS-ADTS 5.1.3.3.6); absent: all. */
  readonly isVisible?: ((entry: EntryView) => boolean) | undefined;
}

/** Where a search looks. */
interface Field {
  readonly view: View;
  /** `ROOT_ID` for the root above all naming contexts. */
  readonly id: number;
  readonly base: StoredEntry | undefined;
  readonly deleted: boolean;
  readonly contexts: boolean;
}

/**
 * The entries that pass, lazily: an index leads to them, else the tree below the base. After every
 * `request.pause` entries that were looked at, undefined: a moment for others.
 */
export function* search(
  context: FilterContext,
  known: KnownAttributes,
  request: Search,
): Generator<EntryView | undefined> {
  const predicate = compileFilter(context, request.filter);
  let left = request.limit ?? Number.POSITIVE_INFINITY;
  if (left <= 0) return;
  const { pause = Number.POSITIVE_INFINITY } = request;
  let looked = 0;
  for (const entry of candidates(context.view, predicate, request)) {
    looked += 1;
    if (looked >= pause) {
      looked = 0;
      yield undefined;
    }
    if (entry === undefined) continue;
    const shown = new EntryView(context.view, known, entry);
    if (predicate.test(shown) !== true) continue;
    if (request.isVisible?.(shown) === false) continue;
    yield shown;
    left -= 1;
    if (left === 0) return;
  }
}

/** Entries on the way, each once; undefined for one that is none of the search's. */
type Way = Iterable<StoredEntry | undefined>;

/** Every entry in scope that may pass. */
function candidates(view: View, predicate: Predicate, request: Search): Way {
  const { base, scope, deleted = false, contexts = false } = request;
  if (scope === 'base') return base === undefined ? [] : [base];
  const field: Field = { view, id: base?.id ?? ROOT_ID, base, deleted, contexts };
  const access = worthwhile(view, predicate.access);
  if (access !== undefined && (scope === 'subtree' || cost(view, access) < PLANNER_PROBE)) {
    const found = idsOf(view, access);
    return within(field, scope, deleted ? withDeleted(view, found) : found);
  }
  if (scope === 'one') return childrenOf(field, field.id);
  const isContext = base === undefined || (base.flags & EntryFlag.contextHead) !== 0;
  return isContext ? scan(field) : walk(field, base);
}

/** Tombstones stand in few indexes but their own. */
function* withDeleted(view: View, others: Iterable<number>): Iterable<number> {
  yield* deletedIds(view.reader, view.schema);
  for (const id of others) {
    if (((view.entry(id)?.flags ?? 0) & EntryFlag.deleted) === 0) yield id;
  }
}

/** The best way there, unless so many entries have the attribute that looking at all is faster. */
function worthwhile(view: View, access: Access | undefined): Access | undefined {
  if (access === undefined) return undefined;
  const best = cheapest(view, access);
  if (best.kind !== 'present') return best;
  const range = { ...indexOf(best.attribute.code), limit: PLANNER_COMMON };
  let count = 0;
  for (const _ of view.reader.range(range)) count += 1;
  return count < PLANNER_COMMON ? best : undefined;
}

function* within(field: Field, scope: Scope, found: Iterable<number>): Way {
  const { view } = field;
  const reach = new Reach(field);
  for (const id of found) {
    const entry = view.entry(id);
    if (entry === undefined || !belongs(field, entry)) {
      yield undefined;
      continue;
    }
    const isChild = entry.parentId === field.id && isHere(field, entry);
    yield (scope === 'one' ? isChild : reach.covers(entry)) ? entry : undefined;
  }
}

/** Whether a child of an entry is in the same search as that entry. */
function isHere({ contexts }: Field, child: StoredEntry): boolean {
  return contexts || (child.flags & EntryFlag.contextHead) === 0;
}

function belongs({ deleted }: Field, entry: StoredEntry): boolean {
  return deleted || (entry.flags & EntryFlag.deleted) === 0;
}

function* childrenOf(field: Field, id: number): Way {
  const { view } = field;
  for (const child of view.childIds(id)) {
    const entry = view.entry(child);
    const isMeant = entry !== undefined && isHere(field, entry) && belongs(field, entry);
    yield isMeant ? entry : undefined;
  }
}

/** Everything below an entry by its children: for parts of a naming context. */
function* walk(field: Field, base: StoredEntry): Way {
  yield base;
  if ((base.flags & EntryFlag.parent) === 0) return;
  const open: Iterator<StoredEntry | undefined>[] = [childrenOf(field, base.id)[Symbol.iterator]()];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const next = top.next();
    if (next.done === true) {
      open.pop();
      continue;
    }
    yield next.value;
    if (next.value !== undefined && (next.value.flags & EntryFlag.parent) !== 0) {
      open.push(childrenOf(field, next.value.id)[Symbol.iterator]());
    }
  }
}

/** Everything in a naming context, in the order of the store: one read for many entries. */
function* scan(field: Field): Way {
  const reach = new Reach(field);
  for (const { key, value } of field.view.reader.range(allEntries())) {
    const entry = new StoredEntry(idOfEntryKey(key), value);
    yield belongs(field, entry) && reach.covers(entry) ? entry : undefined;
  }
}

/** Tells what is at or below a base without another naming context between. */
class Reach {
  readonly #field: Field;
  /** Answers for entries that have others below them. */
  readonly #known = new Map<number, boolean>();

  constructor(field: Field) {
    this.#field = field;
  }

  covers(entry: StoredEntry): boolean {
    const { id } = this.#field;
    if (entry.id === id || id === ROOT_ID) return true;
    return isHere(this.#field, entry) && this.#coversId(entry.parentId);
  }

  #coversId(id: number): boolean {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const entry = id === ROOT_ID ? undefined : this.#field.view.entry(id);
    const answer = entry !== undefined && this.covers(entry);
    if (this.#known.size >= MAX_SEEN) this.#known.clear();
    this.#known.set(id, answer);
    return answer;
  }
}

/** Of ways that all lead there, the one with the fewest entries on it. */
function cheapest(view: View, access: Access): Access {
  if (access.kind !== 'all') return access;
  // One entry at the most: no need to count what the others hold.
  const only = access.of.find((each) => each.kind === 'value' && each.attribute.unique);
  if (only !== undefined) return only;
  let best: { access: Access; cost: number } | undefined;
  for (const each of access.of) {
    const one = cheapest(view, each);
    const price = cost(view, one);
    if (best === undefined || price < best.cost) best = { access: one, cost: price };
    if (best.cost === 0) break;
  }
  return best?.access ?? access;
}

/** How many entries are on a way, counted no further than `PLANNER_PROBE`. */
function cost(view: View, access: Access): number {
  if (access.kind === 'value' && access.attribute.unique) return 1;
  if (access.kind === 'any') {
    let sum = 0;
    for (const each of access.of) {
      sum += cost(view, cheapest(view, each));
      if (sum >= PLANNER_PROBE) break;
    }
    return sum;
  }
  let count = 0;
  for (const _ of idsOf(view, access)) {
    count += 1;
    if (count >= PLANNER_PROBE) break;
  }
  // Bounds and presence may go on for ever; at equal counts an exact value is the better guess.
  return access.kind === 'value' || access.kind === 'ids' ? count : count + 1;
}

function idsOf(view: View, access: Access): Iterable<number> {
  switch (access.kind) {
    case 'value':
      return withValue(view, access.attribute, access.key);
    case 'start':
      return stretch(view, access.attribute, indexStart(access.attribute.code, access.key));
    case 'present':
      return stretch(view, access.attribute, indexOf(access.attribute.code));
    case 'between': {
      const { attribute, low, high } = access;
      return stretch(view, attribute, indexBetween(attribute.code, low, high));
    }
    case 'ids':
      return access.ids();
    case 'any': {
      const sources = access.of.map((each) => idsOf(view, cheapest(view, each)));
      return access.disjoint === true ? chain(sources) : unique(view, chain(sources));
    }
    case 'all':
      return idsOf(view, cheapest(view, access));
    default:
      return unreachable(access);
  }
}

function withValue(view: View, attribute: AttributeType, key: string): Iterable<number> {
  if (!attribute.unique || isShared(attribute, key)) {
    return ids(view, indexValue(attribute.code, key));
  }
  const bytes = view.reader.get(uniqueKey(attribute.code, key));
  return bytes === undefined ? [] : [idOfBytes(bytes)];
}

function* ids(view: View, range: Range): Iterable<number> {
  for (const record of view.reader.range(range)) yield idOfIndexRecord(record);
}

/** A stretch of an index with many values: an entry is in it once for each of its values. */
function stretch(view: View, attribute: AttributeType, range: Range): Iterable<number> {
  return attribute.singleValued ? ids(view, range) : unique(view, ids(view, range));
}

function* chain(sources: readonly Iterable<number>[]): Iterable<number> {
  for (const source of sources) yield* source;
}

/** Each entry once. Where there are too many to remember, all entries are looked at instead. */
function unique(view: View, source: Iterable<number>): Iterable<number> {
  return once(source, () => allIds(view), MAX_SEEN);
}

function* allIds(view: View): Iterable<number> {
  for (const { key } of view.reader.range(allEntries())) yield idOfEntryKey(key);
}

function unreachable(access: never): never {
  throw new TypeError(`access ${JSON.stringify(access)}`);
}
