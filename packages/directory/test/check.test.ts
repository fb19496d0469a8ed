import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { encodeSid, withRid } from '@doublehop/security/sid';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkStore } from '../src/check/check.ts';
import type { Finding } from '../src/check/finding.ts';
import type { Directory } from '../src/directory.ts';
import {
  allDescriptors,
  backKey,
  backLinks,
  childKey,
  children,
  descriptorCountKey,
  entryKey,
  forwardKey,
  forwardLinks,
  idToBytes,
  indexKey,
  indexOf,
  keysKey,
  logKey,
  metaKey,
  propagationKey,
  uniqueKey,
} from '../src/layout.ts';
import {
  encodeEntry,
  EntryFlag,
  type EntryHead,
  type StoredAttributes,
  StoredEntry,
  withReference,
} from '../src/record.ts';
import { memoryStore } from '../src/store/memory.ts';
import type { Store, Transaction } from '../src/store/store.ts';
import { contoso, DOMAIN_DN, DOMAIN_SID } from './support/fixtures.ts';

const MEMBER = 2;
const KEYS = { kvno: 1, keys: [{ etype: 18, bytes: new Uint8Array(32) }] };
const NOTHING = new Uint8Array(0);

let store: Store;
let directory: Directory;
let user: number;
let group: number;

/** One domain for all: what a test does to its records is undone after it. */
beforeAll(async () => {
  store = memoryStore();
  directory = await contoso(store);
  const account = { objectClass: 'user', sAMAccountName: 'alice', givenName: 'Alice' };
  user = (await directory.add(`CN=alice,CN=Users,${DOMAIN_DN}`, account)).id;
  const members = { objectClass: 'group', member: `CN=alice,CN=Users,${DOMAIN_DN}` };
  group = (await directory.add(`CN=readers,CN=Users,${DOMAIN_DN}`, members)).id;
  await directory.setKeys({ id: user }, KEYS);
});

/** The records that a test has damaged, as they were before. */
const before = new Map<string, Uint8Array | undefined>();

afterEach(async () => {
  await store.write((tx) => {
    for (const [key, value] of before) {
      if (value === undefined) tx.delete(key);
      else tx.put(key, value);
    }
  });
  before.clear();
});

/** Findings but those of accounts that a directory without a controller lacks. */
const problems = (reader: Store): Finding[] =>
  Array.from(checkStore(reader)).filter(({ kind }) => kind !== 'account');
/** As lines: all of them, or those as far as one that is expected. */
const findings = (expected?: RegExp): string[] => {
  const lines: string[] = [];
  for (const { kind, object, what } of checkStore(store)) {
    if (kind === 'account') continue;
    const line = `${kind}: ${object}: ${what}`;
    lines.push(line);
    if (expected?.test(line) === true) break;
  }
  return lines;
};
const damage = (work: (tx: Transaction) => void): Promise<void> =>
  store.write((tx) => {
    const note = (key: string): void => {
      if (!before.has(key)) before.set(key, tx.get(key));
    };
    work({
      get: (key) => tx.get(key),
      range: (range) => tx.range(range),
      put(key, value) {
        note(key);
        tx.put(key, value);
      },
      delete(key) {
        note(key);
        tx.delete(key);
      },
    });
  });
const stored = (id: number): StoredEntry => {
  const bytes = store.get(entryKey(id));
  if (bytes === undefined) throw new TypeError(`entry ${id} is not there`);
  return new StoredEntry(id, bytes);
};
const code = (name: string): number => directory.schema.attribute(name)?.code ?? 0;
/** Writes an entry with another head or other attributes, and nothing else. */
const rewrite = (
  id: number,
  head: Partial<EntryHead>,
  change: (attributes: StoredAttributes) => void = () => undefined,
): Promise<void> => {
  const entry = stored(id);
  const attributes = entry.attributes();
  change(attributes);
  const { parentId, flags, rdn } = entry;
  return damage((tx) =>
    tx.put(entryKey(id), encodeEntry({ parentId, flags, rdn, ...head }, attributes)),
  );
};
const set =
  (name: string, ...values: (string | number | Uint8Array)[]) =>
  (attributes: StoredAttributes): void =>
    void attributes.set(code(name), values);

describe('a store that is in order', () => {
  it('has no findings, whatever was done to it', async () => {
    expect(findings()).toEqual([]);
    const own = memoryStore();
    const another = await contoso(own);
    const bob = `CN=bob,CN=Users,${DOMAIN_DN}`;
    const { id } = await another.add(bob, { objectClass: 'user', sAMAccountName: 'bob' });
    const writers = `CN=writers,CN=Users,${DOMAIN_DN}`;
    await another.add(writers, { objectClass: 'group', member: bob });
    await another.setKeys({ id }, KEYS);
    await another.rename({ id }, { newRdn: 'CN=Bob B.' });
    const descriptor = encodeDescriptor(
      parseSddl('O:BAG:BAD:(A;CI;RP;;;WD)', { domain: DOMAIN_SID }),
    );
    await another.modify(DOMAIN_DN, [
      { operation: 'replace', attribute: 'nTSecurityDescriptor', values: [descriptor] },
    ]);
    expect(problems(own)).toEqual([]);
    await another.settle();
    await another.remove({ id });
    expect(problems(own)).toEqual([]);
    await another.remove(writers);
    expect(problems(own)).toEqual([]);
  });

  it('lacks a controller without one, and keys of krbtgt', () => {
    const accounts = Array.from(checkStore(store)).filter(({ kind }) => kind === 'account');
    expect(accounts.map(({ what }) => what)).toContain('it has no domain controller');
  });
});

