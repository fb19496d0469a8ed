import type { EntryChanges } from '@doublehop/directory/changes';
import type { Eyes } from '@doublehop/directory/directory';
import type { Entry, Value } from '@doublehop/directory/entry';
import type { AttributeType } from '@doublehop/directory/schema/schema';
import { DirSyncFlag, type DirSyncRequest, dirSyncResponse } from '@doublehop/ldap/controls';
import { LdapError } from '@doublehop/ldap/errors';
import type { OutgoingAttribute } from '@doublehop/ldap/messages/common';
import type { LdapResult, ServerEntry, ServerItem } from '@doublehop/ldap/server/handler';
import { encodeGuid } from '@doublehop/security/guid';
import {
  MAX_DIRSYNC_BYTES,
  MAX_DIRSYNC_COOKIE,
  MAX_DIRSYNC_ENTRIES,
  SEARCH_PAUSE,
} from '../../limits.ts';
import { mayDo, readableParts } from '../access/access.ts';
import { ControlRight } from '../access/guids.ts';
import type { Subject } from '../access/subject.ts';
import { splitDescription } from '../context.ts';
import { SdFlag, visibleParts } from '../descriptors.ts';
import { accessDenied } from '../failures.ts';
import type { Field } from './field.ts';
import { PAUSE } from './sort.ts';

/** A DirSync search, and who asks. */
export type SyncField = Field & { readonly caller: Subject };

/** An entry that changed, and when. */
interface Place {
  readonly id: number;
  readonly usn: number;
}

/** One answer while it is made. */
interface Sync {
  readonly field: SyncField;
  readonly head: Entry;
  readonly flags: number;
  readonly secured: boolean;
  readonly eyes: Eyes;
  /** Attributes by names in lower case; undefined: all. */
  readonly wanted: ReadonlySet<string> | undefined;
  /** What changed in each entry; undefined: not known, so everything is sent. */
  readonly changes: Map<number, EntryChanges | undefined> | undefined;
}

const NOT_REPLICATED = 1;
const FILTERED = 0x200;
const EVERY_PART = SdFlag.owner | SdFlag.group | SdFlag.dacl | SdFlag.sacl;
const DESCRIPTOR = 'nTSecurityDescriptor';
/** Sent with everything else, never alone. */
const COMPANIONS = ['objectGUID', 'instanceType'] as const;

/**
 * What changed in a naming context since a cookie, in the order of changes (MS-ADTS
 * 3.1.1.3.4.1.3): entries and tombstones that pass the filter, each with the attributes that
 * changed; one that has no value any more comes empty. The replicating right lets its owner see
 * everything but secrets; with LDAP_DIRSYNC_OBJECT_SECURITY it is what the client may see anyway.
 *
 * What changed in an entry is known for as long as the change log reaches back; beyond, entries
 * come with all that they have.
 */
export function* dirSync(
  field: SyncField,
  request: DirSyncRequest,
): Generator<ServerItem, LdapResult> {
  const flags = request.flags >>> 0;
  const secured = (flags & DirSyncFlag.objectSecurity) !== 0;
  const head = headOf(field, secured);
  const { since, complete } = readCookie(field, request.cookie);
  const until = field.directory.highestUsn();
  const sync: Sync = {
    field,
    head,
    flags,
    secured,
    eyes: eyesOf(field, head, secured),
    wanted: wantedOf(field),
    changes: complete === 0 ? undefined : field.directory.contentChanges(complete),
  };
  const { places, isCut } = yield* changedPlaces(sync, since);
  const { maxBytes } = request;
  const limit = maxBytes > 0 ? Math.min(maxBytes, MAX_DIRSYNC_BYTES) : MAX_DIRSYNC_BYTES;
  let bytes = 0;
  let reached = since;
  let count = 0;
  for (const { id, usn } of places) {
    // A limit of one octet, as some clients ask, is meant as none.
    if (limit > LEAST_LIMIT && bytes >= limit) break;
    reached = usn;
    count += 1;
    const entry = field.directory.find({ id }, { deleted: true });
    const item = entry && entryItem(sync, entry);
    if (item === undefined) continue;
    bytes += sizeOf(item);
    yield item;
  }
  const more = isCut || count < places.length;
  const next = more ? { since: reached, complete } : { since: until, complete: until };
  const cookie = writeCookie(field, next);
  const control = dirSyncResponse.encode({ moreResults: more ? 1 : 0, unused: 0, cookie });
  return { code: 'success', controls: [control] };
}

