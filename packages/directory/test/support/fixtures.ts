import { pooledRandom } from '@doublehop/crypto/random';
import { parseSid } from '@doublehop/security/sid';
import { Directory } from '../../src/directory.ts';
import { provision } from '../../src/provision.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Record, Store } from '../../src/store/store.ts';

/** 2026-11-22 17:00:00 UTC. */
export const NOW = Date.UTC(2026, 10, 22, 17);

export const DOMAIN_SID = parseSid('S-1-5-21-1111111111-2222222222-3333333333');
export const DOMAIN_DN = 'DC=contoso,DC=com';

/** The laboratory domain in a store, in memory unless told. */
export async function contoso(store: Store = memoryStore()): Promise<Directory> {
  domain ??= provisioned();
  const records = await domain;
  await store.write((tx) => {
    for (const { key, value } of records) tx.put(key, value);
  });
  return new Directory({ store, random: pooledRandom(), clock: () => NOW });
}

/** What a new domain leaves in a store: tests that want one of their own get a copy. */
let domain: Promise<readonly Record[]> | undefined;

async function provisioned(): Promise<readonly Record[]> {
  const random = pooledRandom();
  const store = memoryStore();
  const directory = new Directory({ store, random, clock: () => NOW });
  const names = { dnsName: 'contoso.com', netbiosName: 'CONTOSO' };
  await provision(directory, { ...names, sid: DOMAIN_SID, random });
  return [...store.range({})];
}
