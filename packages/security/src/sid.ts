import { SecurityError } from './errors.ts';
import { MAX_SUB_AUTHORITIES } from './limits.ts';

/**
 * A security identifier in its canonical text form, `S-1-5-21-…` (MS-DTYP 2.4.2.1). Values of
 * this type come from `parseSid`, `decodeSid` or `withRid`, so equal SIDs are equal strings.
 */
export type Sid = `S-1-${string}`;

const HEADER = 8;
const DECIMAL = /^(?:0|[1-9][0-9]{0,9})$/;
const HEX_AUTHORITY = /^0[xX][0-9a-fA-F]{1,12}$/;
const UINT32 = 0x1_0000_0000;

/** Reads a SID from text of any case; throws `syntax` or `value`. */
export function parseSid(text: string): Sid {
  const parts = text.split('-', MAX_SUB_AUTHORITIES + 4);
  const [head, revision, authority, ...rest] = parts;
  if (head?.toUpperCase() !== 'S' || revision !== '1' || authority === undefined) {
    throw new SecurityError('syntax', 'sid', 'text does not start with S-1-');
  }
  if (rest.length > MAX_SUB_AUTHORITIES) {
    throw new SecurityError('oversize', 'sid', `more than ${MAX_SUB_AUTHORITIES} sub-authorities`);
  }
  let sid: Sid = `S-1-${authorityText(parseAuthority(authority))}`;
  for (const part of rest) sid = `${sid}-${parseUint32(part)}`;
  return sid;
}

/** The SID whose binary form (MS-DTYP 2.4.2.2) starts at `offset`; further bytes are ignored. */
export function decodeSid(bytes: Uint8Array, offset = 0): Sid {
  const size = sidSize(bytes, offset);
  let sid: Sid = `S-1-${authorityText(readAuthority(bytes, offset + 2))}`;
  for (let at = offset + HEADER; at < offset + size; at += 4) {
    sid = `${sid}-${readUint32(bytes, at)}`;
  }
  return sid;
}

/** How many bytes the binary SID at `offset` takes; throws when they are not all there. */
export function sidSize(bytes: Uint8Array, offset = 0): number {
  const revision = bytes[offset];
  const count = bytes[offset + 1];
  if (revision === undefined || count === undefined) {
    throw new SecurityError('truncated', 'sid', 'ends before its header', { offset });
  }
  if (revision !== 1) {
    throw new SecurityError('revision', 'sid', `revision ${revision} is not 1`, { offset });
  }
  if (count > MAX_SUB_AUTHORITIES) {
    throw new SecurityError('oversize', 'sid', `${count} sub-authorities`, { offset });
  }
  const size = HEADER + 4 * count;
  if (offset + size > bytes.length) {
    throw new SecurityError('truncated', 'sid', `needs ${size} bytes`, { offset });
  }
  return size;
}

/** The binary form of a SID (MS-DTYP 2.4.2.2): 8 to 68 bytes. */
export function encodeSid(sid: Sid): Uint8Array {
  const authorityEnd = endOfPart(sid, 'S-1-'.length);
  let count = 0;
  for (let at = authorityEnd; at < sid.length; at = endOfPart(sid, at + 1)) count += 1;
  const bytes = new Uint8Array(HEADER + 4 * count);
  bytes[0] = 1;
  bytes[1] = count;
  // Octet by octet: a DataView would move so small an array out of V8's heap.
  let value = Number(sid.slice('S-1-'.length, authorityEnd));
  for (let at = HEADER - 1; at >= 2; at -= 1) {
    bytes[at] = value % 256;
    value = Math.floor(value / 256);
  }
  let place = HEADER;
  for (let at = authorityEnd; at < sid.length; place += 4) {
    const end = endOfPart(sid, at + 1);
    let sub = 0;
    for (let digit = at + 1; digit < end; digit += 1) {
      sub = sub * 10 + sid.charCodeAt(digit) - ZERO_DIGIT;
    }
    bytes[place] = sub;
    bytes[place + 1] = sub >>> 8;
    bytes[place + 2] = sub >>> 16;
    bytes[place + 3] = sub >>> 24;
    at = end;
  }
  return bytes;
}

const DASH = 0x2d;
const ZERO_DIGIT = 0x30;

/** Where the part of a SID's text that starts at `from` ends. */
function endOfPart(sid: Sid, from: number): number {
  let at = from;
  while (at < sid.length && sid.charCodeAt(at) !== DASH) at += 1;
  return at;
}

/** The SID without its last sub-authority: the domain of an account's SID. */
export function domainOf(sid: Sid): Sid {
  return `S-1-${sid.slice('S-1-'.length, lastSubAuthority(sid))}`;
}

/** The last sub-authority, which in a domain is the relative identifier. */
export function ridOf(sid: Sid): number {
  return Number(sid.slice(lastSubAuthority(sid) + 1));
}

/** The SID of the account or group with this relative identifier in a domain. */
export function withRid(domain: Sid, rid: number): Sid {
  if (!Number.isInteger(rid) || rid < 0 || rid >= UINT32) {
    throw new RangeError(`relative identifier ${rid} is not an unsigned 32-bit number`);
  }
  return `${domain}-${rid}`;
}

/** Whether a text is a SID, for callers that accept several forms of a name. */
export function isSid(text: string): boolean {
  try {
    parseSid(text);
    return true;
  } catch {
    return false;
  }
}

function lastSubAuthority(sid: Sid): number {
  const dash = sid.lastIndexOf('-');
  if (dash < 'S-1-'.length) throw new RangeError(`${sid} has no sub-authority`);
  return dash;
}

function parseAuthority(text: string): number {
  if (HEX_AUTHORITY.test(text)) return Number(text);
  if (DECIMAL.test(text) && Number(text) < UINT32) return Number(text);
  throw new SecurityError('syntax', 'sid', 'identifier authority is not a number');
}

/** Authorities of 2^32 and above are written in hexadecimal (MS-DTYP 2.4.2.1). */
function authorityText(value: number): string {
  if (value < UINT32) return String(value);
  return `0x${value.toString(16).toUpperCase().padStart(12, '0')}`;
}

function parseUint32(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (!(value < UINT32)) {
    throw new SecurityError('value', 'sid', 'a sub-authority is not an unsigned 32-bit number');
  }
  return value;
}

function readAuthority(bytes: Uint8Array, offset: number): number {
  let value = 0;
  for (let at = offset; at < offset + 6; at += 1) value = value * 256 + (bytes[at] ?? 0);
  return value;
}

function readUint32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  return (low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}
