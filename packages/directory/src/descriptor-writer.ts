import type { RandomSource } from '@doublehop/crypto/random';
import { createDescriptor, type DescriptorParts } from '@doublehop/security/create-descriptor';
import {
  decodeDescriptor,
  encodeDescriptor,
  type SecurityDescriptor,
} from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import type { Guid } from '@doublehop/security/guid';
import { parseSddl } from '@doublehop/security/sddl';
import { type Sid, withRid } from '@doublehop/security/sid';
import { DomainRid } from '@doublehop/security/well-known-sids';
import {
  descriptorBytes,
  holdDescriptor,
  internDescriptor,
  NO_DESCRIPTOR,
  releaseDescriptor,
} from './descriptor-table.ts';
import type { DomainInfo } from './domain.ts';
import type { Draft } from './draft.ts';
import { DirectoryError } from './errors.ts';
import { GenerationCache } from './generation-cache.ts';
import type { KnownAttributes } from './known-attributes.ts';
import {
  allPropagations,
  children,
  entryKey,
  idOfBytes,
  idOfPropagation,
  propagationKey,
  ROOT_ID,
} from './layout.ts';
import { DESCRIPTOR_CACHE_SIZE } from './limits.ts';
import { EntryFlag, type StoredEntry, type StoredValue, withReference } from './record.ts';
import type { ClassType } from './schema/schema.ts';
import type { Transaction } from './store/store.ts';
import type { View } from './view.ts';

/** Owner and group of what somebody makes. */
export interface Creator {
  readonly owner: Sid;
  readonly group: Sid;
}

/**
 * What came of making descriptors before, by numbers of descriptors that never mean another: a
 * unit of work may fail after it filled this in.
 */
export class DescriptorMemo {
  readonly results = new GenerationCache<string, number>(DESCRIPTOR_CACHE_SIZE);
  readonly defaults = new GenerationCache<string, SecurityDescriptor>(DESCRIPTOR_CACHE_SIZE);
}

/** What descriptors of entries are made with. */
export interface DescriptorContext {
  readonly tx: Transaction;
  readonly view: View;
  readonly known: KnownAttributes;
  readonly random: RandomSource;
  readonly memo: DescriptorMemo;
  readonly domain: () => DomainInfo | undefined;
}

/** ERROR_INVALID_SECURITY_DESCR (MS-ERREF 2.2). */
const INVALID_DESCRIPTOR = 0x53a;

/** Keeps the descriptors of entries what MS-ADTS 6.1.3 requires, in one unit of work. */
export class DescriptorWriter {
  readonly #context: DescriptorContext;
  /** Whether entries are left for later units of work to bring in step. */
  #isQueued = false;

  constructor(context: DescriptorContext) {
    this.#context = context;
  }

  /** Whether this unit of work left descriptors below some entry to be brought in step. */
  get isQueued(): boolean {
    return this.#isQueued;
  }

