import { krbFxCf2, prfPlus } from '@doublehop/crypto/cf2';
import { stringToKeySync } from '@doublehop/crypto/string-to-key';
import { describe, expect, test } from 'vitest';
import { toHex } from './support.ts';

// RFC 6113 A and MIT krb5 src/lib/crypto/crypto_tests/t_cf2.expected: the keys are string-to-key of
// "key1" and "key2" with themselves as salt, the peppers are "a" and "b".
describe('RFC 6113 A: KRB-FX-CF2', () => {
  test.each([
    [17, '97df97e4b798b29eb31ed7280287a92a'],
    [18, '4d6ca4e629785c1f01baf55e2e548566b9617ae3a96868c337cb93b5e72b1c7b'],
    [19, 'edd02a39d2dbde31611c16e610be062c'],
    [20, '67f6ea530aea85a37dcbb23349ea52dcc61ca8493ff557252327fd8304341584'],
    [23, '24d7f6b6bae4e5c00d2082c5ebab3672'],
  ])('etype %i', (etype, expected) => {
    const [k1, k2] = [make(etype, 'key1'), make(etype, 'key2')];
    const combined = krbFxCf2(k1, k2, 'a', 'b');
    expect(combined.etype).toBe(etype);
    expect(toHex(combined.bytes())).toBe(expected);
  });

  test('the result has the type of the first key', () => {
    const [k1, k2] = [make(17, 'key1'), make(18, 'key2')];
    const left = prfPlus(k1, 'a', 16);
    const right = prfPlus(k2, 'b', 16);
    const combined = krbFxCf2(k1, k2, 'a', 'b');
    expect(combined.etype).toBe(17);
    expect([...combined.bytes()]).toEqual([...left].map((byte, at) => byte ^ (right[at] ?? 0)));
  });
});

describe('RFC 6113 §5.1: PRF+', () => {
  const key = make(18, 'key1');

  test('is the pseudo-random function of a counter and the pepper, joined and cut', () => {
    const pieces = [1, 2, 3].map((counter) => key.prf(Uint8Array.of(counter, 0x61)));
    expect(toHex(prfPlus(key, 'a', 40))).toBe(toHex(Buffer.concat(pieces).subarray(0, 40)));
  });

  test('ends where its one-octet counter does', () => {
    expect(prfPlus(key, 'a', 255 * 16)).toHaveLength(4080);
    expect(() => prfPlus(key, 'a', 255 * 16 + 1)).toThrow(RangeError);
  });
});

function make(etype: number, word: string) {
  return stringToKeySync(etype, word, word);
}
