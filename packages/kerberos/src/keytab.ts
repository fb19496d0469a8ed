import type { KeyBlock } from './credentials.ts';
import { KerberosError } from './errors.ts';
import { type ByteOrder, FileReader, FileWriter } from './file-bytes.ts';
import { NameType } from './iana/name-types.ts';
import { MAX_KEYTAB_FILE, MAX_NAME_COMPONENTS } from './limits.ts';
import { formatPrincipal, type Principal, samePrincipal } from './names.ts';

/** One key of a keytab (MIT krb5 doc/formats/keytab_file_format). */
export interface KeytabEntry {
  readonly principal: Principal;
  /** When the entry was written: seconds since 1970, unsigned 32 bits. */
  readonly timestamp: number;
  /** Key version, unsigned 32 bits. */
  readonly kvno: number;
  readonly key: KeyBlock;
}

/** Which key of a principal is wanted. */
export interface KeyWish {
  readonly etype?: number | undefined;
  /** Absent or 0: the newest. */
  readonly kvno?: number | undefined;
}

/**
 * The entries of a keytab file, in file order; holes are skipped. Versions 0x0502 and 0x0501 are
 * read; the integers of the latter stand in `order`, the byte order of the machine that wrote it.
 * Unlike MIT, which takes a damaged record for the end of the file, this throws.
 *
 * Throws KerberosError `keytab`.
 */
export function parseKeytab(bytes: Uint8Array, order: ByteOrder = 'little'): KeytabEntry[] {
  if (bytes.length > MAX_KEYTAB_FILE) throw keytabError('is too large', 0);
  const version = bytes[0] === 5 ? bytes[1] : undefined;
  if (version !== 1 && version !== 2) throw keytabError('is of no known version', 0);
  const entryOrder = version === 1 ? order : 'big';
  const reader = new FileReader(bytes, entryOrder, keytabError, { start: 2, end: bytes.length });
  const entries: KeytabEntry[] = [];
  while (reader.left > 0) {
    const size = reader.int32();
    if (size === 0) break;
    const start = reader.pos;
    if (Math.abs(size) > reader.left) throw reader.error('has a record that ends after the file');
    reader.pos = start + Math.abs(size);
    if (size < 0) continue;
    const range = { start, end: reader.pos };
    entries.push(readEntry(new FileReader(bytes, entryOrder, keytabError, range), version));
  }
  return entries;
}

/**
 * The keytab file of version 0x0502 with these entries, without holes, byte for byte as MIT's
 * ktutil writes it. Throws KerberosError `keytab` for an entry that has no encoding.
 */
export function formatKeytab(entries: readonly KeytabEntry[]): Uint8Array {
  const writer = new FileWriter('big');
  writer.uint8(5);
  writer.uint8(2);
  for (const entry of entries) {
    const record = encodeEntry(entry);
    writer.int32(record.length);
    writer.octets(record);
  }
  return writer.finish();
}

/**
 * The entry for a principal as MIT's krb5_kt_get_entry chooses it: the wanted version, else an
 * entry that has its low 8 bits (older writers kept no more), or, if no version is asked for, the
 * newest. Name types do not count (RFC 4120 §6.2).
 */
export function findKey(
  entries: readonly KeytabEntry[],
  principal: Principal,
  { etype, kvno = 0 }: KeyWish = {},
): KeytabEntry | undefined {
  let best: KeytabEntry | undefined;
  for (const entry of entries) {
    if (!samePrincipal(entry.principal, principal)) continue;
    if (etype !== undefined && entry.key.etype !== etype) continue;
    if (kvno === 0 || entry.kvno === 0) {
      if (best === undefined || moreRecent(entry, best)) best = entry;
    } else if (entry.kvno === kvno) {
      return entry;
    } else if (entry.kvno === (kvno & 0xff) && best === undefined) {
      best = entry;
    }
  }
  return best;
}

/** The entries with one more; an entry with the same principal, version and etype gives way. */
export function addEntry(entries: readonly KeytabEntry[], entry: KeytabEntry): KeytabEntry[] {
  const { principal, kvno, key } = entry;
  return [...removeEntries(entries, principal, { kvno, etype: key.etype }), entry];
}

/** The entries without those of a principal, or only without its version or etype. */
export function removeEntries(
  entries: readonly KeytabEntry[],
  principal: Principal,
  { etype, kvno }: KeyWish = {},
): KeytabEntry[] {
  return entries.filter(
    (entry) =>
      !samePrincipal(entry.principal, principal) ||
      (etype !== undefined && entry.key.etype !== etype) ||
      (kvno !== undefined && entry.kvno !== kvno),
  );
}

function readEntry(reader: FileReader, version: 1 | 2): KeytabEntry {
  const components = reader.int16() - (version === 1 ? 1 : 0);
  if (components < 1 || components > MAX_NAME_COMPONENTS) {
    throw reader.error(`has a name of ${components} components`);
  }
  const realm = reader.text(reader.uint16());
  const nameString: string[] = [];
  for (let i = 0; i < components; i += 1) nameString.push(reader.text(reader.uint16()));
  const nameType = version === 1 ? NameType.UNKNOWN : reader.int32();
  const timestamp = reader.uint32();
  const shortKvno = reader.uint8();
  const etype = reader.int16();
  const size = reader.uint16();
  if (size === 0) throw reader.error('has a key without bytes');
  const bytes = reader.octets(size);
  // The 32-bit version overrides the octet; zeros are the fill of a reused hole.
  const longKvno = reader.left >= 4 ? reader.uint32() : 0;
  return {
    principal: { name: { nameType, nameString }, realm },
    timestamp,
    kvno: longKvno === 0 ? shortKvno : longKvno,
    key: { etype, bytes },
  };
}

function encodeEntry({ principal, timestamp, kvno, key }: KeytabEntry): Uint8Array {
  const { nameType, nameString } = principal.name;
  const texts = [principal.realm, ...nameString];
  const writer = new FileWriter('big');
  if (
    nameString.length === 0 ||
    nameString.length > MAX_NAME_COMPONENTS ||
    key.bytes.length === 0
  ) {
    throw new KerberosError('keytab', 'a keytab entry needs a name and a key');
  }
  try {
    writer.int16(nameString.length);
    for (const text of texts) writer.data16(text);
    writer.int32(nameType);
    writer.int32(timestamp);
    writer.uint8(kvno & 0xff);
    writer.int16(key.etype);
    writer.data16(key.bytes);
    writer.int32(kvno);
  } catch (cause) {
    const subject = formatPrincipal(principal);
    throw new KerberosError('keytab', `"${subject}" does not fit a keytab`, { subject, cause });
  }
  return writer.finish();
}

/**
 * A small version written no earlier than a large one is taken for the newer: versions wrap at 8
 * bits in old files and protocols (MIT krb5 1.14, kt_file.c more_recent).
 */
function moreRecent(a: KeytabEntry, b: KeytabEntry): boolean {
  if (a.timestamp >= b.timestamp && a.kvno < 128 && b.kvno > 240) return true;
  if (b.timestamp >= a.timestamp && a.kvno > 240 && b.kvno < 128) return false;
  return a.kvno > b.kvno;
}

function keytabError(reason: string, offset: number): KerberosError {
  return new KerberosError('keytab', `the keytab ${reason} (at byte ${offset})`);
}
