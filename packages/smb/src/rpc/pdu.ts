import { decodeGuid, encodeGuid, GUID_SIZE, type Guid } from '@doublehop/security/guid';
import { concat, utf8 } from '@doublehop/wire/bytes';
import { MAX_RPC_CONTEXTS, MAX_RPC_FRAGMENT } from '../limits.ts';
import { malformed, SmbReader, SmbWriter } from '../messages/cursor.ts';

/** Kinds of PDUs (C706 12.6.4). */
export const PduType = {
  request: 0,
  response: 2,
  fault: 3,
  bind: 11,
  bindAck: 12,
  bindNak: 13,
  alterContext: 14,
  alterContextResponse: 15,
  orphaned: 19,
} as const;

/** Flags of PDUs (C706 12.6.3.1). */
export const PduFlag = { first: 1, last: 2, object: 0x80 } as const;

/** An interface, or a transfer syntax, with its version. */
export interface Syntax {
  readonly uuid: Guid;
  readonly major: number;
  readonly minor: number;
}

/** NDR 2.0 (C706 14.1). */
export const NDR: Syntax = {
  uuid: '8a885d04-1ceb-11c9-9fe8-08002b104860',
  major: 2,
  minor: 0,
};

/** A PDU with its body, which begins behind the common header. */
export interface Pdu {
  readonly type: number;
  readonly flags: number;
  readonly callId: number;
  /** Octets of authentication at the end: of security that is not spoken on pipes. */
  readonly authLength: number;
  readonly body: Uint8Array;
}

const HEADER = 16;
/** Integers little-endian, characters ASCII, floats IEEE (C706 14.2.1). */
const LITTLE_ENDIAN = 0x10;

/** Reads one PDU that takes all of a message. Throws SmbError `malformed`. */
export function decodePdu(bytes: Uint8Array): Pdu {
  const reader = new SmbReader(bytes);
  if (reader.u8() !== 5 || reader.u8() > 1) throw malformed('no PDU of DCE/RPC 5');
  const type = reader.u8();
  const flags = reader.u8();
  if (reader.u8() !== LITTLE_ENDIAN) throw malformed('a PDU that is not little-endian');
  reader.skip(3);
  if (reader.u16() !== bytes.length) throw malformed('a PDU of another length than it says');
  const authLength = reader.u16();
  const callId = reader.u32();
  return { type, flags, callId, authLength, body: reader.bytes.subarray(HEADER) };
}

/** Writes one PDU without authentication. */
export function encodePdu({ type, flags, callId, body }: Omit<Pdu, 'authLength'>): Uint8Array {
  const writer = new SmbWriter();
  for (const octet of [5, 0, type, flags, LITTLE_ENDIAN, 0, 0, 0]) writer.u8(octet);
  writer.u16(HEADER + body.length);
  writer.u16(0);
  writer.u32(callId);
  writer.bytes(body);
  return writer.finish();
}

/** A presentation context that is offered (C706 12.6.3.1). */
export interface OfferedContext {
  readonly id: number;
  readonly abstract: Syntax;
  readonly transfers: readonly Syntax[];
}

/** bind and alter_context (C706 12.6.4.3, 12.6.4.1). */
export interface Bind {
  readonly maxFragment: number;
  readonly contexts: readonly OfferedContext[];
}

export function decodeBind(body: Uint8Array): Bind {
  const reader = new SmbReader(body);
  reader.skip(2);
  const maxFragment = reader.u16();
  reader.skip(4);
  const count = reader.u8();
  if (count > MAX_RPC_CONTEXTS) throw malformed(`${count} presentation contexts`);
  reader.skip(3);
  const contexts = Array.from({ length: count }, () => {
    const id = reader.u16();
    const transferCount = reader.u8();
    if (transferCount > MAX_RPC_CONTEXTS) throw malformed(`${transferCount} transfer syntaxes`);
    reader.skip(1);
    const abstract = readSyntax(reader);
    return {
      id,
      abstract,
      transfers: Array.from({ length: transferCount }, () => readSyntax(reader)),
    };
  });
  return { maxFragment, contexts };
}

export function encodeBind({ maxFragment, contexts }: Bind): Uint8Array {
  const writer = new SmbWriter();
  writer.u16(maxFragment);
  writer.u16(maxFragment);
  writer.u32(0);
  writer.u8(contexts.length);
  writer.zeros(3);
  for (const { id, abstract, transfers } of contexts) {
    writer.u16(id);
    writer.u8(transfers.length);
    writer.u8(0);
    writeSyntax(writer, abstract);
    for (const transfer of transfers) writeSyntax(writer, transfer);
  }
  return writer.finish();
}

