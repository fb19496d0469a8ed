import { RemotingError } from './errors.ts';

/** Octets of base64 text; white space in it means nothing. Throws RemotingError of that code. */
export function fromBase64(text: string, code: 'wsman' | 'clixml' = 'wsman'): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  // Node reads over what is not base64. Where nothing was read over, the lengths fit, which is
  // known without a look at each letter; the other alphabet of RFC 4648 5 would fit too.
  const pads = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const isWhole = text.length % 4 === 0 && bytes.length === (text.length / 4) * 3 - pads;
  const isOther = !isWhole || text.includes('-') || text.includes('_');
  if (isOther && /[^\d+/=A-Za-z\s]/u.test(text)) {
    throw new RemotingError(code, 'what should be base64 is not');
  }
  return bytes;
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
