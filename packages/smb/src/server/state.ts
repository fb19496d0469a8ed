import type { Guid } from '@doublehop/security/guid';
import { statusError } from '../errors.ts';
import type { NegotiateRequest } from '../messages/negotiate.ts';
import { NtStatus } from '../nt-status.ts';
import type { Open, Session, TreeConnect, ValidSession } from './objects.ts';
import type { ServerSettings } from './options.ts';

/** What was negotiated on a connection (MS-SMB2 3.3.1.7). */
export interface Negotiated {
  readonly dialect: number;
  readonly cipher: number | undefined;
  readonly signing: number | undefined;
  readonly request: NegotiateRequest;
  readonly capabilities: number;
  readonly securityMode: number;
  readonly serverGuid: Guid;
}

/** A request that waits for something to happen. */
export interface PendingRequest {
  readonly asyncId: bigint;
  readonly messageId: bigint;
  readonly command: number;
  readonly session: ValidSession;
  readonly open: Open;
}

/** Sessions, opens and waiting requests of one connection. */
export class ConnectionState {
  readonly id: number;
  readonly address: string;
  readonly settings: ServerSettings;
  readonly serverGuid: Guid;
  readonly sessions = new Map<bigint, Session>();
  readonly opens = new Map<bigint, Open>();
  readonly pending = new Map<bigint, PendingRequest>();
  negotiated: Negotiated | undefined;
  preauthHash: Uint8Array = new Uint8Array(64);
  /** Called with a request that will never be answered otherwise. */
  onOver: (request: PendingRequest, status: number) => void = () => undefined;
  #nextTree = 1;
  #nextOpen = 1n;
  #nextAsync = 1n;

  constructor(id: number, address: string, settings: ServerSettings, serverGuid: Guid) {
    this.id = id;
    this.address = address;
    this.settings = settings;
    this.serverGuid = serverGuid;
  }

  /** A number for a tree connect, not in use. Throws where there are too many. */
  newTreeId(session: Session): number {
    if (session.trees.size >= this.settings.limits.maxTrees) {
      throw statusError(NtStatus.INSUFFICIENT_RESOURCES, 'too many tree connects');
    }
    const id = this.#nextTree;
    this.#nextTree = (this.#nextTree % 0xffff_fffe) + 1;
    return session.trees.has(id) ? this.newTreeId(session) : id;
  }

  /** Keeps an open and gives it a number. Throws where there are too many. */
  addOpen(make: (key: bigint) => Open): Open {
    if (this.opens.size >= this.settings.limits.maxOpens) {
      throw statusError(NtStatus.TOO_MANY_OPENED_FILES, 'too many open files');
    }
    const key = this.#nextOpen;
    this.#nextOpen += 1n;
    const open = make(key);
    this.opens.set(key, open);
    return open;
  }

  /** Keeps a request that will be answered later. Throws where there are too many. */
  addPending(request: Omit<PendingRequest, 'asyncId'>): PendingRequest {
    if (this.pending.size >= this.settings.limits.maxPending) {
      throw statusError(NtStatus.INSUFFICIENT_RESOURCES, 'too many requests wait');
    }
    const asyncId = this.#nextAsync;
    this.#nextAsync += 1n;
    const pending = { ...request, asyncId };
    this.pending.set(asyncId, pending);
    return pending;
  }

  /** Takes a waiting request away; its answer is due now. */
  finishPending(asyncId: bigint, status: number): void {
    const request = this.pending.get(asyncId);
    if (request === undefined) return;
    this.pending.delete(asyncId);
    this.onOver(request, status);
  }

  close(open: Open): void {
    this.opens.delete(open.key);
    if (open.kind === 'pipe') open.end.close();
    for (const request of this.pending.values()) {
      if (request.open === open) this.finishPending(request.asyncId, NtStatus.NOTIFY_CLEANUP);
    }
  }

  closeTree(tree: TreeConnect): void {
    for (const open of this.opens.values()) if (open.tree === tree) this.close(open);
    tree.session.trees.delete(tree.id);
  }

  closeSession(session: Session): void {
    for (const tree of session.trees.values()) this.closeTree(tree);
    this.sessions.delete(session.id);
    if (session.user !== undefined) this.settings.sessions.delete(session.id);
    session.user = undefined;
    session.keys = undefined;
  }

  closeAll(): void {
    this.pending.clear();
    for (const session of this.sessions.values()) this.closeSession(session);
  }
}
