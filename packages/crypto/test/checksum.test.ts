import { createHash, createHmac } from 'node:crypto';
import {
  checksumLength,
  computeChecksum,
  isKeyed,
  verifyChecksum,
} from '@doublehop/crypto/checksum';
import { Key } from '@doublehop/crypto/key';
import { describe, expect, test } from 'vitest';
import { allEtypes, ascii, bytesUpTo, expectCryptoError, hex, toHex } from './support.ts';

describe('known answers (MIT krb5 src/lib/crypto/crypto_tests/t_cksums.c; RFC 8009 A)', () => {
  test.each([
    [2, 'one', '305dcc2c0fdd53399695 52c7b8996348'],
    [7, 'two three four five', 'bab5321551e10844908696 35b3c26815'],
    [14, '', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ])('unkeyed type %i', (type, data, expected) => {
    expect(isKeyed(type)).toBe(false);
    expect(toHex(computeChecksum(type, undefined, 0, ascii(data)))).toBe(toHex(hex(expected)));
    expect(verifyChecksum(type, undefined, 0, ascii(data), hex(expected))).toBe(true);
    expect(checksumLength(type)).toBe(hex(expected).length);
  });

  const sequence = '000102030405060708090a0b0c0d0e0f1011121314';
  test.each([
    {
      type: 15,
      etype: 17,
      usage: 3,
      key: '9062430c8cda3388922e6d6a509f5b7a',
      data: toHex(ascii('eight nine ten eleven twelve thirteen')),
      checksum: '01a4b088d45628f6946614e3',
    },
    {
      type: 16,
      etype: 18,
      usage: 4,
      key: 'b1ae4cd8462aff1677053cc9279aac30b796fb81ce21474dd3ddbcfea4ec76d7',
      data: toHex(ascii('fourteen')),
      checksum: 'e08739e3279e2903ec8e3836',
    },
    {
      type: -138,
      etype: 23,
      usage: 6,
      key: 'f7d3a155af5e238a0b7a871a96ba2ab2',
      data: toHex(ascii('seventeen eighteen nineteen twenty')),
      checksum: 'eb38cc97e2230f59da4117dc5859d7ec',
    },
    {
      type: 19,
      etype: 19,
      usage: 2,
      key: '3705d96080c17728a0e800eab6e0d23c',
      data: sequence,
      checksum: 'd78367186643d67b411cba9139fc1dee',
    },
    {
      type: 20,
      etype: 20,
      usage: 2,
      key: '6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52',
      data: sequence,
      checksum: '45ee791567eefca37f4ac1e0222de80d43c3bfa06699672a',
    },
  ])('keyed type $type', ({ type, etype, usage, key, data, checksum }) => {
    const made = Key.of(etype, hex(key));
    expect(isKeyed(type)).toBe(true);
    expect(made.checksumType).toBe(type);
    expect(toHex(computeChecksum(type, made, usage, hex(data)))).toBe(checksum);
    expect(toHex(made.checksum(usage, hex(data)))).toBe(checksum);
    expect(verifyChecksum(type, made, usage, hex(data), hex(checksum))).toBe(true);
    expect(made.verifyChecksum(usage, hex(data), hex(checksum))).toBe(true);
    expect(checksumLength(type)).toBe(hex(checksum).length);
  });
});

describe('verification', () => {
  test.each(allEtypes)('etype %i: every bit, the length and the usage count', (etype) => {
    const key = Key.of(etype, bytesUpTo(etype === 18 || etype === 20 ? 32 : 16));
    const data = ascii('KDC-REQ-BODY');
    const good = key.checksum(6, data);
    expect(key.verifyChecksum(6, data, good)).toBe(true);
    expect(key.verifyChecksum(7, data, good)).toBe(false);
    expect(key.verifyChecksum(6, data.subarray(1), good)).toBe(false);
    expect(key.verifyChecksum(6, data, good.subarray(1))).toBe(false);
    expect(key.verifyChecksum(6, data, Buffer.concat([good, good]))).toBe(false);
    expect(verifyChecksum(key.checksumType, key, 6, data, new Uint8Array(0))).toBe(false);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Uint8Array.from(good);
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(key.verifyChecksum(6, data, bad)).toBe(false);
      expect(verifyChecksum(key.checksumType, key, 6, data, bad)).toBe(false);
    }
  });
});

describe('RFC 4757 §4 under other keys (MS-SFU §2.2.1, PA-FOR-USER)', () => {
  test.each([17, 18, 19, 20])('HMAC-MD5 takes the bytes of an etype %i key', (etype) => {
    const bytes = bytesUpTo(etype === 18 || etype === 20 ? 32 : 16);
    const data = ascii('alice@CONTOSO.COMKerberos');
    const signing = createHmac('md5', bytes).update('signaturekey\0').digest();
    const digest = createHash('md5')
      .update(Uint8Array.of(17, 0, 0, 0))
      .update(data)
      .digest();
    const expected = createHmac('md5', signing).update(digest).digest('hex');
    expect(toHex(computeChecksum(-138, Key.of(etype, bytes), 17, data))).toBe(expected);
    expect(verifyChecksum(-138, Key.of(etype, bytes), 17, data, hex(expected))).toBe(true);
  });
});

describe('errors', () => {
  const key = Key.of(18, bytesUpTo(32));

  test.each([0, 3, 12, 138, -137, 1.5])('type %d is not implemented', (type) => {
    const error = expectCryptoError('unsupported-checksum', () =>
      computeChecksum(type, key, 2, ascii('data')),
    );
    expect(error.fields).toEqual({ checksumType: type });
    expect(isKeyed(type)).toBe(false);
    expect(checksumLength(type)).toBeUndefined();
  });

  test.each([15, 16, 19, 20, -138])('type %d needs a key', (type) => {
    expectCryptoError('key-required', () => computeChecksum(type, undefined, 2, ascii('data')));
  });

  test.each([15, 19, 20])('type %d does not go with an etype 18 key', (type) => {
    const error = expectCryptoError('key-mismatch', () =>
      verifyChecksum(type, key, 2, ascii('data'), new Uint8Array(12)),
    );
    expect(error.fields).toEqual({ checksumType: type, etype: 18 });
  });
});
