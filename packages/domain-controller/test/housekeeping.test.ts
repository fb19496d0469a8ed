import { Directory } from '@doublehop/directory/directory';
import { provision } from '@doublehop/directory/provision';
import { memoryStore } from '@doublehop/directory/store/memory';
import { pooledRandom } from '@doublehop/crypto/random';
import { expect, it, vi } from 'vitest';
import { keepHouse } from '../src/housekeeping.ts';

it('protects administrators until it is stopped (MS-ADTS 3.1.1.6.1)', async () => {
  const random = pooledRandom();
  const directory = new Directory({ store: memoryStore(), random, clock: () => 0 });
  await provision(directory, { dnsName: 'contoso.com', netbiosName: 'CONTOSO', random });
  const alice = 'CN=Alice,CN=Users,DC=contoso,DC=com';
  await directory.add(alice, { objectClass: 'user' });
  const defects: unknown[] = [];
  const stop = keepHouse({
    directory,
    clock: Date.now,
    onDefect: (error) => defects.push(error),
    interval: 5,
  });
  const values = [alice];
  await directory.modify('CN=Domain Admins,CN=Users,DC=contoso,DC=com', [
    { operation: 'add', attribute: 'member', values },
  ]);
  await vi.waitFor(() => expect(directory.get(alice).text('adminCount')).toBe('1'));
  stop();
  expect(defects).toEqual([]);
});
