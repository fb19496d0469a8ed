import { pooledRandom } from '@doublehop/crypto/random';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkStore } from '../src/check/check.ts';
import { Directory } from '../src/directory.ts';
import type { AttributeInput } from '../src/entry.ts';
import { allEntries, extensionKey, indexOf } from '../src/layout.ts';
import { memoryStore } from '../src/store/memory.ts';
import type { Store } from '../src/store/store.ts';
import { contoso, DOMAIN_DN, NOW } from './support/fixtures.ts';

const SCHEMA = `CN=Schema,CN=Configuration,${DOMAIN_DN}`;
const SIZE = `CN=test-Shoe-size,${SCHEMA}`;

const attribute = (searchFlags: string): AttributeInput => ({
  objectClass: ['top', 'attributeSchema'],
  attributeID: '1.3.6.1.4.1.99999.1',
  attributeSyntax: '2.5.5.12',
  oMSyntax: '64',
  isSingleValued: 'FALSE',
  systemOnly: 'FALSE',
  searchFlags,
});
const dnOf = (name: string): string => `CN=${name},CN=Users,${DOMAIN_DN}`;

let store: Store;
let directory: Directory;
/** How many entries were read to go through all of them. */
let scanned: number;

beforeEach(async () => {
  const memory = memoryStore();
  store = {
    get: (key) => memory.get(key),
    refresh: () => memory.refresh(),
    revision: () => memory.revision(),
    write: (work) => memory.write(work),
    close: () => memory.close(),
    *range(range) {
      const isScan = range.start === allEntries().start;
      for (const record of memory.range(range)) {
        if (isScan) scanned += 1;
        yield record;
      }
    },
  };
  directory = await contoso(store);
});

async function prepare(searchFlags: string): Promise<void> {
  await directory.add(SIZE, attribute(searchFlags));
  const mayContain = {
    operation: 'add',
    attribute: 'mayContain',
    values: ['testShoeSize'],
  } as const;
  await directory.modify(`CN=Contact,${SCHEMA}`, [mayContain]);
}

const setFlags = (values: string[]): Promise<unknown> =>
  directory.modify(SIZE, [{ operation: 'replace', attribute: 'searchFlags', values }]);

const setSize = (name: string, ...values: string[]): Promise<unknown> =>
  directory.modify(dnOf(name), [{ operation: 'replace', attribute: 'testShoeSize', values }]);

const addContact = (name: string, ...sizes: string[]): Promise<unknown> =>
  directory.add(dnOf(name), { objectClass: 'contact', testShoeSize: sizes });

/** Names of those found, and whether every entry was looked at. */
function find(filter: string, from = directory): { names: string[]; all: boolean } {
  scanned = 0;
  const base = { base: DOMAIN_DN, scope: 'subtree', filter: parseFilter(filter) } as const;
  const names = Array.from(from.search(base), (entry) => entry.text('cn') ?? '').toSorted();
  return { names, all: scanned > 0 };
}

const records = (): number => {
  const { code } = directory.schema.attribute('testShoeSize') ?? { code: 0 };
  return [...store.range(indexOf(code))].length;
};

/** What is wrong with the store but that nobody has keys in it. */
const damage = (): unknown[] => [...checkStore(store)].filter(({ kind }) => kind !== 'account');

