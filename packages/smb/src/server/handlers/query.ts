import { Control, encodeDescriptor, type SecurityDescriptor } from '@doublehop/security/descriptor';
import { fileTimeOf } from '@doublehop/security/filetime';
import { statusError } from '../../errors.ts';
import { MAX_ENTRIES } from '../../limits.ts';
import { Attribute, FileRight, InfoType, SecurityInformation } from '../../messages/constants.ts';
import { SmbWriter } from '../../messages/cursor.ts';
import { type DirectoryEntry, isDirectoryClass, packDirectory } from '../../messages/directory.ts';
import {
  FileClass,
  fileInformation,
  type Information,
  VolumeClass,
  volumeInformation,
} from '../../messages/information.ts';
import {
  decodeQueryDirectoryRequest,
  decodeQueryInfoRequest,
  decodeSetInfoRequest,
  DirectoryFlag,
  encodeOutput,
  type QueryInfoRequest,
} from '../../messages/query.ts';
import { encodeError } from '../../messages/session.ts';
import { NtStatus } from '../../nt-status.ts';
import { matchesPattern } from '../../pattern.ts';
import { EVERYBODY_READS } from '../access.ts';
import { checkPayload, fileOf, openOf, type Reply, success, type TreeCall } from '../call.ts';
import { basicsOf, directoryEntry } from '../files.ts';
import type { Listing, OpenFile, OpenPipe } from '../objects.ts';

/** QUERY_DIRECTORY (MS-SMB2 3.3.5.18). */
export async function queryDirectory(call: TreeCall): Promise<Reply> {
  const request = decodeQueryDirectoryRequest(call.message.bytes);
  const { infoClass, flags, pattern, maxOutput } = request;
  checkPayload(call, maxOutput);
  const open = fileOf(call, request.fileId);
  if (!open.entry.directory) throw statusError(NtStatus.INVALID_PARAMETER, 'no folder');
  if (!isDirectoryClass(infoClass)) throw statusError(NtStatus.INVALID_INFO_CLASS, 'a folder');
  if ((open.access & FileRight.readData) === 0) {
    throw statusError(NtStatus.ACCESS_DENIED, 'to list');
  }
  const again = (flags & (DirectoryFlag.restart | DirectoryFlag.reopen)) !== 0;
  const first = open.listing === undefined || again;
  const listing = first ? await beginListing(open, pattern, again) : open.listing;
  if (listing === undefined) throw statusError(NtStatus.NO_MORE_FILES, 'the folder');
  open.listing = listing;
  if (listing.entries.length === 0) {
    const status = listing.any || !first ? NtStatus.NO_MORE_FILES : NtStatus.NO_SUCH_FILE;
    throw statusError(status, 'the folder');
  }
  const single = (flags & DirectoryFlag.single) !== 0;
  const next = single ? listing.entries.slice(0, 1) : listing.entries;
  const { data, count } = packDirectory(infoClass, next, maxOutput);
  if (count === 0) throw statusError(NtStatus.INFO_LENGTH_MISMATCH, 'no room for an entry');
  listing.entries = listing.entries.slice(count);
  return success(encodeOutput(data));
}

/** Everything that matches, as it is now: what changes meanwhile is not seen. */
async function beginListing(open: OpenFile, pattern: string, again: boolean): Promise<Listing> {
  const { share, path, entry, listing } = open;
  // A restart without a pattern goes on with the one before (MS-SMB2 3.3.5.18).
  const wanted = pattern === '' && again ? (listing?.pattern ?? '*') : pattern;
  const found = await share.tree.list(path);
  const parent = (await share.tree.stat(path.slice(0, -1))) ?? entry;
  const all: DirectoryEntry[] = [directoryEntry(entry, '.'), directoryEntry(parent, '..')];
  for (const one of found.slice(0, MAX_ENTRIES)) all.push(directoryEntry(one));
  const entries = all.filter(({ name }) => matchesPattern(wanted, name));
  return { pattern: wanted, entries, any: entries.length > 0 };
}

/** QUERY_INFO (MS-SMB2 3.3.5.20). */
export async function queryInfo(call: TreeCall): Promise<Reply> {
  const request = decodeQueryInfoRequest(call.message.bytes);
  checkPayload(call, request.maxOutput, request.input.length);
  const open = openOf(call, request.fileId);
  if (open.kind === 'pipe') return queryPipe(open, request);
  switch (request.infoType) {
    case InfoType.file:
      return await queryFile(open, request);
    case InfoType.fileSystem:
      return output(queryVolume(open, request.infoClass), request);
    case InfoType.security:
      return await querySecurity(open, request);
    case InfoType.quota:
      throw statusError(NtStatus.NOT_SUPPORTED, 'quotas');
    default:
      throw statusError(NtStatus.INVALID_PARAMETER, 'an unknown kind of information');
  }
}

/** SET_INFO (MS-SMB2 3.3.5.21): nothing can be changed. */
export function setInfo(call: TreeCall): Reply {
  const { fileId } = decodeSetInfoRequest(call.message.bytes);
  const open = openOf(call, fileId);
  // FilePipeInformation: the mode of reading, which is that of messages anyway.
  if (open.kind === 'pipe') return success(Uint8Array.of(2, 0));
  throw statusError(NtStatus.ACCESS_DENIED, 'to change');
}

