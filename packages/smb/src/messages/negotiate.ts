import { decodeGuid, encodeGuid, GUID_SIZE, type Guid } from '@doublehop/security/guid';
import { fromUtf8, utf16le } from '@doublehop/wire/bytes';
import { MAX_DIALECTS, MAX_NEGOTIATE_CONTEXTS, MAX_SECURITY_BUFFER } from '../limits.ts';
import { Dialect } from './constants.ts';
import { malformed, SmbReader, SmbWriter, utf16Text } from './cursor.ts';
import { HEADER_SIZE } from './header.ts';

/** SHA-512, the one hash of the preauthentication integrity (MS-SMB2 2.2.3.1.1). */
export const HASH_SHA512 = 1;

/** Ciphers (MS-SMB2 2.2.3.1.2). */
export const Cipher = { aes128Ccm: 1, aes128Gcm: 2, aes256Ccm: 3, aes256Gcm: 4 } as const;

/** Signing algorithms (MS-SMB2 2.2.3.1.7). */
export const SigningAlgorithm = { hmacSha256: 0, aesCmac: 1, aesGmac: 2 } as const;

/** A negotiate context of 3.1.1 (MS-SMB2 2.2.3.1). */
export type NegotiateContext =
  | { readonly kind: 'preauth'; readonly hashes: readonly number[]; readonly salt: Uint8Array }
  | { readonly kind: 'encryption'; readonly ciphers: readonly number[] }
  | { readonly kind: 'signing'; readonly algorithms: readonly number[] }
  | { readonly kind: 'compression'; readonly flags: number; readonly algorithms: readonly number[] }
  | { readonly kind: 'netname'; readonly name: string }
  | { readonly kind: 'transport'; readonly flags: number }
  | { readonly kind: 'rdma'; readonly transforms: readonly number[] }
  | { readonly kind: 'unknown'; readonly type: number; readonly data: Uint8Array };

/** NEGOTIATE request (MS-SMB2 2.2.3). */
export interface NegotiateRequest {
  readonly securityMode: number;
  readonly capabilities: number;
  readonly clientGuid: Guid;
  readonly dialects: readonly number[];
  /** Empty unless 3.1.1 is among the dialects. */
  readonly contexts: readonly NegotiateContext[];
}

/** NEGOTIATE response (MS-SMB2 2.2.4). Times are FILETIMEs. */
export interface NegotiateResponse {
  readonly securityMode: number;
  readonly dialect: number;
  readonly serverGuid: Guid;
  readonly capabilities: number;
  readonly maxTransact: number;
  readonly maxRead: number;
  readonly maxWrite: number;
  readonly systemTime: bigint;
  readonly startTime: bigint;
  readonly token: Uint8Array;
  readonly contexts: readonly NegotiateContext[];
}

export function encodeNegotiateRequest(request: NegotiateRequest): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  const { contexts, dialects } = request;
  writer.u16(36);
  writer.u16(dialects.length);
  writer.u16(request.securityMode);
  writer.u16(0);
  writer.u32(request.capabilities);
  writer.bytes(encodeGuid(request.clientGuid));
  const contextOffset = writer.offset;
  writer.u32(0);
  writer.u16(contexts.length);
  writer.u16(0);
  for (const dialect of dialects) writer.u16(dialect);
  if (contexts.length > 0) writeContexts(writer, contextOffset, contexts);
  return writer.finish();
}

export function decodeNegotiateRequest(message: Uint8Array): NegotiateRequest {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(36);
  const count = reader.u16();
  if (count === 0 || count > MAX_DIALECTS) throw malformed(`${count} dialects`);
  const securityMode = reader.u16();
  reader.skip(2);
  const capabilities = reader.u32();
  const clientGuid = decodeGuid(reader.take(GUID_SIZE));
  const contextOffset = reader.u32();
  const contextCount = reader.u16();
  reader.skip(2);
  const dialects = numbers(reader, count);
  // Without 3.1.1 the fields of the contexts are the client's start time (MS-SMB2 2.2.3).
  const contexts = dialects.includes(Dialect.smb311)
    ? readContexts(reader, contextOffset, contextCount)
    : [];
  return { securityMode, capabilities, clientGuid, dialects, contexts };
}

