import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_NEGATIVE_ENTRIES } from '../src/limits.ts';
import { NegativeCache } from '../src/lsa/negative-cache.ts';

const MINUTE = 60_000;

describe('NegativeCache', () => {
  test('repeats exactly what was noted within its lifetime', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), wait: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1, max: 30 }), (steps, lifetime) => {
        let now = 0;
        const cache = new NegativeCache<number>(lifetime, () => now);
        const noted = new Map<string, number>();
        for (const { key, wait } of steps) {
          now += wait;
          const at = noted.get(key);
          const expected = at !== undefined && now < at + lifetime ? at : undefined;
          expect(cache.find(key)?.why).toBe(expected);
          if (expected !== undefined) continue;
          cache.add(key, now);
          noted.set(key, now);
        }
      }),
    );
  });

  test('is bounded; the oldest goes first', () => {
    const cache = new NegativeCache<number>(MINUTE, () => 0);
    for (let i = 0; i <= MAX_NEGATIVE_ENTRIES; i += 1) cache.add(`key ${i}`, i);
    expect(cache.list()).toHaveLength(MAX_NEGATIVE_ENTRIES);
    expect(cache.find('key 0')).toBeUndefined();
    expect(cache.find('key 1')?.why).toBe(1);
    expect(cache.clear()).toBe(MAX_NEGATIVE_ENTRIES);
    expect(cache.list()).toEqual([]);
  });
});