const LEAST_LIMIT = 1024;

/** The base, which is to be the head of a naming context; throws where it is not, or may not be. */
function headOf({ directory, request, caller }: SyncField, secured: boolean): Entry {
  const head = directory.get(request.baseObject);
  if (!head.isContextHead) {
    if (!secured) throw accessDenied();
    const text = '00002077: SvcErr: DSID-00000000, problem 5003 (WILL_NOT_PERFORM), data 0';
    throw new LdapError('unwillingToPerform', text);
  }
  const right = ControlRight.getChanges;
  if (!secured && !mayDo(caller, head, { kind: 'control', right })) throw accessDenied();
  return head;
}

/** Who replicates sees everything; the filtered set needs a right of its own (MS-ADTS 2.2.9). */
function eyesOf(
  { eyes, caller, request, directory }: SyncField,
  head: Entry,
  secured: boolean,
): Eyes {
  if (secured) return eyes;
  const right = ControlRight.getChangesInFilteredSet;
  const isWhole = mayDo(caller, head, { kind: 'control', right });
  if (!isWhole) {
    for (const description of request.attributes) {
      const type = directory.schema.attribute(splitDescription(description).name);
      if (type !== undefined && isFiltered(type)) throw accessDenied();
    }
  }
  return {
    isVisible: () => true,
    mayRead: (_entry, type) => !type.secret && (isWhole || !isFiltered(type)),
  };
}

function isFiltered(type: AttributeType): boolean {
  return (type.searchFlags & FILTERED) !== 0;
}

/** Undefined: all. Names that the schema does not know, and nothing else, mean all too. */
function wantedOf({ request, directory }: SyncField): ReadonlySet<string> | undefined {
  const { attributes } = request;
  if (attributes.includes('*')) return undefined;
  const names = attributes.flatMap((description) => {
    const type = directory.schema.attribute(splitDescription(description).name);
    return type === undefined ? [] : [type.name.toLowerCase()];
  });
  return names.length === 0 ? undefined : new Set(names);
}

/** Entries that changed after a USN, the earliest changes first, no more than a page has. */
function* changedPlaces(
  { field, head, eyes, secured }: Sync,
  since: number,
): Generator<ServerItem, { places: Place[]; isCut: boolean }> {
  const { directory, request } = field;
  const after = {
    kind: 'greaterOrEqual',
    attribute: 'uSNChanged',
    value: String(since + 1),
  } as const;
  const filter =
    since === 0 ? request.filter : ({ kind: 'and', filters: [request.filter, after] } as const);
  // Of what is deleted, whoever may not see it is told that it is gone.
  const looking: Eyes = secured
    ? {
        isVisible: (entry) => isGone(entry) || eyes.isVisible(entry),
        mayRead: (...of) => eyes.mayRead(...of),
      }
    : eyes;
  const asked = {
    base: { id: head.id },
    scope: 'subtree',
    filter,
    eyes: looking,
    deleted: true,
  } as const;
  let places: Place[] = [];
  let isCut = false;
  const cut = (): void => {
    places.sort((a, b) => a.usn - b.usn || a.id - b.id);
    if (places.length <= MAX_DIRSYNC_ENTRIES) return;
    places = places.slice(0, MAX_DIRSYNC_ENTRIES);
    isCut = true;
  };
  const found = [directory.searchSteps(asked, SEARCH_PAUSE)];
  for (const below of headsBelow(field, head)) {
    found.push(directory.searchSteps({ ...asked, base: { id: below.id }, scope: 'base' }));
  }
  for (const entry of concatenated(found)) {
    if (entry === undefined) {
      yield PAUSE;
      continue;
    }
    const usn = Number(entry.text('uSNChanged') ?? 0);
    if (usn > since) places.push({ id: entry.id, usn });
    if (places.length >= 2 * MAX_DIRSYNC_ENTRIES) cut();
  }
  cut();
  return { places, isCut };
}

