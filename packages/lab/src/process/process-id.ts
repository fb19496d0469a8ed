import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { errno, LabError } from '../errors.ts';
import { STOP_WAIT } from '../limits.ts';

/**
 * A process for sure: ids are given again to others, but never together with the time at which the
 * process started.
 */
export interface ProcessId {
  readonly pid: number;
  /** Start time as the system tells it; only good for comparing. */
  readonly started: string;
}

/** The identity of a running process; undefined where there is none, or it has ended. */
export async function identify(pid: number): Promise<ProcessId | undefined> {
  const started = process.platform === 'linux' ? await fromProc(pid) : await fromPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** This process. */
export async function ownProcessId(): Promise<ProcessId> {
  return (await identify(process.pid)) ?? { pid: process.pid, started: 'unknown' };
}

/** Whether this very process runs. */
export async function isRunning(id: ProcessId): Promise<boolean> {
  return (await identify(id.pid))?.started === id.started;
}

/** How a process came to its end: it was gone, it went when asked, or it was killed. */
export type Ending = 'gone' | 'ended' | 'killed';

const POLL = 10;

/**
 * Ends this very process and nobody else; resolves when it is gone. One that has not ended in
 * `wait` milliseconds is killed. Throws `stop-failed`.
 */
export async function endProcess(id: ProcessId, wait: number = STOP_WAIT): Promise<Ending> {
  if (!(await signal(id, 'SIGTERM'))) return 'gone';
  if (await endsWithin(id, wait)) return 'ended';
  await signal(id, 'SIGKILL');
  if (await endsWithin(id, STOP_WAIT)) return 'killed';
  throw new LabError('stop-failed', `process ${id.pid} does not end`);
}

/** Sends a signal if the process still is the same; false where it is gone. */
async function signal(id: ProcessId, name: NodeJS.Signals): Promise<boolean> {
  if (!(await isRunning(id))) return false;
  try {
    process.kill(id.pid, name);
    return true;
  } catch (cause) {
    if (errno(cause) === 'ESRCH') return false;
    throw new LabError('stop-failed', `process ${id.pid} cannot be ended`, { cause });
  }
}

async function endsWithin(id: ProcessId, wait: number): Promise<boolean> {
  const deadline = performance.now() + wait;
  while (await isRunning(id)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL);
  }
  return true;
}

/** starttime of proc(5): the 22nd field of stat, counted from the boot that boot_id names. */
async function fromProc(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    // The second field, the program's name, may hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    const started = fields[STARTTIME - 3];
    // Z and X: it has ended, and nobody has asked how.
    if (started === undefined || state === 'Z' || state === 'X') return undefined;
    return `${boot.trim()} ${started}`;
  } catch (error) {
    // ESRCH: it ended while it was looked at.
    if (errno(error) === 'ENOENT' || errno(error) === 'ESRCH') return undefined;
    throw error;
  }
}

const STARTTIME = 22;

async function fromPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
    const [, state = '', started = ''] = /^\s*(\S+)\s+(.*?)\s*$/su.exec(stdout) ?? [];
    return state === '' || state.startsWith('Z') ? undefined : started;
  } catch {
    // ps fails for a process that is not there.
    return undefined;
  }
}

const run = promisify(execFile);
