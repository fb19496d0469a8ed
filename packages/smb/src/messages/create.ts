import { concat, utf16le, utf8 } from '@doublehop/wire/bytes';
import { MAX_CREATE_CONTEXTS, MAX_PATH } from '../limits.ts';
import { malformed, SmbReader, SmbWriter, utf16Text } from './cursor.ts';
import { HEADER_SIZE } from './header.ts';

/** SMB2_FILEID (MS-SMB2 2.2.14.1). */
export interface FileId {
  readonly persistent: bigint;
  readonly volatile: bigint;
}

/** A create context (MS-SMB2 2.2.13.2): its name in Latin-1 and whatever belongs to it. */
export interface CreateContext {
  readonly name: string;
  readonly data: Uint8Array;
}

/** CREATE request (MS-SMB2 2.2.13). */
export interface CreateRequest {
  readonly oplockLevel: number;
  readonly impersonation: number;
  readonly desiredAccess: number;
  readonly attributes: number;
  readonly shareAccess: number;
  readonly disposition: number;
  readonly options: number;
  readonly name: string;
  readonly contexts: readonly CreateContext[];
}

/** Times, sizes and attributes of a file, as several responses have them (FILETIMEs, octets). */
export interface FileBasics {
  readonly created: bigint;
  readonly accessed: bigint;
  readonly written: bigint;
  readonly changed: bigint;
  readonly allocated: bigint;
  readonly size: bigint;
  readonly attributes: number;
}

/** CREATE response (MS-SMB2 2.2.14). */
export interface CreateResponse {
  readonly oplockLevel: number;
  /** FILE_OPENED and its kin. */
  readonly action: number;
  readonly file: FileBasics;
  readonly fileId: FileId;
  readonly contexts: readonly CreateContext[];
}

/** FILE_OPENED (MS-SMB2 2.2.14). */
export const FILE_OPENED = 1;

export function encodeCreateRequest(request: CreateRequest): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  const name = utf16le(request.name);
  const contexts = encodeContexts(request.contexts);
  writer.u16(57);
  writer.u8(0);
  writer.u8(request.oplockLevel);
  writer.u32(request.impersonation);
  writer.zeros(16);
  writer.u32(request.desiredAccess);
  writer.u32(request.attributes);
  writer.u32(request.shareAccess);
  writer.u32(request.disposition);
  writer.u32(request.options);
  writer.u16(writer.offset + 12);
  writer.u16(name.length);
  const contextField = writer.offset;
  writer.u32(0);
  writer.u32(contexts.length);
  writer.bytes(name);
  // The buffer has one octet at least (MS-SMB2 2.2.13).
  if (name.length === 0) writer.zeros(1);
  writeContexts(writer, contextField, contexts);
  return writer.finish();
}

export function decodeCreateRequest(message: Uint8Array): CreateRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(57);
  reader.skip(1);
  const oplockLevel = reader.u8();
  const impersonation = reader.u32();
  reader.skip(16);
  const desiredAccess = reader.u32();
  const attributes = reader.u32();
  const shareAccess = reader.u32();
  const disposition = reader.u32();
  const options = reader.u32();
  const nameOffset = reader.u16();
  const nameLength = reader.u16();
  const contextsOffset = reader.u32();
  const contextsLength = reader.u32();
  if (nameLength > 2 * MAX_PATH) throw malformed('a path is too long');
  const name = utf16Text(reader.at(nameOffset, nameLength));
  const contexts = decodeContexts(reader.at(contextsOffset, contextsLength));
  const how = { attributes, shareAccess, disposition, options };
  return { oplockLevel, impersonation, desiredAccess, ...how, name, contexts };
}

export function encodeCreateResponse(response: CreateResponse): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  const contexts = encodeContexts(response.contexts);
  writer.u16(89);
  writer.u8(response.oplockLevel);
  writer.u8(0);
  writer.u32(response.action);
  writeBasics(writer, response.file);
  writer.u32(0);
  writeFileId(writer, response.fileId);
  const contextField = writer.offset;
  writer.u32(0);
  writer.u32(contexts.length);
  writeContexts(writer, contextField, contexts);
  return writer.finish();
}

export function decodeCreateResponse(message: Uint8Array): CreateResponse {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(89);
  const oplockLevel = reader.u8();
  reader.skip(1);
  const action = reader.u32();
  const file = readBasics(reader);
  reader.skip(4);
  const fileId = readFileId(reader);
  const offset = reader.u32();
  const contexts = decodeContexts(reader.at(offset, reader.u32()));
  return { oplockLevel, action, file, fileId, contexts };
}

export function readFileId(reader: SmbReader): FileId {
  return { persistent: reader.u64(), volatile: reader.u64() };
}

export function writeFileId(writer: SmbWriter, { persistent, volatile }: FileId): void {
  writer.u64(persistent);
  writer.u64(volatile);
}

/** Times, sizes, attributes: the order of CREATE and CLOSE and FileNetworkOpenInformation. */
export function writeBasics(writer: SmbWriter, file: FileBasics): void {
  writer.u64(file.created);
  writer.u64(file.accessed);
  writer.u64(file.written);
  writer.u64(file.changed);
  writer.u64(file.allocated);
  writer.u64(file.size);
  writer.u32(file.attributes);
}

export function readBasics(reader: SmbReader): FileBasics {
  const created = reader.u64();
  const accessed = reader.u64();
  const written = reader.u64();
  const changed = reader.u64();
  const allocated = reader.u64();
  const size = reader.u64();
  return { created, accessed, written, changed, allocated, size, attributes: reader.u32() };
}

function writeContexts(writer: SmbWriter, field: number, contexts: Uint8Array): void {
  if (contexts.length === 0) return;
  writer.align(8);
  writer.patch32(field, writer.offset);
  writer.bytes(contexts);
}

const CONTEXT_HEADER = 16;

function encodeContexts(contexts: readonly CreateContext[]): Uint8Array {
  const parts = contexts.map(({ name, data }, index) => {
    const writer = new SmbWriter();
    const nameBytes = utf8(name);
    writer.u32(0);
    writer.u16(CONTEXT_HEADER);
    writer.u16(nameBytes.length);
    writer.u16(0);
    const dataOffset = CONTEXT_HEADER + Math.ceil(nameBytes.length / 8) * 8;
    writer.u16(data.length === 0 ? 0 : dataOffset);
    writer.u32(data.length);
    writer.bytes(nameBytes);
    writer.align(8);
    writer.bytes(data);
    if (index < contexts.length - 1) {
      writer.align(8);
      writer.patch32(0, writer.offset);
    }
    return writer.finish();
  });
  return concat(...parts);
}

function decodeContexts(bytes: Uint8Array): CreateContext[] {
  const contexts: CreateContext[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    if (contexts.length === MAX_CREATE_CONTEXTS) throw malformed('too many create contexts');
    const reader = new SmbReader(rest);
    const next = reader.u32();
    const nameOffset = reader.u16();
    const nameLength = reader.u16();
    reader.skip(2);
    const dataOffset = reader.u16();
    const dataLength = reader.u32();
    const name = Buffer.from(reader.at(nameOffset, nameLength)).toString('latin1');
    contexts.push({ name, data: reader.at(dataOffset, dataLength) });
    if (next === 0) break;
    if (next % 8 !== 0 || next < CONTEXT_HEADER || next >= rest.length) {
      throw malformed('the next create context lies outside');
    }
    rest = rest.subarray(next);
  }
  return contexts;
}
