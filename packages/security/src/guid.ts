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
  let hex = '';
  for (const at of ORDER) hex += (bytes[offset + at] ?? 0).toString(16).padStart(2, '0');
  return lower(
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  );
}

/** The 16 bytes of a GUID (MS-DTYP 2.3.4.2). */
export function encodeGuid(guid: Guid): Uint8Array {
  const hex = parseGuid(guid).replaceAll('-', '');
  const bytes = new Uint8Array(GUID_SIZE);
  for (const [index, at] of ORDER.entries()) {
    bytes[at] = Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
}

function lower(a: string, b: string, c: string, d: string, e: string): Guid {
  const text: Guid = `${a}-${b}-${c}-${d}-${e}`;
  // Lower-casing does not move the dashes, so the shape of the type is kept.
  return text.toLowerCase() as Guid;
}
