import { RemotingError } from './errors.ts';

/** Octets of base64 text; white space in it means nothing. Throws RemotingError `wsman`. */
export function fromBase64(text: string): Uint8Array {
  // Node reads over what is not base64.
  if (/[^\d+/=A-Za-z\s]/u.test(text)) {
    throw new RemotingError('wsman', 'what should be base64 is not');
  }
  return Buffer.from(text, 'base64');
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
