// Makes the directory of a benchmark in an LMDB store, without LDAP in between.
//
//   doublehop-provision.ts DIR SIZE
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import { Directory } from '@doublehop/directory/directory';
import { lmdbStore } from '@doublehop/directory/store/lmdb';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { BASE, DNS_NAME, dnOf, factsOf } from './population.ts';

/** Entries in one unit of writes. */
const UNIT = 2000;

const [dir = '.', count = '1000', password = ''] = process.argv.slice(2);
const size = Number(count);
const random = pooledRandom();
const store = await lmdbStore({ path: join(dir, 'store'), durability: 'process' });
const directory = new Directory({ store, clock: Date.now, random });
const domain = { dnsName: DNS_NAME, netbiosName: 'BENCH', controllerName: 'DC1' };
await createDomain(directory, { ...domain, administratorPassword: password }, random);
const start = performance.now();
for (let first = 1; first <= size; first += UNIT) {
  await directory.write((writer) => {
    for (let number = first; number < Math.min(first + UNIT, size + 1); number += 1) {
      writer.add(dnOf(number, BASE), factsOf(number));
    }
  });
}
const seconds = (performance.now() - start) / 1000;
process.stderr.write(`doublehop: ${Math.round(size / seconds)} entries a second in process\n`);
await store.close();
