import { everything } from '@doublehop/ldap/filter';
import { pooledRandom } from '@doublehop/crypto/random';
import { parseGuid } from '@doublehop/security/guid';
import { decodeDescriptor, encodeDescriptor } from '@doublehop/security/descriptor';
import { formatSddl, parseSddl } from '@doublehop/security/sddl';
import { withRid } from '@doublehop/security/sid';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { countOf } from '../src/descriptor-table.ts';
import { Directory } from '../src/directory.ts';
import type { Entry } from '../src/entry.ts';
import {
  allDescriptors,
  allEntries,
  allPropagations,
  descriptorHashKey,
  idOfEntryKey,
  metaKey,
} from '../src/layout.ts';
import { PROPAGATION_BATCH } from '../src/limits.ts';
import { StoredEntry } from '../src/record.ts';
import { memoryStore } from '../src/store/memory.ts';
import type { Reader, Store } from '../src/store/store.ts';
import { contoso, DOMAIN_DN, DOMAIN_SID, NOW } from './support/fixtures.ts';

const OU = `OU=Above,${DOMAIN_DN}`;
const domain = { domain: DOMAIN_SID };
const OU_TYPE = { objectClass: 'organizationalUnit' };

let store: Store;
let directory: Directory;
beforeEach(async () => {
  store = memoryStore();
  directory = await contoso(store);
});

const sddlOf = (entry: Entry): string => {
  const bytes = entry.bytes('nTSecurityDescriptor');
  if (bytes === undefined) throw new TypeError(`${entry.dn} has no descriptor`);
  return formatSddl(decodeDescriptor(bytes), domain);
};
const sddl = (dn: string): string => sddlOf(directory.get(dn));
const bytesOf = (text: string): Uint8Array => encodeDescriptor(parseSddl(text, domain));
const replace = (dn: string, text: string): Promise<Entry> =>
  directory.modify(dn, [
    { operation: 'replace', attribute: 'nTSecurityDescriptor', values: [bytesOf(text)] },
  ]);
const fails = (code: string): object => expect.objectContaining({ code });

/** Entries by number of descriptor, as they are, and as they are counted. */
function counts(reader: Reader): { held: Map<number, number>; counted: Map<number, number> } {
  const held = new Map<number, number>();
  const code = directory.known.descriptor.code;
  for (const { key, value } of reader.range(allEntries())) {
    const id = new StoredEntry(idOfEntryKey(key), value).reference(code);
    if (id !== 0) held.set(id, (held.get(id) ?? 0) + 1);
  }
  const counted = new Map<number, number>();
  for (const { key } of reader.range(allDescriptors())) {
    const id = Number(`0x${Buffer.from(key.slice(1), 'latin1').toString('hex')}`);
    counted.set(id, countOf(reader, id));
  }
  return { held, counted };
}

function expectExactCounts(): void {
  const { held, counted } = counts(store);
  expect(counted).toEqual(held);
  const hashes = [...store.range({ start: descriptorHashKey(''), end: 'i' })];
  expect(hashes).toHaveLength(held.size);
}

