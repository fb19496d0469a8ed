import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeySet } from '../src/account.ts';
import { decodeKeys, encodeKeys } from '../src/keys-record.ts';
import {
  decodeId,
  encodeId,
  idOfBytes,
  idToBytes,
  indexBetween,
  indexKey,
  indexStart,
  indexValue,
} from '../src/layout.ts';
import { MAX_INDEX_VALUE_BYTES, MAX_KEY_BYTES } from '../src/limits.ts';
import { encodeEntry, StoredEntry, type StoredValue } from '../src/record.ts';
import type { Range } from '../src/store/store.ts';

const id = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const byteString = fc
  .uint8Array({ maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

function holds(range: Range, key: string): boolean {
  return (range.start ?? '') <= key && (range.end === undefined || key < range.end);
}

describe('records of entries', () => {
  const text = fc.string({ unit: 'binary' }).filter((each) => each.isWellFormed());
  const values: fc.Arbitrary<StoredValue[]> = fc.oneof(
    fc.array(text, { minLength: 1, maxLength: 4 }),
    fc.array(fc.uint8Array(), { minLength: 1, maxLength: 4 }),
    fc.array(id, { minLength: 1, maxLength: 4 }),
  );
  const attributes = fc.dictionary(fc.integer({ min: 1, max: 2 ** 32 - 1 }).map(String), values);

  it('come back whole, and value by value', () => {
    fc.assert(
      fc.property(
        id,
        fc.integer({ min: 0, max: 255 }),
        text,
        attributes,
        (parent, flags, name, all) => {
          const map = new Map(Object.entries(all).map(([code, each]) => [Number(code), each]));
          const rdn = { type: 'CN', value: name };
          const entry = new StoredEntry(7, encodeEntry({ parentId: parent, flags, rdn }, map));
          expect(entry.parentId).toBe(parent);
          expect(entry.flags).toBe(flags);
          expect(entry.rdn).toEqual(rdn);
          expect(entry.attributes()).toEqual(map);
          expect(entry.codes()).toEqual([...map.keys()]);
          // Asked often enough that places are noted, and once for each where they are not.
          for (const [code, each] of map) {
            expect(entry.values(code)).toEqual(each);
            expect(new StoredEntry(7, encodeEntry(entry, map)).values(code)).toEqual(each);
          }
          expect(entry.has(0)).toBe(false);
          expect(entry.values(0)).toEqual([]);
        },
      ),
    );
  });

  it('of keys come back, newest first', () => {
    const keyBytes = fc.uint8Array({ minLength: 1, maxLength: 32 });
    const key = fc.record(
      { etype: fc.integer({ min: -200, max: 200 }), bytes: keyBytes, salt: text },
      { requiredKeys: ['etype', 'bytes'] },
    );
    const set: fc.Arbitrary<KeySet> = fc.record({
      kvno: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      keys: fc.array(key, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(set, { maxLength: 3 }), (sets) => {
        expect(decodeKeys(encodeKeys(sets))).toEqual(sets);
      }),
    );
  });

  it('of a long history keep one key each, the cheapest to check a password by', () => {
    const bytes = (length: number) => new Uint8Array(length).fill(length);
    const keys = [
      { etype: 18, bytes: bytes(32), salt: 'a' },
      { etype: 23, bytes: bytes(15) },
      { etype: 17, bytes: bytes(16), salt: 'a' },
    ];
    const sets = Array.from({ length: 40 }, (_, age) => ({ kvno: 40 - age, keys }));
    const read = decodeKeys(encodeKeys(sets));
    expect(read.map(({ kvno }) => kvno)).toEqual(sets.slice(0, 25).map(({ kvno }) => kvno));
    expect(read[2]?.keys).toEqual(keys);
    expect(read[3]?.keys).toEqual([keys[2]]);
    expect(read[24]?.keys).toEqual([keys[2]]);
  });
});

describe('keys of the store', () => {
  it('hold numbers below 2^48 in order', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(decodeId(encodeId(a), 0)).toBe(a);
        expect(idOfBytes(idToBytes(a))).toBe(a);
        expect(encodeId(a) < encodeId(b)).toBe(a < b);
      }),
    );
  });

  it('of an index find exactly a value, a start and a stretch', () => {
    fc.assert(
      fc.property(byteString, byteString, id, (value, other, entry) => {
        const key = indexKey(77, value, entry);
        expect(holds(indexValue(77, other), key)).toBe(value === other);
        expect(holds(indexStart(77, other), key)).toBe(value.startsWith(other));
        expect(holds(indexBetween(77, other, undefined), key)).toBe(value >= other);
        // The upper bound also lets through what starts with it; the filter has the last word.
        expect(holds(indexBetween(77, undefined, other), key)).toBe(
          value <= other || value.startsWith(other),
        );
        expect(holds(indexValue(78, value), key)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('stay within the limit and apart, however long the values are', () => {
    const long = 'x'.repeat(5000);
    expect(indexKey(1, long, 1).length).toBeLessThan(MAX_KEY_BYTES);
    expect(indexKey(1, '\0'.repeat(5000), 1).length).toBeLessThan(MAX_KEY_BYTES);
    expect(indexKey(1, `${long}a`, 1)).not.toBe(indexKey(1, `${long}b`, 1));
    const start = 'x'.repeat(MAX_INDEX_VALUE_BYTES + 10);
    expect(holds(indexStart(1, start), indexKey(1, long, 1))).toBe(true);
    expect(holds(indexBetween(1, start, long), indexKey(1, long, 1))).toBe(true);
  });
});
