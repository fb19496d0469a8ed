import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errno, LabError } from '../errors.ts';
import { MAX_LOG } from '../limits.ts';
import type { LabPaths } from './paths.ts';

/** Makes the lab's folders, for their owner only. */
export async function makeFolders({ dir, keytabs, logs, control, ca }: LabPaths): Promise<void> {
  for (const folder of [dir, keytabs, logs, control, dirname(ca)]) {
    await makeFolder(folder);
  }
}

/**
 * Makes a folder and those above it, for their owner only. Node's own `recursive` never returns
 * where a file system lets nobody make folders, as /proc does.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const reason = errno(error);
    if (reason === 'EEXIST' && (await stat(path)).isDirectory()) return;
    const above = dirname(path);
    if (reason !== 'ENOENT' || above === path || (await exists(above))) {
      const message = `the folder ${path} cannot be made (${reason}): choose another --dir`;
      throw new LabError('usage', message, { cause: error });
    }
    await makeFolder(above);
    await makeFolder(path);
  }
}

/** Puts a file in place at once: readers see the old or the new content. Mode 0600 unless told. */
export async function replaceFile(path: string, content: string, mode = 0o600): Promise<void> {
  const fresh = `${path}.${randomUUID()}`;
  try {
    const handle = await open(fresh, 'wx', mode);
    try {
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

/** The text of a file, or undefined where there is none. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errno(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Sets a log that has grown large aside as `.old`. */
export async function rotateLog(path: string): Promise<void> {
  if ((await exists(path)) && (await stat(path)).size > MAX_LOG) await rename(path, `${path}.old`);
}
