import { fileTimeOf } from '@doublehop/security/filetime';
import { Attribute } from '../messages/constants.ts';
import type { FileBasics } from '../messages/create.ts';
import type { DirectoryEntry } from '../messages/directory.ts';
import { ALLOCATION_UNIT } from '../messages/information.ts';
import type { TreeEntry } from '../tree/share-tree.ts';

/** What a tree says of a file, as SMB says it. */
export function basicsOf(entry: TreeEntry): FileBasics {
  const { directory, size } = entry;
  const kind = directory ? Attribute.directory : Attribute.archive;
  return {
    created: fileTimeOf(entry.created),
    accessed: fileTimeOf(entry.accessed),
    written: fileTimeOf(entry.written),
    changed: fileTimeOf(entry.changed),
    allocated: BigInt(directory ? 0 : Math.ceil(size / ALLOCATION_UNIT) * ALLOCATION_UNIT),
    size: BigInt(directory ? 0 : size),
    attributes: (entry.attributes ?? 0) | kind,
  };
}

/** An entry of a folder, under its own name or as `.` and `..`. */
export function directoryEntry(entry: TreeEntry, name: string = entry.name): DirectoryEntry {
  return { name, file: basicsOf(entry), id: entry.id };
}
