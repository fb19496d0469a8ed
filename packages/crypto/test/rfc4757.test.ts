import { Hmac } from '@doublehop/crypto/hmac';
import { Key } from '@doublehop/crypto/key';
import { messageType } from '@doublehop/crypto/legacy/hmac-md5';
import { md4 } from '@doublehop/crypto/legacy/md4';
import { rc4 } from '@doublehop/crypto/legacy/rc4';
import { stringToKey, stringToKeySync } from '@doublehop/crypto/string-to-key';
import { describe, expect, test } from 'vitest';
import { ascii, bytesUpTo, countingRandom, expectCryptoError } from './support.ts';
import { fixedRandom, hex, toHex } from './support.ts';
import { sealed } from './vectors.ts';

describe('RFC 1320 A.5: MD4', () => {
  test.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
    [
      'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
      '043f8582f241db351ce627e153e7f0e4',
    ],
    ['1234567890'.repeat(8), 'e33b4ddc9c38f2199c3e7b164fcc0536'],
  ])('"%s"', (input, expected) => {
    expect(toHex(md4(ascii(input)))).toBe(expected);
  });
});

describe('RFC 6229 §2: RC4 keystream', () => {
  test.each([
    ['0102030405', 'b2396305f03dc027ccc3524a0a1118a86982944f18fc82d589c403a47a0d0919'],
    [
      '0102030405060708090a0b0c0d0e0f10',
      '9ac7cc9a609d1ef7b2932899cde41b975248c4959014126a6e8a84f11d1a9e1c',
    ],
  ])('key %s', (key, expected) => {
    expect(toHex(rc4(hex(key), new Uint8Array(32)))).toBe(expected);
  });
});

describe('RFC 4757 §2: string-to-key', () => {
  // RFC 4757 §2's "foo"; MS-NLMP §4.2.2.1.2 NTOWFv1("Password").
  test.each([
    ['foo', 'ac8e657f83df82beea5d43bdaf7800cc'],
    ['Password', 'a4f49c406510bdcab6824ee7c30fd852'],
  ])('%s', async (password, expected) => {
    expect(toHex(stringToKeySync(23, password, 'ignored').bytes())).toBe(expected);
    const made = await stringToKey(23, password, '', Uint8Array.of(1, 2, 3));
    expect(toHex(made.bytes())).toBe(expected);
  });
});

describe('RFC 4757 §3: message types', () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 8],
    [7, 7],
    [8, 8],
    [9, 9],
    [11, 11],
    [17, 17],
    [23, 13],
    [1026, 1026],
  ])('usage %i is T=%i', (usage, type) => {
    expect(messageType(usage)).toBe(type);
  });
});

describe('RFC 4757 §5: encryption', () => {
  const cases = sealed.filter(({ etype }) => etype === 23);

  test.each(cases)('usage $usage', ({ usage, plaintext, key, ciphertext }) => {
    const made = Key.of(23, hex(key));
    expect(toHex(made.decrypt(usage, hex(ciphertext)))).toBe(plaintext);
    const confounder = findConfounder(hex(key), usage, hex(ciphertext));
    expect(toHex(made.encrypt(usage, hex(plaintext), fixedRandom(confounder)))).toBe(ciphertext);
  });

  test('usage 9 also opens what was sealed with T=8, as the unamended text has it', () => {
    const key = Key.of(23, bytesUpTo(16));
    const reply = key.encrypt(8, ascii('reply'), countingRandom());
    expect(toHex(key.decrypt(9, reply))).toBe(toHex(ascii('reply')));
    expectCryptoError('integrity', () => key.decrypt(2, reply));
    const modern = key.encrypt(9, ascii('reply'), countingRandom());
    expectCryptoError('integrity', () => key.decrypt(8, modern));
  });
});

describe('RFC 4757 §4: checksum', () => {
  test('MIT krb5 t_cksums.c', () => {
    const key = Key.of(23, hex('f7d3a155af5e238a0b7a871a96ba2ab2'));
    const data = ascii('seventeen eighteen nineteen twenty');
    expect(key.checksumType).toBe(-138);
    expect(toHex(key.checksum(6, data))).toBe('eb38cc97e2230f59da4117dc5859d7ec');
    expect(key.verifyChecksum(6, data, hex('eb38cc97e2230f59da4117dc5859d7ec'))).toBe(true);
  });
});

/** The confounder that the vectors leave out. */
function findConfounder(key: Uint8Array, usage: number, ciphertext: Uint8Array): Uint8Array {
  const k1 = new Hmac('md5', key).digest(Uint8Array.of(usage === 3 ? 8 : usage, 0, 0, 0));
  const k3 = new Hmac('md5', k1).digest(ciphertext.subarray(0, 16));
  return rc4(k3, ciphertext.subarray(16, 24));
}
