import { Buffer } from 'node:buffer';
import { fromUtf16le, plain } from '@doublehop/wire/bytes';
import { SecurityError } from '../errors.ts';
import { type Sid, decodeSid, encodeSid, sidSize } from '../sid.ts';

/** UPN_DNS_INFO (MS-PAC 2.10): buffer 12 of a PAC. */
export interface UpnDnsInfo {
  readonly upn: string;
  /** Fully qualified name of the account's domain, in the case Windows uses for realms. */
  readonly dnsDomainName: string;
  /** Whether the UPN was made of account name and domain, the account having none (flag U). */
  readonly upnConstructed: boolean;
  /** sAMAccountName and SID, the extension of flag S. */
  readonly account?: { readonly samName: string; readonly sid: Sid };
}

const FLAG_CONSTRUCTED = 1;
const FLAG_EXTENDED = 2;
const HEADER = 12;
const EXTENDED_HEADER = 20;
const ALIGNMENT = 8;

/** Reads buffer 12. */
export function decodeUpnDnsInfo(data: Uint8Array): UpnDnsInfo {
  if (data.length < HEADER) throw new SecurityError('truncated', 'upn-dns-info', 'no header');
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const flags = view.getUint32(8, true);
  const info = {
    upn: text(data, view, 0),
    dnsDomainName: text(data, view, 4),
    upnConstructed: (flags & FLAG_CONSTRUCTED) !== 0,
  };
  if ((flags & FLAG_EXTENDED) === 0) return info;
  if (data.length < EXTENDED_HEADER) {
    throw new SecurityError('truncated', 'upn-dns-info', 'no extension');
  }
  const sid = part(data, view, 16);
  if (sidSize(sid) !== sid.length) {
    throw new SecurityError('length', 'upn-dns-info', 'SID does not fill its place');
  }
  return { ...info, account: { samName: text(data, view, 12), sid: decodeSid(sid) } };
}

/** Writes buffer 12, each part on a multiple of eight, as Windows does. */
export function encodeUpnDnsInfo(info: UpnDnsInfo): Uint8Array {
  const { upn, dnsDomainName, account } = info;
  const sid = account === undefined ? undefined : encodeSid(account.sid);
  const header = sid === undefined ? HEADER : EXTENDED_HEADER;
  const domainAt = aligned(aligned(header) + 2 * upn.length);
  const nameAt = aligned(domainAt + 2 * dnsDomainName.length);
  const sidAt = aligned(nameAt + 2 * (account?.samName.length ?? 0));
  const end = sid === undefined ? nameAt : aligned(sidAt + sid.length);
  if (end > 0xffff) throw new SecurityError('oversize', 'upn-dns-info', `${end} bytes`);
  const data = Buffer.allocUnsafe(end).fill(0);
  const extended = account === undefined ? 0 : FLAG_EXTENDED;
  data.writeUInt32LE((info.upnConstructed ? FLAG_CONSTRUCTED : 0) | extended, 8);
  writeText(data, 0, upn, aligned(header));
  writeText(data, 4, dnsDomainName, domainAt);
  if (account !== undefined && sid !== undefined) {
    writeText(data, HEADER, account.samName, nameAt);
    data.writeUInt16LE(sid.length, HEADER + 4);
    data.writeUInt16LE(sidAt, HEADER + 6);
    data.set(sid, sidAt);
  }
  return plain(data);
}

/** `at`: of its length and place. */
function writeText(data: Buffer, at: number, value: string, place: number): void {
  data.writeUInt16LE(2 * value.length, at);
  data.writeUInt16LE(place, at + 2);
  data.write(value, place, 'utf16le');
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

/** The bytes that a pair of length and offset at `at` points to. */
function part(data: Uint8Array, view: DataView, at: number): Uint8Array {
  const length = view.getUint16(at, true);
  const offset = view.getUint16(at + 2, true);
  if (offset + length > data.length) {
    throw new SecurityError('truncated', 'upn-dns-info', 'a part lies outside', { offset: at });
  }
  return data.subarray(offset, offset + length);
}

function text(data: Uint8Array, view: DataView, at: number): string {
  const bytes = part(data, view, at);
  if (bytes.length % 2 !== 0) {
    throw new SecurityError('length', 'upn-dns-info', 'a name has an odd length', { offset: at });
  }
  return fromUtf16le(bytes);
}