/** Whether a context was taken: 0; or why not (C706 12.6.3.1). */
export interface ContextResult {
  readonly result: number;
  readonly reason: number;
}

/** bind_ack and alter_context_resp (C706 12.6.4.4). */
export function encodeBindAck(
  pipe: string,
  group: number,
  maxFragment: number,
  results: readonly ContextResult[],
): Uint8Array {
  const writer = new SmbWriter(HEADER);
  const address = pipe === '' ? new Uint8Array(0) : concat(utf8(pipe), Uint8Array.of(0));
  writer.u16(maxFragment);
  writer.u16(maxFragment);
  writer.u32(group);
  writer.u16(address.length);
  writer.bytes(address);
  writer.align(4);
  writer.u8(results.length);
  writer.zeros(3);
  for (const { result, reason } of results) {
    writer.u16(result);
    writer.u16(reason);
    if (result === 0) writeSyntax(writer, NDR);
    else writer.zeros(20);
  }
  return writer.finish();
}

export function decodeBindAck(body: Uint8Array): readonly ContextResult[] {
  const reader = new SmbReader(body);
  reader.skip(8);
  reader.skip(reader.u16());
  reader.skip((4 - (reader.pos % 4)) % 4);
  const count = reader.u8();
  reader.skip(3);
  return Array.from({ length: Math.min(count, MAX_RPC_CONTEXTS) }, () => {
    const result = { result: reader.u16(), reason: reader.u16() };
    reader.skip(20);
    return result;
  });
}

/** A fragment of a request (C706 12.6.4.9). */
export interface RequestPart {
  readonly contextId: number;
  readonly opnum: number;
  readonly stub: Uint8Array;
}

export function decodeRequest({ body, flags }: Pdu): RequestPart {
  const reader = new SmbReader(body);
  reader.skip(4);
  const contextId = reader.u16();
  const opnum = reader.u16();
  if ((flags & PduFlag.object) !== 0) reader.skip(GUID_SIZE);
  return { contextId, opnum, stub: reader.take(reader.remaining) };
}

export function encodeRequest({ contextId, opnum, stub }: RequestPart): Uint8Array {
  const writer = new SmbWriter();
  writer.u32(stub.length);
  writer.u16(contextId);
  writer.u16(opnum);
  writer.bytes(stub);
  return writer.finish();
}

const RESPONSE_HEADER = 8;

/** A response in as many PDUs as it takes (C706 12.6.4.10). */
export function encodeResponse(
  callId: number,
  contextId: number,
  stub: Uint8Array,
  maxFragment: number,
): Uint8Array[] {
  const room = Math.min(maxFragment, MAX_RPC_FRAGMENT) - HEADER - RESPONSE_HEADER;
  const count = Math.max(1, Math.ceil(stub.length / room));
  return Array.from({ length: count }, (_, index) => {
    const part = stub.subarray(index * room, (index + 1) * room);
    const writer = new SmbWriter();
    writer.u32(stub.length - index * room);
    writer.u16(contextId);
    writer.u16(0);
    writer.bytes(part);
    const first = index === 0 ? PduFlag.first : 0;
    const last = index === count - 1 ? PduFlag.last : 0;
    return encodePdu({
      type: PduType.response,
      flags: first | last,
      callId,
      body: writer.finish(),
    });
  });
}

/** The stub of a response's fragment. */
export function decodeResponse({ body }: Pdu): Uint8Array {
  const reader = new SmbReader(body);
  reader.skip(RESPONSE_HEADER);
  return reader.take(reader.remaining);
}

/** A fault (C706 12.6.4.7). */
export function encodeFault(callId: number, contextId: number, status: number): Uint8Array {
  const writer = new SmbWriter();
  writer.u32(0);
  writer.u16(contextId);
  writer.u16(0);
  writer.u32(status);
  writer.u32(0);
  const flags = PduFlag.first | PduFlag.last;
  return encodePdu({ type: PduType.fault, flags, callId, body: writer.finish() });
}

/** The status of a fault. */
export function decodeFault({ body }: Pdu): number {
  const reader = new SmbReader(body);
  reader.skip(RESPONSE_HEADER);
  return reader.u32();
}

/** Whether two syntaxes are the same interface in the same version. */
export function sameSyntax(a: Syntax, b: Syntax): boolean {
  return a.uuid === b.uuid && a.major === b.major && a.minor === b.minor;
}

function readSyntax(reader: SmbReader): Syntax {
  return { uuid: decodeGuid(reader.take(GUID_SIZE)), major: reader.u16(), minor: reader.u16() };
}

function writeSyntax(writer: SmbWriter, { uuid, major, minor }: Syntax): void {
  writer.bytes(encodeGuid(uuid));
  writer.u16(major);
  writer.u16(minor);
}