export function encodeNegotiateResponse(response: NegotiateResponse): Uint8Array {
  const writer = new SmbWriter(HEADER_SIZE);
  const { contexts, token } = response;
  writer.u16(65);
  writer.u16(response.securityMode);
  writer.u16(response.dialect);
  writer.u16(contexts.length);
  writer.bytes(encodeGuid(response.serverGuid));
  writer.u32(response.capabilities);
  writer.u32(response.maxTransact);
  writer.u32(response.maxRead);
  writer.u32(response.maxWrite);
  writer.u64(response.systemTime);
  writer.u64(response.startTime);
  writer.u16(writer.offset + 8);
  writer.u16(token.length);
  const contextOffset = writer.offset;
  writer.u32(0);
  writer.bytes(token);
  if (contexts.length > 0) writeContexts(writer, contextOffset, contexts);
  return writer.finish();
}

export function decodeNegotiateResponse(message: Uint8Array): NegotiateResponse {
  const reader = new SmbReader(message, HEADER_SIZE);
  reader.structure(65);
  const securityMode = reader.u16();
  const dialect = reader.u16();
  const contextCount = reader.u16();
  const serverGuid = decodeGuid(reader.take(GUID_SIZE));
  const capabilities = reader.u32();
  const maxTransact = reader.u32();
  const maxRead = reader.u32();
  const maxWrite = reader.u32();
  const systemTime = reader.u64();
  const startTime = reader.u64();
  const token = securityBuffer(reader);
  const offset = reader.u32();
  const contexts = dialect === Dialect.smb311 ? readContexts(reader, offset, contextCount) : [];
  const sizes = { maxTransact, maxRead, maxWrite };
  const times = { systemTime, startTime };
  return {
    securityMode,
    dialect,
    serverGuid,
    capabilities,
    ...sizes,
    ...times,
    token,
    contexts,
  };
}

/** Reads offset and length of a security buffer, and gives the buffer. */
export function securityBuffer(reader: SmbReader): Uint8Array {
  const offset = reader.u16();
  const length = reader.u16();
  if (length > MAX_SECURITY_BUFFER) throw malformed(`a token of ${length} octets`);
  return reader.at(offset, length);
}

/** What SMB 1 offers to a server of SMB 2 (MS-SMB2 3.3.5.3.1). */
export interface MultiProtocolOffer {
  /** `SMB 2.???`: any dialect, to be negotiated again. */
  readonly any: boolean;
  /** `SMB 2.002`. */
  readonly smb202: boolean;
}

const SMB1_HEADER = 32;
const SMB1_NEGOTIATE = 0x72;

/** Reads an SMB_COM_NEGOTIATE request (MS-CIFS 2.2.4.52.1). Throws SmbError `malformed`. */
export function decodeMultiProtocol(frame: Uint8Array): MultiProtocolOffer {
  const reader = new SmbReader(frame, 4);
  if (reader.u8() !== SMB1_NEGOTIATE) throw malformed('SMB 1 beyond its negotiation');
  reader.pos = SMB1_HEADER;
  if (reader.u8() !== 0) throw malformed('the negotiation of SMB 1 has parameters');
  const text = fromUtf8(reader.take(reader.u16()));
  const names = text.split('\0').filter((name) => name.startsWith('\x02'));
  if (names.length > MAX_DIALECTS) throw malformed('too many dialects of SMB 1');
  return { any: names.includes('\x02SMB 2.???'), smb202: names.includes('\x02SMB 2.002') };
}

const CONTEXT = { preauth: 1, encryption: 2, compression: 3, netname: 5 } as const;
const CONTEXT_TRANSPORT = 6;
const CONTEXT_RDMA = 7;
const CONTEXT_SIGNING = 8;

