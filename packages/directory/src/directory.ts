import type { RandomSource } from '@doublehop/crypto/random';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import type { AssertionValue, Filter } from '@doublehop/ldap/filter';
import type { KeySet } from './account.ts';
import {
  changesAfter,
  type Change,
  ChangeFlag,
  contentChangesAfter,
  type EntryChanges,
} from './changes.ts';
import { lastNumber } from './counters.ts';
import { DescriptorCache } from './descriptor-table.ts';
import { DescriptorMemo } from './descriptor-writer.ts';
import { readDomain, type DomainInfo } from './domain.ts';
import { EntryView } from './entry-view.ts';
import type {
  AttributeInput,
  Entry,
  EntryName,
  FindOptions,
  Modification,
  Renaming,
} from './entry.ts';
import { DirectoryError, StoreError } from './errors.ts';
import { compileFilter, type FilterContext } from './evaluate.ts';
import { extensionKey } from './layout.ts';
import { knownAttributes, type KnownAttributes } from './known-attributes.ts';
import { locate, locateEntry, noSuchObject } from './names.ts';
import type { StoredEntry } from './record.ts';
import { extendSchema } from './schema-extension.ts';
import { type AttributeType, Schema } from './schema/schema.ts';
import { search, type Scope } from './search.ts';
import { ServiceClasses } from './service-classes.ts';
import type { Reader, Store } from './store/store.ts';
import { TimeText } from './time-text.ts';
import { NameCache, View } from './view.ts';
import type { Clock, KeyOptions, RemoveOptions } from './writer-options.ts';
import { DirectoryWriter } from './writer.ts';

/** What a directory works with. */
export interface DirectoryOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** What to look for and where. */
export interface SearchRequest {
  readonly base: EntryName | string;
  readonly scope: Scope;
  readonly filter: Filter;
  /** Most entries to yield; absent = all. */
  readonly limit?: number;
  /** Tombstones and their containers are found too, as base also (MS-ADTS 3.1.1.3.4.1.14). */
  readonly deleted?: boolean | undefined;
  /**
   * Naming contexts below the base belong to the search, and an empty base is the root above all
   * (MS-ADTS 3.1.1.3.4.1.12, SERVER_SEARCH_FLAG_PHANTOM_ROOT).
   */
  readonly contexts?: boolean | undefined;
  /** What the one who asks may see; absent: everything. */
  readonly eyes?: Eyes | undefined;
}

/** What of the directory somebody may see (MS-ADTS 3.1.1.4.3); asked for each entry. */
export interface Eyes {
  isVisible(entry: Entry): boolean;
  mayRead(entry: Entry, attribute: AttributeType): boolean;
}

/** Told what changed, or that it is not known what: everything may have. */
export type ChangeListener = (changes: readonly Change[] | 'unknown') => void;

/** Changes that are followed one by one; beyond, whoever keeps something starts afresh. */
const MAX_FOLLOWED = 4096;

/**
 * The Active Directory data model over a store. Reads are synchronous; writes are atomic, and
 * durable when their promise resolves.
 */
export class Directory {
  readonly schema = new Schema();
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #known: KnownAttributes;
  readonly #names = new NameCache();
  readonly #descriptors = new DescriptorCache();
  readonly #memo = new DescriptorMemo();
  readonly #times = new TimeText();
  readonly #services: ServiceClasses;
  #settling: Promise<void> | undefined;
  #hasWritten = false;
  readonly #view: View;
  readonly #listeners: ChangeListener[] = [];
  #revision: number;
  #usn: number;
  #domain: DomainInfo | undefined;

