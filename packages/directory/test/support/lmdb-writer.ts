/** A process that writes numbered pairs as fast as it can and tells which are acknowledged. */
import { argv, stdout } from 'node:process';
import { lmdbStore } from '../../src/store/lmdb.ts';

const [, , path = '', name = '', count = '0'] = argv;
const store = await lmdbStore({ path });
const big = new Uint8Array(3000);

async function writeOne(index: number): Promise<void> {
  const key = `${name}-${String(index).padStart(6, '0')}`;
  await store.write((tx) => {
    const total = Number(Buffer.from(tx.get('total') ?? Buffer.from('0')).toString()) + 1;
    tx.put('total', Buffer.from(String(total)));
    tx.put(`left/${key}`, big);
    tx.put(`right/${key}`, big);
  });
  // Once it is with the system it survives the process, however slowly the reader reads.
  await new Promise<void>((resolve, reject) => {
    stdout.write(`${key}\n`, (error) => (error instanceof Error ? reject(error) : resolve()));
  });
}

for (let index = 0; index < Number(count); index += 8) {
  const eight = Array.from({ length: 8 }, (_, offset) => writeOne(index + offset));
  // oxlint-disable-next-line no-await-in-loop
  await Promise.all(eight);
}
await store.close();
