import { describe, expect, it } from 'vitest';
import { changesAfter, logChange } from '../src/changes.ts';
import { nextNumber } from '../src/counters.ts';
import { GenerationCache } from '../src/generation-cache.ts';
import { CHANGE_LOG_LENGTH } from '../src/limits.ts';
import { memoryStore } from '../src/store/memory.ts';

describe('the change log', () => {
  it('tells what changed since, as long as it is kept and not too much', async () => {
    const store = memoryStore();
    await store.write((tx) => {
      for (let i = 0; i < 10; i += 1)
        logChange(tx, { usn: nextNumber(tx, 'usn'), id: i, flags: i });
    });
    expect(changesAfter(store, 8, 100)).toEqual([
      { usn: 9, id: 8, flags: 8 },
      { usn: 10, id: 9, flags: 9 },
    ]);
    expect(changesAfter(store, 10, 100)).toEqual([]);
    expect(changesAfter(store, 0, 10)).toHaveLength(10);
    expect(changesAfter(store, 0, 9)).toBeUndefined();
  });

  it('is trimmed, and never answers from what was trimmed', async () => {
    const store = memoryStore();
    const total = CHANGE_LOG_LENGTH + 200;
    await store.write((tx) => {
      for (let i = 0; i < total; i += 1)
        logChange(tx, { usn: nextNumber(tx, 'usn'), id: 1, flags: 0 });
    });
    const kept = [...store.range({ start: 'u', end: 'v' })].length;
    expect(kept).toBeGreaterThanOrEqual(CHANGE_LOG_LENGTH);
    expect(kept).toBeLessThan(CHANGE_LOG_LENGTH + 64);
    expect(changesAfter(store, 100, Number.POSITIVE_INFINITY)).toBeUndefined();
    expect(changesAfter(store, total - 60_000, Number.POSITIVE_INFINITY)).toHaveLength(60_000);
  });
});

describe('the cache of two generations', () => {
  it('keeps what is used, and no more than its size', () => {
    const cache = new GenerationCache<number, number>(8);
    for (let i = 0; i < 100; i += 1) {
      cache.set(i, i);
      expect(cache.get(0)).toBe(0);
    }
    const kept = Array.from({ length: 100 }, (_, i) => i).filter((i) => cache.has(i));
    expect(kept.length).toBeGreaterThanOrEqual(4);
    expect(kept.length).toBeLessThanOrEqual(8);
    expect(kept).toContain(99);
    cache.deleteWhere((value) => value !== 99);
    expect(cache.get(0)).toBeUndefined();
    expect(cache.get(99)).toBe(99);
    cache.delete(99);
    expect(cache.has(99)).toBe(false);
  });
});
