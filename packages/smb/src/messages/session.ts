import { malformed, SmbReader, SmbWriter, utf16Text } from './cursor.ts';
import { utf16le } from '@doublehop/wire/bytes';
import { MAX_PATH } from '../limits.ts';
import { HEADER_SIZE } from './header.ts';
import { securityBuffer } from './negotiate.ts';

/** SESSION_SETUP request (MS-SMB2 2.2.5). */
export interface SessionSetupRequest {
  readonly flags: number;
  readonly securityMode: number;
  readonly capabilities: number;
  /** The session that this one takes the place of, or zero. */
  readonly previousSessionId: bigint;
  readonly token: Uint8Array;
}

/** SESSION_SETUP response (MS-SMB2 2.2.6). */
export interface SessionSetupResponse {
  readonly flags: number;
  readonly token: Uint8Array;
}

export function encodeSessionSetupRequest(request: SessionSetupRequest): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(25);
  writer.u8(request.flags);
  writer.u8(request.securityMode);
  writer.u32(request.capabilities);
  writer.u32(0);
  writer.u16(writer.offset + 12);
  writer.u16(request.token.length);
  writer.u64(request.previousSessionId);
  writer.bytes(request.token);
  return writer.finish();
}

export function decodeSessionSetupRequest(message: Uint8Array): SessionSetupRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(25);
  const flags = reader.u8();
  const securityMode = reader.u8();
  const capabilities = reader.u32();
  reader.skip(4);
  const token = securityBuffer(reader);
  return { flags, securityMode, capabilities, previousSessionId: reader.u64(), token };
}

export function encodeSessionSetupResponse({ flags, token }: SessionSetupResponse): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(9);
  writer.u16(flags);
  writer.u16(writer.offset + 4);
  writer.u16(token.length);
  writer.bytes(token);
  return writer.finish();
}

export function decodeSessionSetupResponse(message: Uint8Array): SessionSetupResponse {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(9);
  const flags = reader.u16();
  return { flags, token: securityBuffer(reader) };
}

/** TREE_CONNECT request (MS-SMB2 2.2.9): `\\host\share`. */
export interface TreeConnectRequest {
  readonly path: string;
}

/** TREE_CONNECT response (MS-SMB2 2.2.10). */
export interface TreeConnectResponse {
  readonly shareType: number;
  readonly shareFlags: number;
  readonly capabilities: number;
  readonly maximalAccess: number;
}

export function encodeTreeConnectRequest({ path }: TreeConnectRequest): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  const name = utf16le(path);
  writer.u16(9);
  writer.u16(0);
  writer.u16(writer.offset + 4);
  writer.u16(name.length);
  writer.bytes(name);
  return writer.finish();
}

export function decodeTreeConnectRequest(message: Uint8Array): TreeConnectRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(9);
  reader.skip(2);
  const offset = reader.u16();
  const length = reader.u16();
  if (length > 2 * MAX_PATH) throw malformed('the path of a share is too long');
  return { path: utf16Text(reader.at(offset, length)) };
}

export function encodeTreeConnectResponse(response: TreeConnectResponse): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(16);
  writer.u8(response.shareType);
  writer.u8(0);
  writer.u32(response.shareFlags);
  writer.u32(response.capabilities);
  writer.u32(response.maximalAccess);
  return writer.finish();
}

export function decodeTreeConnectResponse(message: Uint8Array): TreeConnectResponse {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(16);
  const shareType = reader.u8();
  reader.skip(1);
  const shareFlags = reader.u32();
  const capabilities = reader.u32();
  return { shareType, shareFlags, capabilities, maximalAccess: reader.u32() };
}

/**
 * The body of LOGOFF, TREE_DISCONNECT, ECHO and CANCEL, and of their responses and those of FLUSH
 * and LOCK: its size and nothing in it (MS-SMB2 2.2.7, 2.2.8, 2.2.11, 2.2.12, 2.2.28 to 2.2.30).
 */
export function encodeEmpty(): Uint8Array {
  return Uint8Array.of(4, 0, 0, 0);
}

export function decodeEmpty(message: Uint8Array): void {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(4);
  reader.skip(2);
}

/** ERROR response (MS-SMB2 2.2.2): what belongs to the status, or nothing. */
export function encodeError(data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  writer.u16(9);
  writer.u16(0);
  writer.u32(data.length);
  if (data.length === 0) writer.u8(0);
  else writer.bytes(data);
  return writer.finish();
}

export function decodeError(message: Uint8Array): Uint8Array {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(9);
  reader.skip(2);
  const size = reader.u32();
  return reader.at(reader.pos, size);
}
