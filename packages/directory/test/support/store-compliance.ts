import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import { MAX_KEY_BYTES } from '../../src/limits.ts';
import type { Key, Range, Reader, Store } from '../../src/store/store.ts';

/** What a store under test gives: a fresh one, and the same one again after `close`. */
export interface StoreFactory {
  open(): Promise<Store>;
  /** Present when the store keeps its data over `close`. */
  reopen?(): Promise<Store>;
  dispose(): Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);
const keys = (reader: Reader, range: Range): Key[] =>
  Array.from(reader.range(range), (record) => record.key);

const aKey = fc
  .uint8Array({ minLength: 1, maxLength: 4 })
  .map((units) => String.fromCharCode(...units));

/** The rules of `store.ts` that every store keeps. */
export function storeCompliance(name: string, make: () => StoreFactory): void {
  describe(`${name} keeps the rules of a store`, () => {
    let factory: StoreFactory;
    let store: Store;
    beforeEach(async () => {
      factory = make();
      store = await factory.open();
    });
    afterEach(async () => {
      await store.close();
      await factory.dispose();
    });
    readsAndRanges(() => store);
    transactions(() => store);
    againstAModel(() => store);
    concurrency(() => store);
    it('refuses use after close and keeps what it keeps', async () => {
      await store.write((tx) => tx.put('k', bytes('v')));
      const pending = store.write((tx) => tx.put('in flight', bytes('v')));
      await store.close();
      await pending;
      expect(() => store.get('k')).toThrow(StoreError);
      await expect(store.write(() => 0)).rejects.toThrow(StoreError);
      if (factory.reopen === undefined) return;
      store = await factory.reopen();
      expect(keys(store, {})).toEqual(['in flight', 'k']);
    });
  });
}

function readsAndRanges(store: () => Store): void {
  it('orders keys as bytes and bounds ranges: start included, end excluded', async () => {
    const all = ['\x00', '\x00\x00', 'a', 'a\x00', 'aa', 'b', '\x7f', '\x80', '\xff', '\xff\xff'];
    await store().write((tx) => {
      for (const key of all.toReversed()) tx.put(key, bytes(key));
    });
    expect(keys(store(), {})).toEqual(all);
    expect(keys(store(), { reverse: true })).toEqual(all.toReversed());
    expect(keys(store(), { start: 'a', end: 'b' })).toEqual(['a', 'a\x00', 'aa']);
    expect(keys(store(), { start: 'a', end: 'b', reverse: true })).toEqual(['aa', 'a\x00', 'a']);
    expect(keys(store(), { start: 'a', end: 'a' })).toEqual([]);
    expect(keys(store(), { start: 'b', end: 'a' })).toEqual([]);
    expect(keys(store(), { start: '\x01', limit: 2 })).toEqual(['a', 'a\x00']);
    expect(keys(store(), { end: 'b', limit: 2, reverse: true })).toEqual(['aa', 'a\x00']);
    expect(keys(store(), { limit: 0 })).toEqual([]);
  });

  it('holds empty and large values, long keys, and refuses what it cannot hold', async () => {
    const large = new Uint8Array(1_500_000).fill(7);
    const long = 'k'.repeat(MAX_KEY_BYTES);
    await store().write((tx) => {
      tx.put('empty', new Uint8Array(0));
      tx.put('large', large);
      tx.put(long, bytes('long'));
    });
    expect(store().get('empty')).toHaveLength(0);
    expect(Buffer.compare(store().get('large') ?? bytes(''), large)).toBe(0);
    expect(text(store().get(long))).toBe('long');
    expect(store().get('absent')).toBeUndefined();
    await expect(store().write((tx) => tx.put(`${long}k`, large))).rejects.toThrow(StoreError);
    await expect(store().write((tx) => tx.put('', large))).rejects.toThrow(StoreError);
  });

  it('gives values that later reads and writes leave alone', async () => {
    const mine = bytes('first');
    await store().write((tx) => tx.put('k', mine));
    mine.fill(0);
    const read = store().get('k');
    await store().write((tx) => tx.put('k', bytes('other')));
    store().get('k');
    expect(text(read)).toBe('first');
  });
}

