import { encodeSid, parseSid } from '@doublehop/security/sid';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkStore } from '../src/check/check.ts';
import type { Directory } from '../src/directory.ts';
import type { DirectoryErrorCode } from '../src/errors.ts';
import { indexKey } from '../src/layout.ts';
import { matchKey } from '../src/schema/syntax.ts';
import { memoryStore } from '../src/store/memory.ts';
import type { Store } from '../src/store/store.ts';
import { contoso, DOMAIN_DN, DOMAIN_SID } from './support/fixtures.ts';

const CONFIGURATION = `CN=Configuration,${DOMAIN_DN}`;
const KNOWN = `CN=WellKnown Security Principals,${CONFIGURATION}`;
const FOREIGN = `CN=ForeignSecurityPrincipals,${DOMAIN_DN}`;
const AUTHENTICATED = 'S-1-5-11';
const fails = (code: DirectoryErrorCode): object => expect.objectContaining({ code });
const sid = (text: string): Uint8Array => encodeSid(parseSid(text));
const principal = (text: string) => ({
  objectClass: 'foreignSecurityPrincipal',
  objectSid: sid(text),
});

let store: Store;
let directory: Directory;
beforeEach(async () => {
  store = memoryStore();
  directory = await contoso(store);
});

const find = (base: string, filter: string, contexts = false): string[] => {
  const wish = { base, scope: 'subtree', filter: parseFilter(filter), contexts } as const;
  return Array.from(directory.search(wish), ({ dn }) => dn).toSorted();
};
const add = (dn: string, text: string): Promise<unknown> =>
  directory.write((writer) => writer.add(dn, principal(text), { system: true }).id);
const damage = (): unknown[] => [...checkStore(store)].filter(({ kind }) => kind !== 'account');

describe('MS-ADTS 6.1.1.2.6 well-known SIDs', () => {
  it.each([
    ['Authenticated Users', AUTHENTICATED],
    ['Enterprise Domain Controllers', 'S-1-5-9'],
    ['Interactive', 'S-1-5-4'],
    ['IUSR', 'S-1-5-17'],
  ])('%s is in the configuration and in the domain', (name, text) => {
    const both = [`CN=${name},${KNOWN}`, `CN=${text},${FOREIGN}`].toSorted();
    expect(find(DOMAIN_DN, `(objectSid=${text})`, true)).toEqual(both);
    expect(find(DOMAIN_DN, `(objectSid=${text})`)).toEqual([`CN=${text},${FOREIGN}`]);
    expect(find(CONFIGURATION, `(objectSid=${text})`)).toEqual([`CN=${name},${KNOWN}`]);
  });

  it('name the entry of the domain where there is one', () => {
    expect(directory.get(`<SID=${AUTHENTICATED}>`).dn).toBe(`CN=${AUTHENTICATED},${FOREIGN}`);
    const named = directory.get({ sid: parseSid('S-1-5-10') });
    expect(named.dn).toBe(`CN=Self,${KNOWN}`);
    expect(directory.find('<SID=S-1-5-99>')).toBeUndefined();
  });

  it('are of one entry in each naming context', async () => {
    const taken = fails('entryAlreadyExists');
    await expect(add(`CN=Other,${KNOWN}`, AUTHENTICATED)).rejects.toThrow(taken);
    await expect(add(`CN=Other,${FOREIGN}`, AUTHENTICATED)).rejects.toThrow(taken);
    await add(`CN=S-1-5-10,${FOREIGN}`, 'S-1-5-10');
    expect(directory.get({ sid: parseSid('S-1-5-10') }).dn).toBe(`CN=S-1-5-10,${FOREIGN}`);
    await directory.remove(`CN=S-1-5-10,${FOREIGN}`);
    expect(directory.get({ sid: parseSid('S-1-5-10') }).dn).toBe(`CN=Self,${KNOWN}`);
    await directory.remove(`CN=Self,${KNOWN}`);
    expect(directory.find({ sid: parseSid('S-1-5-10') })).toBeUndefined();
    await add(`CN=Own,${KNOWN}`, 'S-1-5-10');
    expect(damage()).toEqual([]);
  });

  it('are told from SIDs of domains, which name one entry in all', async () => {
    const [admin] = find(DOMAIN_DN, `(objectSid=${DOMAIN_SID}-500)`);
    expect(admin).toBe(`CN=Administrator,CN=Users,${DOMAIN_DN}`);
    await expect(add(`CN=Admin,${KNOWN}`, `${DOMAIN_SID}-500`)).rejects.toThrow(
      fails('entryAlreadyExists'),
    );
  });

  it('have records that a check of the store misses', async () => {
    const type = directory.known.objectSid;
    const { id } = directory.get(`CN=Authenticated Users,${KNOWN}`);
    const key = indexKey(type.code, matchKey(type.syntax, sid(AUTHENTICATED)), id);
    await store.write((tx) => tx.delete(key));
    expect(damage()).toMatchObject([{ kind: 'index', object: `CN=Authenticated Users,${KNOWN}` }]);
  });
});
