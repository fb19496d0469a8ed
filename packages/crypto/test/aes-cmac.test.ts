import { fromHex, toHex } from '@doublehop/wire/bytes';
import { describe, expect, test } from 'vitest';
import { AesCmac } from '../src/aes-cmac.ts';

// RFC 4493 §4.
const KEY = fromHex('2b7e151628aed2a6abf7158809cf4f3c');
const MESSAGE = fromHex(
  '6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51' +
    '30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710',
);

describe('RFC 4493 §4: AES-CMAC', () => {
  test.each([
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ])('%i octets', (size, mac) => {
    const message = MESSAGE.subarray(0, size);
    expect(toHex(new AesCmac(KEY).digest(message))).toBe(mac);
    const parts = [message.subarray(0, 7), message.subarray(7)];
    expect(toHex(new AesCmac(KEY).digest(...parts))).toBe(mac);
  });

  test('a key of another size', () => {
    expect(() => new AesCmac(new Uint8Array(32))).toThrow(RangeError);
  });
});
