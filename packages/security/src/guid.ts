import { SecurityError } from './errors.ts';

/** A GUID as lower-case text without braces: `3f78c3e5-f79a-46bd-a0b8-9d18116ddc79`. */
export type Guid = `${string}-${string}-${string}-${string}-${string}`;

const PATTERN = /^\{?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}?$/i;

/** Text position of each of the 16 bytes: the first three fields are little-endian. */
const ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

/** Bytes of a binary GUID (MS-DTYP 2.3.4.2). */
export const GUID_SIZE = 16;

/** Reads a GUID from text of any case, with or without braces (MS-DTYP 2.3.4.3). */
export function parseGuid(text: string): Guid {
  const parts = PATTERN.exec(text);
  if (parts === null) throw new SecurityError('syntax', 'guid', 'text is not a GUID');
  const [, a = '', b = '', c = '', d = '', e = ''] = parts;
  return lower(a, b, c, d, e);
}

/** The GUID whose 16 bytes (MS-DTYP 2.3.4.2) start at `offset`. */
export function decodeGuid(bytes: Uint8Array, offset = 0): Guid {
  if (offset + GUID_SIZE > bytes.length) {
    throw new SecurityError('truncated', 'guid', 'needs 16 bytes', { offset });
  }
  let text = '';
  for (let i = 0; i < GUID_SIZE; i += 1) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += HEX[bytes[offset + (ORDER[i] ?? 0)] ?? 0] ?? '';
  }
  // Sixteen octets in hexadecimal, with the dashes where they are due.
  return text as Guid;
}

/** Each octet's two digits. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, octet) =>
  octet.toString(16).padStart(2, '0'),
);

/** The 16 bytes of a GUID (MS-DTYP 2.3.4.2). */
export function encodeGuid(guid: Guid): Uint8Array {
  const bytes = new Uint8Array(GUID_SIZE);
  if (guid.length === TEXT_SIZE && fill(bytes, guid)) return bytes;
  fill(bytes, parseGuid(guid));
  return bytes;
}

/** Characters of a GUID without braces. */
const TEXT_SIZE = 36;

/** Fills in the octets that a text without braces says; false: it is no GUID. */
function fill(bytes: Uint8Array, text: string): boolean {
  let at = 0;
  for (let i = 0; i < GUID_SIZE; i += 1) {
    const isDashDue = i === 4 || i === 6 || i === 8 || i === 10;
    if (isDashDue && text.charCodeAt(at++) !== DASH) return false;
    const value = digit(text.charCodeAt(at)) * 16 + digit(text.charCodeAt(at + 1));
    if (Number.isNaN(value)) return false;
    bytes[ORDER[i] ?? 0] = value;
    at += 2;
  }
  return true;
}

const DASH = 0x2d;

/** NaN: it is none. */
function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}

function lower(a: string, b: string, c: string, d: string, e: string): Guid {
  const text: Guid = `${a}-${b}-${c}-${d}-${e}`;
  // Lower-casing does not move the dashes, so the shape of the type is kept.
  return text.toLowerCase() as Guid;
}
