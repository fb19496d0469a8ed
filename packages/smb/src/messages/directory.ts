import { utf16le } from '@doublehop/wire/bytes';
import { MAX_ENTRIES, MAX_NAME } from '../limits.ts';
import type { FileBasics } from './create.ts';
import { malformed, SmbReader, SmbWriter, utf16Text } from './cursor.ts';

/** Information classes of folders' entries (MS-FSCC 2.4). */
export const DirectoryClass = {
  directory: 1,
  full: 2,
  both: 3,
  names: 12,
  idBoth: 37,
  idFull: 38,
  idExtd: 60,
} as const;

/** An entry of a folder. */
export interface DirectoryEntry {
  readonly name: string;
  readonly file: FileBasics;
  /** Unique within the volume. */
  readonly id: bigint;
}

/** Whether entries of a class can be written. */
export function isDirectoryClass(infoClass: number): boolean {
  return CLASSES.has(infoClass);
}

const CLASSES: ReadonlySet<number> = new Set(Object.values(DirectoryClass));

/** One entry with nothing behind it (MS-FSCC 2.4.10, 2.4.14, 2.4.8, 2.4.28, 2.4.17 to 2.4.19). */
export function encodeDirectoryEntry(infoClass: number, entry: DirectoryEntry): Uint8Array {
  const writer = new SmbWriter();
  const name = utf16le(entry.name);
  writer.u32(0);
  writer.u32(0);
  if (infoClass !== DirectoryClass.names) writeFacts(writer, entry.file);
  writer.u32(name.length);
  if (infoClass !== DirectoryClass.names && infoClass !== DirectoryClass.directory) writer.u32(0);
  switch (infoClass) {
    case DirectoryClass.both:
      writer.zeros(26);
      break;
    case DirectoryClass.idBoth:
      writer.zeros(28);
      writer.u64(entry.id);
      break;
    case DirectoryClass.idFull:
      writer.u32(0);
      writer.u64(entry.id);
      break;
    case DirectoryClass.idExtd:
      writer.u32(0);
      writer.u64(entry.id);
      writer.u64(0n);
      break;
    default:
  }
  writer.bytes(name);
  return writer.finish();
}

/**
 * Entries as one buffer of at most `room` octets, each on a multiple of eight and pointing to the
 * next; how many found room.
 */
export function packDirectory(
  infoClass: number,
  entries: Iterable<DirectoryEntry>,
  room: number,
): { readonly data: Uint8Array; readonly count: number } {
  const writer = new SmbWriter();
  let last = -1;
  let count = 0;
  for (const entry of entries) {
    const encoded = encodeDirectoryEntry(infoClass, entry);
    const start = Math.ceil(writer.offset / 8) * 8;
    if (start + encoded.length > room) break;
    writer.align(8);
    if (last >= 0) writer.patch32(last, start - last);
    last = start;
    writer.bytes(encoded);
    count += 1;
  }
  return { data: writer.finish(), count };
}

/** The entries in an answer of class `idBoth`. Throws SmbError `malformed`. */
export function unpackDirectory(bytes: Uint8Array): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    if (entries.length === MAX_ENTRIES) throw malformed('the folder has too many entries');
    const reader = new SmbReader(rest);
    const next = reader.u32();
    reader.skip(4);
    const file = readFacts(reader);
    const nameLength = reader.u32();
    if (nameLength > 2 * MAX_NAME) throw malformed('a name is too long');
    reader.skip(4 + 2 + 24 + 2);
    const id = reader.u64();
    entries.push({ name: utf16Text(reader.take(nameLength)), file, id });
    if (next === 0) break;
    if (next % 8 !== 0 || next >= rest.length) throw malformed('the next entry lies outside');
    rest = rest.subarray(next);
  }
  return entries;
}

function writeFacts(writer: SmbWriter, file: FileBasics): void {
  writer.u64(file.created);
  writer.u64(file.accessed);
  writer.u64(file.written);
  writer.u64(file.changed);
  writer.u64(file.size);
  writer.u64(file.allocated);
  writer.u32(file.attributes);
}

function readFacts(reader: SmbReader): FileBasics {
  const created = reader.u64();
  const accessed = reader.u64();
  const written = reader.u64();
  const changed = reader.u64();
  const size = reader.u64();
  const allocated = reader.u64();
  return { created, accessed, written, changed, allocated, size, attributes: reader.u32() };
}