describe('MS-ADTS 2.2.9 fATTINDEX of attributes that clients add', () => {
  it('makes an index of a new attribute from its first value on', async () => {
    await prepare('1');
    expect(directory.schema.attribute('testShoeSize')?.indexed).toBe(true);
    await addContact('A', '39', '40');
    await addContact('B', '40');
    expect(find('(testShoeSize=40)')).toEqual({ names: ['A', 'B'], all: false });
    await setSize('A', '41');
    await directory.remove(dnOf('B'));
    expect(find('(testShoeSize=4*)')).toEqual({ names: ['A'], all: false });
    expect(records()).toBe(1);
    const other = new Directory({ store, random: pooledRandom(), clock: () => NOW });
    expect(find('(testShoeSize=41)', other)).toEqual({ names: ['A'], all: false });
    expect(damage()).toEqual([]);
  });

  it('makes one of an attribute that has values, whatever happens meanwhile', async () => {
    await prepare('0');
    await addContact('A', '39');
    await addContact('B', '40');
    await addContact('Gone', '40');
    await directory.remove(dnOf('Gone'));
    expect(find('(testShoeSize=40)')).toEqual({ names: ['B'], all: true });
    const flagged = setFlags(['1']);
    const late = addContact('C', '40');
    await Promise.all([flagged, late]);
    expect(directory.schema.attribute('testShoeSize')?.indexed).toBe(false);
    await Promise.all([setSize('A', '40'), setSize('B', '38'), addContact('D', '40')]);
    expect(find('(testShoeSize=40)').names).toEqual(['A', 'C', 'D']);
    await directory.settle();
    expect(find('(testShoeSize=40)')).toEqual({ names: ['A', 'C', 'D'], all: false });
    expect(find('(testShoeSize=38)')).toEqual({ names: ['B'], all: false });
    expect(records()).toBe(4);
    expect(damage()).toEqual([]);
  });

  it('goes on where a process before had come to', async () => {
    await prepare('0');
    await addContact('A', '39');
    // The unit of work alone: nothing follows from it in this process.
    const change = { operation: 'replace', attribute: 'searchFlags', values: ['1'] } as const;
    const written = directory.write((writer) => {
      writer.modify(SIZE, [change]);
    });
    await written;
    expect(find('(testShoeSize=39)')).toEqual({ names: ['A'], all: true });
    expect(damage()).toEqual([]);
    const other = new Directory({ store, random: pooledRandom(), clock: () => NOW });
    await other.settle();
    expect(find('(testShoeSize=39)', other)).toEqual({ names: ['A'], all: false });
    expect(find('(testShoeSize=39)')).toEqual({ names: ['A'], all: false });
  });

  it('drops the index with the bit, and makes it anew with it', async () => {
    await prepare('1');
    await addContact('A', '39');
    await setFlags(['0']);
    await directory.settle();
    expect(records()).toBe(0);
    await setSize('A', '40');
    expect(records()).toBe(0);
    expect(find('(testShoeSize=40)')).toEqual({ names: ['A'], all: true });
    await Promise.all([setFlags(['1']), addContact('B', '40')]);
    await setFlags([]);
    await setFlags(['9']);
    await directory.settle();
    expect(find('(testShoeSize=40)')).toEqual({ names: ['A', 'B'], all: false });
    expect(damage()).toEqual([]);
  });

  it('makes one of an attribute of the tables, and keeps those that they give', async () => {
    const change = (dn: string, flags: string): Promise<unknown> =>
      directory.modify(`${dn},${SCHEMA}`, [
        { operation: 'replace', attribute: 'searchFlags', values: [flags] },
      ]);
    await directory.add(dnOf('A'), { objectClass: 'contact', info: 'x', displayName: 'y' });
    await change('CN=Comment', '1');
    await change('CN=Display-Name', '0');
    await directory.settle();
    expect(find('(info=x)')).toEqual({ names: ['A'], all: false });
    expect(find('(displayName=y)')).toEqual({ names: ['A'], all: false });
    expect(damage()).toEqual([]);
  });

  it('leaves the directory knowing its own attributes when their entries change', async () => {
    const change = { operation: 'replace', attribute: 'searchFlags', values: ['9'] } as const;
    const { samAccountName } = directory.known;
    await directory.modify(`CN=SAM-Account-Name,${SCHEMA}`, [change]);
    await directory.settle();
    expect(directory.schema.attribute('sAMAccountName')).toBe(samAccountName);
    expect(samAccountName).toMatchObject({ searchFlags: 9, indexed: true, unique: true });
    expect(directory.schema.original(samAccountName.code)?.searchFlags).toBe(13);
    await directory.add(dnOf('U'), { objectClass: 'user', sAMAccountName: 'u' });
    expect(find('(sAMAccountName=U)')).toEqual({ names: ['U'], all: false });
    expect(damage()).toEqual([]);
  });

  it('tells of extensions that are none', async () => {
    await directory.write(() => undefined);
    const { id } = await directory.add(dnOf('N'), { objectClass: 'contact' });
    await store.write((tx) => tx.put(extensionKey(id), Uint8Array.of(2, 1)));
    expect(damage()).toEqual([
      { kind: 'record', object: dnOf('N'), what: 'it is said to be of the schema and is not' },
      { kind: 'index', object: dnOf('N'), what: 'the state of its index is none' },
    ]);
  });
});
