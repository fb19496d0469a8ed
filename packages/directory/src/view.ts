import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import type { AssertionValue } from '@doublehop/ldap/filter';
import { type DescriptorCache, descriptorBytes } from './descriptor-table.ts';
import { formatDn, formatRdn, rdnKey, type Dn } from './dn.ts';
import {
  backLinks,
  childKey,
  children,
  entryKey,
  forwardLinks,
  idOfBytes,
  idOfIndexRecord,
  indexValue,
  partsOfLinkKey,
  ROOT_ID,
  uniqueKey,
} from './layout.ts';
import { EntryFlag, StoredEntry } from './record.ts';
import { matchKey } from './schema/syntax.ts';
import type { AttributeType, Schema } from './schema/schema.ts';
import type { Reader } from './store/store.ts';
import { textBytes } from './text.ts';

/** How far down a name leads. */
export interface Resolution {
  /** The entry of the whole name, when it exists. */
  readonly id: number | undefined;
  /** The deepest entry on the way; `ROOT_ID` when there is none. */
  readonly matched: number;
  /** The entry of the name without its first part, when it exists. */
  readonly above?: number | undefined;
}

/**
 * Names of containers by number and numbers by name: what most look-ups have in common. Good until
 * an entry is renamed, moved or deleted.
 */
export class NameCache {
  readonly names = new Map<number, string>();
  readonly ids = new Map<string, number>();
  /** Numbers by name as clients write it: bases of searches are the same few, over and over. */
  readonly texts = new Map<string, number>();

  clear(): void {
    this.texts.clear();
    this.names.clear();
    this.ids.clear();
  }
}

/** Containers whose names a cache keeps; beyond, it starts afresh. */
export const MAX_NAMES = 10_000;

/** The entries of a store, read as a tree with links and indexes. */
export class View {
  readonly reader: Reader;
  readonly schema: Schema;
  readonly names: NameCache;
  readonly #descriptors: DescriptorCache;
  /** What is committed, as long as this view's names are its names: for units of work. */
  #settled: View | undefined;

  constructor(
    reader: Reader,
    schema: Schema,
    names: NameCache,
    descriptors: DescriptorCache,
    settled?: View,
  ) {
    this.reader = reader;
    this.schema = schema;
    this.names = names;
    this.#descriptors = descriptors;
    this.#settled = settled;
  }

  /** Something was renamed, moved or deleted in this view. */
  forgetNames(): void {
    this.names.clear();
    this.#settled = undefined;
  }

  /** The number that was remembered for a name as it was written. */
  remembered(text: string): number | undefined {
    return this.names.texts.get(text) ?? this.#settled?.names.texts.get(text);
  }

  /** Remembers which entry is meant by a name, until something is renamed. */
  remember(text: string, id: number): void {
    const { texts } = this.#namesWith(id);
    if (texts.size >= MAX_NAMES) texts.clear();
    texts.set(text, id);
  }

  entry(id: number): StoredEntry | undefined {
    const bytes = this.reader.get(entryKey(id));
    return bytes === undefined ? undefined : new StoredEntry(id, bytes);
  }

  /**
   * A security descriptor by its number, decoded and with generic rights mapped to directory
   * rights: to be checked, not to be encoded. Undefined where there is none.
   */
  descriptor(id: number): SecurityDescriptor | undefined {
    return this.#descriptors.get(this.reader, id);
  }

  /** The same as its self-relative bytes. */
  descriptorBytes(id: number): Uint8Array | undefined {
    return descriptorBytes(this.reader, id);
  }

  childId(parentId: number, rdn: string): number | undefined {
    const bytes = this.reader.get(childKey(parentId, textBytes(rdn)));
    return bytes === undefined ? undefined : idOfBytes(bytes);
  }

  *childIds(parentId: number): Iterable<number> {
    for (const { value } of this.reader.range(children(parentId))) yield idOfBytes(value);
  }

  resolve(dn: Dn): Resolution {
    const keys = dn.map(rdnKey);
    const whole = this.#resolveContainer(keys.slice(1));
    if (whole.id === undefined) return this.#asContext(keys, whole);
    const [leaf] = keys;
    if (leaf === undefined) return { id: undefined, matched: ROOT_ID };
    const id = this.childId(whole.id, leaf);
    if (id !== undefined) return { id, matched: id, above: whole.id };
    return this.#asContext(keys, { id: undefined, matched: whole.id, above: whole.id });
  }

  /** The distinguished name of an entry, or undefined when it is gone. */
  dnOf(id: number): string | undefined {
    const entry = this.entry(id);
    return entry === undefined ? undefined : this.dnOfEntry(entry);
  }

