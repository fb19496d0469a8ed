import { createHash } from 'node:crypto';
import { MAX_INDEX_VALUE_BYTES } from './limits.ts';
import { prefixed } from './store/key.ts';
import type { Key, Range, Record } from './store/store.ts';

/**
 * Where everything is in the store. The first byte of a key tells the kind of record:
 *
 *     m name                      counters and facts of the directory
 *     e id                        an entry
 *     s id                        its keys; no attribute read comes near them
 *     c parent rdn                the tree: the child of that name → id
 *     i attribute value end id    an index of values
 *     i attribute value end       the same where a value belongs to one entry → id
 *     f owner link target         a link, from its forward side
 *     b target link owner         the same link, from its back side
 *     u usn id                    the change log
 *     d number                    a security descriptor, each distinct one once
 *     h digest                    a descriptor's SHA-256 → its number
 *     p id                        an entry to whose children its descriptor is to be handed on
 *     x id                        an entry of the schema that a client has made or changed, and how
 *                                 far the index is that it asks for (`index-building.ts`)
 *     n number                    how many entries have that descriptor
 */
const KIND = {
  meta: 'm',
  entry: 'e',
  keys: 's',
  child: 'c',
  index: 'i',
  forward: 'f',
  back: 'b',
  log: 'u',
  descriptor: 'd',
  descriptorHash: 'h',
  descriptorCount: 'n',
  propagation: 'p',
  extension: 'x',
};

/** Bytes of an entry's number in keys. */
export const ID_BYTES = 6;

/** The entry above all naming contexts, which is none. */
export const ROOT_ID = 0;

/** Ends an index value: sorts below every continuation of it (see `escapeNul`). */
const VALUE_END = '\0\x01';

export function metaKey(name: string): Key {
  return KIND.meta + name;
}

export function entryKey(id: number): Key {
  return KIND.entry + encodeId(id);
}

export function keysKey(id: number): Key {
  return KIND.keys + encodeId(id);
}

export function descriptorKey(id: number): Key {
  return KIND.descriptor + encodeId(id);
}

export function descriptorCountKey(id: number): Key {
  return KIND.descriptorCount + encodeId(id);
}

/** `digest` is a string of bytes. */
export function descriptorHashKey(digest: string): Key {
  return KIND.descriptorHash + digest;
}

export function propagationKey(id: number): Key {
  return KIND.propagation + encodeId(id);
}

/** Entries whose children's descriptors are not in step yet. */
export function allPropagations(): Range {
  return prefixed(KIND.propagation);
}

export function idOfPropagation(key: Key): number {
  return decodeId(key, 1);
}

export function extensionKey(id: number): Key {
  return KIND.extension + encodeId(id);
}

/** Entries of the schema that clients have made or changed, in the order of their numbers. */
export function allExtensions(): Range {
  return prefixed(KIND.extension);
}

export function idOfExtension(key: Key): number {
  return decodeId(key, 1);
}

/** Every descriptor, in no order that means anything. */
export function allDescriptors(): Range {
  return prefixed(KIND.descriptor);
}

/** All entries, in the order in which they were made. */
export function allEntries(): Range {
  return prefixed(KIND.entry);
}

export function idOfEntryKey(key: Key): number {
  return decodeId(key, 1);
}

/** `rdn` is the byte string of a relative name's comparison key. */
export function childKey(parent: number, rdn: string): Key {
  return KIND.child + encodeId(parent) + bounded(rdn);
}

export function children(parent: number): Range {
  return prefixed(KIND.child + encodeId(parent));
}

/** Every value of an attribute in an index. */
export function indexOf(code: number): Range {
  return prefixed(indexPrefix(code));
}

/** Every entry with this value of an attribute. */
export function indexValue(code: number, value: string): Range {
  return prefixed(indexPrefix(code) + escapeNul(bounded(value)) + VALUE_END);
}

/** Every entry with a value of an attribute that starts so. */
export function indexStart(code: number, start: string): Range {
  return prefixed(indexPrefix(code) + escapeNul(start.slice(0, MAX_INDEX_VALUE_BYTES)));
}

/** Every entry with a value from `low` (or the lowest) to `high` (or the highest), bounds too. */
export function indexBetween(
  code: number,
  low: string | undefined,
  high: string | undefined,
): Range {
  const all = prefixed(indexPrefix(code));
  const cut = (text: string): string => escapeNul(text.slice(0, MAX_INDEX_VALUE_BYTES));
  const end = high === undefined ? all.end : prefixed(indexPrefix(code) + cut(high)).end;
  const start = low === undefined ? all.start : indexPrefix(code) + cut(low);
  return end === undefined ? { start } : { start, end };
}

