import { pooledRandom } from '@doublehop/crypto/random';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { beforeAll, describe, expect, it } from 'vitest';
import { Directory } from '../src/directory.ts';
import { once } from '../src/once.ts';
import { memoryStore } from '../src/store/memory.ts';
import type { Range, Record, Store } from '../src/store/store.ts';
import { contoso, DOMAIN_DN, NOW } from './support/fixtures.ts';

// However many entries there are, a search reads them one by one: told by what it asks of the
// store between two of its steps, not by the memory of the process.
const UNIT = `OU=Many,${DOMAIN_DN}`;
const COUNT = 2000;
const PAUSE = 50;

/** Records read since `taken` was last called. */
interface Counted {
  readonly store: Store;
  taken(): number;
}

function counting(under: Store): Counted {
  let count = 0;
  function* range(asked: Range): Iterable<Record> {
    for (const record of under.range(asked)) {
      count += 1;
      yield record;
    }
  }
  return {
    store: {
      get(key) {
        count += 1;
        return under.get(key);
      },
      range,
      refresh: () => under.refresh(),
      revision: () => under.revision(),
      write: (work) => under.write(work),
      close: () => under.close(),
    },
    taken() {
      const now = count;
      count = 0;
      return now;
    },
  };
}

let directory: Directory;
let reads: Counted;

beforeAll(async () => {
  const store = memoryStore();
  const writing = await contoso(store);
  await writing.add(UNIT, { objectClass: 'organizationalUnit' });
  await writing.write((writer) => {
    for (let index = 0; index < COUNT; index += 1) {
      const facts = { description: `${index}`, givenName: index % 2 === 0 ? 'even' : 'odd' };
      writer.add(`CN=${index},${UNIT}`, { objectClass: 'user', ...facts });
    }
  });
  await writing.add(`OU=Empty,${DOMAIN_DN}`, { objectClass: 'organizationalUnit' });
  reads = counting(store);
  directory = new Directory({ store: reads.store, random: pooledRandom(), clock: () => NOW });
  directory.get(UNIT);
});

/** The most records that lie between two steps of a search, and how many entries it found. */
function measure(base: string, filter: string): { most: number; found: number; steps: number } {
  reads.taken();
  let most = 0;
  let found = 0;
  let steps = 0;
  const asked = { base, scope: 'subtree', filter: parseFilter(filter) } as const;
  for (const entry of directory.searchSteps(asked, PAUSE)) {
    most = Math.max(most, reads.taken());
    steps += 1;
    if (entry !== undefined) found += 1;
  }
  return { most, found, steps };
}

describe('numbers that come more than once', () => {
  const twice = [1, 2, 1, 3, 2, 4, 4, 1];
  const all = (): number[] => [4, 3, 2, 1, 0];

  it('are found once', () => {
    expect([...once(twice, all, 4)]).toEqual([1, 2, 3, 4]);
  });

  it('are remembered as far as a limit; then all others follow', () => {
    expect([...once(twice, all, 2)]).toEqual([1, 2, 4, 3, 0]);
    expect([...once([1, 1, 2, 2], all, 2)]).toEqual([1, 2]);
  });
});

describe('a search reads what it needs for its next step', () => {
  it.each([
    ['a scan that finds nothing', UNIT, '(description=*none)', 0],
    ['a scan of everything', DOMAIN_DN, '(description=*none)', 0],
    ['a negation', UNIT, '(!(objectClass=*))', 0],
    ['an index whose entries the rest of the filter refuses', UNIT, '(&(givenName=odd)(cn=*x))', 0],
    ['an index that leads elsewhere', `OU=Empty,${DOMAIN_DN}`, '(givenName=odd)', 0],
    ['an index', UNIT, '(givenName=odd)', COUNT / 2],
    ['two indexes', UNIT, '(|(givenName=odd)(givenName=even))', COUNT],
    ['what everything has', UNIT, '(objectClass=user)', COUNT],
  ])('%s', (_what, base, filter, count) => {
    const { most, found, steps } = measure(base, filter);
    expect(found).toBe(count);
    // An entry is looked at with a few records: its own, its descriptor, the ones above it.
    expect(most).toBeLessThan(PAUSE * 8);
    if (base === UNIT) expect(steps).toBeGreaterThanOrEqual(Math.max(count, COUNT / PAUSE / 2 - 1));
  });

  it('and no more once nobody asks for another', () => {
    const filter = parseFilter('(givenName=odd)');
    reads.taken();
    const found = directory.searchSteps({ base: UNIT, scope: 'subtree', filter }, PAUSE);
    const entries = found[Symbol.iterator]();
    expect(entries.next().done).toBe(false);
    expect(entries.next().done).toBe(false);
    expect(reads.taken()).toBeLessThan(PAUSE * 8);
    entries.return?.();
    expect(reads.taken()).toBe(0);
  });
});
