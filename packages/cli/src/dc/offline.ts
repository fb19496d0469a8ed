import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Directory } from '@doublehop/directory/directory';
import { lmdbStore } from '@doublehop/directory/store/lmdb';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';

/** How a directory is opened. */
interface OfflineOptions {
  /** Nothing is changed, whatever the work tries. */
  readonly readOnly?: boolean;
}

/**
 * Works on the directory of a controller's folder, whether a controller runs on it or not. Only
 * for the owner of a folder that nobody else can read: what is in it are all keys of a domain.
 */
export async function withDirectory<T>(
  { clock, random }: Context,
  folder: string,
  work: (directory: Directory) => Promise<T>,
  { readOnly = false }: OfflineOptions = {},
): Promise<T> {
  const path = join(resolve(folder), 'store');
  requirePrivate(path);
  const store = await lmdbStore({ path, readOnly });
  try {
    return await work(new Directory({ store, clock, random }));
  } finally {
    await store.close();
  }
}

function requirePrivate(path: string): void {
  if (!existsSync(path)) throw new UsageError(`${path}: there is no domain; name its folder`);
  for (const each of [path, join(path, 'data.mdb')]) {
    if (!existsSync(each)) continue;
    const { mode, uid } = statSync(each);
    if ((mode & 0o077) !== 0) {
      throw new UsageError(`${each}: others may read it; first: chmod go= ${path}/* ${path}`);
    }
    const self = process.getuid?.();
    if (self !== undefined && uid !== self) throw new UsageError(`${each}: it is not yours`);
  }
}