function* concatenated<T>(all: readonly Iterable<T>[]): Generator<T> {
  for (const each of all) yield* each;
}

/** Heads of naming contexts right below: they belong to both, as where the other begins. */
function headsBelow({ directory, domain }: SyncField, head: Entry): Entry[] {
  const names =
    head.dn === domain.dn
      ? [domain.configurationDn]
      : head.dn === domain.configurationDn
        ? [domain.schemaDn]
        : [];
  return names.flatMap((name) => directory.find(name) ?? []);
}

function isGone(entry: Entry): boolean {
  return entry.text('isDeleted') === 'TRUE';
}

/** An entry as it is sent; undefined where none of what is wanted has changed. */
function entryItem(sync: Sync, entry: Entry): ServerEntry | undefined {
  const { field, eyes } = sync;
  if (!eyes.isVisible(entry)) {
    const attributes = [{ type: 'objectGUID', values: [encodeGuid(entry.guid)] }];
    return { kind: 'entry', dn: '', attributes };
  }
  const attributes = [...changedAttributes(sync, entry)];
  if (attributes.length === 0) return undefined;
  for (const type of COMPANIONS) {
    if (attributes.some((one) => one.type === type)) continue;
    attributes.push({ type, values: entry.values(type) });
  }
  const parent = attributes.some((one) => one.type === 'name')
    ? parentGuid(sync, entry)
    : undefined;
  if (parent !== undefined) attributes.push({ type: 'parentGUID', values: [parent] });
  return { kind: 'entry', dn: field.names.nameOf(entry), attributes };
}

/** With the name, for it says where the entry is; heads of naming contexts have none. */
function parentGuid({ field, head }: Sync, { id, parentId }: Entry): Uint8Array | undefined {
  if (id === head.id) return undefined;
  // The head of a naming context below this one.
  if (parentId === 0) return encodeGuid(head.guid);
  const parent = field.directory.find({ id: parentId }, { deleted: true });
  return parent === undefined ? undefined : encodeGuid(parent.guid);
}

function* changedAttributes(sync: Sync, entry: Entry): Generator<OutgoingAttribute> {
  const { field, eyes, wanted } = sync;
  const changes = sync.changes?.get(entry.id);
  const rdn = entry.dn.slice(0, Math.max(0, entry.dn.indexOf('='))).toLowerCase();
  for (const type of candidates(sync, entry, changes)) {
    const name = type.name.toLowerCase();
    if (wanted !== undefined && !wanted.has(name)) continue;
    // The naming attribute is replicated as `name`, and the GUID is whose changes these are.
    if (name === rdn || type.name === 'objectGUID' || !isReplicated(type)) continue;
    if (type.name === DESCRIPTOR) {
      yield* descriptorOf(sync, entry);
      continue;
    }
    if (!eyes.mayRead(entry, type)) continue;
    const isLink = type.forwardLink;
    if (isLink && (sync.flags & DirSyncFlag.incrementalValues) !== 0) {
      yield* linkChanges(sync, entry, type, changes);
      continue;
    }
    const values = entry.valuesOf(type).map((value) => field.names.value(type, value));
    if (values.length > 0 || changes !== undefined) yield { type: type.name, values };
  }
}

/** The attributes that changed; all that there are where that is not known. */
function candidates(
  { field }: Sync,
  entry: Entry,
  changes: EntryChanges | undefined,
): Iterable<AttributeType> {
  const { schema } = field.directory;
  if (changes === undefined) {
    return [DESCRIPTOR, ...entry.attributeNames().filter((name) => name !== DESCRIPTOR)].flatMap(
      (name) => schema.attribute(name) ?? [],
    );
  }
  return Array.from(changes.codes).flatMap((code) => schema.attributeByCode(code) ?? []);
}

function isReplicated(type: AttributeType): boolean {
  return (type.systemFlags & NOT_REPLICATED) === 0 && !type.constructed && !type.backLink;
}

