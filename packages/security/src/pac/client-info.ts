import { Buffer } from 'node:buffer';
import { fromUtf16le, plain } from '@doublehop/wire/bytes';
import { SecurityError } from '../errors.ts';
import type { FileTime } from '../filetime.ts';

/** PAC_CLIENT_INFO (MS-PAC 2.7): buffer 10 of a PAC, which ties it to the ticket's client. */
export interface ClientInfo {
  /** The ticket's authtime. */
  readonly authTime: FileTime;
  /** The client's name without its realm; with it in S4U referrals (MS-SFU 3.2.5.1.2). */
  readonly name: string;
}

const HEADER = 10;

/** Reads buffer 10. */
export function decodeClientInfo(data: Uint8Array): ClientInfo {
  if (data.length < HEADER) throw new SecurityError('truncated', 'client-info', 'no header');
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const length = view.getUint16(8, true);
  if (length % 2 !== 0 || HEADER + length > data.length) {
    throw new SecurityError('length', 'client-info', `name of ${length} bytes`);
  }
  const name = fromUtf16le(data.subarray(HEADER, HEADER + length));
  return { authTime: view.getBigUint64(0, true), name };
}

/** Writes buffer 10. */
export function encodeClientInfo(info: ClientInfo): Uint8Array {
  const length = 2 * info.name.length;
  if (length > 0xffff) throw new SecurityError('oversize', 'client-info', 'name is too long');
  const data = Buffer.allocUnsafe(HEADER + length);
  data.writeBigUInt64LE(info.authTime, 0);
  data.writeUInt16LE(length, 8);
  data.write(info.name, HEADER, 'utf16le');
  return plain(data);
}
