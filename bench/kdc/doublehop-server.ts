// A domain controller under load: an LMDB store made before, the audit events in a file.
//
//   doublehop-server.ts DIR     sends its KDC's port over IPC, ends with the channel
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import { lmdbStore } from '@doublehop/directory/store/lmdb';
import { openAuditFile } from '@doublehop/domain-controller/audit-file';
import { createDomainController } from '@doublehop/domain-controller/dc';
import { CONTROLLER } from './realm.ts';

const [dir = '.'] = process.argv.slice(2);
const { promise: preloaded, resolve: onPreloaded } = Promise.withResolvers<void>();
const store = await lmdbStore({ path: join(dir, 'store'), preload: true, onPreloaded });
const audit = openAuditFile(join(dir, 'audit.jsonl'));
const controller = createDomainController({
  store,
  controllerName: CONTROLLER,
  listen: { address: '127.0.0.1' },
  clock: Date.now,
  random: pooledRandom(),
  audit: audit.write,
  onDefect: (error) => {
    throw error;
  },
});
const { kdcPort } = await controller.start();
process.on('disconnect', () => {
  void controller.close().then(async () => {
    audit.close();
    await store.close();
    process.exit(0);
  });
});
// Going through the file is no request's cost.
await preloaded;
process.send?.(kdcPort);
