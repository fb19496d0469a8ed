import { type BigIntStats, constants } from 'node:fs';
import { lstat, open, readdir, realpath, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { statusError } from '../errors.ts';
import { MAX_ENTRIES } from '../limits.ts';
import { Attribute } from '../messages/constants.ts';
import { NtStatus } from '../nt-status.ts';
import { isFileName } from '../paths.ts';
import type { ShareTree, TreeEntry, TreeVolume } from './share-tree.ts';

/** How a folder presents itself. */
export interface FolderTreeOptions {
  readonly label?: string;
  readonly serial?: number;
}

/**
 * A real folder of this machine, for reading. Symbolic links, devices and sockets are not there,
 * nor is what has a name that Windows cannot have; so no path leads out of the folder. Whoever can
 * write in the folder itself could exchange a folder for a link between two system calls: what was
 * opened is compared with what was looked at. Rejects where the folder cannot be read.
 */
export async function folderTree(
  folder: string,
  { label = 'Shared', serial = 1 }: FolderTreeOptions = {},
): Promise<ShareTree> {
  const root = await realpath(folder);
  const { birthtimeMs } = await lstat(root);
  const { blocks, bavail, bsize } = await statfs(root);
  const sizes = { total: blocks * bsize, free: bavail * bsize };
  return new FolderTree(root, { label, serial, created: birthtimeMs, ...sizes });
}

class FolderTree implements ShareTree {
  readonly volume: TreeVolume;
  readonly #root: string;

  constructor(root: string, volume: TreeVolume) {
    this.#root = root;
    this.volume = volume;
  }

  async stat(path: readonly string[]): Promise<TreeEntry | undefined> {
    const found = await this.#find(path);
    return found && entryOf(found.name, found.stats);
  }

  async list(path: readonly string[]): Promise<readonly TreeEntry[]> {
    const found = await this.#find(path);
    if (found?.stats.isDirectory() !== true) return [];
    const names = await reading(() => readdir(found.path), path);
    const entries: TreeEntry[] = [];
    for (const name of names.slice(0, MAX_ENTRIES)) {
      const stats = isFileName(name) ? await look(join(found.path, name)) : undefined;
      if (stats !== undefined) entries.push(entryOf(name, stats));
    }
    return entries;
  }

  async read(path: readonly string[], offset: number, length: number): Promise<Uint8Array> {
    const found = await this.#find(path);
    if (found?.stats.isFile() !== true) {
      throw statusError(NtStatus.OBJECT_NAME_NOT_FOUND, path.join('\\'));
    }
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await reading(() => open(found.path, flags), path);
    try {
      const { dev, ino, size } = await handle.stat({ bigint: true });
      const same = dev === found.stats.dev && ino === found.stats.ino;
      if (!same) throw statusError(NtStatus.OBJECT_NAME_NOT_FOUND, path.join('\\'));
      const left = Math.max(0, Number(size) - offset);
      const buffer = new Uint8Array(Math.min(length, left));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  /** Name by name, none of them a link; by another case where the exact name is not there. */
  async #find(path: readonly string[]): Promise<Found | undefined> {
    let current = this.#root;
    let stats = await look(current);
    let spelled = '';
    for (const name of path) {
      if (stats?.isDirectory() !== true || !isFileName(name)) return undefined;
      spelled = name;
      let next = await look(join(current, name));
      if (next === undefined) {
        const upper = name.toUpperCase();
        const names = await reading(() => readdir(current), path);
        const other = names.find((one) => one.toUpperCase() === upper);
        if (other === undefined) return undefined;
        spelled = other;
        next = await look(join(current, other));
      }
      current = join(current, spelled);
      stats = next;
    }
    return stats && { path: current, name: spelled, stats };
  }
}

interface Found {
  readonly path: string;
  readonly name: string;
  readonly stats: BigIntStats;
}

/** What is there, if it is a file or folder; undefined for links and everything else. */
async function look(path: string): Promise<BigIntStats | undefined> {
  try {
    const stats = await lstat(path, { bigint: true });
    return stats.isFile() || stats.isDirectory() ? stats : undefined;
  } catch {
    return undefined;
  }
}

async function reading<T>(read: () => Promise<T>, path: readonly string[]): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const gone = code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR';
    const status = gone ? NtStatus.OBJECT_NAME_NOT_FOUND : NtStatus.ACCESS_DENIED;
    throw statusError(status, path.join('\\'));
  }
}

function entryOf(name: string, stats: BigIntStats): TreeEntry {
  const directory = stats.isDirectory();
  return {
    name,
    directory,
    size: directory ? 0 : Number(stats.size),
    created: Number(stats.birthtimeMs),
    accessed: Number(stats.atimeMs),
    written: Number(stats.mtimeMs),
    changed: Number(stats.ctimeMs),
    attributes: name.startsWith('.') ? Attribute.hidden : 0,
    id: stats.ino,
  };
}
