import { fromHex, toHex } from '@doublehop/wire/bytes';
import { describe, expect, test } from 'vitest';
import { Aead, type AeadName, gmac } from '../src/aead.ts';
import { CryptoError } from '../src/errors.ts';

const PLAIN =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
  '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39';
const HEADER = 'feedfacedeadbeeffeedfacedeadbeefabaddad2';

// The Galois/Counter Mode of Operation (McGrew, Viega), appendix B, test cases 4 and 16.
const GCM: readonly (readonly [AeadName, string, string, string])[] = [
  [
    'aes-128-gcm',
    'feffe9928665731c6d6a8f9467308308',
    '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e' +
      '21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091',
    '5bc94fbc3221a5db94fae95ae7121a47',
  ],
  [
    'aes-256-gcm',
    'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
      '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
    '76fc6ece0f4e1768cddf8853bb2d551b',
  ],
];

describe('AES with authentication (NIST SP 800-38C, 800-38D)', () => {
  test.each(GCM)('%s', (name, key, data, tag) => {
    const aead = new Aead(name, fromHex(key));
    const nonce = fromHex('cafebabefacedbaddecaf888');
    const sealed = aead.seal(nonce, fromHex(HEADER), fromHex(PLAIN));
    expect([toHex(sealed.data), toHex(sealed.tag)]).toEqual([data, tag]);
    expect(toHex(aead.open(nonce, fromHex(HEADER), sealed))).toBe(PLAIN);
  });

  test.each(['aes-128-ccm', 'aes-256-ccm', 'aes-128-gcm'] as const)('%s: changes', (name) => {
    const aead = new Aead(name, new Uint8Array(name.includes('128') ? 16 : 32).fill(7));
    const nonce = new Uint8Array(aead.nonceBytes).fill(1);
    const header = fromHex(HEADER);
    const sealed = aead.seal(nonce, header, fromHex(PLAIN));
    expect(toHex(aead.open(nonce, header, sealed))).toBe(PLAIN);
    const changed = Uint8Array.from(sealed.data);
    changed[3] = (changed[3] ?? 0) ^ 1;
    expect(() => aead.open(nonce, header, { ...sealed, data: changed })).toThrow(CryptoError);
    expect(() => aead.open(nonce, header.subarray(1), sealed)).toThrow(CryptoError);
    const short = { ...sealed, tag: sealed.tag.subarray(4) };
    expect(() => aead.open(nonce, header, short)).toThrow(CryptoError);
  });

  test('GMAC is the tag of a message in the clear: test case 1 with a header of nothing', () => {
    const aead = new Aead('aes-128-gcm', new Uint8Array(16));
    const tag = gmac(aead, new Uint8Array(12), new Uint8Array(0));
    expect(toHex(tag)).toBe('58e2fccefa7e3061367f1d57a4e7455a');
  });

  test('a key of another size', () => {
    expect(() => new Aead('aes-128-gcm', new Uint8Array(32))).toThrow(RangeError);
  });
});
