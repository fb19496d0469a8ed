import { createCipheriv, createDecipheriv } from 'node:crypto';
import { cipherKey } from './cipher-key.ts';

/** AES's block, and the initialization vector of zeros that PSRP has instead of a fresh one. */
const NO_VECTOR = new Uint8Array(16);

/** AES-256-CBC with PKCS#7 padding and no initialization vector (MS-PSRP 2.2.5.1.24). */
export function sealCbc(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-cbc', cipherKey(key), NO_VECTOR);
  return Buffer.concat([cipher.update(plain), cipher.final()]);
}

/** The other way, into octets that the caller alone has; undefined: the padding is wrong. */
export function openCbc(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const cipher = createDecipheriv('aes-256-cbc', cipherKey(key), NO_VECTOR);
  try {
    const first = cipher.update(sealed);
    const last = cipher.final();
    const plain = new Uint8Array(first.length + last.length);
    plain.set(first);
    plain.set(last, first.length);
    first.fill(0);
    last.fill(0);
    return plain;
  } catch {
    return undefined;
  }
}
