// The files of the project: what git tracks, and what it would track.
import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../support/temp.ts';

/** Paths of files, relative to the root, with forward slashes, in order; none that git ignores. */
export function projectFiles(): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  return execFileSync('git', args, { cwd: repositoryRoot, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && isFile(path))
    .toSorted();
}

export function sizeOf(path: string): number {
  return lstatSync(join(repositoryRoot, path)).size;
}

export function textOf(path: string): string {
  return readFileSync(join(repositoryRoot, path), 'utf8');
}

/** A path that was deleted and not yet committed is still listed by git. */
function isFile(path: string): boolean {
  return lstatSync(join(repositoryRoot, path), { throwIfNoEntry: false })?.isFile() === true;
}

/** Where the project is a program rather than a library: it may look at the world. */
export function isLibrarySource(path: string): boolean {
  return /^packages\/[^/]+\/src\//u.test(path) && !path.startsWith('packages/cli/');
}

export function isTypeScript(path: string): boolean {
  return path.endsWith('.ts') || path.endsWith('.tsx');
}

export function isSource(path: string): boolean {
  return /\.(?:tsx?|mjs|js|py|sh)$/u.test(path);
}

export function isText(path: string): boolean {
  return !/\.(?:bin|gz|ico|keytab|pcapng?|png)$/u.test(path);
}