  constructor(options: DirectoryOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#known = knownAttributes(this.schema);
    this.#services = new ServiceClasses(this.#known.servicePrincipalName);
    this.#view = new View(options.store, this.schema, this.#names, this.#descriptors);
    this.#revision = options.store.revision();
    this.#usn = lastNumber(options.store, 'usn');
    extendSchema(this.#view);
  }

  /** The entries for code that reads many of them; good until the next turn of the event loop. */
  get view(): View {
    this.#follow();
    return this.#view;
  }

  /** The directory's own attributes. */
  get known(): KnownAttributes {
    return this.#known;
  }

  /** The domain held, or undefined before there is one. */
  get domain(): DomainInfo | undefined {
    this.#domain ??= readDomain(this.#store);
    return this.#domain;
  }

  /** Later reads see what any process has committed up to now; call it once a request. */
  refresh(): void {
    this.#store.refresh();
    this.#follow();
  }

  /** Another number whenever what reads see has changed: what is derived is good until then. */
  revision(): number {
    this.#follow();
    return this.#revision;
  }

  /** The USN of the last change that reads see (rootDSE highestCommittedUSN). */
  highestUsn(): number {
    return lastNumber(this.#store, 'usn');
  }

  /**
   * What happened to each entry after a USN, as far as the change log knows; undefined where it
   * does not reach back so far.
   */
  contentChanges(usn: number): Map<number, EntryChanges | undefined> | undefined {
    return contentChangesAfter(this.#store, usn);
  }

  /** Milliseconds since 1970-01-01 UTC by the directory's clock. */
  now(): number {
    return this.#clock();
  }

  /** Calls a listener with what changed, before the first read that sees it. */
  onChange(listener: ChangeListener): void {
    this.#listeners.push(listener);
  }

  /** The entry, or undefined; throws invalidDNSyntax. */
  find(name: EntryName | string, options: FindOptions = {}): Entry | undefined {
    this.#follow();
    const stored = this.#stored(name, options.deleted);
    return stored === undefined ? undefined : new EntryView(this.#view, this.#known, stored);
  }

  /** The entry; throws noSuchObject with `matchedDn`. */
  get(name: EntryName | string): Entry {
    const entry = this.find(name);
    if (entry === undefined) throw noSuchObject(this.#view, name);
    return entry;
  }

  /**
   * A security descriptor by its number (`Entry.descriptorId`), decoded, with generic rights
   * mapped to directory rights: to be checked, not to be encoded.
   */
  descriptor(id: number): SecurityDescriptor | undefined {
    return this.view.descriptor(id);
  }

  /** Entries lazily, in no promised order; throws noSuchObject for the base. */
  search(request: SearchRequest): Iterable<Entry> {
    // Sound: without `pause` nothing but entries is yielded.
    return this.searchSteps(request) as Iterable<Entry>;
  }

  /**
   * The same in steps: after every `pause` entries that were looked at, undefined, so that a search
   * that finds little does not keep others waiting.
   */
  searchSteps(request: SearchRequest, pause?: number): Iterable<Entry | undefined> {
    this.#follow();
    const { eyes } = request;
    const isRoot = request.base === '' && request.contexts === true;
    const base = isRoot ? undefined : this.#stored(request.base, request.deleted);
    if (base === undefined && !isRoot) throw noSuchObject(this.#view, request.base);
    const isVisible = eyes === undefined ? undefined : (entry: Entry) => eyes.isVisible(entry);
    const context = this.#filterContext(eyes);
    return search(context, this.#known, { ...request, base, isVisible, pause });
  }

  /**
   * Those of service classes, in lower case, of which there may be SPNs, those included that units
   * of work are about to write: for the others none need be looked for.
   */
  servicesAmong(names: readonly string[]): readonly string[] {
    return this.#services.among(this.#store, this.#store.revision(), names);
  }

  /** Whether the entry has the value (RFC 4511 §4.10); throws noSuchAttribute. */
  compare(name: EntryName | string, attribute: string, value: AssertionValue): boolean {
    const type = this.schema.attribute(attribute);
    if (type === undefined) {
      throw new DirectoryError('undefinedAttributeType', `${attribute} is unknown`, { attribute });
    }
    this.#follow();
    const stored = this.#stored(name);
    if (stored === undefined) throw noSuchObject(this.#view, name);
    const entry = new EntryView(this.#view, this.#known, stored);
    if (entry.valuesOf(type).length === 0) {
      throw new DirectoryError('noSuchAttribute', `${attribute} is not there`, { attribute });
    }
    const filter: Filter = { kind: 'equality', attribute, value };
    return compileFilter(this.#filterContext(), filter).test(entry) === true;
  }

  /** Several writes as one; `work` may run more than once and must only write through `writer`. */
  async write<T>(work: (writer: DirectoryWriter) => T): Promise<T> {
    // A process before this one may have ended in the middle of it.
    let isBehind = !this.#hasWritten;
    this.#hasWritten = true;
    const result = await this.#store.write((tx) => {
      const writer = this.#writer(tx);
      const made = work(writer);
      isBehind ||= writer.isBehind;
      return made;
    });
    // Who waits for the write need not wait for what follows from it.
    if (isBehind) this.settle().catch(ignoreClosedStore);
    return result;
  }

  /**
   * Finishes what changes of descriptors left to be done below large containers, in units of work
   * of bounded size: also what a process that ended had left. Resolves when all is done.
   */
  settle(): Promise<void> {
    this.#settling ??= this.#propagate().finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  async #propagate(): Promise<void> {
    for (;;) {
      // Each unit of work goes on where the one before it has come to.
      // oxlint-disable-next-line no-await-in-loop
      if (await this.#store.write((tx) => this.#writer(tx).propagate())) return;
    }
  }

  add(dn: string, attributes: AttributeInput): Promise<Entry> {
    return this.#writeEntry((writer) => writer.add(dn, attributes));
  }

  modify(name: EntryName | string, changes: readonly Modification[]): Promise<Entry> {
    return this.#writeEntry((writer) => writer.modify(name, changes));
  }

  remove(name: EntryName | string, options?: RemoveOptions): Promise<void> {
    return this.write((writer) => writer.remove(name, options));
  }

  rename(name: EntryName | string, renaming: Renaming): Promise<Entry> {
    return this.#writeEntry((writer) => writer.rename(name, renaming));
  }

  setKeys(name: EntryName | string, keys: KeySet, options?: KeyOptions): Promise<void> {
    return this.write((writer) => writer.setKeys(name, keys, options));
  }

  /** The entry as reads see it after the write: one from within would hold on to the writer. */
  async #writeEntry(work: (writer: DirectoryWriter) => Entry): Promise<Entry> {
    const id = await this.write((writer) => work(writer).id);
    return this.get({ id });
  }

  #writer(tx: Parameters<Parameters<Store['write']>[0]>[0]): DirectoryWriter {
    // The unit builds upon names that are remembered here.
    this.#follow();
    return new DirectoryWriter({
      tx,
      schema: this.schema,
      known: this.#known,
      settled: this.#view,
      descriptors: this.#descriptors,
      memo: this.#memo,
      services: this.#services,
      domain: this.#domain,
      clock: this.#clock,
      times: this.#times,
      random: this.#random,
    });
  }

  #stored(name: EntryName | string, deleted = false): StoredEntry | undefined {
    return locateEntry(this.#view, this.#known, name, deleted);
  }

  #filterContext(eyes?: Eyes): FilterContext {
    return {
      ...(eyes === undefined ? {} : { mayRead: (entry, type) => eyes.mayRead(entry, type) }),
      view: this.#view,
      resolve: (dn) => locate(this.#view, this.#known, dn),
      schemaDn: this.domain?.schemaDn,
    };
  }

  /** Drops what was derived from entries that have changed since the last read. */
  #follow(): void {
    const revision = this.#store.revision();
    if (revision === this.#revision) return;
    this.#revision = revision;
    const reader: Reader = this.#store;
    const changes = changesAfter(reader, this.#usn, MAX_FOLLOWED);
    this.#usn = lastNumber(reader, 'usn');
    if (changes === undefined) {
      this.#names.clear();
      extendSchema(this.#view);
      this.#tell('unknown');
      return;
    }
    if (changes.some((change) => (change.flags & ChangeFlag.renamed) !== 0)) this.#names.clear();
    if (changes.some(({ id }) => reader.get(extensionKey(id)) !== undefined)) {
      extendSchema(this.#view);
    }
    if (changes.length > 0) this.#tell(changes);
  }

  #tell(changes: readonly Change[] | 'unknown'): void {
    for (const listener of this.#listeners) listener(changes);
  }
}

/** The queue is in the store: whoever opens it next goes on. */
function ignoreClosedStore(error: unknown): void {
  if (!(error instanceof StoreError)) throw error;
}
