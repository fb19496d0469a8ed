import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { etypes } from '@doublehop/crypto/numbers';
import { Key } from '@doublehop/crypto/key';
import { encryptionType, encryptionTypeName } from '@doublehop/crypto/encryption-types';
import {
  defaultEncryptionTypes,
  isLegacyEncryptionType,
  legacyEncryptionTypes,
} from '@doublehop/crypto/policy';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allEtypes, bytesUpTo, countingRandom, expectCryptoError, toHex } from './support.ts';

const random = countingRandom();

describe.each(allEtypes)('etype %i', (etype) => {
  const size = encryptionType(etype).keyBytes;
  /** Bytes that encryption adds: confounder and MAC. */
  const overhead = { 17: 28, 18: 28, 19: 32, 20: 40, 23: 24 }[etype] ?? 0;

  test('every plaintext length from 0 to 200 comes back, from one key and from fresh ones', () => {
    const key = Key.random(etype, random);
    for (let length = 0; length <= 200; length++) {
      const plaintext = bytesUpTo(length);
      const ciphertext = key.encrypt(3, plaintext, random);
      expect(ciphertext).toHaveLength(length + overhead);
      expect(toHex(key.decrypt(3, ciphertext))).toBe(toHex(plaintext));
      const fresh = Key.of(etype, key.bytes());
      expect(toHex(fresh.decrypt(3, ciphertext))).toBe(toHex(plaintext));
      expect(toHex(key.decrypt(3, fresh.encrypt(3, plaintext, random)))).toBe(toHex(plaintext));
    }
  });

  test('any changed bit is found, and does no harm to what follows', () => {
    const key = Key.random(etype, random);
    for (const length of [0, 1, 16, 35]) {
      const plaintext = bytesUpTo(length);
      const ciphertext = key.encrypt(11, plaintext, random);
      for (let bit = 0; bit < ciphertext.length * 8; bit++) {
        const changed = Uint8Array.from(ciphertext);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expectCryptoError('integrity', () => key.decrypt(11, changed));
      }
      expect(toHex(key.decrypt(11, ciphertext))).toBe(toHex(plaintext));
    }
  });

  test('other lengths, other usages and other keys are refused', () => {
    const key = Key.random(etype, random);
    const ciphertext = key.encrypt(2, bytesUpTo(40), random);
    for (let length = 0; length < ciphertext.length; length++) {
      expectCryptoError('integrity', () => key.decrypt(2, ciphertext.subarray(0, length)));
    }
    const longer = Buffer.concat([ciphertext, Uint8Array.of(0)]);
    expectCryptoError('integrity', () => key.decrypt(2, longer));
    expectCryptoError('integrity', () => key.decrypt(7, ciphertext));
    expectCryptoError('integrity', () => Key.random(etype, random).decrypt(2, ciphertext));
  });

  test('random bytes are refused with a CryptoError and nothing else', () => {
    const key = Key.random(etype, random);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expectCryptoError('integrity', () => key.decrypt(8, bytes));
      }),
    );
  });

  test('any order of calls on one key gives what fresh keys give', () => {
    const key = Key.random(etype, random);
    const call = fc.record({
      usage: fc.constantFrom(2, 3, 8),
      kind: fc.constantFrom('seal', 'open', 'refuse', 'sum', 'prf'),
      bytes: fc.uint8Array({ maxLength: 80 }),
      seed: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 30 }), (calls) => {
        for (const { usage, kind, bytes, seed } of calls) {
          const fresh = Key.of(etype, key.bytes());
          const confounder = (length: number) => seed.slice(0, length);
          const sealed = fresh.encrypt(usage, bytes, confounder);
          if (kind === 'seal') {
            expect(toHex(key.encrypt(usage, bytes, confounder))).toBe(toHex(sealed));
          } else if (kind === 'open') {
            expect(toHex(key.decrypt(usage, sealed))).toBe(toHex(bytes));
          } else if (kind === 'refuse') {
            expectCryptoError('integrity', () => key.decrypt(usage, sealed.subarray(1)));
          } else if (kind === 'sum') {
            expect(toHex(key.checksum(usage, bytes))).toBe(toHex(fresh.checksum(usage, bytes)));
          } else {
            expect(toHex(key.prf(bytes))).toBe(toHex(fresh.prf(bytes)));
          }
        }
      }),
    );
  });

  test('results and inputs stay as they were while the key goes on', () => {
    const key = Key.random(etype, random);
    const plaintext = bytesUpTo(50);
    const first = key.encrypt(2, plaintext, random);
    const opened = key.decrypt(2, first);
    const checksum = key.checksum(2, plaintext);
    const digits = [plaintext, first, opened, checksum].map(toHex);
    for (let round = 0; round < 50; round++) {
      key.decrypt(2, key.encrypt(2, bytesUpTo(round), random));
      key.checksum(2, bytesUpTo(round));
    }
    expect([plaintext, first, opened, checksum].map(toHex)).toEqual(digits);
  });

  test('equal plaintexts do not make equal ciphertexts', () => {
    const key = Key.random(etype, random);
    const once = key.encrypt(2, bytesUpTo(40), random);
    expect(toHex(key.encrypt(2, bytesUpTo(40), random))).not.toBe(toHex(once));
  });

  test('a key that was wiped is zeros, and does nothing any more', () => {
    const bytes = bytesUpTo(20);
    const key = Key.random(etype, random);
    key.encrypt(3, bytes, random);
    key.wipe();
    expect(key.bytes().every((octet) => octet === 0)).toBe(true);
    expect(() => key.encrypt(3, bytes, random)).toThrow(RangeError);
    expect(() => key.checksum(3, bytes)).toThrow('the key was wiped');
  });

  test('prepare changes nothing but when keys are derived', () => {
    const key = Key.random(etype, random);
    const prepared = Key.of(etype, key.bytes());
    prepared.encrypt(8, bytesUpTo(1), random);
    prepared.prepare({ encryption: [7, 8], checksum: [6, 300] });
    prepared.prepare({ encryption: [7] });
    prepared.prepare({});
    for (const usage of [7, 8, 9]) {
      const ciphertext = prepared.encrypt(usage, bytesUpTo(33), random);
      expect(toHex(key.decrypt(usage, ciphertext))).toBe(toHex(bytesUpTo(33)));
    }
    for (const usage of [6, 10, 300]) {
      expect(toHex(prepared.checksum(usage, bytesUpTo(9)))).toBe(
        toHex(key.checksum(usage, bytesUpTo(9))),
      );
    }
  });

  test('keys of other lengths are refused', () => {
    for (const wrong of [0, 15, 17, 24, 31, 33, 48 - size]) {
      const error = expectCryptoError('key-length', () => Key.of(etype, new Uint8Array(wrong)));
      expect(error.fields).toEqual({ etype, expected: size, actual: wrong });
    }
  });

  test('what is no usage, or a random source that runs dry, is the program’s mistake', () => {
    const key = Key.random(etype, random);
    for (const usage of [-1, 0.5, 2 ** 32, Number.NaN]) {
      expect(() => key.encrypt(usage, bytesUpTo(1), random)).toThrow(RangeError);
      expect(() => key.checksum(usage, bytesUpTo(1))).toThrow(RangeError);
    }
    expect(() => key.encrypt(2, bytesUpTo(1), () => new Uint8Array(3))).toThrow(RangeError);
    expect(() => Key.random(etype, () => new Uint8Array(3))).toThrow(RangeError);
  });
});

