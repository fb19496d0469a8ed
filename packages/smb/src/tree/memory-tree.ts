import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import { utf8 } from '@doublehop/wire/bytes';
import { SmbError, statusError } from '../errors.ts';
import { NtStatus } from '../nt-status.ts';
import { isFileName } from '../paths.ts';
import type { ShareTree, TreeEntry, TreeVolume } from './share-tree.ts';

/** A file: its octets, or its text in UTF-8, perhaps made anew at each look. */
export type MemoryFile = Uint8Array | string | (() => Uint8Array | string);

/** A folder: names with what is behind them. */
export interface MemoryFolder {
  readonly [name: string]: MemoryFile | MemoryFolder;
}

/** How a tree in memory presents itself. */
export interface MemoryTreeOptions {
  /** Milliseconds since 1970, for all times of all files. */
  readonly time: number;
  readonly label?: string;
  readonly serial?: number;
  /** Who may do what; the path is a list of names. */
  readonly descriptor?: (path: readonly string[]) => SecurityDescriptor | undefined;
}

interface Node {
  readonly entry: TreeEntry;
  readonly content: MemoryFile | undefined;
  readonly children: ReadonlyMap<string, Node>;
}

/** A tree of files that are values in this process. Throws SmbError `path` for impossible names. */
export function memoryTree(root: MemoryFolder, options: MemoryTreeOptions): ShareTree {
  let count = 0n;
  const build = (name: string, content: MemoryFile | MemoryFolder): Node => {
    count += 1n;
    const id = count;
    const directory = isFolder(content);
    const children = new Map<string, Node>();
    if (directory) {
      for (const [child, value] of Object.entries(content)) {
        if (!isFileName(child)) throw new SmbError('path', `${child} is no name of a file`);
        children.set(child.toUpperCase(), build(child, value));
      }
    }
    const { time } = options;
    const times = { created: time, accessed: time, written: time, changed: time };
    const entry = { name, directory, size: 0, ...times, id };
    return { entry, content: directory ? undefined : content, children };
  };
  return new MemoryTree(build('', root), options);
}

class MemoryTree implements ShareTree {
  readonly volume: TreeVolume;
  readonly #root: Node;
  readonly #options: MemoryTreeOptions;

  constructor(root: Node, options: MemoryTreeOptions) {
    this.#root = root;
    this.#options = options;
    const { time, label = 'Shared', serial = 1 } = options;
    this.volume = { label, serial, created: time, total: 0, free: 0 };
  }

  stat(path: readonly string[]): Promise<TreeEntry | undefined> {
    const node = this.#find(path);
    return Promise.resolve(node && entryOf(node));
  }

  list(path: readonly string[]): Promise<readonly TreeEntry[]> {
    const node = this.#find(path);
    return Promise.resolve(Array.from(node?.children.values() ?? [], entryOf));
  }

  read(path: readonly string[], offset: number, length: number): Promise<Uint8Array> {
    const content = this.#find(path)?.content;
    if (content === undefined) {
      return Promise.reject(statusError(NtStatus.OBJECT_NAME_NOT_FOUND, path.join('\\')));
    }
    return Promise.resolve(octets(content).subarray(offset, offset + length));
  }

  descriptor(path: readonly string[]): Promise<SecurityDescriptor | undefined> {
    return Promise.resolve(this.#options.descriptor?.(path));
  }

  #find(path: readonly string[]): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path) node = node?.children.get(name.toUpperCase());
    return node;
  }
}

function entryOf({ entry, content }: Node): TreeEntry {
  return content === undefined ? entry : { ...entry, size: octets(content).length };
}

function octets(content: MemoryFile): Uint8Array {
  const value = typeof content === 'function' ? content() : content;
  return typeof value === 'string' ? utf8(value) : value;
}

function isFolder(content: MemoryFile | MemoryFolder): content is MemoryFolder {
  return typeof content === 'object' && !(content instanceof Uint8Array);
}
