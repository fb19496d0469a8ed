import type { Negotiation } from '@doublehop/kerberos/gss/negotiation';
import type { AcceptedContext } from '@doublehop/kerberos/gss/acceptor';
import type { DirectoryEntry } from '../messages/directory.ts';
import type { SessionKeys } from '../security/keys.ts';
import type { TreeEntry } from '../tree/share-tree.ts';
import type { PipeEnd, Share, ShareUser } from './options.ts';

/** An authenticated session, or one that is on the way to it (MS-SMB2 3.3.1.8). */
export interface Session {
  readonly id: bigint;
  /** The authentication in progress. */
  negotiation: Negotiation<AcceptedContext> | undefined;
  /** The hash of 3.1.1 so far. */
  preauthHash: Uint8Array;
  /** Undefined until the session is valid. */
  user: ShareUser | undefined;
  keys: SessionKeys | undefined;
  /** Milliseconds since 1970 when the ticket ends. */
  expires: number;
  encrypt: boolean;
  readonly trees: Map<number, TreeConnect>;
}

/** A session that is valid. */
export interface ValidSession extends Session {
  user: ShareUser;
  keys: SessionKeys;
}

/** A connected share (MS-SMB2 3.3.1.9); without one it is IPC$. */
export interface TreeConnect {
  readonly id: number;
  readonly session: ValidSession;
  readonly share: Share | undefined;
  /** Rights that the share gives at most. */
  readonly access: number;
}

/** An open file or folder. */
export interface OpenFile {
  readonly kind: 'file';
  readonly key: bigint;
  readonly tree: TreeConnect;
  readonly share: Share;
  readonly path: readonly string[];
  readonly entry: TreeEntry;
  readonly access: number;
  /** The listing in progress: what is left of it. */
  listing: Listing | undefined;
}

/** What a client that lists a folder has not seen yet. */
export interface Listing {
  readonly pattern: string;
  entries: readonly DirectoryEntry[];
  /** Whether something matched. */
  readonly any: boolean;
}

/** An open pipe. */
export interface OpenPipe {
  readonly kind: 'pipe';
  readonly key: bigint;
  readonly tree: TreeConnect;
  readonly name: string;
  readonly end: PipeEnd;
  readonly access: number;
  /** Messages that wait to be read, the first perhaps in part. */
  messages: Uint8Array[];
}

export type Open = OpenFile | OpenPipe;
