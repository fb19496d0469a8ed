import { openCbc, sealCbc } from '@doublehop/crypto/aes-cbc';
import { fromHex, toHex } from '@doublehop/wire/bytes';
import { expect, test } from 'vitest';

// NIST's CBCVarTxt256 vector 0 of the AES algorithm validation suite: key and vector of zeros.
test('AES-256-CBC without an initialization vector (MS-PSRP 2.2.5.1.24)', () => {
  const key = new Uint8Array(32);
  const plain = fromHex('80000000000000000000000000000000');
  const sealed = sealCbc(key, plain);
  expect(toHex(sealed.subarray(0, 16))).toBe('ddc6bf790c15760d8d9aeb6f9a75fd4e');
  expect(sealed).toHaveLength(32);
  expect(openCbc(key, sealed)).toEqual(plain);
});

test('what is cut short or of another key is not opened', () => {
  const sealed = sealCbc(new Uint8Array(32), new Uint8Array(40));
  expect(openCbc(new Uint8Array(32), sealed.subarray(0, 20))).toBeUndefined();
  expect(openCbc(new Uint8Array(32), new Uint8Array())).toBeUndefined();
});
