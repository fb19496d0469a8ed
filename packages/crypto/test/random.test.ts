import { pooledRandom } from '@doublehop/crypto/random';
import { expect, test } from 'vitest';
import { toHex } from './support.ts';

test('every draw has its length and bytes of its own, across the ends of pools', () => {
  const random = pooledRandom();
  const draws: Uint8Array[] = [];
  const digits: string[] = [];
  for (let round = 0; round < 600; round++) {
    const draw = random(16 + (round % 5));
    expect(draw).toHaveLength(16 + (round % 5));
    draws.push(draw);
    digits.push(toHex(draw));
  }
  expect(draws.map(toHex)).toEqual(digits);
  expect(new Set(digits).size).toBe(digits.length);
  draws[0]?.fill(0);
  expect(draws.slice(1).map(toHex)).toEqual(digits.slice(1));
});

test('large draws and empty ones work too', () => {
  const random = pooledRandom();
  expect(random(0)).toHaveLength(0);
  const large = random(10_000);
  expect(large).toHaveLength(10_000);
  expect(new Set(large).size).toBe(256);
  expect(random(4096)).toHaveLength(4096);
});
