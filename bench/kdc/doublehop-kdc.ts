import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runOrThrow } from '../../test/support/run.ts';
import { CASES } from './messages.ts';
import type { BenchKdc } from './peer.ts';

export interface DoublehopOptions {
  /** Writes a CPU profile of the server into its folder when it stops. */
  readonly profile?: boolean;
}

const PROVISION_TIMEOUT_MS = 600_000;

/** Starts our controller in a process of its own, on a new LMDB store below `dir`. */
export async function startDoublehop(
  dir: string,
  accounts: number,
  { profile = false }: DoublehopOptions = {},
): Promise<BenchKdc> {
  const provision = fileURLToPath(new URL('doublehop-provision.ts', import.meta.url));
  const program = fileURLToPath(new URL('doublehop-server.ts', import.meta.url));
  const sources = '--conditions=@doublehop/source';
  const args = [sources, provision, dir, String(accounts)];
  await runOrThrow(process.execPath, args, { timeout: PROVISION_TIMEOUT_MS });
  const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${dir}`] : [];
  const child = fork(program, [dir], {
    execArgv: [sources, ...profiling],
  });
  const exited = once(child, 'exit');
  const ready = once(child, 'message');
  const port: unknown = await Promise.race([ready.then(([message]) => message), exited]);
  if (typeof port !== 'number' || child.pid === undefined) {
    throw new Error('the controller did not start');
  }
  return {
    name: 'doublehop',
    cases: CASES,
    target: { address: '127.0.0.1', port, accounts },
    pids: [child.pid],
    stop: async () => {
      child.disconnect();
      await exited;
    },
  };
}
