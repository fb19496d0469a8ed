import { randomUUID } from 'node:crypto';
import { link, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errno, LabError } from '../errors.ts';
import { LOCK_WAIT } from '../limits.ts';
import { isRunning, ownProcessId, type ProcessId } from '../process/process-id.ts';
import { readText } from './files.ts';
import { isRecord, parseJson } from './state.ts';

const POLL = 50;

/**
 * Runs work that starts or stops a lab, alone: two at the same time would start it twice. Throws
 * LabError `busy`.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await claiming(path, async (own) => {
    const deadline = performance.now() + LOCK_WAIT;
    while (!(await taken(own, path))) {
      if (performance.now() > deadline) {
        throw new LabError('busy', `another command is starting or stopping the lab (${path})`);
      }
      await sleep(POLL);
    }
  });
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * Takes a lock, a file that names this process, and gives how to let go of it; undefined where
 * another process has it. A lock of a process that has ended counts for nothing.
 */
export async function takeLock(path: string): Promise<(() => Promise<void>) | undefined> {
  const isOurs = await claiming(path, (own) => taken(own, path));
  return isOurs ? async () => await rm(path, { force: true }) : undefined;
}

/** Works with a file that names this process, which `taken` puts into the lock's place. */
async function claiming<T>(path: string, work: (own: string) => Promise<T>): Promise<T> {
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, JSON.stringify(await ownProcessId()), { mode: 0o600 });
  try {
    return await work(own);
  } finally {
    await rm(own, { force: true });
  }
}

/** Whether the lock is ours now: a link is made at once or not at all. */
async function taken(own: string, path: string): Promise<boolean> {
  if (await linked(own, path)) return true;
  const holder = await readText(path);
  if (holder === undefined || (await isHeld(holder))) return false;
  // Of several that see the same stale lock one moves it away; a fresh one is put back.
  const stale = `${own}.stale`;
  try {
    await rename(path, stale);
  } catch (error) {
    if (errno(error) === 'ENOENT') return false;
    throw error;
  }
  if ((await readText(stale)) !== holder) await linked(stale, path);
  await rm(stale, { force: true });
  return linked(own, path);
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    throw error;
  }
}

async function isHeld(holder: string): Promise<boolean> {
  const value = parseJson(holder);
  if (!isRecord(value)) return false;
  const { pid, started } = value;
  if (typeof pid !== 'number' || typeof started !== 'string') return false;
  const id: ProcessId = { pid, started };
  return isRunning(id);
}
