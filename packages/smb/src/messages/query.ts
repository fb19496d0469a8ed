import { utf16le } from '@doublehop/wire/bytes';
import { MAX_PATTERN } from '../limits.ts';
import { type FileId, readFileId, writeFileId } from './create.ts';
import { malformed, SmbReader, SmbWriter, utf16Text } from './cursor.ts';
import { HEADER_SIZE } from './header.ts';

/** IOCTL request (MS-SMB2 2.2.31); only file system controls are sent and taken. */
export interface IoctlRequest {
  readonly code: number;
  readonly fileId: FileId;
  readonly input: Uint8Array;
  readonly maxOutput: number;
  /** SMB2_0_IOCTL_IS_FSCTL. */
  readonly isFsctl: boolean;
}

/** IOCTL response (MS-SMB2 2.2.32). */
export interface IoctlResponse {
  readonly code: number;
  readonly fileId: FileId;
  readonly output: Uint8Array;
}

const IOCTL_INPUT = HEADER_SIZE + 56;
const IOCTL_OUTPUT = HEADER_SIZE + 48;

export function encodeIoctlRequest(request: IoctlRequest): Uint8Array {
  const { input } = request;
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(57);
  writer.u16(0);
  writer.u32(request.code);
  writeFileId(writer, request.fileId);
  writer.u32(input.length === 0 ? 0 : IOCTL_INPUT);
  writer.u32(input.length);
  writer.zeros(12);
  writer.u32(request.maxOutput);
  writer.u32(request.isFsctl ? 1 : 0);
  writer.u32(0);
  if (input.length === 0) writer.u8(0);
  else writer.bytes(input);
  return writer.finish();
}

export function decodeIoctlRequest(message: Uint8Array): IoctlRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(57);
  reader.skip(2);
  const code = reader.u32();
  const fileId = readFileId(reader);
  const inputOffset = reader.u32();
  const inputLength = reader.u32();
  reader.skip(12);
  const maxOutput = reader.u32();
  const isFsctl = reader.u32() === 1;
  reader.skip(4);
  return { code, fileId, input: reader.at(inputOffset, inputLength), maxOutput, isFsctl };
}

export function encodeIoctlResponse({ code, fileId, output }: IoctlResponse): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(49);
  writer.u16(0);
  writer.u32(code);
  writeFileId(writer, fileId);
  writer.u32(IOCTL_OUTPUT);
  writer.u32(0);
  writer.u32(IOCTL_OUTPUT);
  writer.u32(output.length);
  writer.zeros(8);
  if (output.length === 0) writer.u8(0);
  else writer.bytes(output);
  return writer.finish();
}

export function decodeIoctlResponse(message: Uint8Array): IoctlResponse {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(49);
  reader.skip(2);
  const code = reader.u32();
  const fileId = readFileId(reader);
  reader.skip(8);
  const offset = reader.u32();
  return { code, fileId, output: reader.at(offset, reader.u32()) };
}

/** Flags of QUERY_DIRECTORY (MS-SMB2 2.2.33). */
export const DirectoryFlag = { restart: 1, single: 2, index: 4, reopen: 16 } as const;

/** QUERY_DIRECTORY request (MS-SMB2 2.2.33). */
export interface QueryDirectoryRequest {
  readonly infoClass: number;
  readonly flags: number;
  readonly fileId: FileId;
  readonly pattern: string;
  readonly maxOutput: number;
}

export function encodeQueryDirectoryRequest(request: QueryDirectoryRequest): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  const pattern = utf16le(request.pattern);
  writer.u16(33);
  writer.u8(request.infoClass);
  writer.u8(request.flags);
  writer.u32(0);
  writeFileId(writer, request.fileId);
  writer.u16(writer.offset + 8);
  writer.u16(pattern.length);
  writer.u32(request.maxOutput);
  if (pattern.length === 0) writer.u8(0);
  else writer.bytes(pattern);
  return writer.finish();
}