describe('Key', () => {
  test('has its own copy of its bytes', () => {
    const bytes = bytesUpTo(32);
    const key = Key.of(18, bytes);
    const digits = toHex(bytes);
    bytes.fill(0);
    key.bytes().fill(0);
    expect(toHex(key.bytes())).toBe(digits);
  });

  test('does not show its bytes when printed', () => {
    const key = Key.of(17, new Uint8Array(16).fill(0x5a));
    key.encrypt(2, bytesUpTo(1), random);
    expect(JSON.stringify(key)).toBe('{"etype":17,"checksumType":15}');
  });

  test.each([0, 1, 3, 16, 24, 25, 26, -1])('etype %i is not implemented', (etype) => {
    const error = expectCryptoError('unsupported-etype', () => Key.of(etype, bytesUpTo(16)));
    expect(error.fields).toEqual({ etype });
    expectCryptoError('unsupported-etype', () => Key.random(etype, random));
    expect(encryptionTypeName(etype)).toBeUndefined();
  });

  test('is collected with all that it keeps once nobody holds it', async () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    const references = allEtypes.map((etype) => new WeakRef(usedKey(etype)));
    await new Promise((resolve) => setImmediate(resolve));
    if (typeof collect === 'function') {
      collect();
    }
    expect(references.map((reference) => reference.deref())).toEqual(
      allEtypes.map(() => undefined),
    );
  });
});

describe('policy', () => {
  test('RC4 is off by default, everything else on (RFC 8429 §5)', () => {
    expect(defaultEncryptionTypes).toEqual([18, 17, 20, 19]);
    expect(legacyEncryptionTypes).toEqual([23]);
    expect(isLegacyEncryptionType(23)).toBe(true);
    expect(isLegacyEncryptionType(18)).toBe(false);
  });

  test('covers what is implemented', () => {
    const known = [...defaultEncryptionTypes, ...legacyEncryptionTypes];
    expect(new Set(known)).toEqual(new Set<number>(Object.values(etypes)));
    expect(known.map((etype) => encryptionTypeName(etype))).toEqual([
      'aes256-cts-hmac-sha1-96',
      'aes128-cts-hmac-sha1-96',
      'aes256-cts-hmac-sha384-192',
      'aes128-cts-hmac-sha256-128',
      'arcfour-hmac',
    ]);
  });
});

function usedKey(etype: number): Key {
  const key = Key.random(etype, random);
  key.decrypt(2, key.encrypt(2, bytesUpTo(100), random));
  key.checksum(6, bytesUpTo(100));
  key.prf(bytesUpTo(3));
  return key;
}
