import { createHmac } from 'node:crypto';
import { type HashName, Hmac } from '@doublehop/crypto/hmac';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ascii, hex, toHex } from './support.ts';

// RFC 2202 §2 and §3, RFC 4231 §4: test cases 2 (short key) and 6 (key longer than the block).
describe('RFC 2202 and RFC 4231: HMAC', () => {
  const long = 'Test Using Larger Than Block-Size Key - Hash Key First';
  test.each<[HashName, Uint8Array, string, string]>([
    ['md5', ascii('Jefe'), 'what do ya want for nothing?', '750c783e6ab0b503eaa86e310a5db738'],
    [
      'sha1',
      ascii('Jefe'),
      'what do ya want for nothing?',
      'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
    ],
    ['md5', new Uint8Array(80).fill(0xaa), long, '6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd'],
    ['sha1', new Uint8Array(80).fill(0xaa), long, 'aa4ae5e15272d00e95705637ce8a3b55ed402112'],
    [
      'sha256',
      ascii('Jefe'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      'sha384',
      ascii('Jefe'),
      'what do ya want for nothing?',
      'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e' +
        '8e2240ca5e69e2c78b3239ecfab21649',
    ],
    [
      'sha512',
      ascii('Jefe'),
      'what do ya want for nothing?',
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554' +
        '9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
    ],
    [
      'sha384',
      new Uint8Array(131).fill(0xaa),
      long,
      '4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6' +
        '0c2ef6ab4030fe8296248df163f44952',
    ],
  ])('%s', (name, key, data, expected) => {
    expect(toHex(new Hmac(name, key).digest(ascii(data)))).toBe(expected);
  });
});

describe('Hmac', () => {
  const names = fc.constantFrom<HashName>('md5', 'sha1', 'sha256', 'sha384', 'sha512');
  const bytes = fc.uint8Array({ maxLength: 300 });

  test('agrees with node:crypto for any key and messages, one after the other', () => {
    fc.assert(
      fc.property(names, bytes, fc.array(bytes, { maxLength: 4 }), (name, key, messages) => {
        const hmac = new Hmac(name, key);
        for (const message of messages) {
          const expected = createHmac(name, key).update(message).digest('hex');
          expect(toHex(hmac.digest(message))).toBe(expected);
          expect(toHex(hmac.digest(message, 12))).toBe(expected.slice(0, 24));
        }
      }),
    );
  });

  test('a frame verifies the message behind its pad, and gives the key away no longer', () => {
    const hmac = new Hmac('sha1', ascii('key'));
    const mac = hmac.digest(ascii('message'), 12);
    const frame = hmac.frame(7);
    frame.set(ascii('message'), hmac.blockBytes);
    expect(hmac.verifyFrame(frame, mac)).toBe(true);
    expect(toHex(frame.subarray(0, hmac.blockBytes))).toBe('00'.repeat(64));
    expect(toHex(frame.subarray(hmac.blockBytes))).toBe(toHex(ascii('message')));
    const other = hmac.frame(7);
    other.set(ascii('massage'), hmac.blockBytes);
    expect(hmac.verifyFrame(other, mac)).toBe(false);
  });

  test('writes into a message only as much as it has room for', () => {
    const hmac = new Hmac('sha256', hex('00'));
    const out = Buffer.alloc(20);
    const frame = hmac.frame(0);
    hmac.digestFrameInto(out, 4, frame);
    expect(toHex(out)).toBe(`00000000${toHex(hmac.digest(new Uint8Array(0), 16))}`);
  });
});
