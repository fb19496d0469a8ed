import { createCipheriv, createSecretKey } from 'node:crypto';
import { computeChecksum } from '@doublehop/crypto/checksum';
import {
  deriveRandom,
  foldedUsageConstants,
  nFold,
  usageConstant,
} from '@doublehop/crypto/rfc3961';
import { describe, expect, test } from 'vitest';
import { ascii, hex, toHex } from './support.ts';
import { derived } from './vectors.ts';

describe('RFC 3961 A.1 n-fold', () => {
  test.each([
    ['012345', 64, 'be072631276b1955'],
    ['password', 56, '78a07b6caf85fa'],
    ['Rough Consensus, and Running Code', 64, 'bb6ed30870b7f0e0'],
    ['password', 168, '59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e'],
    [
      'MASSACHVSETTS INSTITVTE OF TECHNOLOGY',
      192,
      'db3b0d8f0b061e603282b308a50841229ad798fab9540c1b',
    ],
    ['Q', 168, '518a54a215a8452a518a54a215a8452a518a54a215'],
    ['ba', 168, 'fb25d531ae8974499f52fd92ea9857c4ba24cf297e'],
    ['kerberos', 64, '6b65726265726f73'],
    ['kerberos', 128, '6b65726265726f737b9b5b2b93132b93'],
    ['kerberos', 168, '8372c236344e5f1550cd0747e15d62ca7a5a3bcea4'],
    ['kerberos', 256, '6b65726265726f737b9b5b2b93132b935c9bdcdad95c9899c4cae4dee6d6cae4'],
  ])('%s to %i bits', (input, bits, expected) => {
    expect(toHex(nFold(ascii(input), bits / 8))).toBe(expected);
  });

  // MIT krb5 src/lib/crypto/crypto_tests/t_nfold.c.
  test.each([
    ['basch', '1aab6b42964b98b21f8cde2d2448ba3455d7862c9731643f'],
    ['eichin', '65696368696e4b732b4b1b43da1a5b995a58d2c6d0d2dcca'],
    ['sommerfeld', '2f7a98557c6ee4abadf4e71192dd442bd4ff5325a5def75c'],
  ])('%s to 192 bits', (input, expected) => {
    expect(toHex(nFold(ascii(input), 24))).toBe(expected);
  });
});

// A.3's keys are triple-DES; DR itself (§5.1) knows nothing of the cipher but its block.
describe('RFC 3961 A.3 DR', () => {
  test.each([
    [
      'dce06b1f64c857a11c3db57c51899b2cc1791008ce973b92',
      '0000000155',
      '935079d14490a75c3093c4a6e8c3b049c71e6ee705',
    ],
    [
      '5e13d31c70ef765746578531cb51c15bf11ca82c97cee9f2',
      '00000001aa',
      '9f58e5a047d894101c469845d67ae3c5249ed812f2',
    ],
    [
      '98e6fd8a04a4b6859b75a176540b9752bad3ecd610a252bc',
      '0000000155',
      '12fff90c773f956d13fc2ca0d0840349dbd39908eb',
    ],
    [
      '622aec25a2fe2cad7094680b7c64940280084c1a7cec92b5',
      '00000001aa',
      'f8debf05b097e7dc0603686aca35d91fd9a5516a70',
    ],
    [
      'd3f8298ccb166438dcb9b93ee5a7629286a491f838f802fb',
      toHex(ascii('kerberos')),
      '2270db565d2a3d64cfbfdc5305d4f778a6de42d9da',
    ],
  ])('key %s, constant %s', (key, constant, expected) => {
    const cipher = createCipheriv('des-ede3-ecb', createSecretKey(hex(key)), null);
    cipher.setAutoPadding(false);
    expect(toHex(deriveRandom(cipher, nFold(hex(constant), 8), 8, 21))).toBe(expected);
  });
});

describe('RFC 3961 §5.1 DK with AES', () => {
  const cases = derived.filter(({ etype }) => etype === 17 || etype === 18);

  test.each(cases)('etype $etype, constant $constant', ({ key, constant, result }) => {
    const bytes = hex(key);
    expect(toHex(deriveRandom(ecb(bytes), nFold(hex(constant), 16), 16, bytes.length))).toBe(
      result,
    );
  });

  test('several constants at once come out as one by one', () => {
    const key = hex('fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161');
    const seeds = deriveRandom(ecb(key), foldedUsageConstants(2), 16, 32);
    expect(toHex(seeds.subarray(0, 32))).toBe(findDerived('00000002aa'));
    expect(toHex(seeds.subarray(32, 64))).toBe(findDerived('0000000255'));
    expect(toHex(seeds.subarray(64))).toBe(findDerived('0000000299'));
  });
});

describe('RFC 3961 §5.3 usage constants', () => {
  test('four octets of usage, most significant first, and the kind', () => {
    expect(toHex(usageConstant(0x01020304, 0xaa))).toBe('01020304aa');
  });

  test.each([0, 2, 127, 128, 1026, 0xffff_ffff])('folded for usage %i', (usage) => {
    const kinds = [0xaa, 0x55, 0x99].map((kind) => toHex(nFold(usageConstant(usage, kind), 16)));
    expect(toHex(foldedUsageConstants(usage))).toBe(kinds.join(''));
  });

  test.each([-1, 1.5, 2 ** 32, Number.NaN])('%d is no usage', (usage) => {
    expect(() => foldedUsageConstants(usage)).toThrow(RangeError);
  });
});

describe('RFC 3961 A.5 modified CRC-32', () => {
  test.each([
    [toHex(ascii('foo')), '33bc3273'],
    [toHex(ascii('test0123456789')), 'd6883eb8'],
    [toHex(ascii('MASSACHVSETTS INSTITVTE OF TECHNOLOGY')), 'f78041e3'],
    ['8000', '4b98833b'],
    ['0008', '3288db0e'],
    ['0080', '2083b8ed'],
    ['80', '2083b8ed'],
    ['80000000', '3bb659ed'],
    ['00000001', '96300777'],
  ])('%s', (data, expected) => {
    expect(toHex(computeChecksum(1, undefined, 0, hex(data)))).toBe(expected);
  });
});

function ecb(key: Uint8Array) {
  return createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
}

function findDerived(constant: string): string | undefined {
  return derived.find((vector) => vector.etype === 18 && vector.constant === constant)?.result;
}