  /**
   * Gives a new entry its descriptor, or one that was given for an entry what it must have: a
   * descriptor's number takes the place of bytes, or of nothing. Throws for what is none.
   */
  complete(draft: Draft, creator: Creator | undefined): void {
    const { known, view, domain } = this.#context;
    const info = domain();
    // Entries from before there is a domain: nobody is named who could be owner.
    if (info === undefined) return;
    const { code } = known.descriptor;
    const [given] = draft.attributes.get(code) ?? [];
    const by = creator ?? systemCreator(info);
    const parentId = this.#parentDescriptorId(draft);
    const objectTypes = typesOf(view, draft.attributes.get(known.objectClass.code) ?? []);
    const make = (creatorDescriptor: SecurityDescriptor | undefined): number =>
      this.#keep({
        parent: this.#decoded(parentId),
        creator: creatorDescriptor,
        objectTypes,
        ...by,
      });
    const standard = (): SecurityDescriptor | undefined => this.#classDefault(draft.type, info);
    if (given instanceof Uint8Array) {
      draft.attributes.set(code, [make(withDefaults(readDescriptor(given), standard()))]);
      return;
    }
    const key = `${parentId}/${[...objectTypes].join()}/${by.owner}/${by.group}`;
    draft.attributes.set(code, [this.#remembered(key, () => make(standard()))]);
  }

  /** Brings an entry that was moved, or is of other classes now, in step with its parent. */
  inherit(draft: Draft): void {
    const { known, view } = this.#context;
    const { code } = known.descriptor;
    const [present] = draft.attributes.get(code) ?? [];
    if (typeof present !== 'number') return;
    const objectTypes = typesOf(view, draft.attributes.get(known.objectClass.code) ?? []);
    const next = this.#inherited(present, this.#parentDescriptorId(draft), objectTypes);
    draft.attributes.set(code, [next]);
  }

  /** Notes that what is below an entry is to be brought in step with it. */
  queue(id: number): void {
    this.#context.tx.put(propagationKey(id), new Uint8Array(0));
  }

  /**
   * Brings descriptors of entries below those queued in step, at most so many (MS-ADTS 6.1.3.3:
   * outside of the change itself); returns whether all are. The queue is in the store, so nothing
   * is lost with a process; each container notes how far down its children the work has come.
   */
  propagate(limit: number): boolean {
    const { tx } = this.#context;
    let left = limit;
    for (;;) {
      const [job] = tx.range({ ...allPropagations(), limit: 1 });
      if (job === undefined) return true;
      if (left <= 0) {
        this.#isQueued = true;
        return false;
      }
      const parentId = idOfPropagation(job.key);
      const done = this.#children(parentId, Buffer.from(job.value).toString('latin1'), left);
      left -= Math.max(1, done.seen);
      if (done.last === undefined) tx.delete(job.key);
      else tx.put(job.key, Buffer.from(done.last, 'latin1'));
    }
  }

  /** A stretch of an entry's children; `last` is where to go on, undefined at the end. */
  #children(parentId: number, after: string, limit: number): { seen: number; last?: string } {
    const { tx, view, known } = this.#context;
    const parent = view.entry(parentId);
    if (parent === undefined) return { seen: 0 };
    const parentDescriptor = parent.reference(known.descriptor.code);
    const all = children(parentId);
    const range = after === '' ? all : { ...all, start: `${after}\0` };
    const found = [...tx.range({ ...range, limit })];
    for (const { value } of found) {
      const child = view.entry(idOfBytes(value));
      if (child !== undefined) this.#bringInStep(child, parentDescriptor);
    }
    const last = found.length < limit ? undefined : found.at(-1)?.key;
    return last === undefined ? { seen: found.length } : { seen: found.length, last };
  }

  #bringInStep(child: StoredEntry, parentDescriptor: number): void {
    const { tx, view, known } = this.#context;
    // Heads of naming contexts inherit nothing, and what is deleted keeps what it had.
    if ((child.flags & (EntryFlag.contextHead | EntryFlag.deleted)) !== 0) return;
    const { code } = known.descriptor;
    const present = child.reference(code);
    const objectTypes = typesOf(view, child.values(known.objectClass.code));
    if (present === NO_DESCRIPTOR) return;
    const next = this.#inherited(present, parentDescriptor, objectTypes);
    releaseDescriptor(tx, present);
    if (next === present) return;
    tx.put(entryKey(child.id), withReference(child, code, next));
    if ((child.flags & EntryFlag.parent) !== 0) this.queue(child.id);
  }

  /** The number of a descriptor whose inherited ACEs are made anew; one entry more has it. */
  #inherited(present: number, parentId: number, objectTypes: ReadonlySet<Guid>): number {
    return this.#remembered(`${present}<${parentId}/${[...objectTypes].join()}`, () => {
      const creator = this.#decoded(present);
      const owner = creator?.owner;
      if (creator === undefined || owner === undefined) {
        holdDescriptor(this.#context.tx, present);
        return present;
      }
      const group = creator.group ?? owner;
      const parent = this.#decoded(parentId);
      return this.#keep({ parent, creator, objectTypes, owner, group }, present);
    });
  }

  /**
   * Lists have 64 KB (MS-DTYP 2.4.5). A descriptor that does not fit is refused, or, where the
   * entry only inherits, leaves it with what it has: nobody is to stop what is handed down.
   */
  #keep(parts: DescriptorParts, otherwise?: number): number {
    const { tx, random } = this.#context;
    let bytes: Uint8Array;
    try {
      bytes = encodeDescriptor(createDescriptor(parts));
    } catch (error) {
      if (!(error instanceof SecurityError) || error.code !== 'oversize') throw error;
      if (otherwise !== undefined && holdDescriptor(tx, otherwise)) return otherwise;
      throw invalid('the descriptor is too large');
    }
    return internDescriptor(tx, random, bytes);
  }

  #remembered(key: string, make: () => number): number {
    const { tx, memo } = this.#context;
    const known = memo.results.get(key);
    if (known !== undefined && holdDescriptor(tx, known)) return known;
    const made = make();
    memo.results.set(key, made);
    return made;
  }

  #parentDescriptorId({ parentId, flags }: Draft): number {
    const isHead = (flags & EntryFlag.contextHead) !== 0;
    if (isHead || parentId === ROOT_ID) return NO_DESCRIPTOR;
    const { view, known } = this.#context;
    return view.entry(parentId)?.reference(known.descriptor.code) ?? NO_DESCRIPTOR;
  }

  /** As stored: generic rights are not mapped yet where they are inherited further. */
  #decoded(id: number): SecurityDescriptor | undefined {
    const bytes = descriptorBytes(this.#context.tx, id);
    return bytes === undefined ? undefined : decodeDescriptor(bytes);
  }

  #classDefault(type: ClassType, domain: DomainInfo): SecurityDescriptor | undefined {
    if (type.defaultDescriptor === '') return undefined;
    const { defaults } = this.#context.memo;
    const known = defaults.get(type.defaultDescriptor);
    if (known !== undefined) return known;
    const descriptor = parseSddl(type.defaultDescriptor, { domain: domain.sid });
    defaults.set(type.defaultDescriptor, descriptor);
    return descriptor;
  }
}