describe('damage that is found', () => {
  const first = (range: Parameters<Store['range']>[0]): string => {
    const [record] = store.range({ ...range, limit: 1 });
    if (record === undefined) throw new TypeError('there is no such record');
    return record.key;
  };
  const CASES: readonly (readonly [string, RegExp, () => Promise<void>])[] = [
    [
      'an entry that does not decode',
      /^entry: entry \d+: its record does not/,
      () => damage((tx) => tx.put(entryKey(user), stored(user).record.subarray(0, 60))),
    ],
    [
      'an entry that is gone',
      /^tree: .*leads to entry \d+: not there/,
      () => damage((tx) => tx.delete(entryKey(user))),
    ],
    [
      'an entry without its name',
      /^tree: CN=alice.*not found under its name/,
      () => damage((tx) => tx.delete(childKey(stored(user).parentId, 'CN=alice'.toLowerCase()))),
    ],
    [
      'a name too many',
      /^tree: CN=alice.*a name leads to it that/,
      () => damage((tx) => tx.put(childKey(group, 'cn=bob'), idToBytes(user))),
    ],
    [
      'an entry without the one above',
      /^tree: entry \d+: entry 99999 above it/,
      () => rewrite(user, { parentId: 99_999 }),
    ],
    [
      'a circle',
      /^tree: entry \d+: the way up from it does not end/,
      () => rewrite(stored(user).parentId, { parentId: user }),
    ],
    [
      'a container that does not say so',
      /^tree: CN=Users.*does not say so/,
      () => rewrite(stored(user).parentId, { flags: 0 }),
    ],
    [
      'an entry below the root',
      /^tree: .*heads no naming context/,
      () => rewrite(user, { parentId: 0 }),
    ],
    [
      'a value that is not indexed',
      /^index: CN=alice.*not in the index of givenName/,
      () => damage((tx) => tx.delete(indexKey(code('givenName'), 'alice', user))),
    ],
    [
      'an index that has more',
      /^index: CN=alice.*index of givenName has a value/,
      () => damage((tx) => tx.put(indexKey(code('givenName'), 'bob', user), NOTHING)),
    ],
    [
      'an index to nothing',
      /^index: entry 99999: the index of givenName/,
      () => damage((tx) => tx.put(indexKey(code('givenName'), 'bob', 99_999), NOTHING)),
    ],
    [
      'an index of nothing',
      /^index: .*the index of attribute 1 leads/,
      () => damage((tx) => tx.put(indexKey(1, 'bob', user), NOTHING)),
    ],
    [
      'a name of two accounts',
      /^index: CN=alice.*sAMAccountName is that of entry/,
      () => damage((tx) => tx.put(uniqueKey(code('sAMAccountName'), 'alice'), idToBytes(group))),
    ],
    [
      'a link of one side',
      /^link: CN=readers.*member lacks its back link/,
      () => damage((tx) => tx.delete(backKey(user, MEMBER, group))),
    ],
    [
      'a back link of one side',
      /^link: CN=alice.*is without link/,
      () => damage((tx) => tx.delete(forwardKey(group, MEMBER, user))),
    ],
    [
      'a link to nothing',
      /^link: entry 99999: member has it as an end/,
      () => damage((tx) => tx.put(forwardKey(group, MEMBER, 99_999), NOTHING)),
    ],
    [
      'a link of no attribute',
      /^link: CN=readers.*is of no schema/,
      () => damage((tx) => tx.put(forwardKey(group, 60_000, user), NOTHING)),
    ],
    [
      'a link that is not said',
      /^link: CN=alice.*has member and does not say so/,
      () => rewrite(user, { flags: 0 }),
    ],
    [
      'a descriptor counted wrong',
      /^descriptor: descriptor \d+: is that of \d+.*counts 7000/,
      () =>
        damage((tx) => {
          const id = stored(user).reference(code('nTSecurityDescriptor'));
          tx.put(descriptorCountKey(id), idToBytes(7000));
        }),
    ],
    [
      'a descriptor that is gone',
      /^descriptor: .*security descriptor is not there/,
      () => damage((tx) => tx.delete(first(allDescriptors()))),
    ],
    [
      'a descriptor that is damaged',
      /^descriptor: .*does not decode/,
      () => damage((tx) => tx.put(first(allDescriptors()), Uint8Array.of(9))),
    ],
    [
      'a descriptor of another number',
      /^descriptor: CN=alice.*descriptor is not there/,
      () =>
        damage((tx) => {
          const record = withReference(stored(user), code('nTSecurityDescriptor'), 12_345);
          tx.put(entryKey(user), record);
        }),
    ],
    [
      'a descriptor nobody has',
      /^descriptor: descriptor 5: is counted and not there/,
      () => damage((tx) => tx.put(descriptorCountKey(5), idToBytes(1))),
    ],
    [
      'keys that do not decode',
      /^keys: CN=alice.*do not decode/,
      () => damage((tx) => tx.put(keysKey(user), Uint8Array.of(1, 9))),
    ],
    [
      'keys of nobody',
      /^keys: entry 99999: it has keys/,
      () => damage((tx) => tx.put(keysKey(99_999), Uint8Array.of(1, 0))),
    ],
    [
      'a counter of entries that is behind',
      /^counter: .*counter of entries/,
      () => damage((tx) => tx.delete(metaKey('id'))),
    ],
    [
      'a counter of changes that is behind',
      /^counter: .*counter of changes/,
      () => damage((tx) => tx.delete(metaKey('usn'))),
    ],
    [
      'a counter of RIDs that is behind',
      /^counter: CN=alice.*counter of RIDs/,
      () => rewrite(user, {}, set('objectSid', encodeSid(withRid(DOMAIN_SID, 2_000_000)))),
    ],
    [
      'a SID that is none',
      /^attribute: CN=alice.*objectSid does not decode/,
      () => rewrite(user, {}, set('objectSid', Uint8Array.of(1, 2))),
    ],
    [
      'a class that is none',
      /^attribute: CN=alice.*no class/,
      () => rewrite(user, {}, set('objectClass', 'top', 'nothing')),
    ],
    [
      'an attribute that is missing',
      /^attribute: CN=alice.*is missing/,
      () => rewrite(user, {}, (all) => void all.delete(code('instanceType'))),
    ],
    [
      'an attribute too many',
      /^attribute: CN=alice.*not an attribute of a user/,
      () => rewrite(user, {}, set('groupType', '2')),
    ],
    [
      'an attribute of no schema',
      /^attribute: CN=alice.*attribute 1 is not of the schema/,
      () => rewrite(user, {}, (all) => void all.set(1, ['x'])),
    ],
    [
      'a value of no such syntax',
      /^attribute: CN=alice.*no such syntax/,
      () => rewrite(user, {}, set('userAccountControl', 'many')),
    ],
    [
      'two values of one',
      /^attribute: CN=alice.*more than one value/,
      () => rewrite(user, {}, set('displayName', 'a', 'b')),
    ],
    [
      'objectCategory of nothing',
      /^reference: CN=alice.*objectCategory names entry 99999/,
      () => rewrite(user, {}, set('objectCategory', 99_999)),
    ],
    [
      'a tombstone that is not listed',
      /^tombstone: CN=alice.*deleted and not listed/,
      () => rewrite(user, { flags: EntryFlag.deleted }),
    ],
    [
      'an entry listed as deleted',
      /^tombstone: CN=alice.*listed as deleted/,
      () => damage((tx) => tx.put(indexKey(code('isDeleted'), 'TRUE', user), NOTHING)),
    ],
    [
      'a change that never was',
      /^change-log: .*above the counter/,
      () => damage((tx) => tx.put(logKey(9_999_999, user), Uint8Array.of(0))),
    ],
    [
      'a descriptor to hand down from nothing',
      /^propagation: entry 99999/,
      () => damage((tx) => tx.put(propagationKey(99_999), NOTHING)),
    ],
    [
      'a record of no kind',
      /^record: record 7a: is of no known kind/,
      () => damage((tx) => tx.put('z', NOTHING)),
    ],
    ['no domain', /^domain: the store/, () => damage((tx) => tx.delete(metaKey('domain')))],
  ];

  it.each(CASES)('%s', async (_what, expected, work) => {
    await work();
    expect(findings(expected).at(-1)).toMatch(expected);
  });

  it('any record that is cut short or gone never stops the check', async () => {
    const keys = Array.from(store.range({}), ({ key }) => key);
    await fc.assert(
      fc.asyncProperty(fc.nat(keys.length - 1), fc.nat(40), async (index, length) => {
        const key = keys[index] ?? '';
        const value = store.get(key) ?? NOTHING;
        await damage((tx) => tx.put(key, value.subarray(0, length)));
        expect(Array.isArray(findings())).toBe(true);
        await damage((tx) => tx.put(key, value));
      }),
      { numRuns: 5 },
    );
    expect(findings()).toEqual([]);
  });
});

it('looks at every record once', () => {
  let count = 0;
  for (const finding of checkStore(store, { onRecord: () => (count += 1) })) void finding;
  const facts = [...store.range({ start: 'm', end: 'n' })].length;
  expect(count).toBe([...store.range({})].length - facts);
  expect([...store.range(children(0))].length).toBeGreaterThan(0);
  expect([...store.range(forwardLinks(group))]).toHaveLength(1);
  expect([...store.range(backLinks(user))]).toHaveLength(1);
  expect([...store.range(indexOf(code('givenName')))]).toHaveLength(1);
});
