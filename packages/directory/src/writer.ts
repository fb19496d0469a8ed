import type { RandomSource } from '@doublehop/crypto/random';
import { encodeDescriptor, type SecurityDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { encodeSid, withRid } from '@doublehop/security/sid';
import type { KeySet } from './account.ts';
import { changedContent } from './changed-content.ts';
import { ChangeFlag, logChange } from './changes.ts';
import {
  checkCategory,
  checkClasses,
  checkContent,
  checkGivenName,
  checkSuperior,
  checkUnique,
  type LinkFacts,
  structuralClass,
  writableType,
} from './checks.ts';
import { lastNumber, nextNumber } from './counters.ts';
import { deriveAccountType, fillDefaults, hideByDefault, isPrincipal } from './defaults.ts';
import { releaseDescriptor } from './descriptor-table.ts';
import { type Creator, DescriptorWriter } from './descriptor-writer.ts';
import { parseDn, parseRdn, rdnKey } from './dn.ts';
import { readDomain, writeDomain, type DomainInfo } from './domain.ts';
import { setNumber, setValue, type Draft } from './draft.ts';
import { EntryNames } from './entry-names.ts';
import { EntryView } from './entry-view.ts';
import type {
  AttributeInput,
  Entry,
  EntryName,
  FindOptions,
  Modification,
  Renaming,
  Value,
} from './entry.ts';
import { DirectoryError } from './errors.ts';
import { auxiliaryClasses, givenValues } from './given-values.ts';
import { buildIndexes } from './index-building.ts';
import { type IndexWriting, reindex } from './indexing.ts';
import { decodeKeys, encodeKeys } from './keys-record.ts';
import { needed, type KnownAttributes } from './known-attributes.ts';
import { childKey, entryKey, idToBytes, keysKey, ROOT_ID } from './layout.ts';
import { INDEX_BATCH, PROPAGATION_BATCH } from './limits.ts';
import { LinkTable, setFlag } from './links.ts';
import { locate, locateEntry, noSuchObject } from './names.ts';
import { applyModification, type LinkChange } from './modify.ts';
import { followPrimaryGroup, type PrimaryGroupChange } from './primary-group.ts';
import { encodeEntry, EntryFlag, type StoredAttributes, StoredEntry, withTexts } from './record.ts';
import { completeSchemaObject, noteExtension } from './schema-extension.ts';
import { generalizedTime } from './schema/syntax.ts';
import type { AttributeType, ClassType, Schema } from './schema/schema.ts';
import type { ServiceClasses } from './service-classes.ts';
import type { Transaction } from './store/store.ts';
import { checkNameChange, settleSystemFlags } from './system-flags.ts';
import { textBytes } from './text.ts';
import type { TimeText } from './time-text.ts';
import {
  CANT_DELETE,
  checkDeletable,
  contextOf,
  DELETED_OBJECTS_FLAGS,
  DELETED_OBJECTS_GUID,
  DELETED_OBJECTS_RDN,
  DELETED_OBJECTS_SDDL,
  deletedIds,
  deletedName,
  indexedAttributes,
  isDeleted,
  listDeleted,
  staysInPlace,
  strip,
  unmark,
} from './tombstone.ts';
import { foreignSid } from './foreign-principal.ts';
import { refused, storedValues } from './values.ts';
import { contextRdn, NameCache, View } from './view.ts';
import { isLocal, isSame, refuseName, shownRdn, textValues } from './writer-values.ts';
import {
  type AddOptions,
  type Clock,
  fileTime,
  type KeyOptions,
  type LocalFacts,
  type ModifyOptions,
  type RemoveOptions,
  versionFour,
  type WriterOptions,
} from './writer-options.ts';

/** The writes of one atomic unit; each is checked against what the ones before it have left. */
export class DirectoryWriter {
  readonly #tx: Transaction;
  readonly #schema: Schema;
  readonly #known: KnownAttributes;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #view: View;
  readonly #names: EntryNames;
  readonly #links: LinkTable;
  readonly #descriptors: DescriptorWriter;
  readonly #services: ServiceClasses;
  readonly #times: TimeText;
  #domain: DomainInfo | undefined;
  readonly #indexes: IndexWriting;
  #isIndexBehind = false;

  constructor(options: WriterOptions) {
    this.#tx = options.tx;
    this.#schema = options.schema;
    this.#known = options.known;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#domain = options.domain;
    this.#services = options.services;
    this.#times = options.times;
    const { tx, schema, settled, descriptors } = options;
    const isSettled = lastNumber(tx, 'names') === lastNumber(settled.reader, 'names');
    this.#view = new View(
      tx,
      schema,
      new NameCache(),
      descriptors,
      isSettled ? settled : undefined,
    );
    this.#indexes = { tx, view: this.#view, known: options.known };
    this.#names = new EntryNames({
      view: this.#view,
      schema,
      known: options.known,
      domain: () => this.#domainInfo(),
    });
    this.#links = new LinkTable(options.tx, options.known);
    this.#descriptors = new DescriptorWriter({
      tx: options.tx,
      view: this.#view,
      known: options.known,
      random: options.random,
      memo: options.memo,
      domain: () => this.#domainInfo(),
    });
  }

  /** The entries as they are now, for rules that look things up by value. */
  get view(): View {
    return this.#view;
  }

  /** The entry as it is now, writes of this unit included. */
  find(name: EntryName | string, options: FindOptions = {}): Entry | undefined {
    const stored = locateEntry(this.#view, this.#known, name, options.deleted);
    return stored === undefined ? undefined : new EntryView(this.#view, this.#known, stored);
  }

  /** A security descriptor by its number, as `Directory.descriptor` gives it. */
  descriptor(id: number): SecurityDescriptor | undefined {
    return this.#view.descriptor(id);
  }

  /** Adds an entry (MS-ADTS 3.1.1.5.2). */
  add(dn: string, input: AttributeInput, options: AddOptions = {}): Entry {
    const parsed = parseDn(dn);
    const [rdn] = parsed;
    if (rdn === undefined) throw new DirectoryError('namingViolation', 'the root is no entry');
    const cn = rdn.value;
    const whole =
      options.system === true
        ? input
        : completeSchemaObject(this.#schema, input, { dn, cn, random: this.#random });
    const given = givenValues(this.#schema, whole, options.system === true);
    const names = textValues(given.get('objectClass') ?? []);
    const type = structuralClass(this.#schema, names);
    const auxiliary = auxiliaryClasses(this.#schema, names);
    const { parentId, key } = this.#names.place(parsed, type, options);
    const id = nextNumber(this.#tx, 'id');
    const flags =
      (options.contextHead === true ? EntryFlag.contextHead : 0) |
      (options.hidden === true ? EntryFlag.deleted : 0);
    const atRoot = parentId === ROOT_ID;
    const draft: Draft = {
      id,
      parentId,
      flags,
      rdn: atRoot ? contextRdn(parsed) : shownRdn(this.#schema, rdn),
      type,
      // First in the record: access checks look at it in every entry.
      attributes: new Map([[this.#known.descriptor.code, []]]),
    };
    const changes = this.#take(draft, given, options.system === true, dn);
    if (options.system !== true) {
      const naming = this.#names.attributeOf(draft.type);
      if (naming !== undefined) checkGivenName(draft, naming);
      checkCategory(this.#view, this.#known, draft);
      settleSystemFlags(this.#schema, draft);
    }
    if (options.also !== undefined)
      this.#take(draft, givenValues(this.#schema, options.also, true), true, dn);
    this.#setIdentity(draft, rdn.value, auxiliary);
    this.#descriptors.complete(draft, options.creator);
    hideByDefault(this.#schema, draft);
    fillDefaults(this.#schema, this.#known, draft, this.#random);
    if (options.keys !== undefined) this.#putKeys(draft, [options.keys], fileTime(this.#clock()));
    deriveAccountType(this.#schema, this.#known, draft);
    checkContent(this.#schema, draft, auxiliary, this.#linkFacts(id, changes));
    checkUnique(this.#view, this.#known, this.#domainInfo(), draft, undefined);
    const usn = nextNumber(this.#tx, 'usn');
    this.#tx.put(key, idToBytes(id));
    if (!atRoot) setFlag(this.#tx, parentId, EntryFlag.parent);
    if (changes.length > 0) draft.flags |= EntryFlag.forwardLinks;
    this.#stamp(draft, usn, true);
    this.#save(draft, new Map(), usn);
    this.#applyLinks(draft.id, changes, usn);
    if (options.system !== true) this.#noteExtension(draft, true);
    return this.#show(id);
  }

  /** Changes an entry (MS-ADTS 3.1.1.5.3). */
  modify(
    name: EntryName | string,
    modifications: readonly Modification[],
    options: ModifyOptions = {},
  ): Entry {
    const before = this.#stored(name);
    const draft = this.#draft(before);
    const original: StoredAttributes = new Map(draft.attributes);
    const changes = modifications.flatMap((modification) => {
      refuseName(modification);
      this.#refuseNaming(draft, modification.attribute);
      const type = writableType(this.#schema, modification.attribute, options.system === true);
      const made = applyModification(
        {
          schema: this.#schema,
          links: this.#links,
          resolve: (dn) =>
            modification.operation === 'delete' ? this.#resolve(dn) : this.#referee(type, dn),
          permissive: options.permissive === true,
        },
        draft,
        type,
        modification,
      );
      if (type === this.#known.objectClass) checkClasses(this.#schema, draft);
      return made;
    });
    this.#followClasses(draft, original);
    if (changes.length === 0 && isSame(draft.attributes, original)) return this.#show(draft.id);
    const isNewDescriptor = this.#inherit(draft, original, options.creator);
    const group = this.#follow(draft, original, changes);
    checkUnique(this.#view, this.#known, this.#domainInfo(), draft, original);
    if (options.system !== true) this.#noteExtension(draft, false);
    if (changes.length > 0) draft.flags |= EntryFlag.forwardLinks;
    const usn = nextNumber(this.#tx, 'usn');
    if (!modifications.every(isLocal)) this.#stamp(draft, usn, false);
    this.#save(draft, original, usn, 0, changes);
    this.#applyLinks(draft.id, changes, usn);
    if (group !== undefined) this.#swapPrimaryGroup(draft.id, group.left, group.joined, usn);
    if (isNewDescriptor) this.#handDown(draft);
    return this.#show(draft.id);
  }

  /**
   * Notes what is of this controller alone: no rule is about it, no index has it, and those who
   * follow the directory's changes are not told.
   */
  note(id: number, facts: LocalFacts): void {
    const entry = this.#view.entry(id);
    if (entry === undefined) throw noSuchObject(this.#view, { id });
    const texts = Object.entries(facts).map(
      ([name, text]) => [needed(this.#schema, name).code, text] as const,
    );
    this.#tx.put(entryKey(id), withTexts(entry, new Map(texts)));
  }

  /** Removes an entry, with all below it when told (MS-ADTS 3.1.1.5.5): a tombstone is left. */
  remove(name: EntryName | string, options: RemoveOptions = {}): void {
    const entry = this.#stored(name, options.deleted);
    if (isDeleted(entry)) throw this.#deletedAlready(entry);
    checkDeletable(this.#view, this.#known, entry);
    const children = [...this.#view.childIds(entry.id)].filter((id) => {
      const child = this.#view.entry(id);
      return child !== undefined && !isDeleted(child);
    });
    if (children.length > 0 && options.subtree !== true) {
      throw new DirectoryError('notAllowedOnNonLeaf', 'the entry has others below it');
    }
    for (const id of children) this.remove({ id }, options);
    this.#bury(entry);
  }

  /**
   * Removes at most `most` entries of a tree, from its leaves up; returns whether that was all of
   * it. So a large tree goes in several units of work, as it does on Windows, where the deletion
   * of each entry is one (MS-ADTS 3.1.1.5.5.7).
   */
  removeTree(name: EntryName | string, most: number): boolean {
    const entry = this.#stored(name);
    if (isDeleted(entry)) throw this.#deletedAlready(entry);
    return this.#removeFrom(entry, { left: most });
  }

  #removeFrom(entry: StoredEntry, budget: { left: number }): boolean {
    checkDeletable(this.#view, this.#known, entry);
    for (const child of this.#someChildren(entry.id, budget.left)) {
      if (!this.#removeFrom(child, budget)) return false;
    }
    if (budget.left <= 0) return false;
    budget.left -= 1;
    this.#bury(entry);
    return true;
  }

  #someChildren(id: number, most: number): StoredEntry[] {
    const found: StoredEntry[] = [];
    for (const childId of this.#view.childIds(id)) {
      const child = this.#view.entry(childId);
      if (child === undefined || isDeleted(child)) continue;
      found.push(child);
      if (found.length >= most) break;
    }
    return found;
  }

  /**
   * Makes a tombstone the entry that it was, under a name and with changes (MS-ADTS 3.1.1.5.3.7.2).
   * Throws operationsError where the name is in another naming context.
   */
  reanimate(name: EntryName | string, dn: string, modifications: readonly Modification[]): Entry {
    const entry = this.#stored(name, true);
    const draft = this.#draft(entry);
    const isTombstone = draft.attributes.has(needed(this.#schema, 'lastKnownParent').code);
    if (!isDeleted(entry) || !isTombstone) {
      throw new DirectoryError('unwillingToPerform', 'the entry is not deleted');
    }
    const parsed = parseDn(dn);
    const { parentId, key } = this.#names.place(parsed, draft.type, {});
    const context = contextOf(this.#view, entry.id)?.id;
    if (context !== contextOf(this.#view, parentId)?.id) {
      throw new DirectoryError('operationsError', 'the name is in another naming context');
    }
    const usn = nextNumber(this.#tx, 'usn');
    this.#tx.delete(childKey(entry.parentId, textBytes(rdnKey(entry.rdn))));
    this.#tx.put(key, idToBytes(draft.id));
    setFlag(this.#tx, parentId, EntryFlag.parent);
    const [rdn] = parsed;
    const original = new Map(indexedAttributes(this.#known, entry.flags, draft.attributes));
    const { code } = this.#known.descriptor;
    original.set(code, draft.attributes.get(code) ?? []);
    draft.parentId = parentId;
    draft.rdn = rdn ?? draft.rdn;
    unmark(this.#schema, draft);
    this.#names.setName(draft, draft.rdn.value);
    this.#names.setCategory(draft);
    this.#descriptors.inherit(draft);
    fillDefaults(this.#schema, this.#known, draft, this.#random);
    deriveAccountType(this.#schema, this.#known, draft);
    checkUnique(this.#view, this.#known, this.#domainInfo(), draft, original);
    this.#stamp(draft, usn, false);
    listDeleted(this.#tx, this.#schema, draft.id, false);
    this.#save(draft, original, usn, ChangeFlag.renamed);
    this.#forgetNames();
    return this.modify({ id: draft.id }, modifications);
  }

  /** Forgets tombstones that were made before a time (MS-ADTS 3.1.1.5.5); returns how many. */
  collectGarbage(before: number, limit: number): number {
    const whenChanged = this.#known.whenChanged.code;
    const oldest = generalizedTime(before);
    let count = 0;
    for (const id of deletedIds(this.#tx, this.#schema)) {
      const entry = this.#view.entry(id);
      if (entry === undefined || !entry.has(needed(this.#schema, 'lastKnownParent').code)) continue;
      if ((entry.text(whenChanged) ?? '') >= oldest) continue;
      this.#expunge(entry);
      count += 1;
      if (count >= limit) break;
    }
    return count;
  }

  /** Makes the container of a naming context's tombstones, once (MS-ADTS 6.1.1.4.2). */
  ensureDeletedObjects(context: EntryName | string): number {
    const head = this.#stored(context);
    const known = this.#view.childId(head.id, textBytes(rdnKey(parseRdn(DELETED_OBJECTS_RDN))));
    if (known !== undefined) return known;
    const dn = `${DELETED_OBJECTS_RDN},${this.#view.dnOfEntry(head) ?? ''}`;
    const attributes = {
      objectClass: 'container',
      description: 'Default container for deleted objects',
      isCriticalSystemObject: 'TRUE',
      isDeleted: 'TRUE',
      showInAdvancedViewOnly: 'TRUE',
      systemFlags: DELETED_OBJECTS_FLAGS,
      nTSecurityDescriptor: encodeDescriptor(parseSddl(DELETED_OBJECTS_SDDL)),
    };
    const { id } = this.add(dn, attributes, { system: true, hidden: true });
    listDeleted(this.#tx, this.#schema, id, true);
    const wellKnown = needed(this.#schema, 'wellKnownObjects');
    const value = `B:32:${DELETED_OBJECTS_GUID}:${dn}`;
    const present = head.values(wellKnown.code).filter((each) => typeof each === 'string');
    if (!present.some((each) => each.startsWith(`B:32:${DELETED_OBJECTS_GUID}:`))) {
      const change = { operation: 'add', attribute: wellKnown.name, values: [value] } as const;
      this.modify({ id: head.id }, [change], { system: true });
    }
    return id;
  }

  /** Makes a tombstone of an entry without others below it (MS-ADTS 3.1.1.5.5.6.1). */
  #bury(entry: StoredEntry): void {
    const context = contextOf(this.#view, entry.id);
    if (context === undefined) throw new TypeError(`entry ${entry.id} is in no naming context`);
    const stays = staysInPlace(this.#schema, this.#known, entry);
    const parentId = stays ? entry.parentId : this.ensureDeletedObjects({ id: context.id });
    const usn = nextNumber(this.#tx, 'usn');
    this.#links.forget(entry.id, usn);
    const draft = this.#draft(this.#stored({ id: entry.id }));
    const { guid } = this.#show(entry.id);
    const original: StoredAttributes = new Map(draft.attributes);
    strip(this.#schema, draft, this.#names.attributeOf(draft.type));
    draft.parentId = parentId;
    draft.rdn = { type: entry.rdn.type, value: deletedName(entry.rdn.value, guid) };
    this.#names.setName(draft, draft.rdn.value);
    this.#stamp(draft, usn, false);
    this.#tx.delete(childKey(entry.parentId, textBytes(rdnKey(entry.rdn))));
    this.#tx.put(childKey(parentId, textBytes(rdnKey(draft.rdn))), idToBytes(draft.id));
    setFlag(this.#tx, parentId, EntryFlag.parent);
    this.#tx.delete(keysKey(entry.id));
    listDeleted(this.#tx, this.#schema, entry.id, true);
    this.#save(draft, original, usn, ChangeFlag.names | ChangeFlag.renamed | ChangeFlag.removed);
    this.#forgetNames();
  }

  #expunge(entry: StoredEntry): void {
    const usn = nextNumber(this.#tx, 'usn');
    const indexed = indexedAttributes(this.#known, entry.flags, entry.attributes());
    reindex(this.#indexes, entry, indexed, new Map());
    releaseDescriptor(this.#tx, entry.reference(this.#known.descriptor.code));
    listDeleted(this.#tx, this.#schema, entry.id, false);
    this.#tx.delete(childKey(entry.parentId, textBytes(rdnKey(entry.rdn))));
    this.#tx.delete(entryKey(entry.id));
    this.#forgetNames();
    const flags = ChangeFlag.names | ChangeFlag.renamed | ChangeFlag.removed;
    logChange(this.#tx, { usn, id: entry.id, flags });
  }

  /** Accounts that are gone are not there at all; other tombstones are not to be deleted again. */
  #deletedAlready(entry: StoredEntry): DirectoryError {
    const isAccount = entry.has(this.#known.objectSid.code);
    const why = 'the entry is deleted already';
    if (isAccount) return new DirectoryError('noSuchObject', why);
    return new DirectoryError('unwillingToPerform', why, { win32: CANT_DELETE });
  }

  /** Renames or moves an entry (MS-ADTS 3.1.1.5.4). */
  rename(which: EntryName | string, renaming: Renaming): Entry {
    const entry = this.#stored(which);
    const draft = this.#draft(entry);
    const original: StoredAttributes = new Map(draft.attributes);
    if ((entry.flags & EntryFlag.contextHead) !== 0) {
      throw new DirectoryError('unwillingToPerform', 'a naming context is not renamed');
    }
    if (renaming.deleteOldRdn === false) {
      throw new DirectoryError('unwillingToPerform', 'the old name cannot be kept as a value');
    }
    draft.rdn = shownRdn(this.#schema, parseRdn(renaming.newRdn));
    this.#names.checkType(draft.rdn.type, draft.type, 'unwillingToPerform');
    const { newSuperior } = renaming;
    const parentId = newSuperior === undefined ? entry.parentId : this.#resolve(newSuperior);
    if (parentId === undefined) throw new DirectoryError('other', `there is no ${newSuperior}`);
    const moved = parentId !== entry.parentId;
    const renamed = draft.rdn.value !== entry.rdn.value;
    const name = { name: draft.rdn.value, class: draft.type.name };
    checkNameChange(this.#view, entry, { renamed, moved, parentId, ...name });
    if (moved) this.#move(draft, parentId);
    const oldKey = childKey(entry.parentId, textBytes(rdnKey(entry.rdn)));
    const newKey = childKey(draft.parentId, textBytes(rdnKey(draft.rdn)));
    if (newKey !== oldKey && this.#tx.get(newKey) !== undefined) {
      throw new DirectoryError('entryAlreadyExists', `${renaming.newRdn} exists`);
    }
    const usn = nextNumber(this.#tx, 'usn');
    this.#tx.delete(oldKey);
    this.#tx.put(newKey, idToBytes(draft.id));
    setFlag(this.#tx, draft.parentId, EntryFlag.parent);
    this.#names.setName(draft, draft.rdn.value);
    const isMoved = draft.parentId !== entry.parentId;
    if (isMoved) this.#descriptors.inherit(draft);
    this.#stamp(draft, usn, false);
    const isParent = (entry.flags & EntryFlag.parent) !== 0;
    this.#save(draft, original, usn, ChangeFlag.renamed | (isParent ? ChangeFlag.below : 0));
    this.#forgetNames();
    if (isMoved) this.#handDown(draft);
    return this.#show(draft.id);
  }

  /** Replaces the present keys of an account; what was present joins the earlier ones. */
  setKeys(name: EntryName | string, keys: KeySet, options: KeyOptions = {}): void {
    const entry = this.#stored(name);
    // Keys take time to make: the account may have been deleted meanwhile.
    if (isDeleted(entry)) throw noSuchObject(this.#view, name);
    const record = this.#tx.get(keysKey(entry.id));
    const earlier = record === undefined ? [] : decodeKeys(record);
    const kept = earlier.filter((set) => set.kvno !== keys.kvno).slice(0, options.keep ?? 1);
    const draft = this.#draft(entry);
    const original: StoredAttributes = new Map(draft.attributes);
    this.#putKeys(draft, [keys, ...kept], options.passwordLastSet ?? fileTime(this.#clock()));
    const usn = nextNumber(this.#tx, 'usn');
    this.#stamp(draft, usn, false);
    this.#save(draft, original, usn);
  }

  #putKeys(draft: Draft, sets: readonly KeySet[], time: bigint): void {
    this.#tx.put(keysKey(draft.id), encodeKeys(sets));
    draft.attributes.set(this.#known.pwdLastSet.code, [time.toString()]);
  }

  /** Notes which domain the directory holds; once, before its first entry. */
  setDomain(domain: DomainInfo): void {
    writeDomain(this.#tx, domain);
    this.#domain = domain;
  }

  #show(id: number): EntryView {
    const stored = this.#view.entry(id);
    if (stored === undefined) throw new TypeError(`entry ${id} is not there after its write`);
    return new EntryView(this.#view, this.#known, stored);
  }

  #stored(name: EntryName | string, deleted = false): StoredEntry {
    const entry = locateEntry(this.#view, this.#known, name, deleted);
    if (entry === undefined) throw noSuchObject(this.#view, name);
    return entry;
  }

  #draft(entry: StoredEntry): Draft {
    const type = this.#names.classOf(entry);
    const { id, parentId, flags, rdn } = entry;
    return { id, parentId, flags, rdn, type, attributes: entry.attributes(), stored: entry };
  }

  /** Puts the caller's values into a new entry; returns those that are links. */
  #take(
    draft: Draft,
    given: Map<string, readonly Value[]>,
    system: boolean,
    dn: string,
  ): LinkChange[] {
    const changes: LinkChange[] = [];
    // What the directory itself makes may point to itself: defaultObjectCategory does.
    const itself = system || given.has('defaultObjectCategory');
    for (const [name, values] of given) {
      const type = needed(this.#schema, name);
      if (type === this.#known.objectClass || values.length === 0) continue;
      const stored = storedValues(this.#schema, type, values, (text) =>
        itself && text === dn ? draft.id : this.#referee(type, text),
      );
      if (!type.forwardLink) {
        draft.attributes.set(type.code, stored);
        continue;
      }
      for (const target of stored) {
        if (typeof target === 'number') changes.push({ type, target, operation: 'add' });
      }
    }
    return changes;
  }

  /** What makes an entry this one: class, name, GUID, SID. */
  #setIdentity(draft: Draft, name: string, auxiliary: readonly ClassType[]): void {
    const chain = this.#schema.chain(draft.type).map((type) => type.name);
    const [structural = '', ...above] = chain;
    const classes = [...above.reverse(), ...auxiliary.map((type) => type.name), structural];
    draft.attributes.set(this.#known.objectClass.code, [...new Set(classes)]);
    if (!draft.attributes.has(this.#known.objectGuid.code)) {
      setValue(draft, this.#known.objectGuid, versionFour(this.#random(16)));
    }
    this.#names.setName(draft, name);
    const instanceType = needed(this.#schema, 'instanceType');
    if (!draft.attributes.has(instanceType.code)) setNumber(draft, instanceType, 4);
    this.#names.setCategory(draft);
    const sid = this.#known.objectSid;
    const domain = this.#domainInfo();
    if (draft.attributes.has(sid.code) || !isPrincipal(this.#schema, draft)) return;
    if (domain === undefined) throw refused('unwillingToPerform', sid, 'needs a domain');
    setValue(draft, sid, encodeSid(withRid(domain.sid, nextNumber(this.#tx, 'rid'))));
  }

  #stamp(draft: Draft, usn: number, isNew: boolean): void {
    const now = this.#times.of(this.#clock());
    if (isNew) {
      draft.attributes.set(this.#known.whenCreated.code, [now]);
      setNumber(draft, this.#known.usnCreated, usn);
    }
    draft.attributes.set(this.#known.whenChanged.code, [now]);
    setNumber(draft, this.#known.usnChanged, usn);
  }

  #save(
    draft: Draft,
    before: StoredAttributes,
    usn: number,
    flags = 0,
    links: readonly LinkChange[] = [],
  ): void {
    const { id, attributes, stored } = draft;
    this.#releaseDescriptor(draft, before);
    const indexed = indexedAttributes(this.#known, draft.flags, attributes);
    const spns = indexed.get(this.#known.servicePrincipalName.code) ?? [];
    for (const spn of spns) if (typeof spn === 'string') this.#services.write(spn);
    const names = reindex(this.#indexes, draft, before, indexed);
    const origin = stored === undefined ? undefined : { entry: stored, values: before };
    this.#tx.put(entryKey(id), encodeEntry(draft, attributes, origin));
    const content =
      before.size === 0 ? undefined : changedContent(this.#known, attributes, before, links);
    logChange(this.#tx, { usn, id, flags: flags | (names ? ChangeFlag.names : 0) }, content);
  }

  /** Who replaces the number of a descriptor has counted the new one; the old one goes here. */
  #releaseDescriptor({ attributes }: Draft, before: StoredAttributes): void {
    const { code } = this.#known.descriptor;
    const then = before.get(code);
    if (then === undefined || then === attributes.get(code)) return;
    const [old] = then;
    if (typeof old === 'number') releaseDescriptor(this.#tx, old);
  }

  /** After a change: a new descriptor, or a new place, has its effects on the entry and below. */
  #inherit(draft: Draft, original: StoredAttributes, creator: Creator | undefined): boolean {
    const { code } = this.#known.descriptor;
    const before = original.get(code);
    const now = draft.attributes.get(code);
    if (before !== undefined && now === undefined) {
      throw new DirectoryError('unwillingToPerform', 'every entry has a descriptor');
    }
    if (now?.[0] instanceof Uint8Array) this.#descriptors.complete(draft, creator);
    else if (this.#inheritsAnew(draft, original)) this.#descriptors.inherit(draft);
    return draft.attributes.get(code)?.[0] !== before?.[0];
  }

  #inheritsAnew(draft: Draft, original: StoredAttributes): boolean {
    const { code } = this.#known.objectClass;
    return draft.attributes.get(code) !== original.get(code);
  }

  /** Descriptors below an entry follow its own: some at once, the rest in units of work to come. */
  #handDown({ id, flags }: Draft): void {
    if ((flags & EntryFlag.parent) === 0) return;
    this.#descriptors.queue(id);
    this.#descriptors.propagate(PROPAGATION_BATCH);
  }

  #noteExtension(draft: Draft, isNew: boolean): void {
    if (noteExtension(this.#tx, this.#view, draft, isNew)) this.#isIndexBehind = true;
  }

  /** Whether something is left to `propagate`. */
  get isBehind(): boolean {
    return this.#descriptors.isQueued || this.#isIndexBehind;
  }

  /**
   * Brings more descriptors in step with those above them, then indexes with what the schema says
   * of them; returns whether all are.
   */
  propagate(): boolean {
    if (!this.#descriptors.propagate(PROPAGATION_BATCH)) return false;
    return buildIndexes(this.#tx, this.#view, this.#known, INDEX_BATCH);
  }

  #applyLinks(owner: number, changes: readonly LinkChange[], usn: number): void {
    for (const { type, target, operation } of changes)
      this.#links[operation](owner, type, target, usn);
  }

  /** An entry whose links another operation changed: a change of its own to observers. */
  #touch(id: number, links: readonly LinkChange[] = []): void {
    const entry = this.#view.entry(id);
    if (entry === undefined) return;
    const draft = this.#draft(entry);
    const original: StoredAttributes = new Map(draft.attributes);
    const usn = nextNumber(this.#tx, 'usn');
    this.#stamp(draft, usn, false);
    this.#save(draft, original, usn, 0, links);
  }

  /** What follows from a change of an entry; what is deleted is no whole entry of its class. */
  #follow(
    draft: Draft,
    original: StoredAttributes,
    changes: readonly LinkChange[],
  ): PrimaryGroupChange | undefined {
    if ((draft.flags & EntryFlag.deleted) !== 0) return undefined;
    deriveAccountType(this.#schema, this.#known, draft);
    const group = followPrimaryGroup(this.#view, this.#known, draft, original);
    const auxiliary = auxiliaryClasses(this.#schema, textValues(this.#classesOf(draft)));
    checkContent(this.#schema, draft, auxiliary, this.#linkFacts(draft.id, changes));
    return group;
  }

  #linkFacts(id: number, changes: readonly LinkChange[]): LinkFacts {
    const added = changes.filter((one) => one.operation === 'add').map((one) => one.type);
    return { added, has: (type) => added.includes(type) || this.#links.hasAny(id, type) };
  }

  #refuseNaming(draft: Draft, written: string): void {
    const name = this.#schema.attribute(written)?.name;
    const rdn = this.#names.attributeOf(draft.type)?.name;
    if (name === undefined || (name !== rdn && name !== 'name')) return;
    throw refused('notAllowedOnRDN', { name }, 'changes by a rename only');
  }

  /**
   * After a change of objectClass: superclasses are there whatever was said, and the structural
   * class stays, but that a user can become an inetOrgPerson (MS-ADTS 3.1.1.5.3.5).
   */
  #followClasses(draft: Draft, original: StoredAttributes): void {
    const { code } = this.#known.objectClass;
    const now = draft.attributes.get(code);
    if (now === original.get(code)) return;
    const names = textValues(now ?? []);
    draft.type = checkClasses(this.#schema, draft);
    this.#setClasses(draft, names);
  }

  #setClasses(draft: Draft, names: readonly string[]): void {
    const [structural = '', ...above] = this.#schema.chain(draft.type).map((type) => type.name);
    const auxiliary = auxiliaryClasses(this.#schema, names).map((type) => type.name);
    const classes = new Set([...above.reverse(), ...auxiliary, structural]);
    draft.attributes.set(this.#known.objectClass.code, [...classes]);
  }

  #classesOf(draft: Draft): readonly (string | Uint8Array | number)[] {
    return draft.attributes.get(this.#known.objectClass.code) ?? [];
  }

  #move(draft: Draft, parentId: number): void {
    const parent = this.#stored({ id: parentId });
    checkSuperior(this.#schema, draft.type, this.#names.classOf(parent));
    if (this.#view.isWithin(parent.id, draft.id)) {
      throw new DirectoryError('unwillingToPerform', 'an entry cannot be moved below itself');
    }
    draft.parentId = parent.id;
  }

  /** Membership that the primary group gave becomes a link, and the new one's link goes. */
  #swapPrimaryGroup(member: number, left: number | undefined, joined: number, usn: number): void {
    const type = this.#known.member;
    if (this.#links.has(joined, type, member)) {
      this.#links.remove(joined, type, member, usn);
      this.#touch(joined, [{ type, target: member, operation: 'remove' }]);
    }
    if (left !== undefined && !this.#links.has(left, type, member)) {
      setFlag(this.#tx, left, EntryFlag.forwardLinks);
      this.#links.add(left, type, member, usn);
      this.#touch(left, [{ type, target: member, operation: 'add' }]);
    }
  }

  #resolve(dn: string): number | undefined {
    return locate(this.#view, this.#known, dn);
  }

  /**
   * Who is meant by a value that is to be written. A member of another domain is known by its SID
   * alone and gets an entry that stands for it (MS-ADTS 3.1.1.5.3.3).
   */
  #referee(type: AttributeType, dn: string): number | undefined {
    const known = this.#resolve(dn);
    if (known !== undefined || type !== this.#known.member) return known;
    const domain = this.#domainInfo();
    const sid = domain === undefined ? undefined : foreignSid(dn, domain.sid);
    if (domain === undefined || sid === undefined) return undefined;
    const attributes = { objectClass: 'foreignSecurityPrincipal', objectSid: encodeSid(sid) };
    const name = `CN=${sid},CN=ForeignSecurityPrincipals,${domain.dn}`;
    return this.add(name, attributes, { system: true }).id;
  }

  /** What is remembered of names is good no more, in this unit of work and in those after it. */
  #forgetNames(): void {
    nextNumber(this.#tx, 'names');
    this.#view.forgetNames();
  }

  #domainInfo(): DomainInfo | undefined {
    this.#domain ??= readDomain(this.#tx);
    return this.#domain;
  }

  /** The USN given last, for callers that report it. */
  lastUsn(): number {
    return lastNumber(this.#tx, 'usn');
  }
}
