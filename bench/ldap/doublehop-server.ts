// A domain controller under load, on an LMDB store made before.
//
//   doublehop-server.ts DIR     sends its LDAP port over IPC, ends with the channel
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import { lmdbStore } from '@doublehop/directory/store/lmdb';
import { createDomainController } from '@doublehop/domain-controller/dc';

const [dir = '.'] = process.argv.slice(2);
const { promise: preloaded, resolve: onPreloaded } = Promise.withResolvers<void>();
const store = await lmdbStore({ path: join(dir, 'store'), preload: true, onPreloaded });
const controller = createDomainController({
  store,
  controllerName: 'DC1',
  listen: { address: '127.0.0.1' },
  ldap: { allowClearTextSimpleBind: true },
  clock: Date.now,
  random: pooledRandom(),
  onDefect: (error) => {
    throw error;
  },
});
const { ldapPort } = await controller.start();
process.on('disconnect', () => {
  void controller.close().then(async () => {
    await store.close();
    process.exit(0);
  });
});
// Going through the file is no request's cost.
await preloaded;
process.send?.(ldapPort);
