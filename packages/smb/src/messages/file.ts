import { MAX_LOCKS } from '../limits.ts';
import {
  type FileBasics,
  type FileId,
  readBasics,
  readFileId,
  writeBasics,
  writeFileId,
} from './create.ts';
import { malformed, SmbReader, SmbWriter } from './cursor.ts';
import { HEADER_SIZE } from './header.ts';

/** CLOSE: the response shall say what the file was like (MS-SMB2 2.2.15). */
export const CLOSE_QUERY_ATTRIBUTES = 1;

/** CLOSE request (MS-SMB2 2.2.15). */
export interface CloseRequest {
  readonly flags: number;
  readonly fileId: FileId;
}

export function encodeCloseRequest({ flags, fileId }: CloseRequest): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(24);
  writer.u16(flags);
  writer.u32(0);
  writeFileId(writer, fileId);
  return writer.finish();
}

export function decodeCloseRequest(message: Uint8Array): CloseRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(24);
  const flags = reader.u16();
  reader.skip(4);
  return { flags, fileId: readFileId(reader) };
}

/** CLOSE response (MS-SMB2 2.2.16): what the file was like, where that was asked for. */
export function encodeCloseResponse(file: FileBasics | undefined): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(60);
  writer.u16(file === undefined ? 0 : CLOSE_QUERY_ATTRIBUTES);
  writer.u32(0);
  if (file === undefined) writer.zeros(52);
  else writeBasics(writer, file);
  return writer.finish();
}

export function decodeCloseResponse(message: Uint8Array): FileBasics | undefined {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(60);
  const flags = reader.u16();
  reader.skip(4);
  const file = readBasics(reader);
  return (flags & CLOSE_QUERY_ATTRIBUTES) === 0 ? undefined : file;
}

/** FLUSH request (MS-SMB2 2.2.17). */
export function encodeFlushRequest(fileId: FileId): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(24);
  writer.zeros(6);
  writeFileId(writer, fileId);
  return writer.finish();
}

export function decodeFlushRequest(message: Uint8Array): FileId {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(24);
  reader.skip(6);
  return readFileId(reader);
}

/** READ request (MS-SMB2 2.2.19). */
export interface ReadRequest {
  readonly length: number;
  readonly offset: bigint;
  readonly fileId: FileId;
  readonly minimum: number;
}

/** Where data of READ and WRITE begin: behind the fixed part. */
const READ_DATA = HEADER_SIZE + 16;
const WRITE_DATA = HEADER_SIZE + 48;

export function encodeReadRequest(request: ReadRequest): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(49);
  writer.u8(READ_DATA);
  writer.u8(0);
  writer.u32(request.length);
  writer.u64(request.offset);
  writeFileId(writer, request.fileId);
  writer.u32(request.minimum);
  writer.zeros(12);
  writer.u8(0);
  return writer.finish();
}

export function decodeReadRequest(message: Uint8Array): ReadRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(49);
  reader.skip(2);
  const length = reader.u32();
  const offset = reader.u64();
  const fileId = readFileId(reader);
  const minimum = reader.u32();
  // Channel, remaining octets, channel information: of RDMA, which is not offered.
  reader.skip(12);
  return { length, offset, fileId, minimum };
}

/** READ response (MS-SMB2 2.2.20). */
export function encodeReadResponse(data: Uint8Array): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(17);
  writer.u8(READ_DATA);
  writer.u8(0);
  writer.u32(data.length);
  writer.zeros(8);
  if (data.length === 0) writer.u8(0);
  else writer.bytes(data);
  return writer.finish();
}

export function decodeReadResponse(message: Uint8Array): Uint8Array {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(17);
  const offset = reader.u8();
  reader.skip(1);
  return reader.at(offset, reader.u32());
}

/** WRITE request (MS-SMB2 2.2.21). */
export interface WriteRequest {
  readonly offset: bigint;
  readonly fileId: FileId;
  readonly data: Uint8Array;
}

export function encodeWriteRequest({ offset, fileId, data }: WriteRequest): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(49);
  writer.u16(WRITE_DATA);
  writer.u32(data.length);
  writer.u64(offset);
  writeFileId(writer, fileId);
  writer.zeros(16);
  if (data.length === 0) writer.u8(0);
  else writer.bytes(data);
  return writer.finish();
}

export function decodeWriteRequest(message: Uint8Array): WriteRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(49);
  const dataOffset = reader.u16();
  const length = reader.u32();
  const offset = reader.u64();
  const fileId = readFileId(reader);
  reader.skip(16);
  return { offset, fileId, data: reader.at(dataOffset, length) };
}

/** WRITE response (MS-SMB2 2.2.22): octets written. */
export function encodeWriteResponse(count: number): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(17);
  writer.u16(0);
  writer.u32(count);
  writer.zeros(8);
  writer.u8(0);
  return writer.finish();
}

export function decodeWriteResponse(message: Uint8Array): number {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(17);
  reader.skip(2);
  return reader.u32();
}

/** Flags of a range that is locked (MS-SMB2 2.2.26.1). */
export const LockFlag = { shared: 1, exclusive: 2, unlock: 4, failImmediately: 16 } as const;

/** LOCK request (MS-SMB2 2.2.26). */
export interface LockRequest {
  readonly fileId: FileId;
  readonly ranges: readonly {
    readonly offset: bigint;
    readonly length: bigint;
    readonly flags: number;
  }[];
}

export function encodeLockRequest({ fileId, ranges }: LockRequest): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(48);
  writer.u16(ranges.length);
  writer.u32(0);
  writeFileId(writer, fileId);
  for (const { offset, length, flags } of ranges) {
    writer.u64(offset);
    writer.u64(length);
    writer.u32(flags);
    writer.u32(0);
  }
  return writer.finish();
}

export function decodeLockRequest(message: Uint8Array): LockRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(48);
  const count = reader.u16();
  if (count === 0 || count > MAX_LOCKS) throw malformed(`${count} ranges to lock`);
  reader.skip(4);
  const fileId = readFileId(reader);
  const ranges = Array.from({ length: count }, () => {
    const range = { offset: reader.u64(), length: reader.u64(), flags: reader.u32() };
    reader.skip(4);
    return range;
  });
  return { fileId, ranges };
}
