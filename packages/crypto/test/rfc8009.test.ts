import { kdfHmacSha2 } from '@doublehop/crypto/aes-sha2';
import { Hmac } from '@doublehop/crypto/hmac';
import { Key } from '@doublehop/crypto/key';
import { iterationParams, stringToKey, stringToKeySync } from '@doublehop/crypto/string-to-key';
import { describe, expect, test } from 'vitest';
import { fixedRandom, hex, toHex } from './support.ts';
import { derived, passwords, pseudoRandom, sealed } from './vectors.ts';

const sha2 = ({ etype }: { readonly etype: number }) => etype === 19 || etype === 20;

describe('RFC 8009 A: string-to-key', () => {
  test.each(passwords.filter(sha2))(
    'etype $etype',
    async ({ etype, password, salt, iterations, key }) => {
      const made = await stringToKey(etype, password, hex(salt), iterationParams(iterations));
      expect(toHex(made.bytes())).toBe(key);
      // The vectors' count is also the default of §4.
      expect(toHex(stringToKeySync(etype, password, hex(salt)).bytes())).toBe(key);
    },
  );
});

describe('RFC 8009 A: key derivation', () => {
  test.each(derived.filter(sha2))(
    'etype $etype, constant $constant',
    ({ etype, key, constant, result }) => {
      const base = new Hmac(etype === 19 ? 'sha256' : 'sha384', hex(key));
      const size = result.length / 2;
      expect(toHex(kdfHmacSha2(base, hex(constant), size))).toBe(result);
    },
  );
});

describe('RFC 8009 A: encryption', () => {
  // The confounders of the sample encryptions, by etype and plaintext length.
  const confounders: Readonly<Record<string, string>> = {
    '19/0': '7e5895eaf2672435bad817f545a37148',
    '19/6': '7bca285e2fd4130fb55b1a5c83bc5b24',
    '19/16': '56ab21713ff62c0a1457200f6fa9948f',
    '19/21': 'a7a4e29a4728ce10664fb64e49ad3fac',
    '20/0': 'f764e9fa15c276478b2c7d0c4e5f58e4',
    '20/6': 'b80d3251c1f6471494256ffe712d0b9a',
    '20/16': '53bf8a0d105265d4e276428624ce5e63',
    '20/21': '763e65367e864f02f55153c7e3b58af1',
  };

  test.each(sealed.filter(sha2))(
    'etype $etype, plaintext "$plaintext"',
    ({ etype, usage, plaintext, key, ciphertext }) => {
      const made = Key.of(etype, hex(key));
      const confounder = hex(confounders[`${etype}/${plaintext.length / 2}`] ?? '');
      expect(toHex(made.encrypt(usage, hex(plaintext), fixedRandom(confounder)))).toBe(ciphertext);
      expect(toHex(made.decrypt(usage, hex(ciphertext)))).toBe(plaintext);
    },
  );
});

describe('RFC 8009 A: pseudo-random function', () => {
  test.each(pseudoRandom.filter(sha2))('etype $etype', ({ etype, key, input, output }) => {
    expect(toHex(Key.of(etype, hex(key)).prf(hex(input)))).toBe(output);
  });
});
