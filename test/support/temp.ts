// Folders that live as long as one test, and the folder that outlives them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the work tree. */
export const repositoryRoot: string = fileURLToPath(new URL('../..', import.meta.url));

/** Where foreign software and provisioned domains are kept between runs (ignored by git). */
export const peersCache: string = join(repositoryRoot, '.cache', 'peers');

/** A new folder that only this user may enter. Remove it with `removeDir`. */
export function makeTempDir(label = 'test'): string {
  return mkdtempSync(join(tmpdir(), `doublehop-${label}-`));
}

export function removeDir(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Runs `body` with a new folder and removes the folder whatever happens. */
export async function withTempDir<T>(body: (dir: string) => T | Promise<T>): Promise<T> {
  const dir = makeTempDir();
  try {
    return await body(dir);
  } finally {
    removeDir(dir);
  }
}
