import { listViewRequest, plainControl, sortRequest } from '@doublehop/ldap/controls';
import type { LdapClient } from '@doublehop/ldap/client/client';
import type { SearchOptions } from '@doublehop/ldap/client/types';
import type { Filter } from '@doublehop/ldap/filter';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { CONTROLS } from '@doublehop/ldap/oids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_TREE_DELETE, SEARCH_PAUSE, TREE_DELETE_UNIT } from '../src/limits.ts';
import {
  ALICE,
  BASE,
  connectAs,
  entriesOf,
  type RunningDomain,
  startDomain,
} from './support/domain.ts';

// What is long lets others have their turn: told by the order in which things end, never by time.
const MANY = `OU=Many,${BASE}`;
/** Of so many entries a search gives turns eight times, and one tree delete is not enough. */
const COUNT = Math.max(8 * SEARCH_PAUSE, MAX_TREE_DELETE);

let domain: RunningDomain;
let long: LdapClient;
let short: LdapClient;

/** Entries of a class that is cheap to make, below one that is made for them. */
async function plant(unit: string, count: number): Promise<void> {
  const { directory } = domain.dc;
  await directory.add(unit, { objectClass: 'organizationalUnit' });
  await directory.write((writer) => {
    for (let index = 0; index < count; index += 1) {
      writer.add(`CN=${index},${unit}`, { objectClass: 'container', description: `${index}` });
    }
  });
}

beforeAll(async () => {
  domain = await startDomain();
  await plant(MANY, COUNT);
  long = await connectAs(domain, 'Administrator');
  short = await connectAs(domain, 'Administrator');
}, 60_000);
afterAll(async () => {
  await long.close();
  await short.close();
  await domain.close();
});

/** What ended, in order: several long requests at a time, and short ones that were asked later. */
async function order(longOne: () => Promise<unknown>): Promise<string[]> {
  const ended: string[] = [];
  const note = async (name: string, work: Promise<unknown>): Promise<void> => {
    await work;
    ended.push(name);
  };
  const running = [1, 2, 3, 4].map(() => note('long', longOne()));
  const read = note('read', entriesOf(short, { base: ALICE, scope: 'base', filter: ANY }));
  await Promise.all([...running, read]);
  return ended;
}

const ANY = parseFilter('(objectClass=*)');
const sorted = sortRequest.encode([{ attribute: 'description' }], true);

const SEARCHES: readonly (readonly [string, Partial<SearchOptions>, number])[] = [
  // No index leads to what is not there: each entry is looked at.
  ['a scan that finds nothing', { filter: parseFilter('(description=none*x)') }, 0],
  ['a scan with a filter of many parts', { filter: manyParts() }, 0],
  [
    'a sort',
    {
      filter: parseFilter('(&(objectClass=container)(description=*77)(!(cn=x)))'),
      controls: [sorted],
    },
    Math.floor(COUNT / 100),
  ],
  [
    'a virtual list view',
    {
      filter: parseFilter('(description=*7)'),
      controls: [
        sorted,
        listViewRequest.encode(
          {
            beforeCount: 0,
            afterCount: 4,
            target: { kind: 'byOffset', value: { offset: 1, contentCount: 0 } },
          },
          true,
        ),
      ],
    },
    5,
  ],
];

function manyParts(): Filter {
  const parts = Array.from({ length: 100 }, (_, index) => `(description=a${index}*z)`);
  return parseFilter(`(|${parts.join('')})`);
}

describe('a long search lets others have their turn', () => {
  it.each(SEARCHES)('%s', async (_what, options, count) => {
    const search = async (): Promise<void> => {
      const found = await entriesOf(long, {
        base: MANY,
        filter: ANY,
        attributes: ['cn'],
        ...options,
      });
      expect(Math.abs(found.length - count)).toBeLessThanOrEqual(1);
    };
    const ended = await order(search);
    expect(ended.at(-1)).toBe('long');
    expect(ended).toContain('read');
  });
});

describe('MS-ADTS 3.1.1.5.5.7 tree delete', () => {
  const tree = { controls: [plainControl(CONTROLS.treeDelete)] };

  it('of many entries lets others have their turn, and removes them all', async () => {
    const unit = `OU=Felled,${BASE}`;
    await plant(unit, 6 * TREE_DELETE_UNIT);
    const ended: string[] = [];
    const { directory } = domain.dc;
    const deleting = long.delete(unit, tree).then(() => ended.push('delete'));
    const reading = entriesOf(short, { base: ALICE, scope: 'base', filter: ANY }).then(() => {
      ended.push('read');
    });
    const replace = { operation: 'replace', attribute: 'description', values: ['x'] } as const;
    const writing = short.modify(ALICE, [replace]).then(() => ended.push('write'));
    await Promise.all([deleting, reading, writing]);
    expect(ended.at(-1)).toBe('delete');
    expect(ended.toSorted()).toEqual(['delete', 'read', 'write']);
    expect(directory.find(unit)).toBeUndefined();
    expect(directory.find(`CN=7,${unit}`)).toBeUndefined();
  });

  it('of one unit of work and one entry less or more', async () => {
    for (const count of [TREE_DELETE_UNIT - 2, TREE_DELETE_UNIT - 1, TREE_DELETE_UNIT]) {
      const unit = `OU=Exactly ${count},${BASE}`;
      /* oxlint-disable no-await-in-loop */
      await plant(unit, count);
      await long.delete(unit, tree);
      /* oxlint-enable no-await-in-loop */
      expect(domain.dc.directory.find(unit)).toBeUndefined();
    }
  });

  it('of more than the limit is not finished by one request', async () => {
    await expect(long.delete(MANY, tree)).rejects.toMatchObject({
      code: 'adminLimitExceeded',
      message: expect.stringContaining('000020CD'),
    });
    await long.delete(MANY, tree);
    expect(domain.dc.directory.find(MANY)).toBeUndefined();
  }, 60_000);
});
