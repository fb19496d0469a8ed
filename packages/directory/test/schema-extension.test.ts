import { beforeEach, describe, expect, it } from 'vitest';
import { pooledRandom } from '@doublehop/crypto/random';
import { Directory } from '../src/directory.ts';
import type { AttributeInput } from '../src/entry.ts';
import type { DirectoryErrorCode } from '../src/errors.ts';
import { memoryStore } from '../src/store/memory.ts';
import type { Store } from '../src/store/store.ts';
import { contoso, DOMAIN_DN, NOW } from './support/fixtures.ts';

const SCHEMA = `CN=Schema,CN=Configuration,${DOMAIN_DN}`;
const fails = (code: DirectoryErrorCode): object => expect.objectContaining({ code });

const attribute = (oid: string, more: AttributeInput = {}): AttributeInput => ({
  objectClass: ['top', 'attributeSchema'],
  attributeID: oid,
  attributeSyntax: '2.5.5.12',
  oMSyntax: '64',
  isSingleValued: 'TRUE',
  systemOnly: 'FALSE',
  ...more,
});
const linked = (oid: string, linkID: string): AttributeInput =>
  attribute(oid, { attributeSyntax: '2.5.5.1', oMSyntax: '127', linkID });

let store: Store;
let directory: Directory;
beforeEach(async () => {
  store = memoryStore();
  directory = await contoso(store);
  await directory.add(`CN=test-Shoe-size,${SCHEMA}`, attribute('1.3.6.1.4.1.99999.1'));
});

describe('MS-ADTS 3.1.1.2.3 attributes that clients add', () => {
  it('gives them a name, a GUID and an internal number', () => {
    const entry = directory.get(`CN=test-Shoe-size,${SCHEMA}`);
    expect(entry.text('lDAPDisplayName')).toBe('testShoeSize');
    expect(entry.bytes('schemaIDGUID')).toHaveLength(16);
    expect(Number(entry.text('msDS-IntId'))).toBeLessThan(0);
    expect(directory.schema.attribute('1.3.6.1.4.1.99999.1')?.name).toBe('testShoeSize');
  });

  it('lets entries of a new class have them, in every process on the store', async () => {
    await directory.add(`CN=test-Person,${SCHEMA}`, {
      objectClass: ['top', 'classSchema'],
      governsID: '1.3.6.1.4.1.99999.2',
      objectClassCategory: '1',
      subClassOf: 'organizationalPerson',
      systemMustContain: 'testShoeSize',
    });
    const dn = `CN=Carol,CN=Users,${DOMAIN_DN}`;
    await expect(directory.add(dn, { objectClass: 'testPerson' })).rejects.toThrow(
      fails('objectClassViolation'),
    );
    await directory.add(dn, { objectClass: 'testPerson', testShoeSize: '39' });
    const other = new Directory({ store, random: pooledRandom(), clock: () => NOW });
    expect(other.get(dn).text('testShoeSize')).toBe('39');
    expect(other.get(dn).values('objectClass').at(-1)).toBe('testPerson');
  });

  it.each<[string, AttributeInput]>([
    ['OID', attribute('1.3.6.1.4.1.99999.1')],
    ['name', attribute('1.3.6.1.4.1.99999.3', { lDAPDisplayName: 'TESTSHOESIZE' })],
    ['name of a class', attribute('1.3.6.1.4.1.99999.3', { lDAPDisplayName: 'user' })],
    ['linkID', linked('1.3.6.1.4.1.99999.3', '2')],
    ['back link', linked('1.3.6.1.4.1.99999.3', 'member')],
    ['forward link that is one of the back', linked('1.3.6.1.4.1.99999.3', 'memberOf')],
  ])('refuses the %s of another: unwillingToPerform', async (_, input) => {
    await expect(directory.add(`CN=test-Other,${SCHEMA}`, input)).rejects.toThrow(
      fails('unwillingToPerform'),
    );
    expect(directory.schema.attribute('1.3.6.1.4.1.99999.3')).toBeUndefined();
  });

  it('gives linkIDs out, and back links by their forward link', async () => {
    await directory.add(
      `CN=test-A,${SCHEMA}`,
      linked('1.3.6.1.4.1.99999.4', '1.2.840.113556.1.2.50'),
    );
    await directory.add(`CN=test-B,${SCHEMA}`, linked('1.3.6.1.4.1.99999.5', 'testA'));
    const [a, b] = ['testA', 'testB'].map((name) => directory.schema.attribute(name)?.linkId ?? 0);
    expect([(a ?? 1) % 2, (b ?? 0) - (a ?? 0)]).toEqual([0, 1]);
  });

  it('follows a change of the name, and refuses one that is taken', async () => {
    const dn = `CN=test-Shoe-size,${SCHEMA}`;
    const named = (value: string): Promise<unknown> =>
      directory.modify(dn, [
        { operation: 'replace', attribute: 'lDAPDisplayName', values: [value] },
      ]);
    await expect(named('description')).rejects.toThrow(fails('unwillingToPerform'));
    await named('testFeet');
    expect(directory.schema.attribute('testFeet')?.oid).toBe('1.3.6.1.4.1.99999.1');
    expect(directory.schema.attribute('testShoeSize')).toBeUndefined();
  });
});
