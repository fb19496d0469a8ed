import { encodeGuid, parseGuid } from '@doublehop/security/guid';
import { encodeSid, parseSid } from '@doublehop/security/sid';
import { parseDn, type Dn } from './dn.ts';
import type { EntryName } from './entry.ts';
import { DirectoryError } from './errors.ts';
import { idOfSid } from './indexing.ts';
import type { KnownAttributes } from './known-attributes.ts';
import { ROOT_ID } from './layout.ts';
import { needed } from './known-attributes.ts';
import { isDeleted } from './tombstone.ts';
import { EntryFlag, type StoredEntry } from './record.ts';
import type { View } from './view.ts';

/** `<GUID=…>`, `<SID=…>` and `<WKGUID=…,dn>` of MS-ADTS 3.1.1.3.1.2.4. */
const SPECIAL = /^<(GUID|SID|WKGUID)=([^>]*)>(?:;.*)?$/is;
/** In every name of a deleted entry: that of its container, or its own. */
const DELETED = /deleted objects|del:/i;
const WELL_KNOWN = /^([0-9a-f]{32}),(.*)$/is;
/** Characters of the longest name that is remembered as it was written. */
const MAX_KEPT_NAME = 512;
const HEX = /^(?:[0-9a-f]{2})+$/i;

/**
 * The number of the entry that a name names; throws invalidDNSyntax. Deleted entries have a name
 * for those alone who ask for such, and for those who know their number.
 */
export function locate(
  view: View,
  known: KnownAttributes,
  name: EntryName | string,
  deleted = false,
): number | undefined {
  if (typeof name !== 'string' && 'id' in name) return view.entry(name.id)?.id;
  const text = typeof name === 'string' ? name : 'dn' in name ? name.dn : undefined;
  const id = text === undefined ? locateIdentity(view, known, name) : locateText(view, known, text);
  if (id === undefined || deleted) return id;
  if (text !== undefined && !text.startsWith('<') && !DELETED.test(text)) return id;
  const entry = view.entry(id);
  return entry === undefined || isDeleted(entry) ? undefined : id;
}

/**
 * The entry that a name names, as `locate` finds it. Containers' names are looked up as they are
 * written, which saves parsing them: what is remembered is good until something is renamed.
 */
export function locateEntry(
  view: View,
  known: KnownAttributes,
  name: EntryName | string,
  deleted = false,
): StoredEntry | undefined {
  if (typeof name !== 'string' && 'id' in name) return view.entry(name.id);
  const text = typeof name === 'string' ? name : 'dn' in name ? name.dn : '<';
  const remembered = view.remembered(text);
  if (remembered !== undefined) return view.entry(remembered);
  const id = locate(view, known, name, deleted);
  const entry = id === undefined ? undefined : view.entry(id);
  if (entry === undefined || (entry.flags & EntryFlag.parent) === 0) return entry;
  // By other means than the name alone, or for those alone who ask for what is deleted.
  if (text.startsWith('<') || text.length > MAX_KEPT_NAME || isDeleted(entry)) return entry;
  view.remember(text, entry.id);
  return entry;
}

function locateIdentity(
  view: View,
  known: KnownAttributes,
  name: EntryName | string,
): number | undefined {
  if (typeof name === 'string') return undefined;
  if ('guid' in name) return view.onlyWithValue(known.objectGuid, encodeGuid(name.guid));
  if ('sid' in name) return idOfSid(view, known, encodeSid(name.sid));
  return undefined;
}

/** The error for a name without an entry, with how far down it leads (RFC 4511 §4.1.9). */
export function noSuchObject(view: View, name: EntryName | string): DirectoryError {
  const text = typeof name === 'string' ? name : 'dn' in name ? name.dn : undefined;
  const dn = text === undefined || SPECIAL.test(text) ? [] : parseDn(text);
  return missing(view, dn, text ?? JSON.stringify(name));
}

/** The same for a name already parsed. */
export function missing(view: View, dn: Dn, text: string): DirectoryError {
  const { matched } = view.resolve(dn);
  const matchedDn = matched === ROOT_ID ? '' : (view.dnOf(matched) ?? '');
  return new DirectoryError('noSuchObject', `there is no ${text}`, { matchedDn });
}

function locateText(view: View, known: KnownAttributes, text: string): number | undefined {
  const special = SPECIAL.exec(text);
  if (special === null) return view.resolve(parseDn(text)).id;
  const [, kind = '', value = ''] = special;
  switch (kind.toUpperCase()) {
    case 'GUID':
      return view.onlyWithValue(known.objectGuid, bytesOf(value, guidBytes));
    case 'SID':
      return idOfSid(view, known, bytesOf(value, sidBytes));
    default:
      return wellKnown(view, known, value);
  }
}

/** The object that a container's wellKnownObjects name by a fixed GUID (MS-ADTS 6.1.1.4). */
function wellKnown(view: View, known: KnownAttributes, value: string): number | undefined {
  const [, guid = '', base = ''] = WELL_KNOWN.exec(value) ?? [];
  if (guid === '') throw new DirectoryError('invalidDNSyntax', 'not a well-known GUID and a name');
  const container = locateText(view, known, base);
  const entry = container === undefined ? undefined : view.entry(container);
  const prefix = `B:32:${guid.toUpperCase()}:`;
  for (const attribute of ['wellKnownObjects', 'otherWellKnownObjects']) {
    for (const each of entry?.values(needed(view.schema, attribute).code) ?? []) {
      if (typeof each !== 'string' || !each.toUpperCase().startsWith(prefix)) continue;
      return view.resolve(parseDn(each.slice(prefix.length))).id;
    }
  }
  return undefined;
}

/** The value as text of its kind, or as the hexadecimal of its bytes. */
function bytesOf(value: string, fromText: (text: string) => Uint8Array): Uint8Array {
  if (HEX.test(value)) return Buffer.from(value, 'hex');
  try {
    return fromText(value);
  } catch {
    throw new DirectoryError('invalidDNSyntax', 'neither a GUID nor a SID');
  }
}

function guidBytes(text: string): Uint8Array {
  return encodeGuid(parseGuid(text));
}

function sidBytes(text: string): Uint8Array {
  return encodeSid(parseSid(text));
}