/** Classes that tell nothing which FILE_READ_ATTRIBUTES would guard (MS-FSA 2.1.5.12). */
const FREE: ReadonlySet<number> = new Set([
  FileClass.access,
  FileClass.alignment,
  FileClass.ea,
  FileClass.internal,
  FileClass.mode,
  FileClass.name,
  FileClass.normalizedName,
  FileClass.position,
  FileClass.standard,
  FileClass.stream,
]);

async function queryFile(open: OpenFile, request: QueryInfoRequest): Promise<Reply> {
  const { infoClass } = request;
  if (infoClass === FileClass.fullEa) throw statusError(NtStatus.NO_EAS_ON_FILE, 'the file');
  if (infoClass === FileClass.alternateName) {
    throw statusError(NtStatus.OBJECT_NAME_NOT_FOUND, 'a short name');
  }
  if (!FREE.has(infoClass) && (open.access & FileRight.readAttributes) === 0) {
    throw statusError(NtStatus.ACCESS_DENIED, 'to look at attributes');
  }
  const entry = (await open.share.tree.stat(open.path)) ?? open.entry;
  const information = fileInformation(infoClass, {
    file: basicsOf(entry),
    id: entry.id,
    path: `\\${open.path.join('\\')}`,
    access: open.access,
    volumeSerial: open.share.tree.volume.serial,
  });
  return output(information, request);
}

function queryVolume({ share }: OpenFile, infoClass: number): Information | undefined {
  const { label, serial, created, total, free } = share.tree.volume;
  if (infoClass === VolumeClass.objectId) {
    throw statusError(NtStatus.INVALID_PARAMETER, 'an object identifier');
  }
  return volumeInformation(infoClass, {
    label,
    serial,
    created: fileTimeOf(created),
    total: BigInt(Math.trunc(total)),
    free: BigInt(Math.trunc(free)),
  });
}

function queryPipe(pipe: OpenPipe, request: QueryInfoRequest): Reply {
  if (request.infoType !== InfoType.file) throw statusError(NtStatus.NOT_SUPPORTED, 'a pipe');
  const zero = { created: 0n, accessed: 0n, written: 0n, changed: 0n, allocated: 4096n };
  const file = { ...zero, size: 0n, attributes: Attribute.normal };
  if (request.infoClass === FileClass.pipe) {
    const writer = new SmbWriter();
    // Message mode, and reads that wait.
    writer.u32(1);
    writer.u32(0);
    return output({ data: writer.finish() }, request);
  }
  const facts = { file, id: pipe.key, path: `\\${pipe.name}`, access: pipe.access };
  return output(fileInformation(request.infoClass, { ...facts, volumeSerial: 0 }), request);
}

/** As much as there is room for, where it may be cut (MS-SMB2 3.3.5.20.1). */
function output(information: Information | undefined, { maxOutput }: QueryInfoRequest): Reply {
  if (information === undefined) {
    throw statusError(NtStatus.INVALID_INFO_CLASS, 'a class of information');
  }
  const { data, fixed = data.length } = information;
  if (maxOutput < fixed) throw statusError(NtStatus.INFO_LENGTH_MISMATCH, 'the room');
  if (data.length <= maxOutput) return success(encodeOutput(data));
  const body = encodeOutput(data.subarray(0, maxOutput));
  return { status: NtStatus.BUFFER_OVERFLOW, body };
}

/** The parts of the descriptor that were asked for (MS-SMB2 3.3.5.20.3). */
async function querySecurity(open: OpenFile, request: QueryInfoRequest): Promise<Reply> {
  const { additional, maxOutput } = request;
  if ((additional & SecurityInformation.sacl) !== 0) {
    throw statusError(NtStatus.ACCESS_DENIED, 'the SACL');
  }
  if ((open.access & FileRight.readControl) === 0) {
    throw statusError(NtStatus.ACCESS_DENIED, 'the descriptor');
  }
  const whole = (await open.share.tree.descriptor?.(open.path)) ?? EVERYBODY_READS;
  const data = encodeDescriptor(partsOf(whole, additional));
  if (data.length <= maxOutput) return success(encodeOutput(data));
  const writer = new SmbWriter();
  writer.u32(data.length);
  return { status: NtStatus.BUFFER_TOO_SMALL, body: encodeError(writer.finish()) };
}

function partsOf(whole: SecurityDescriptor, wanted: number): SecurityDescriptor {
  const { owner, group, dacl, control } = whole;
  const has = (part: number): boolean => (wanted & part) !== 0;
  const ofDacl = Control.daclProtected | Control.daclAutoInherited | Control.daclDefaulted;
  return {
    control: Control.selfRelative | (has(SecurityInformation.dacl) ? control & ofDacl : 0),
    ...(has(SecurityInformation.owner) && owner !== undefined ? { owner } : {}),
    ...(has(SecurityInformation.group) && group !== undefined ? { group } : {}),
    ...(has(SecurityInformation.dacl) && dacl !== undefined ? { dacl } : {}),
  };
}
