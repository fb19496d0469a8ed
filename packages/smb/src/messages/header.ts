import { concat } from '@doublehop/wire/bytes';
import { MAX_COMPOUND } from '../limits.ts';
import { malformed, SmbReader } from './cursor.ts';
import { HeaderFlag } from './constants.ts';

/** Octets of a header, and where its signature stands (MS-SMB2 2.2.1). */
export const HEADER_SIZE = 64;
export const SIGNATURE_OFFSET = 48;
export const SIGNATURE_SIZE = 16;

/** A header (MS-SMB2 2.2.1.1, 2.2.1.2). */
export interface Header {
  readonly creditCharge: number;
  /** Status of a response; channel sequence of a request. */
  readonly status: number;
  readonly command: number;
  /** Credits that are asked for, or granted. */
  readonly credits: number;
  readonly flags: number;
  readonly messageId: bigint;
  /** Zero in the asynchronous form. */
  readonly treeId: number;
  /** Only in the asynchronous form. */
  readonly asyncId: bigint | undefined;
  readonly sessionId: bigint;
}

/** One message of a compound: its octets from the header to the padding before the next. */
export interface Message {
  readonly header: Header;
  /** Header and body. */
  readonly bytes: Uint8Array;
}

const PROTOCOL = 0x424d_53fe;
const PROTOCOL_TRANSFORM = 0x424d_53fd;
const PROTOCOL_COMPRESSED = 0x424d_53fc;
const PROTOCOL_SMB1 = 0x424d_53ff;

/** What a frame begins with. */
export type FrameKind = 'plain' | 'transform' | 'compressed' | 'smb1' | 'other';

/** Tells a frame by its first four octets (MS-SMB2 2.2.1, 2.2.41, 2.2.42). */
export function frameKind(bytes: Uint8Array): FrameKind {
  if (bytes.length < 4) return 'other';
  switch (new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true)) {
    case PROTOCOL:
      return 'plain';
    case PROTOCOL_TRANSFORM:
      return 'transform';
    case PROTOCOL_COMPRESSED:
      return 'compressed';
    case PROTOCOL_SMB1:
      return 'smb1';
    default:
      return 'other';
  }
}

/** The messages of a frame, one or a compound (MS-SMB2 2.2.1). Throws SmbError `malformed`. */
export function splitMessages(frame: Uint8Array): Message[] {
  const messages: Message[] = [];
  let rest = frame;
  for (;;) {
    if (messages.length === MAX_COMPOUND) throw malformed('a compound of too many messages');
    const { header, next } = readHeader(rest);
    if (next === 0) {
      messages.push({ header, bytes: rest });
      return messages;
    }
    if (next % 8 !== 0 || next < HEADER_SIZE || next > rest.length - HEADER_SIZE) {
      throw malformed('the next message of a compound lies outside');
    }
    messages.push({ header, bytes: rest.subarray(0, next) });
    rest = rest.subarray(next);
  }
}

function readHeader(bytes: Uint8Array): { readonly header: Header; readonly next: number } {
  const reader = new SmbReader(bytes);
  if (reader.u32() !== PROTOCOL) throw malformed('the message is not of SMB 2');
  reader.structure(HEADER_SIZE);
  const creditCharge = reader.u16();
  const status = reader.u32();
  const command = reader.u16();
  const credits = reader.u16();
  const flags = reader.u32();
  const next = reader.u32();
  const messageId = reader.u64();
  const isAsync = (flags & HeaderFlag.async) !== 0;
  const asyncId = isAsync ? reader.u64() : undefined;
  if (!isAsync) reader.skip(4);
  const treeId = isAsync ? 0 : reader.u32();
  const sessionId = reader.u64();
  reader.skip(SIGNATURE_SIZE);
  const ids = { messageId, treeId, asyncId, sessionId };
  return { header: { creditCharge, status, command, credits, flags, ...ids }, next };
}

/** A header without signature, and its body, as one message with nothing behind it. */
export function encodeMessage(header: Header, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + body.length);
  const view = new DataView(bytes.buffer);
  const { asyncId } = header;
  const isAsync = asyncId === undefined ? 0 : HeaderFlag.async;
  view.setUint32(0, PROTOCOL, true);
  view.setUint16(4, HEADER_SIZE, true);
  view.setUint16(6, header.creditCharge, true);
  view.setUint32(8, header.status, true);
  view.setUint16(12, header.command, true);
  view.setUint16(14, header.credits, true);
  view.setUint32(16, (header.flags & ~HeaderFlag.async) | isAsync, true);
  view.setBigUint64(24, header.messageId, true);
  if (asyncId === undefined) view.setUint32(36, header.treeId, true);
  else view.setBigUint64(32, asyncId, true);
  view.setBigUint64(40, header.sessionId, true);
  bytes.set(body, HEADER_SIZE);
  return bytes;
}

/**
 * Messages as a compound: each but the last padded to eight octets and pointing to the next
 * (MS-SMB2 3.2.4.1.4). They can be signed afterwards, each for itself.
 */
export function chainMessages(messages: readonly Uint8Array[]): Uint8Array[] {
  return messages.map((message, index) => {
    if (index === messages.length - 1) return message;
    const padded = concat(message, new Uint8Array((8 - (message.length % 8)) % 8));
    new DataView(padded.buffer).setUint32(20, padded.length, true);
    return padded;
  });
}

/** TRANSFORM_HEADER (MS-SMB2 2.2.41). */
export interface TransformHeader {
  readonly signature: Uint8Array;
  /** 16 octets, of which the cipher uses its first. */
  readonly nonce: Uint8Array;
  readonly originalSize: number;
  readonly sessionId: bigint;
}

/** Octets of a transform header; all behind the signature is authenticated. */
export const TRANSFORM_SIZE = 52;
export const TRANSFORM_AUTHENTICATED = 20;

/** Reads a transform header. Throws SmbError `malformed`. */
export function decodeTransform(bytes: Uint8Array): TransformHeader {
  const reader = new SmbReader(bytes);
  if (reader.u32() !== PROTOCOL_TRANSFORM) throw malformed('no transform header');
  const signature = reader.take(SIGNATURE_SIZE);
  const nonce = reader.take(16);
  const originalSize = reader.u32();
  reader.skip(2);
  // 1: encrypted; in the older dialects, the algorithm AES-128-CCM (MS-SMB2 2.2.41).
  if (reader.u16() !== 1) throw malformed('a transform that is no encryption');
  return { signature, nonce, originalSize, sessionId: reader.u64() };
}

/** Writes a transform header. */
export function encodeTransform(transform: TransformHeader): Uint8Array {
  const bytes = new Uint8Array(TRANSFORM_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, PROTOCOL_TRANSFORM, true);
  bytes.set(transform.signature, 4);
  bytes.set(transform.nonce, 20);
  view.setUint32(36, transform.originalSize, true);
  view.setUint16(42, 1, true);
  view.setBigUint64(44, transform.sessionId, true);
  return bytes;
}
