import type { RandomSource } from '@doublehop/crypto/random';
import type { KeySet } from './account.ts';
import type { AttributeInput, Entry, EntryName, Modification, Renaming } from './entry.ts';
import type { AssertionValue, Filter } from './filter.ts';
import type { Store } from './store/store.ts';

/** Milliseconds since 1970-01-01 UTC. */
export type Clock = () => number;

/** What a directory works with. */
export interface DirectoryOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** How far a search reaches (RFC 4511 §4.5.1.2). */
export type Scope = 'base' | 'one' | 'subtree';

/** What to look for and where. */
export interface SearchRequest {
  readonly base: EntryName | string;
  readonly scope: Scope;
  readonly filter: Filter;
  /** Most entries to yield; absent = all. */
  readonly limit?: number;
}

/** The writes of one atomic unit; they see each other. */
export interface DirectoryWriter {
  find(name: EntryName | string): Entry | undefined;
  add(dn: string, attributes: AttributeInput): Entry;
  modify(name: EntryName | string, changes: readonly Modification[]): Entry;
  remove(name: EntryName | string, options?: { readonly subtree?: boolean }): void;
  rename(name: EntryName | string, renaming: Renaming): Entry;
  /** Replaces the present keys; what was present joins the previous ones. */
  setKeys(name: EntryName | string, keys: KeySet, options?: { readonly keep?: number }): void;
}

/** The Active Directory data model over a store. Reads are synchronous; writes are durable. */
export declare class Directory {
  constructor(options: DirectoryOptions);
  /** Later reads see what any process has committed up to now; call it once a request. */
  refresh(): void;
  /** The entry, or undefined; throws invalidDNSyntax. */
  find(name: EntryName | string): Entry | undefined;
  /** The entry; throws noSuchObject with `matchedDn`. */
  get(name: EntryName | string): Entry;
  /** Entries lazily, base first; throws noSuchObject for the base. */
  search(request: SearchRequest): Iterable<Entry>;
  /** Whether the entry has the value (RFC 4511 §4.10); throws noSuchAttribute. */
  compare(name: EntryName | string, attribute: string, value: AssertionValue): boolean;
  write<T>(work: (writer: DirectoryWriter) => T): Promise<T>;
  add(dn: string, attributes: AttributeInput): Promise<Entry>;
  modify(name: EntryName | string, changes: readonly Modification[]): Promise<Entry>;
  remove(name: EntryName | string): Promise<void>;
  rename(name: EntryName | string, renaming: Renaming): Promise<Entry>;
  setKeys(name: EntryName | string, keys: KeySet): Promise<void>;
}