/** Values that came as `range=1-1`, those that went as `range=0-0`. */
function* linkChanges(
  { field }: Sync,
  entry: Entry,
  type: AttributeType,
  changes: EntryChanges | undefined,
): Generator<OutgoingAttribute> {
  const { directory, names } = field;
  if (changes === undefined || changes.links.size === 0) {
    const values = entry.valuesOf(type).map((value) => names.value(type, value));
    if (values.length > 0) yield { type: `${type.name};range=1-1`, values };
    return;
  }
  const came: Value[] = [];
  const went: Value[] = [];
  for (const { code, target, added } of changes.links.values()) {
    const other =
      code === type.code ? directory.find({ id: target }, { deleted: true }) : undefined;
    if (other !== undefined) (added ? came : went).push(names.nameOf(other));
  }
  if (came.length > 0) yield { type: `${type.name};range=1-1`, values: came };
  if (went.length > 0) yield { type: `${type.name};range=0-0`, values: went };
}

function descriptorOf({ field, secured }: Sync, entry: Entry): OutgoingAttribute[] {
  const { wish, caller } = field;
  const flags =
    ((wish.sdFlags ?? 0) & EVERY_PART) === 0 ? EVERY_PART : (wish.sdFlags ?? 0) & EVERY_PART;
  const isRefused = secured && (flags & ~readableParts(caller, entry)) !== 0;
  const bytes = isRefused ? undefined : entry.bytes(DESCRIPTOR);
  return bytes === undefined ? [] : [{ type: DESCRIPTOR, values: [visibleParts(bytes, flags)] }];
}

function sizeOf({ dn, attributes }: ServerEntry): number {
  let size = dn.length;
  for (const { type, values } of attributes) {
    size += type.length;
    for (const value of values) size += value.length;
  }
  return size;
}

/*
 * The cookie has the shape that Windows' has, for some clients look into it: "MSDS", a version, a
 * time, a high-water mark (the USN up to which changed entries were sent, a reserved one, the USN
 * up to which the client has everything: the two differ from part to part of one answer) and the
 * invocation's GUID.
 */
const SIGNATURE = 'MSDS';
const COOKIE_BYTES = 68;
const VERSION = 3;
const AT = { version: 4, time: 8, since: 28, complete: 44, invocation: 52 } as const;
const EPOCH_1601 = 11_644_473_600_000n;

function writeCookie(field: SyncField, { since, complete }: Progress): Uint8Array {
  const cookie = Buffer.alloc(COOKIE_BYTES);
  cookie.write(SIGNATURE, 'latin1');
  cookie.writeUInt32LE(VERSION, AT.version);
  cookie.writeBigUInt64LE((BigInt(field.directory.now()) + EPOCH_1601) * 10_000n, AT.time);
  cookie.writeBigUInt64LE(BigInt(since), AT.since);
  cookie.writeBigUInt64LE(BigInt(complete), AT.complete);
  cookie.set(invocationOf(field), AT.invocation);
  return cookie;
}

/** How far a client has come. */
interface Progress {
  /** Entries that changed after this USN are still to be sent. */
  readonly since: number;
  /** Every change up to this USN was sent: what changed in an entry is counted from here. */
  readonly complete: number;
}

const BEGINNING: Progress = { since: 0, complete: 0 };

/**
 * How far the client has come; nowhere where its cookie is of another directory. Throws
 * unwillingToPerform for what is no cookie.
 */
function readCookie(field: SyncField, bytes: Uint8Array): Progress {
  if (bytes.length === 0) return BEGINNING;
  const cookie = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isOne = bytes.length >= COOKIE_BYTES && bytes.length <= MAX_DIRSYNC_COOKIE;
  if (!isOne || cookie.toString('latin1', 0, 4) !== SIGNATURE) {
    throw new LdapError('unwillingToPerform', '00000057: the cookie is not of this server');
  }
  const highest = BigInt(field.directory.highestUsn());
  const since = cookie.readBigUInt64LE(AT.since);
  const complete = cookie.readBigUInt64LE(AT.complete);
  const invocation = cookie.subarray(AT.invocation, COOKIE_BYTES);
  const isOurs = invocation.equals(invocationOf(field)) && since <= highest && complete <= since;
  return isOurs ? { since: Number(since), complete: Number(complete) } : BEGINNING;
}

/** What tells this directory from others: its domain's GUID, made with it. */
function invocationOf({ directory, domain }: SyncField): Uint8Array {
  const head = directory.find(domain.dn);
  return head === undefined ? new Uint8Array(16) : encodeGuid(head.guid);
}