describe('MS-ADTS 6.1.3 descriptors of new entries', () => {
  it('are there for every entry of a new domain, each distinct one once', () => {
    const ids = new Set<number>();
    const request = { base: DOMAIN_DN, scope: 'subtree', filter: everything } as const;
    for (const entry of directory.search({ ...request, contexts: true })) {
      expect(entry.descriptorId).not.toBe(0);
      ids.add(entry.descriptorId);
      const { owner, dacl } = directory.descriptor(entry.descriptorId) ?? {};
      expect(owner).toBeDefined();
      expect(dacl).not.toBe('null');
    }
    expect(ids.size).toBeLessThan(100);
    expectExactCounts();
  });

  it('are those of the class, with what is inherited (6.1.3.6)', async () => {
    const { sid } = await directory.add(`CN=u,CN=Users,${DOMAIN_DN}`, { objectClass: 'user' });
    const text = sddl(`CN=u,CN=Users,${DOMAIN_DN}`);
    expect(sid).toBeDefined();
    expect(text).toMatch(/^O:DAG:DAD:AI\(A;;/);
    // What lets an account be granted resource-based delegation: its own right to the property set.
    expect(text).toContain('(OA;OICIID;RPWP;3f78c3e5-f79a-46bd-a0b8-9d18116ddc79;;PS)');
    expect(text).toContain('(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;PS)');
  });

  it('belong to who makes the entry (6.1.3.7)', async () => {
    const creator = { owner: withRid(DOMAIN_SID, 1105), group: withRid(DOMAIN_SID, 513) };
    const dn = `CN=PC,CN=Computers,${DOMAIN_DN}`;
    await directory.write((writer) => writer.add(dn, { objectClass: 'computer' }, { creator }));
    expect(sddl(dn)).toMatch(/^O:S-1-5-21-1111111111-2222222222-3333333333-1105G:DUD:AI/);
    // CREATOR OWNER of a computer's default descriptor.
    expect(sddl(dn)).toContain(`;;;${creator.owner})`);
  });

  it('are what was given, and what is inherited', async () => {
    await directory.add(OU, { ...OU_TYPE, nTSecurityDescriptor: bytesOf('D:P(A;CI;RP;;;AU)') });
    expect(sddl(OU)).toMatch(/^O:DAG:DAD:P\(A;CI;RP;;;AU\)S:AI/);
    const below = { ...OU_TYPE, nTSecurityDescriptor: bytesOf('O:BAD:(A;;GA;;;SY)S:P') };
    await directory.add(`OU=Below,${OU}`, below);
    expect(sddl(`OU=Below,${OU}`)).toBe(
      'O:BAG:DAD:AI(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;SY)(A;CIID;RP;;;AU)S:P',
    );
  });

  it('are refused when they allow everything, or are none', async () => {
    const add = (nTSecurityDescriptor: Uint8Array): Promise<Entry> =>
      directory.add(OU, { ...OU_TYPE, nTSecurityDescriptor });
    await expect(add(bytesOf('D:NO_ACCESS_CONTROL'))).rejects.toThrow(fails('unwillingToPerform'));
    await expect(add(Buffer.from('nothing'))).rejects.toThrow(fails('constraintViolation'));
    expectExactCounts();
  });

  it('are shared by all of a class in a container', async () => {
    await directory.add(OU, OU_TYPE);
    const names = Array.from({ length: 40 }, (_, index) => `u${index}`);
    const made = await Promise.all(
      names.map((name) => directory.add(`CN=${name},${OU}`, { objectClass: 'user' })),
    );
    expect(new Set(made.map((entry) => entry.descriptorId)).size).toBe(1);
    expectExactCounts();
  });
});

describe('MS-ADTS 6.1.3.3 changes of descriptors', () => {
  const CHILD = `OU=Child,${OU}`;
  const LEAF = `CN=Leaf,${CHILD}`;
  const WALLED = `OU=Walled,${OU}`;
  beforeEach(async () => {
    await directory.add(OU, OU_TYPE);
    await directory.add(CHILD, OU_TYPE);
    await directory.add(LEAF, { objectClass: 'user' });
    await directory.add(WALLED, { ...OU_TYPE, nTSecurityDescriptor: bytesOf('D:P(A;;RP;;;AU)') });
    await directory.add(`CN=In,${WALLED}`, { objectClass: 'user' });
  });

  it('reach everything below but what is protected', async () => {
    const walled = directory.get(`CN=In,${WALLED}`).descriptorId;
    await replace(OU, `${sddl(OU).split('S:')[0]}(A;CI;CC;;;NU)`);
    expect(sddl(OU)).toContain('(A;CI;CC;;;NU)');
    for (const dn of [CHILD, LEAF]) expect(sddl(dn)).toContain('(A;CIID;CC;;;NU)');
    expect(sddl(WALLED)).not.toContain('NU');
    expect(directory.get(`CN=In,${WALLED}`).descriptorId).toBe(walled);
    await replace(OU, 'D:P(A;;RP;;;AU)');
    for (const dn of [CHILD, LEAF]) expect(sddl(dn)).not.toContain('NU');
    expectExactCounts();
  });

  it('keep the explicit ACEs, owner and group of what is below', async () => {
    await replace(LEAF, 'O:BAG:AUD:(A;;RP;;;DU)');
    await replace(OU, 'D:P(A;CI;GA;;;CO)');
    expect(sddl(LEAF).split('S:')[0]).toBe(
      'O:BAG:AUD:AI(A;;RP;;;DU)(A;ID;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)(A;CIIOID;GA;;;CO)',
    );
    expectExactCounts();
  });

  it('come with a move, for all that is moved', async () => {
    const other = `OU=Other,${DOMAIN_DN}`;
    const given = { ...OU_TYPE, nTSecurityDescriptor: bytesOf('D:P(A;CI;LC;;;NU)') };
    await directory.add(other, given);
    await directory.rename(CHILD, { newRdn: 'OU=Child', newSuperior: other });
    expect(sddl(`OU=Child,${other}`)).toContain('(A;CIID;LC;;;NU)');
    expect(sddl(`CN=Leaf,OU=Child,${other}`)).toContain('(A;CIID;LC;;;NU)');
    expect(sddl(`CN=Leaf,OU=Child,${other}`)).not.toContain('RU');
    expectExactCounts();
  });

  it('name the owner whom they do not name', async () => {
    await replace(LEAF, 'D:(A;;RP;;;DU)');
    expect(sddl(LEAF)).toMatch(/^O:DAG:DAD:AI\(A;;RP;;;DU\)/);
    const creator = { owner: withRid(DOMAIN_SID, 1105), group: withRid(DOMAIN_SID, 513) };
    const values = [bytesOf('D:(A;;RP;;;DU)')];
    const change = { operation: 'replace', attribute: 'nTSecurityDescriptor', values } as const;
    await directory.write((writer) => writer.modify(LEAF, [change], { creator }).id);
    expect(sddl(LEAF)).toMatch(/-1105G:DUD:AI/);
  });

  it('leave no entry without one', async () => {
    const change = { operation: 'delete', attribute: 'nTSecurityDescriptor', values: [] } as const;
    await expect(directory.modify(LEAF, [change])).rejects.toThrow(fails('unwillingToPerform'));
  });

  it('do not reach what is deleted until it is back', async () => {
    const { guid, descriptorId } = directory.get(LEAF);
    await directory.remove(LEAF);
    const find = (): Entry | undefined => directory.find({ guid }, { deleted: true });
    expect(find()?.descriptorId).toBe(descriptorId);
    await replace(OU, 'D:P(A;CI;LC;;;NU)');
    expect(find()?.descriptorId).toBe(descriptorId);
    await directory.write((writer) => writer.reanimate({ guid }, LEAF, []).id);
    expect(sddl(LEAF)).toContain('(A;CIID;LC;;;NU)');
    await directory.remove(LEAF);
    await directory.write((writer) => writer.collectGarbage(NOW + 1000, 10));
    expect(find()).toBeUndefined();
    expectExactCounts();
  });
});

describe('large subtrees', () => {
  const dn = (index: number): string => `OU=c${index},${OU}`;
  const size = 2 * PROPAGATION_BATCH + 10;
  beforeEach(async () => {
    await directory.add(OU, OU_TYPE);
    await directory.write((writer) => {
      for (let index = 0; index < size; index += 1) writer.add(dn(index), OU_TYPE);
      writer.add(`CN=deep,${dn(1)}`, { objectClass: 'user' });
    });
  });

  it('follow in units of work of bounded size', async () => {
    await replace(OU, 'D:P(A;CI;LC;;;NU)');
    await directory.settle();
    for (let index = 0; index < size; index += 1) expect(sddl(dn(index))).toContain('NU');
    expect(sddl(`CN=deep,${dn(1)}`)).toContain('NU');
    expect([...store.range(allPropagations())]).toEqual([]);
    expectExactCounts();
  });

  it('follow when the process ended before, with the first write of the next one', async () => {
    await replace(OU, 'D:P(A;CI;LC;;;NU)');
    const left = [...store.range({ start: '' })];
    expect([...store.range(allPropagations())]).not.toEqual([]);
    await directory.settle();
    store = memoryStore();
    await store.write((tx) => {
      for (const { key, value } of left) tx.put(key, value);
    });
    directory = new Directory({ store, random: pooledRandom(), clock: () => NOW });
    await directory.add(`CN=new,${dn(2)}`, { objectClass: 'user' });
    await directory.settle();
    for (let index = 0; index < size; index += 1) expect(sddl(dn(index))).toContain('NU');
    expect(sddl(`CN=deep,${dn(1)}`)).toContain('NU');
    expect(sddl(`CN=new,${dn(2)}`)).toContain('NU');
    expectExactCounts();
  });
});

describe('any sequence of changes', () => {
  const names = ['a', 'b', 'c', 'd'];
  const dacl = fc.constantFrom(
    'D:(A;CI;RP;;;AU)',
    'D:P(A;CI;LC;;;NU)',
    'D:(A;CI;GA;;;CO)',
    `D:(OA;CI;WP;;${parseGuid('bf967aa5-0de6-11d0-a285-00aa003049e2')};DU)`,
    'D:P',
  );
  const step = fc.record({
    what: fc.constantFrom('add', 'change', 'move', 'remove'),
    at: fc.nat(3),
    to: fc.nat(3),
    dacl,
  });

  it('leaves what is made of parent and own ACEs, and exact counts', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        store = memoryStore();
        directory = await contoso(store);
        await directory.add(OU, OU_TYPE);
        const find = (name: string): Entry | undefined => {
          const filter = { kind: 'equality', attribute: 'ou', value: name } as const;
          return [...directory.search({ base: OU, scope: 'subtree', filter })][0];
        };
        for (const { what, at, to, dacl: text } of steps) {
          const entry = find(names[at] ?? '');
          const parent = find(names[to] ?? '')?.dn ?? OU;
          const rdn = `OU=${names[at]}`;
          // Steps follow one another; those that make no sense are refused.
          // oxlint-disable-next-line no-await-in-loop
          await (entry === undefined
            ? directory.add(`${rdn},${parent}`, OU_TYPE)
            : what === 'change'
              ? replace(entry.dn, text)
              : what === 'move'
                ? directory.rename(entry.dn, { newRdn: rdn, newSuperior: parent })
                : directory.remove(entry.dn, { subtree: true })
          ).catch((error: unknown) => expect(error).toMatchObject({ name: 'DirectoryError' }));
        }
        expectExactCounts();
        for (const entry of directory.search({ base: OU, scope: 'subtree', filter: everything })) {
          // Writing back what is there changes nothing: everything is in step already.
          const before = sddlOf(entry);
          // oxlint-disable-next-line no-await-in-loop
          await replace(entry.dn, before);
          expect(sddl(entry.dn)).toBe(before);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('descriptors that are too large (MS-DTYP 2.4.5)', () => {
  const many = (first: number, count: number): string => {
    const one = (index: number): string => `(A;CI;RP;;;S-1-5-21-1-2-3-${first + index})`;
    return `D:${Array.from({ length: count }, (_, index) => one(index)).join('')}`;
  };

  it('are refused, and do not stop what is handed down', async () => {
    await directory.add(OU, OU_TYPE);
    const large = { ...OU_TYPE, nTSecurityDescriptor: bytesOf(many(2000, 900)) };
    await directory.add(`OU=Large,${OU}`, large);
    await directory.add(`OU=Small,${OU}`, OU_TYPE);
    const before = sddl(`OU=Large,${OU}`);
    await replace(OU, many(5000, 1200));
    await directory.settle();
    expect(sddl(`OU=Large,${OU}`)).toBe(before);
    expect(sddl(`OU=Small,${OU}`)).toContain('(A;CIID;RP;;;S-1-5-21-1-2-3-6199)');
    await expect(directory.add(`OU=Next,${OU}`, large)).rejects.toThrow(
      fails('constraintViolation'),
    );
    expectExactCounts();
  });
});

describe('default descriptors of classes', () => {
  it('are all SDDL that a domain can read', () => {
    for (const { defaultDescriptor } of directory.schema.classes()) {
      if (defaultDescriptor === '') continue;
      expect(parseSddl(defaultDescriptor, domain).dacl).toBeDefined();
    }
  });
});

describe('stores of other versions', () => {
  it('are refused by name', async () => {
    const key = metaKey('domain');
    const record = JSON.parse(Buffer.from(store.get(key) ?? []).toString()) as object;
    expect(record).toMatchObject({ format: 2, dnsName: 'contoso.com' });
    const { format: _format, ...old } = record as { format: number };
    await store.write((tx) => tx.put(key, Buffer.from(JSON.stringify(old))));
    const opened = new Directory({ store, random: pooledRandom(), clock: () => NOW });
    expect(() => opened.domain).toThrow(/format 1.*make it again/);
    expect(() => opened.domain).toThrow(fails('format'));
  });
});