  dnOfEntry(entry: StoredEntry): string | undefined {
    const { rdn } = entry;
    // The head of a naming context at the root bears its whole name.
    if (entry.parentId === ROOT_ID) return rdn.value;
    const parent = this.#containerName(entry.parentId);
    return parent === undefined ? undefined : `${formatRdn(rdn)},${parent}`;
  }

  /** Entries with this value of an indexed attribute. */
  *withValue(attribute: AttributeType, value: AssertionValue): Iterable<number> {
    const key = matchKey(attribute.syntax, value);
    for (const record of this.reader.range(indexValue(attribute.code, key))) {
      yield idOfIndexRecord(record);
    }
  }

  /** The one entry with this value of an attribute whose values are unique. */
  onlyWithValue(attribute: AttributeType, value: AssertionValue): number | undefined {
    return this.onlyWithKey(attribute, matchKey(attribute.syntax, value));
  }

  /** The same for a value in comparable form, as `matchKey` makes it. */
  onlyWithKey(attribute: AttributeType, key: string): number | undefined {
    const bytes = this.reader.get(uniqueKey(attribute.code, key));
    return bytes === undefined ? undefined : idOfBytes(bytes);
  }

  /** Entries that an entry's link attribute points to. */
  *linksFrom(entry: StoredEntry, linkId: number): Iterable<number> {
    if ((entry.flags & EntryFlag.forwardLinks) === 0) return;
    for (const { key } of this.reader.range(forwardLinks(entry.id, linkId))) {
      yield partsOfLinkKey(key).far;
    }
  }

  /** Entries whose link attribute (by its even linkID) points to an entry. */
  *linksTo(entry: Pick<StoredEntry, 'id' | 'flags'>, linkId: number): Iterable<number> {
    if ((entry.flags & EntryFlag.backLinks) === 0) return;
    for (const { key } of this.reader.range(backLinks(entry.id, linkId))) {
      yield partsOfLinkKey(key).far;
    }
  }

  /** Whether an entry is another or below it, by the chain of parents. */
  isWithin(id: number, ancestor: number): boolean {
    let at: number | undefined = id;
    while (at !== undefined && at !== ROOT_ID) {
      if (at === ancestor) return true;
      at = this.entry(at)?.parentId;
    }
    return false;
  }

  #containerName(id: number): string | undefined {
    const known = this.names.names.get(id) ?? this.#settled?.names.names.get(id);
    if (known !== undefined) return known;
    const name = this.dnOf(id);
    if (name !== undefined) {
      const cache = this.#namesWith(id);
      if (cache.names.size >= MAX_NAMES) cache.clear();
      cache.names.set(id, name);
    }
    return name;
  }

  /**
   * Where the name of an entry is kept. A unit of work may come to nothing: what it has made is its
   * own, and the names of what was there before it, all others' too.
   */
  #namesWith(id: number): NameCache {
    const settled = this.#settled;
    const isShared = settled !== undefined && settled.reader.get(entryKey(id)) !== undefined;
    return isShared ? settled.names : this.names;
  }

  #resolveContainer(keys: readonly string[]): Resolution {
    if (keys.length === 0) return { id: undefined, matched: ROOT_ID };
    const name = keys.join('\0');
    const known = this.names.ids.get(name) ?? this.#settled?.names.ids.get(name);
    if (known !== undefined) return { id: known, matched: known };
    const found = this.#walk(keys);
    if (found.id !== undefined) {
      const cache = this.#namesWith(found.id);
      if (cache.ids.size >= MAX_NAMES) cache.clear();
      cache.ids.set(name, found.id);
    }
    return found;
  }

  #walk(keys: readonly string[]): Resolution {
    const context = this.childId(ROOT_ID, keys.join('\0'));
    if (context !== undefined) return { id: context, matched: context };
    const above = this.#resolveContainer(keys.slice(1));
    const [leaf] = keys;
    if (above.id === undefined || leaf === undefined)
      return { id: undefined, matched: above.matched };
    const id = this.childId(above.id, leaf);
    return { id, matched: id ?? above.id };
  }

  #asContext(keys: readonly string[], otherwise: Resolution): Resolution {
    const context = this.childId(ROOT_ID, keys.join('\0'));
    return context === undefined ? otherwise : { id: context, matched: context };
  }
}

/** The key under which a naming context hangs below the root: its whole name. */
export function contextKey(dn: Dn): string {
  return dn.map(rdnKey).join('\0');
}

/** The relative name stored for the head of a naming context at the root. */
export function contextRdn(dn: Dn): { type: string; value: string } {
  return { type: dn[0]?.type ?? 'DC', value: formatDn(dn) };
}
