import type { SecurityDescriptor } from '@doublehop/security/descriptor';

/** What a tree says of one of its files or folders. Times in milliseconds since 1970. */
export interface TreeEntry {
  /** Its own name, as it is spelled; empty for the root. */
  readonly name: string;
  readonly directory: boolean;
  /** Octets; 0 for folders. */
  readonly size: number;
  readonly created: number;
  readonly accessed: number;
  readonly written: number;
  readonly changed: number;
  /** More attributes (MS-FSCC 2.6), such as hidden; `directory` and `archive` follow. */
  readonly attributes?: number;
  /** Unique within the tree. */
  readonly id: bigint;
}

/** The volume that a tree shows. */
export interface TreeVolume {
  readonly label: string;
  readonly serial: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Octets. */
  readonly total: number;
  readonly free: number;
}

/**
 * Files and folders that can be read. A path is a list of names, none of which is `.` or `..` or
 * has a separator in it; names are the same whatever their case. Refusals are SmbErrors `status`;
 * anything else that is thrown is a defect, and the client hears of an internal error.
 */
export interface ShareTree {
  readonly volume: TreeVolume;
  /** A file or folder, or undefined where there is none. */
  stat(path: readonly string[]): Promise<TreeEntry | undefined>;
  /** What is in a folder. */
  list(path: readonly string[]): Promise<readonly TreeEntry[]>;
  /** At most `length` octets of a file; fewer where it ends. */
  read(path: readonly string[], offset: number, length: number): Promise<Uint8Array>;
  /** Who may do what with a file or folder; absent, or undefined: whoever may use the share. */
  descriptor?(path: readonly string[]): Promise<SecurityDescriptor | undefined>;
}
