import { Buffer } from 'node:buffer';

/** A plain Uint8Array over the same memory: Buffer methods and Buffer equality stay outside. */
export function plain(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The parts one after the other, copied. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Equality of public bytes. Secrets are compared with `timingSafeEqual` instead. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return view(bytes).toString('hex');
}

/** Bytes of a hexadecimal text; blanks are allowed, anything else is a TypeError. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) {
    throw new TypeError('not a hexadecimal text');
  }
  return plain(Buffer.from(digits, 'hex'));
}

/** Standard base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  return view(bytes).toString('base64');
}

/** Bytes of a base64 text, or undefined where the text is not canonical base64 (RFC 4648 §4). */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? plain(bytes) : undefined;
}

/** UTF-8 octets of a text. */
export function utf8(text: string): Uint8Array {
  return plain(Buffer.from(text, 'utf8'));
}

/** UTF-16LE octets of a text, as Windows stores passwords and names. */
export function utf16le(text: string): Uint8Array {
  return plain(Buffer.from(text, 'utf16le'));
}

/** Text of UTF-8 octets; ill-formed ones become U+FFFD. Decoders that must refuse check first. */
export function fromUtf8(bytes: Uint8Array): string {
  return view(bytes).toString('utf8');
}

/** Text of UTF-16LE octets; an odd last octet is dropped. */
export function fromUtf16le(bytes: Uint8Array): string {
  return view(bytes).toString('utf16le');
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
