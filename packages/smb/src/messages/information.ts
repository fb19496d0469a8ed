import { utf16le } from '@doublehop/wire/bytes';
import { Attribute } from './constants.ts';
import { type FileBasics, writeBasics } from './create.ts';
import { SmbWriter } from './cursor.ts';

/** Information classes of files (MS-FSCC 2.4). */
export const FileClass = {
  basic: 4,
  standard: 5,
  internal: 6,
  ea: 7,
  access: 8,
  name: 9,
  position: 14,
  fullEa: 15,
  mode: 16,
  alignment: 17,
  all: 18,
  alternateName: 21,
  stream: 22,
  pipe: 23,
  pipeLocal: 24,
  compression: 28,
  networkOpen: 34,
  attributeTag: 35,
  normalizedName: 48,
  id: 59,
} as const;

/** Information classes of file systems (MS-FSCC 2.5). */
export const VolumeClass = {
  volume: 1,
  size: 3,
  device: 4,
  attribute: 5,
  fullSize: 7,
  objectId: 8,
  sectorSize: 11,
} as const;

/** What is known of an open file. */
export interface FileInformation {
  readonly file: FileBasics;
  readonly id: bigint;
  /** From the share's root, with a backslash in front. */
  readonly path: string;
  readonly access: number;
  readonly volumeSerial: number;
}

/** What is known of a volume. Sizes in octets. */
export interface VolumeInformation {
  readonly label: string;
  readonly serial: number;
  readonly created: bigint;
  readonly total: bigint;
  readonly free: bigint;
}

/** A buffer, and whether it may be cut where the asker has less room (MS-SMB2 3.3.5.20.1). */
export interface Information {
  readonly data: Uint8Array;
  /** Octets that must find room; all where absent. */
  readonly fixed?: number;
}

/** Information about a file (MS-FSCC 2.4); undefined for a class that is not answered. */
export function fileInformation(infoClass: number, info: FileInformation): Information | undefined {
  const writer = new SmbWriter();
  const { file } = info;
  switch (infoClass) {
    case FileClass.all: {
      for (const part of ALL) writePart(writer, part, info);
      const name = utf16le(info.path);
      writer.u32(name.length);
      writer.bytes(name);
      return { data: writer.finish(), fixed: 100 };
    }
    case FileClass.name:
    case FileClass.normalizedName: {
      const path = infoClass === FileClass.name ? info.path : info.path.slice(1);
      const name = utf16le(path);
      writer.u32(name.length);
      writer.bytes(name);
      return { data: writer.finish(), fixed: 8 };
    }
    case FileClass.stream:
      writeStream(writer, file);
      return { data: writer.finish(), fixed: 0 };
    case FileClass.networkOpen:
      writeBasics(writer, file);
      writer.u32(0);
      return { data: writer.finish() };
    case FileClass.attributeTag:
      writer.u32(file.attributes);
      writer.u32(0);
      return { data: writer.finish() };
    case FileClass.compression:
      writer.u64(file.size);
      writer.zeros(8);
      return { data: writer.finish() };
    case FileClass.id:
      writer.u64(BigInt(info.volumeSerial));
      writer.u64(info.id);
      writer.u64(0n);
      return { data: writer.finish() };
    default:
      if (!PARTS.has(infoClass)) return undefined;
      writePart(writer, infoClass, info);
      return { data: writer.finish() };
  }
}

/** The order within FileAllInformation (MS-FSCC 2.4.2). */
const ALL: readonly number[] = [
  FileClass.basic,
  FileClass.standard,
  FileClass.internal,
  FileClass.ea,
  FileClass.access,
  FileClass.position,
  FileClass.mode,
  FileClass.alignment,
];
const PARTS: ReadonlySet<number> = new Set(ALL);

function writePart(writer: SmbWriter, infoClass: number, info: FileInformation): void {
  const { file } = info;
  switch (infoClass) {
    case FileClass.basic:
      writer.u64(file.created);
      writer.u64(file.accessed);
      writer.u64(file.written);
      writer.u64(file.changed);
      writer.u32(file.attributes);
      writer.u32(0);
      break;
    case FileClass.standard:
      writer.u64(file.allocated);
      writer.u64(file.size);
      writer.u32(1);
      writer.u8(0);
      writer.u8(isFolder(file) ? 1 : 0);
      writer.u16(0);
      break;
    case FileClass.internal:
      writer.u64(info.id);
      break;
    case FileClass.access:
      writer.u32(info.access);
      break;
    case FileClass.position:
      writer.u64(0n);
      break;
    default:
      // Extended attributes, mode, alignment: there is nothing special about the file.
      writer.u32(0);
  }
}

/** The one stream that a file has (MS-FSCC 2.4.49); folders have none. */
function writeStream(writer: SmbWriter, file: FileBasics): void {
  if (isFolder(file)) return;
  const name = utf16le('::$DATA');
  writer.u32(0);
  writer.u32(name.length);
  writer.u64(file.size);
  writer.u64(file.allocated);
  writer.bytes(name);
}

function isFolder({ attributes }: FileBasics): boolean {
  return (attributes & Attribute.directory) !== 0;
}

const SECTOR = 512;
const SECTORS_PER_UNIT = 8;

/** Octets of an allocation unit. */
export const ALLOCATION_UNIT: number = SECTOR * SECTORS_PER_UNIT;

/** FILE_READ_ONLY_VOLUME, UNICODE_ON_DISK, CASE_PRESERVED_NAMES, PERSISTENT_ACLS. */
const VOLUME_ATTRIBUTES = 0x0008_0000 | 0x4 | 0x2 | 0x8;

/** FILE_DEVICE_DISK, read-only (MS-FSCC 2.5.10). */
const DEVICE_DISK = 7;
const DEVICE_READ_ONLY = 0x2;

/** Information about a volume (MS-FSCC 2.5); undefined for a class that is not answered. */
export function volumeInformation(
  infoClass: number,
  volume: VolumeInformation,
): Information | undefined {
  const writer = new SmbWriter();
  const units = (octets: bigint): bigint => octets / BigInt(ALLOCATION_UNIT);
  switch (infoClass) {
    case VolumeClass.volume: {
      const label = utf16le(volume.label);
      writer.u64(volume.created);
      writer.u32(volume.serial);
      writer.u32(label.length);
      writer.u16(0);
      writer.bytes(label);
      return { data: writer.finish(), fixed: 18 };
    }
    case VolumeClass.size:
    case VolumeClass.fullSize:
      writer.u64(units(volume.total));
      writer.u64(units(volume.free));
      if (infoClass === VolumeClass.fullSize) writer.u64(units(volume.free));
      writer.u32(SECTORS_PER_UNIT);
      writer.u32(SECTOR);
      return { data: writer.finish() };
    case VolumeClass.device:
      writer.u32(DEVICE_DISK);
      writer.u32(DEVICE_READ_ONLY);
      return { data: writer.finish() };
    case VolumeClass.attribute: {
      const name = utf16le('NTFS');
      writer.u32(VOLUME_ATTRIBUTES);
      writer.u32(255);
      writer.u32(name.length);
      writer.bytes(name);
      return { data: writer.finish(), fixed: 12 };
    }
    case VolumeClass.objectId:
      writer.zeros(64);
      return { data: writer.finish() };
    case VolumeClass.sectorSize:
      for (const size of [SECTOR, SECTOR, SECTOR, SECTOR]) writer.u32(size);
      for (const value of [0x3, 0, 0]) writer.u32(value);
      return { data: writer.finish() };
    default:
      return undefined;
  }
}
