import { readdirSync, readFileSync } from 'node:fs';
import { runOrThrow } from '../../test/support/run.ts';

/** CPU microseconds that the processes have used so far, all their threads together. */
export function cpuMicros(pids: readonly number[]): number {
  let nanos = 0;
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) nanos += runTime(pid, task);
  }
  return nanos / 1000;
}

/** Nanoseconds on a processor: the first number of schedstat; 0 for a thread that just ended. */
function runTime(pid: number, task: string): number {
  try {
    const [ran] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ');
    return Number(ran);
  } catch {
    return 0;
  }
}

/** Keeps a process, threads to come included, on one processor. */
export async function pin(pid: number, processor: number): Promise<void> {
  await runOrThrow('taskset', ['-a', '-c', '-p', String(processor), String(pid)]);
}