export function decodeQueryDirectoryRequest(message: Uint8Array): QueryDirectoryRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(33);
  const infoClass = reader.u8();
  const flags = reader.u8();
  reader.skip(4);
  const fileId = readFileId(reader);
  const offset = reader.u16();
  const length = reader.u16();
  if (length > MAX_PATTERN) throw malformed('the pattern is too long');
  const pattern = utf16Text(reader.at(offset, length));
  return { infoClass, flags, fileId, pattern, maxOutput: reader.u32() };
}

/** CHANGE_NOTIFY request (MS-SMB2 2.2.35). */
export interface ChangeNotifyRequest {
  readonly flags: number;
  readonly maxOutput: number;
  readonly fileId: FileId;
  readonly filter: number;
}

export function encodeChangeNotifyRequest(request: ChangeNotifyRequest): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(32);
  writer.u16(request.flags);
  writer.u32(request.maxOutput);
  writeFileId(writer, request.fileId);
  writer.u32(request.filter);
  writer.u32(0);
  return writer.finish();
}

export function decodeChangeNotifyRequest(message: Uint8Array): ChangeNotifyRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(32);
  const flags = reader.u16();
  const maxOutput = reader.u32();
  const fileId = readFileId(reader);
  return { flags, maxOutput, fileId, filter: reader.u32() };
}

/** QUERY_INFO request (MS-SMB2 2.2.37). */
export interface QueryInfoRequest {
  readonly infoType: number;
  readonly infoClass: number;
  readonly maxOutput: number;
  /** Which parts of a security descriptor. */
  readonly additional: number;
  readonly fileId: FileId;
  readonly input: Uint8Array;
}

export function encodeQueryInfoRequest(request: QueryInfoRequest): Uint8Array {
  const { input } = request;
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(41);
  writer.u8(request.infoType);
  writer.u8(request.infoClass);
  writer.u32(request.maxOutput);
  writer.u16(input.length === 0 ? 0 : HEADER_SIZE + 40);
  writer.u16(0);
  writer.u32(input.length);
  writer.u32(request.additional);
  writer.u32(0);
  writeFileId(writer, request.fileId);
  if (input.length === 0) writer.u8(0);
  else writer.bytes(input);
  return writer.finish();
}

export function decodeQueryInfoRequest(message: Uint8Array): QueryInfoRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(41);
  const infoType = reader.u8();
  const infoClass = reader.u8();
  const maxOutput = reader.u32();
  const offset = reader.u16();
  reader.skip(2);
  const length = reader.u32();
  const additional = reader.u32();
  reader.skip(4);
  const fileId = readFileId(reader);
  return { infoType, infoClass, maxOutput, additional, fileId, input: reader.at(offset, length) };
}

/** SET_INFO request (MS-SMB2 2.2.39). */
export interface SetInfoRequest {
  readonly infoType: number;
  readonly infoClass: number;
  readonly fileId: FileId;
  readonly data: Uint8Array;
}

export function encodeSetInfoRequest({ data, ...request }: SetInfoRequest): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(33);
  writer.u8(request.infoType);
  writer.u8(request.infoClass);
  writer.u32(data.length);
  writer.u16(HEADER_SIZE + 32);
  writer.u16(0);
  writer.u32(0);
  writeFileId(writer, request.fileId);
  if (data.length === 0) writer.u8(0);
  else writer.bytes(data);
  return writer.finish();
}

export function decodeSetInfoRequest(message: Uint8Array): SetInfoRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(33);
  const infoType = reader.u8();
  const infoClass = reader.u8();
  const length = reader.u32();
  const offset = reader.u16();
  reader.skip(6);
  return { infoType, infoClass, fileId: readFileId(reader), data: reader.at(offset, length) };
}

/**
 * The response of QUERY_DIRECTORY, CHANGE_NOTIFY and QUERY_INFO (MS-SMB2 2.2.34, 2.2.36, 2.2.38):
 * a buffer.
 */
export function encodeOutput(data: Uint8Array): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(9);
  writer.u16(data.length === 0 ? 0 : HEADER_SIZE + 8);
  writer.u32(data.length);
  if (data.length === 0) writer.u8(0);
  else writer.bytes(data);
  return writer.finish();
}

export function decodeOutput(message: Uint8Array): Uint8Array {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(9);
  const offset = reader.u16();
  return reader.at(offset, reader.u32());
}
