// The program of the lab's processes, as tests start them: `dc --dir DIR` or `hosts --dir DIR`.
import { argv, stdout } from 'node:process';
import { pooledRandom } from '@doublehop/crypto/random';
import type { ProcessSystem } from '../../src/process/system.ts';

const [, , name, , dir = ''] = argv;
const system: ProcessSystem = {
  clock: () => Date.now(),
  random: pooledRandom(),
  log: (line) => stdout.write(`${line}\n`),
};
if (name === 'dc') {
  const { runDcProcess } = await import('../../src/dc-process.ts');
  await runDcProcess(dir, system);
} else {
  const { runHostsProcess } = await import('../../src/hosts-process.ts');
  await runHostsProcess(dir, system);
}
