import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../test/support/run.ts';
import { BASE } from './population.ts';
import type { BenchServer } from './server.ts';

const PASSWORD = 'Passw0rd.admin';
const PROVISION_TIMEOUT_MS = 3_600_000;

/** Our controller in a process of its own, on a new LMDB store below `dir`. */
export async function startDoublehop(
  dir: string,
  size: number,
  { profile = false }: { readonly profile?: boolean } = {},
): Promise<BenchServer> {
  const provision = fileURLToPath(new URL('doublehop-provision.ts', import.meta.url));
  const program = fileURLToPath(new URL('doublehop-server.ts', import.meta.url));
  const sources = '--conditions=@doublehop/source';
  const args = [sources, provision, dir, String(size), PASSWORD];
  const made = await run(process.execPath, args, { timeout: PROVISION_TIMEOUT_MS });
  process.stderr.write(made.stderr);
  if (made.status !== 0) throw new Error('the directory was not made');
  const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${dir}`] : [];
  const start = performance.now();
  const child = fork(program, [dir], { execArgv: [sources, ...profiling] });
  const exited = once(child, 'exit');
  const ready = once(child, 'message');
  const port: unknown = await Promise.race([ready.then(([message]) => message), exited]);
  if (typeof port !== 'number' || child.pid === undefined) {
    throw new Error('the controller did not start');
  }
  const took = Math.round(performance.now() - start);
  process.stderr.write(`doublehop: starts with ${size} entries in ${took} ms\n`);
  return {
    name: 'doublehop',
    address: '127.0.0.1',
    port,
    bindDn: `CN=Administrator,CN=Users,${BASE}`,
    password: PASSWORD,
    base: BASE,
    size,
    pids: [child.pid],
    data: join(dir, 'store'),
    stop: async () => {
      child.disconnect();
      await exited;
    },
  };
}
