import { CryptoError, type CryptoErrorCode } from '@doublehop/crypto/errors';
import type { RandomSource } from '@doublehop/crypto/random';
import { expect } from 'vitest';

/** Bytes of hex digits; white space is skipped. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

/** Hex digits of bytes, which read better than arrays where an assertion fails. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text));
}

/** A random source that always yields `bytes`: known answers need their confounder. */
export function fixedRandom(bytes: Uint8Array): RandomSource {
  return () => bytes.slice();
}

/** A random source whose bytes count up, so that no two draws are the same. */
export function countingRandom(): RandomSource {
  let next = 0;
  return (size) => Uint8Array.from({ length: size }, () => (next = (next + 167) & 0xff));
}

export function bytesUpTo(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at * 31 + size) & 0xff);
}

/** Asserts that `action` throws a CryptoError with this code, and returns it. */
export function expectCryptoError(code: CryptoErrorCode, action: () => unknown): CryptoError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(CryptoError);
    if (error instanceof CryptoError) {
      expect(error.code).toBe(code);
      return error;
    }
  }
  throw new Error(`expected a CryptoError '${code}'`);
}

export const allEtypes = [18, 17, 20, 19, 23];