function transactions(store: () => Store): void {
  it('shows a unit of work its own writes, in gets and in ranges', async () => {
    await store().write((tx) => {
      for (const key of ['a', 'c', 'e']) tx.put(key, bytes('old'));
    });
    const seen = await store().write((tx) => {
      tx.put('b', bytes('new'));
      tx.put('c', bytes('new'));
      tx.delete('e');
      tx.put('f', bytes('new'));
      const forward = Array.from(tx.range({}), (r) => `${r.key}=${text(r.value)}`);
      return { forward, backward: keys(tx, { reverse: true, limit: 2 }), gone: tx.get('e') };
    });
    expect(seen.forward).toEqual(['a=old', 'b=new', 'c=new', 'f=new']);
    expect(seen.backward).toEqual(['f', 'c']);
    expect(seen.gone).toBeUndefined();
    expect(keys(store(), {})).toEqual(['a', 'b', 'c', 'f']);
  });

  it('keeps all of a unit of work or, when it throws, none', async () => {
    const before = store().revision();
    const failing = store().write((tx) => {
      tx.put('half', bytes('x'));
      throw new RangeError('stop');
    });
    const passing = store().write((tx) =>
      tx.put('whole', text(tx.get('half')) === undefined ? bytes('y') : bytes('leak')),
    );
    await expect(failing).rejects.toThrow(RangeError);
    await passing;
    expect(keys(store(), {})).toEqual(['whole']);
    expect(text(store().get('whole'))).toBe('y');
    store().refresh();
    expect(store().revision()).toBeGreaterThan(before);
  });
}

function againstAModel(store: () => Store): void {
  it('agrees with a plain map over random units of work', async () => {
    const operation = fc.tuple(
      aKey,
      fc.option(fc.uint8Array({ maxLength: 3 }), { nil: undefined }),
    );
    const unit = fc.record({
      operations: fc.array(operation, { maxLength: 8 }),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(unit, { maxLength: 8 }), aKey, aKey, async (units, start, end) => {
        await store().write((tx) => {
          for (const key of keys(tx, {})) tx.delete(key);
        });
        const model = new Map<Key, Uint8Array>();
        const results = units.map(({ operations, fails }) =>
          store().write((tx) => {
            for (const [key, value] of operations) {
              if (value === undefined) tx.delete(key);
              else tx.put(key, value);
            }
            if (fails) throw new RangeError('stop');
          }),
        );
        await Promise.allSettled(results);
        for (const { operations } of units.filter((each) => !each.fails)) {
          for (const [key, value] of operations) {
            if (value === undefined) model.delete(key);
            else model.set(key, value);
          }
        }
        const sorted = [...model.keys()].sort((a, b) => (a < b ? -1 : 1));
        expect(keys(store(), {})).toEqual(sorted);
        const within = sorted.filter((key) => key >= start && key < end);
        expect(keys(store(), { start, end })).toEqual(within);
        expect(keys(store(), { start, end, reverse: true })).toEqual(within.toReversed());
        for (const [key, value] of model) expect([...(store().get(key) ?? [])]).toEqual([...value]);
      }),
      { numRuns: 40 },
    );
  });
}

function concurrency(store: () => Store): void {
  it('runs units of work one after another, however many are in flight', async () => {
    const increments = Array.from({ length: 300 }, () =>
      store().write((tx) => {
        const next = Number(text(tx.get('counter')) ?? '0') + 1;
        tx.put('counter', bytes(String(next)));
        return next;
      }),
    );
    const results = await Promise.all(increments);
    expect(results).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    expect(text(store().get('counter'))).toBe('300');
  });

  it('lets a range be walked while the store changes under it', async () => {
    await store().write((tx) => {
      for (let i = 100; i < 1000; i += 1) tx.put(`k${i}`, bytes(String(i)));
    });
    const seen: Key[] = [];
    for (const { key } of store().range({ start: 'k', end: 'l' })) {
      seen.push(key);
      // oxlint-disable-next-line no-await-in-loop
      if (seen.length % 300 === 0) await store().write((tx) => tx.delete(`k${99 + seen.length}`));
    }
    expect(seen).toHaveLength(new Set(seen).size);
    expect(seen).toEqual([...seen].sort((a, b) => (a < b ? -1 : 1)));
    expect(seen.length).toBeGreaterThanOrEqual(897);
  });
}
