import type { RandomSource } from '@doublehop/crypto/random';
import type { ReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import type { ServiceKeys } from '@doublehop/kerberos/gss/service-keys';
import type { NegotiateIdentity } from '@doublehop/kerberos/http/negotiate-server';
import type { Token } from '@doublehop/security/access-check';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import type { DialectName } from '../dialects.ts';
import type { ServerLimits } from '../limits.ts';
import type { ShareTree } from '../tree/share-tree.ts';

/** Somebody who was let in. */
export interface ShareUser {
  /** For logs and pipes: `CONTOSO\alice`. */
  readonly name: string;
  /** SIDs and claims, for access checks. */
  readonly token: Token;
}

/** A folder that is offered. */
export interface Share {
  /** `data`, `C$`; a dollar at the end hides it from lists that Windows shows. */
  readonly name: string;
  readonly remark?: string;
  readonly tree: ShareTree;
  /** Who may use it, and for what; absent: every user, for reading. */
  readonly descriptor?: SecurityDescriptor;
  /** Refuse what is not encrypted. */
  readonly encrypt?: boolean;
}

/** One end of an open pipe, in message mode. */
export interface PipeEnd {
  /** Takes a message of the client; gives those that answer it, perhaps none yet. */
  write(message: Uint8Array): Promise<readonly Uint8Array[]>;
  close(): void;
}

/** What is behind a named pipe. */
export interface PipeHandler {
  /** Called for each open. Throws SmbError `status` to refuse. */
  open(user: ShareUser): PipeEnd;
}

/** What happened, for a log. */
export type ShareServerEvent =
  | { readonly kind: 'open'; readonly connection: number; readonly address: string }
  | {
      readonly kind: 'logon';
      readonly connection: number;
      readonly user: string;
      readonly dialect: number;
      readonly encrypted: boolean;
    }
  | { readonly kind: 'refused'; readonly connection: number; readonly reason: string }
  | {
      /** A share was connected to, or was not (Windows' events 5140, 5168). */
      readonly kind: 'share';
      readonly connection: number;
      readonly user: string;
      readonly share: string;
      readonly status: number;
    }
  | {
      /** A file, folder or pipe was opened, or was not (Windows' event 5145). */
      readonly kind: 'file';
      readonly connection: number;
      readonly user: string;
      readonly share: string;
      readonly path: string;
      readonly access: number;
      readonly status: number;
    }
  | { readonly kind: 'close'; readonly connection: number; readonly reason: string }
  | { readonly kind: 'defect'; readonly connection: number; readonly error: unknown };

/** What a server is made of. */
export interface ShareServerOptions {
  /** Long-term keys of `cifs/host`: those of the host's account. */
  readonly keys: ServiceKeys;
  /** Shared by all acceptors of the same keys. */
  readonly replayCache: ReplayCache;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  /** Who a verified ticket stands for. Throws to refuse: the client hears of a logon failure. */
  readonly authorize: (caller: NegotiateIdentity) => ShareUser | Promise<ShareUser>;
  /** Asked at each connect to a share. */
  readonly shares: readonly Share[] | (() => readonly Share[]);
  /** Named pipes of IPC$ beside `srvsvc`, by names of lower case. */
  readonly pipes?: Readonly<Record<string, PipeHandler>>;
  /** Encrypt every session; whoever cannot is refused. Off where absent. */
  readonly encrypt?: boolean;
  /** Dialects that are spoken; all where absent. */
  readonly dialects?: readonly DialectName[];
  readonly limits?: Partial<ServerLimits>;
  readonly log?: (event: ShareServerEvent) => void;
}

/** The options, with nothing left open. */
export interface ServerSettings extends ShareServerOptions {
  readonly limits: ServerLimits;
  readonly dialects: readonly DialectName[];
  readonly log: (event: ShareServerEvent) => void;
  readonly shareNamed: (name: string) => Share | undefined;
  readonly pipeNamed: (name: string) => PipeHandler | undefined;
  /** Valid sessions of all connections: a client that comes back names the one it had. */
  readonly sessions: Map<bigint, RunningSession>;
}

/** A session as other connections know it. */
export interface RunningSession {
  readonly user: string;
  readonly end: () => void;
}