function writeContexts(
  writer: SmbWriter,
  offsetField: number,
  contexts: readonly NegotiateContext[],
): void {
  writer.align(8);
  writer.patch32(offsetField, writer.offset);
  for (const context of contexts) {
    writer.align(8);
    const { type, data } = encodeContext(context);
    writer.u16(type);
    writer.u16(data.length);
    writer.u32(0);
    writer.bytes(data);
  }
}

function encodeContext(context: NegotiateContext): { type: number; data: Uint8Array } {
  const writer = new SmbWriter();
  const list = (values: readonly number[]): void => {
    for (const value of values) writer.u16(value);
  };
  switch (context.kind) {
    case 'preauth':
      writer.u16(context.hashes.length);
      writer.u16(context.salt.length);
      list(context.hashes);
      writer.bytes(context.salt);
      return { type: CONTEXT.preauth, data: writer.finish() };
    case 'encryption':
      writer.u16(context.ciphers.length);
      list(context.ciphers);
      return { type: CONTEXT.encryption, data: writer.finish() };
    case 'signing':
      writer.u16(context.algorithms.length);
      list(context.algorithms);
      return { type: CONTEXT_SIGNING, data: writer.finish() };
    case 'compression':
      writer.u16(context.algorithms.length);
      writer.u16(0);
      writer.u32(context.flags);
      list(context.algorithms);
      return { type: CONTEXT.compression, data: writer.finish() };
    case 'netname':
      return { type: CONTEXT.netname, data: utf16le(context.name) };
    case 'transport':
      writer.u32(context.flags);
      return { type: CONTEXT_TRANSPORT, data: writer.finish() };
    case 'rdma':
      writer.u16(context.transforms.length);
      writer.zeros(6);
      list(context.transforms);
      return { type: CONTEXT_RDMA, data: writer.finish() };
    case 'unknown':
      return { type: context.type, data: context.data };
  }
}

function readContexts(reader: SmbReader, offset: number, count: number): NegotiateContext[] {
  if (count > MAX_NEGOTIATE_CONTEXTS) throw malformed(`${count} negotiate contexts`);
  const contexts: NegotiateContext[] = [];
  reader.pos = offset;
  for (let index = 0; index < count; index += 1) {
    if (index > 0) reader.skip((8 - (reader.pos % 8)) % 8);
    const type = reader.u16();
    const length = reader.u16();
    reader.skip(4);
    contexts.push(decodeContext(type, reader.take(length)));
  }
  return contexts;
}

function decodeContext(type: number, data: Uint8Array): NegotiateContext {
  const reader = new SmbReader(data);
  switch (type) {
    case CONTEXT.preauth: {
      const count = reader.u16();
      const saltSize = reader.u16();
      const hashes = numbers(reader, count);
      return { kind: 'preauth', hashes, salt: reader.take(saltSize) };
    }
    case CONTEXT.encryption:
      return { kind: 'encryption', ciphers: numbers(reader, reader.u16()) };
    case CONTEXT_SIGNING:
      return { kind: 'signing', algorithms: numbers(reader, reader.u16()) };
    case CONTEXT.compression: {
      const count = reader.u16();
      reader.skip(2);
      const flags = reader.u32();
      return { kind: 'compression', flags, algorithms: numbers(reader, count) };
    }
    case CONTEXT.netname:
      return { kind: 'netname', name: utf16Text(data) };
    case CONTEXT_TRANSPORT:
      return { kind: 'transport', flags: reader.u32() };
    case CONTEXT_RDMA: {
      const count = reader.u16();
      reader.skip(6);
      return { kind: 'rdma', transforms: numbers(reader, count) };
    }
    default:
      return { kind: 'unknown', type, data };
  }
}

function numbers(reader: SmbReader, count: number): number[] {
  if (2 * count > reader.remaining) throw malformed(`a list of ${count} numbers is cut short`);
  return Array.from({ length: count }, () => reader.u16());
}
