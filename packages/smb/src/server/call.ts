import { statusError } from '../errors.ts';
import { MAX_TRANSFER } from '../limits.ts';
import { RELATED_ID } from '../messages/constants.ts';
import type { FileId } from '../messages/create.ts';
import type { Message } from '../messages/header.ts';
import { NtStatus } from '../nt-status.ts';
import type { Open, OpenFile, TreeConnect, ValidSession } from './objects.ts';
import type { ConnectionState, PendingRequest } from './state.ts';

/** What a handler answers. */
export interface Reply {
  readonly status: number;
  readonly body: Uint8Array;
  /** Of a tree connect. */
  readonly treeId?: number;
  /** Answered later: the interim answer has this request's number. */
  readonly pending?: PendingRequest;
}

/** What related requests of a compound take from those before (MS-SMB2 3.3.5.2.7.2). */
export interface Compound {
  sessionId: bigint;
  treeId: number;
  fileId: FileId | undefined;
  /** The failure of what was to give the file. */
  failure: number | undefined;
  /** Octets of the answers so far. */
  size: number;
}

/** A request with everything that it refers to. */
export interface Call {
  readonly state: ConnectionState;
  readonly message: Message;
  readonly session: ValidSession;
  readonly sealed: boolean;
  readonly compound: Compound;
  readonly isRelated: boolean;
  /** Whether another request follows in the compound. */
  readonly isLast: boolean;
}

/** A call on a connected share. */
export interface TreeCall extends Call {
  readonly tree: TreeConnect;
}

/** An answer that everything went well. */
export function success(body: Uint8Array): Reply {
  return { status: NtStatus.SUCCESS, body };
}

/** The open that a request names. Throws SmbError `status`. */
export function openOf(call: TreeCall, fileId: FileId): Open {
  const { compound, isRelated, state, tree } = call;
  const previous = fileId.persistent === RELATED_ID && fileId.volatile === RELATED_ID;
  if (isRelated && previous && compound.failure !== undefined) {
    throw statusError(compound.failure, 'the request before failed');
  }
  const id = isRelated && previous ? compound.fileId : fileId;
  const open = id === undefined ? undefined : state.opens.get(id.volatile);
  if (open === undefined || open.tree !== tree || id?.persistent !== open.key) {
    throw statusError(NtStatus.FILE_CLOSED, 'the file is not open');
  }
  compound.fileId = id;
  compound.failure = undefined;
  return open;
}

/** The open file or folder that a request names; a pipe is refused. Throws SmbError `status`. */
export function fileOf(call: TreeCall, fileId: FileId): OpenFile {
  const open = openOf(call, fileId);
  if (open.kind === 'file') return open;
  throw statusError(NtStatus.INVALID_DEVICE_REQUEST, 'a pipe is no file');
}

/** Refuses sizes above the negotiated ones, and those that too few credits were paid for. */
export function checkPayload({ message: { header } }: Call, ...sizes: readonly number[]): void {
  const payload = Math.max(...sizes);
  const paid = Math.max(1, header.creditCharge) * 65_536;
  if (payload > MAX_TRANSFER || payload > paid) {
    throw statusError(NtStatus.INVALID_PARAMETER, 'more octets than allowed');
  }
}
