import { decodeGuid, encodeGuid, GUID_SIZE, type Guid } from '@doublehop/security/guid';
import { MAX_DIALECTS } from '../limits.ts';
import { malformed, SmbReader, SmbWriter } from './cursor.ts';

/** VALIDATE_NEGOTIATE_INFO request (MS-SMB2 2.2.31.4): what the client once said in the clear. */
export interface ValidateRequest {
  readonly capabilities: number;
  readonly guid: Guid;
  readonly securityMode: number;
  readonly dialects: readonly number[];
}

/** VALIDATE_NEGOTIATE_INFO response (MS-SMB2 2.2.32.6): what the server once said. */
export interface ValidateResponse {
  readonly capabilities: number;
  readonly guid: Guid;
  readonly securityMode: number;
  readonly dialect: number;
}

/** Octets of a response. */
export const VALIDATE_RESPONSE_SIZE = 24;

export function encodeValidateRequest(request: ValidateRequest): Uint8Array {
  const writer = new SmbWriter();
  writer.u32(request.capabilities);
  writer.bytes(encodeGuid(request.guid));
  writer.u16(request.securityMode);
  writer.u16(request.dialects.length);
  for (const dialect of request.dialects) writer.u16(dialect);
  return writer.finish();
}

export function decodeValidateRequest(bytes: Uint8Array): ValidateRequest {
  const reader = new SmbReader(bytes);
  const capabilities = reader.u32();
  const guid = decodeGuid(reader.take(GUID_SIZE));
  const securityMode = reader.u16();
  const count = reader.u16();
  if (count > MAX_DIALECTS) throw malformed(`${count} dialects`);
  const dialects = Array.from({ length: count }, () => reader.u16());
  return { capabilities, guid, securityMode, dialects };
}

export function encodeValidateResponse(response: ValidateResponse): Uint8Array {
  const writer = new SmbWriter();
  writer.u32(response.capabilities);
  writer.bytes(encodeGuid(response.guid));
  writer.u16(response.securityMode);
  writer.u16(response.dialect);
  return writer.finish();
}

export function decodeValidateResponse(bytes: Uint8Array): ValidateResponse {
  const reader = new SmbReader(bytes);
  const capabilities = reader.u32();
  const guid = decodeGuid(reader.take(GUID_SIZE));
  const securityMode = reader.u16();
  return { capabilities, guid, securityMode, dialect: reader.u16() };
}
