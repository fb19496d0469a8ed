import { CryptoError } from '@doublehop/crypto/errors';
import { maxIterations } from '@doublehop/crypto/limits';
import {
  defaultIterations,
  iterationParams,
  stringToKey,
  stringToKeySync,
} from '@doublehop/crypto/string-to-key';
import { describe, expect, test } from 'vitest';
import { ascii, expectCryptoError, hex, toHex } from './support.ts';

describe('RFC 3962 §4 and RFC 8009 §4: iterations', () => {
  test.each([
    [17, 4096],
    [18, 4096],
    [19, 32768],
    [20, 32768],
    [23, undefined],
  ])('etype %i has %s by default', async (etype, iterations) => {
    expect(defaultIterations(etype)).toBe(iterations);
    const asked = iterations === undefined ? undefined : iterationParams(iterations);
    const made = await stringToKey(etype, 'pencil', 'CONTOSO.COMalice');
    expect(made.etype).toBe(etype);
    expect(toHex(made.bytes())).toBe(
      toHex(stringToKeySync(etype, 'pencil', 'CONTOSO.COMalice', asked).bytes()),
    );
  });

  test('parameters are four octets, most significant first', () => {
    expect(toHex(iterationParams(32768))).toBe('00008000');
    expect(toHex(iterationParams(maxIterations))).toBe('00100000');
  });

  test.each([0, -1, 1.5, maxIterations + 1])('%d iterations are not to be asked for', (count) => {
    expect(() => iterationParams(count)).toThrow(RangeError);
  });

  // Zero stands for 2^32.
  test.each([
    ['00100001', maxIterations + 1],
    ['ffffffff', 0xffff_ffff],
    ['00000000', 2 ** 32],
  ])('a peer that asks for 0x%s is refused at once', async (params, actual) => {
    for (const etype of [17, 18, 19, 20]) {
      const fields = { etype, expected: maxIterations, actual };
      const error = expectCryptoError('s2k-params', () =>
        stringToKeySync(etype, 'pencil', 'salt', hex(params)),
      );
      expect(error.fields).toEqual(fields);
      const rejected = stringToKey(etype, 'pencil', 'salt', hex(params));
      await expect(rejected).rejects.toMatchObject({ code: 's2k-params', fields });
      await expect(rejected).rejects.toBeInstanceOf(CryptoError);
    }
  });

  test.each([
    [17, 4095, 4096],
    [20, 32767, 32768],
    [18, 1, 4096],
  ])('a peer that asks etype %i for only %i is refused', (etype, actual, expected) => {
    const params = iterationParams(actual);
    const error = expectCryptoError('s2k-params', () =>
      stringToKeySync(etype, 'pencil', 'salt', params),
    );
    expect(error.fields).toEqual({ etype, expected, actual });
    const options = { minIterations: actual };
    expect(stringToKeySync(etype, 'pencil', 'salt', params, options).etype).toBe(etype);
  });

  test.each(['', '000010', '0000001000'])('parameters "%s" are malformed', (params) => {
    const error = expectCryptoError('s2k-params', () =>
      stringToKeySync(18, 'pencil', 'salt', hex(params)),
    );
    expect(error.fields).toEqual({ etype: 18, expected: 4, actual: params.length / 2 });
  });
});

describe('RFC 3961 §3: string-to-key', () => {
  const few = iterationParams(2);
  const options = { minIterations: 1 };

  test('takes a salt as text in UTF-8 or as bytes', () => {
    const text = stringToKeySync(18, 'ß', 'ATHENA.MIT.EDUJuri\u0161i\u0107', few, options);
    const bytes = stringToKeySync(18, 'ß', ascii('ATHENA.MIT.EDUJuri\u0161i\u0107'), few, options);
    expect(toHex(text.bytes())).toBe(toHex(bytes.bytes()));
  });

  test('depends on etype, password, salt and iterations', () => {
    const made = [
      stringToKeySync(18, 'pencil', 'salt', few, options),
      stringToKeySync(20, 'pencil', 'salt', few, options),
      stringToKeySync(18, 'Pencil', 'salt', few, options),
      stringToKeySync(18, 'pencil', 'Salt', few, options),
      stringToKeySync(18, 'pencil', 'salt', iterationParams(3), options),
      stringToKeySync(17, 'pencil', 'salt', few, options),
    ].map((key) => toHex(key.bytes()));
    expect(new Set(made).size).toBe(made.length);
  });

  test('an empty password and an empty salt are a password and a salt', () => {
    expect(stringToKeySync(17, '', '', few, options).bytes()).toHaveLength(16);
    // MD4 of nothing (RFC 1320 A.5).
    expect(toHex(stringToKeySync(23, '', '').bytes())).toBe('31d6cfe0d16ae931b73c59d7e0c089c0');
  });

  test('unknown types are refused', async () => {
    expectCryptoError('unsupported-etype', () => stringToKeySync(3, 'pencil', 'salt'));
    expectCryptoError('unsupported-etype', () => defaultIterations(3));
    await expect(stringToKey(3, 'pencil', 'salt')).rejects.toMatchObject({
      code: 'unsupported-etype',
    });
  });
});