export function indexKey(code: number, value: string, id: number): Key {
  return indexPrefix(code) + escapeNul(bounded(value)) + VALUE_END + encodeId(id);
}

/** In a unique index the value alone is the key, and the record holds the entry's number. */
export function uniqueKey(code: number, value: string): Key {
  return indexPrefix(code) + escapeNul(bounded(value)) + VALUE_END;
}

/** The entry of a record in an index of either kind. */
export function idOfIndexRecord(record: Record): number {
  return record.value.length === ID_BYTES ? idOfBytes(record.value) : idOfIndexKey(record.key);
}

/** An entry's number as the bytes of a record. */
export function idToBytes(id: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(ID_BYTES);
  bytes.writeUIntBE(id, 0, ID_BYTES);
  return bytes;
}

export function idOfBytes(bytes: Uint8Array): number {
  let id = 0;
  for (let at = 0; at < ID_BYTES; at += 1) id = id * 256 + (bytes[at] ?? 0);
  return id;
}

function idOfIndexKey(key: Key): number {
  return decodeId(key, key.length - ID_BYTES);
}

export function forwardKey(owner: number, link: number, target: number): Key {
  return KIND.forward + encodeId(owner) + encodeLink(link) + encodeId(target);
}

export function backKey(target: number, link: number, owner: number): Key {
  return KIND.back + encodeId(target) + encodeLink(link) + encodeId(owner);
}

/** Links of an entry: those of one attribute, or all. */
export function forwardLinks(owner: number, link?: number): Range {
  return prefixed(KIND.forward + encodeId(owner) + (link === undefined ? '' : encodeLink(link)));
}

/** Links to an entry: those of one attribute, or all. */
export function backLinks(target: number, link?: number): Range {
  return prefixed(KIND.back + encodeId(target) + (link === undefined ? '' : encodeLink(link)));
}

/** The link (its even linkID) and the entry at the far end of a link key. */
export function partsOfLinkKey(key: Key): { link: number; far: number } {
  const link = key.charCodeAt(1 + ID_BYTES) * 256 + key.charCodeAt(2 + ID_BYTES);
  return { link: link * 2, far: decodeId(key, 3 + ID_BYTES) };
}

export function logKey(usn: number, id: number): Key {
  return KIND.log + encodeId(usn) + encodeId(id);
}

/** The change log after a USN. */
export function logAfter(usn: number): Range {
  const end = prefixed(KIND.log).end;
  const start = KIND.log + encodeId(usn + 1);
  return end === undefined ? { start } : { start, end };
}

/** The change log up to a USN, itself included. */
export function logUpTo(usn: number): Range {
  return { start: KIND.log, end: KIND.log + encodeId(usn + 1) };
}

export function partsOfLogKey(key: Key): { usn: number; id: number } {
  return { usn: decodeId(key, 1), id: decodeId(key, 1 + ID_BYTES) };
}

/** A number below 2^48 as six bytes that sort as it does. */
export function encodeId(id: number): string {
  const high = Math.floor(id / 0x100_0000);
  const low = id % 0x100_0000;
  return String.fromCharCode(
    (high >>> 16) & 0xff,
    (high >>> 8) & 0xff,
    high & 0xff,
    (low >>> 16) & 0xff,
    (low >>> 8) & 0xff,
    low & 0xff,
  );
}

export function decodeId(bytes: string, at: number): number {
  let id = 0;
  for (let offset = 0; offset < ID_BYTES; offset += 1) {
    id = id * 256 + bytes.charCodeAt(at + offset);
  }
  return id;
}

function indexPrefix(code: number): string {
  return (
    KIND.index +
    String.fromCharCode(
      (code >>> 24) & 0xff,
      (code >>> 16) & 0xff,
      (code >>> 8) & 0xff,
      code & 0xff,
    )
  );
}

/** Even linkIDs, halved: a pair has one number. */
function encodeLink(link: number): string {
  const pair = link >>> 1;
  return String.fromCharCode((pair >>> 8) & 0xff, pair & 0xff);
}

/** Long values keep their start, for order, and are told apart by their digest. */
function bounded(value: string): string {
  if (value.length <= MAX_INDEX_VALUE_BYTES) return value;
  const digest = createHash('sha256').update(value, 'latin1').digest('latin1');
  return value.slice(0, MAX_INDEX_VALUE_BYTES) + digest;
}

/** NUL within a value must not look like its end, and must sort as it did. */
function escapeNul(value: string): string {
  return value.includes('\0') ? value.replaceAll('\0', '\0\xff') : value;
}
