import { Buffer } from 'node:buffer';
import { plain } from '@doublehop/wire/bytes';
import { SecurityError } from '../errors.ts';
import { MAX_PAC_BUFFERS, MAX_PAC_SIZE } from '../limits.ts';

/** Buffer types of a PAC (MS-PAC 2.4). */
export const PacType = {
  logonInfo: 1,
  credentials: 2,
  serverChecksum: 6,
  kdcChecksum: 7,
  clientInfo: 10,
  delegationInfo: 11,
  upnDnsInfo: 12,
  clientClaims: 13,
  deviceInfo: 14,
  deviceClaims: 15,
  ticketChecksum: 16,
  attributes: 17,
  requesterSid: 18,
  fullChecksum: 19,
  requesterGuid: 20,
} as const;

/** One buffer of a PAC; types that are not known stay opaque bytes. */
export interface PacBuffer {
  /** One of `PacType`, or another number. */
  readonly type: number;
  readonly data: Uint8Array;
}

/** A buffer with its place in the PAC. */
export interface PlacedBuffer extends PacBuffer {
  readonly offset: number;
}

/** A PAC as it came: its bytes, which the signatures are over, and views of its buffers. */
export interface Pac {
  readonly bytes: Uint8Array;
  readonly buffers: readonly PlacedBuffer[];
}

const VERSION = 0;
const HEADER = 8;
const ENTRY = 16;
const ALIGNMENT = 8;

/**
 * Reads the container (MS-PAC 2.3, 2.4). Buffers must be aligned, inside the PAC and apart from
 * each other and from the header. A second buffer of a type is refused: MS-PAC lets readers
 * ignore it, which lets two readers see two different PACs.
 */
export function decodePac(input: Uint8Array): Pac {
  const bytes = plain(input);
  if (bytes.length > MAX_PAC_SIZE) throw new SecurityError('oversize', 'pac', 'is too large');
  if (bytes.length < HEADER) throw new SecurityError('truncated', 'pac', 'no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(0, true);
  const version = view.getUint32(4, true);
  if (version !== VERSION)
    throw new SecurityError('revision', 'pac', `version ${version} is not 0`);
  if (count > MAX_PAC_BUFFERS) throw new SecurityError('oversize', 'pac', `${count} buffers`);
  const start = HEADER + ENTRY * count;
  if (start > bytes.length) throw new SecurityError('truncated', 'pac', 'ends in its header');
  const buffers: PlacedBuffer[] = [];
  for (let index = 0; index < count; index += 1) {
    const buffer = readEntry(view, bytes, HEADER + ENTRY * index, start);
    if (buffers.some((other) => other.type === buffer.type)) {
      throw new SecurityError('duplicate', 'pac', `two buffers of type ${buffer.type}`);
    }
    buffers.push(buffer);
  }
  refuseOverlap(buffers);
  return { bytes, buffers };
}

/** The contents of the buffer of a type, if the PAC has one. */
export function pacBuffer(pac: Pac, type: number): Uint8Array | undefined {
  return pac.buffers.find((buffer) => buffer.type === type)?.data;
}

/** Writes the container in the order given, each buffer on the next multiple of eight. */
export function encodePac(buffers: readonly PacBuffer[]): Uint8Array {
  return layOutPac(buffers).bytes;
}

/** A PAC just written, whose buffers may still be filled in. */
export function layOutPac(buffers: readonly PacBuffer[]): Pac {
  if (buffers.length > MAX_PAC_BUFFERS) {
    throw new SecurityError('oversize', 'pac', `${buffers.length} buffers`);
  }
  let size = HEADER + ENTRY * buffers.length;
  for (const { data } of buffers) size = aligned(size + data.length);
  if (size > MAX_PAC_SIZE) throw new SecurityError('oversize', 'pac', `${size} bytes`);
  // From Node's pool, which costs a fifth of an array of its own; every octet is written.
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeUInt32LE(buffers.length, 0);
  bytes.writeUInt32LE(VERSION, 4);
  const placed: PlacedBuffer[] = [];
  let entry = HEADER;
  let offset = HEADER + ENTRY * buffers.length;
  for (const { type, data } of buffers) {
    bytes.writeUInt32LE(type, entry);
    bytes.writeUInt32LE(data.length, entry + 4);
    bytes.writeUInt32LE(offset, entry + 8);
    bytes.writeUInt32LE(0, entry + 12);
    bytes.set(data, offset);
    const end = offset + data.length;
    placed.push({ type, data: bytes.subarray(offset, end), offset });
    entry += ENTRY;
    offset = aligned(end);
    for (let at = end; at < offset; at += 1) bytes[at] = 0;
  }
  return { bytes: plain(bytes), buffers: placed };
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

function readEntry(view: DataView, bytes: Uint8Array, at: number, start: number): PlacedBuffer {
  const type = view.getUint32(at, true);
  const size = view.getUint32(at + 4, true);
  const offset = view.getUint32(at + 8, true);
  if (offset % ALIGNMENT !== 0) {
    throw new SecurityError('alignment', 'pac', `buffer of type ${type}`, { offset });
  }
  // The offset has 64 bits; no PAC needs the upper half.
  if (view.getUint32(at + 12, true) !== 0 || offset + size > bytes.length) {
    throw new SecurityError('truncated', 'pac', `buffer of type ${type} lies outside`, { offset });
  }
  if (offset < start) {
    throw new SecurityError('value', 'pac', `buffer of type ${type} is in the header`, { offset });
  }
  return { type, data: bytes.subarray(offset, offset + size), offset };
}

function refuseOverlap(buffers: readonly PlacedBuffer[]): void {
  const ascending = buffers.every((buffer, index) => buffer.offset >= offsetAt(buffers, index - 1));
  let end = 0;
  for (const { type, offset, data } of ascending ? buffers : buffers.toSorted(byOffset)) {
    if (data.length > 0 && offset < end) {
      throw new SecurityError('value', 'pac', `buffer of type ${type} overlaps another`);
    }
    end = Math.max(end, offset + data.length);
  }
}

function offsetAt(buffers: readonly PlacedBuffer[], index: number): number {
  return buffers[index]?.offset ?? 0;
}

function byOffset(a: PlacedBuffer, b: PlacedBuffer): number {
  return a.offset - b.offset;
}