/** The directory itself acts as the domain's administrators (MS-ADTS 6.1.3.7). */
function systemCreator({ sid }: DomainInfo): Creator {
  const administrators = withRid(sid, DomainRid.domainAdmins);
  return { owner: administrators, group: administrators };
}

/**
 * The classes that inherited ACEs are for (MS-ADTS 6.1.3): the most specific one and auxiliary ones
 * that the entry itself has; their schemaIDGUIDs.
 */
function typesOf({ schema }: View, names: readonly StoredValue[]): ReadonlySet<Guid> {
  const guids = new Set<Guid>();
  for (let at = names.length - 1; at >= 0; at -= 1) {
    const type = schema.classType(String(names[at]));
    if (type === undefined) continue;
    if (at === names.length - 1 || type.category === 'auxiliary') guids.add(type.schemaIdGuid);
  }
  return guids;
}

/** What was given, with its class's lists in place of those that it has not. */
function withDefaults(
  given: SecurityDescriptor,
  standard: SecurityDescriptor | undefined,
): SecurityDescriptor {
  if (given.dacl === 'null') {
    throw new DirectoryError('unwillingToPerform', 'a descriptor without restrictions is refused');
  }
  if (given.dacl !== undefined || standard?.dacl === undefined) return given;
  return { ...given, control: given.control | standard.control, dacl: standard.dacl };
}

function readDescriptor(bytes: Uint8Array): SecurityDescriptor {
  try {
    return decodeDescriptor(bytes);
  } catch (error) {
    if (!(error instanceof SecurityError)) throw error;
    throw invalid('not a security descriptor');
  }
}

function invalid(what: string): DirectoryError {
  return new DirectoryError('constraintViolation', what, { win32: INVALID_DESCRIPTOR });
}
