import { WireError } from '@doublehop/wire/errors';
import { SecurityError } from '@doublehop/security/errors';
import { SmbError, statusError } from '../errors.ts';
import { Command, HeaderFlag } from '../messages/constants.ts';
import type { Message } from '../messages/header.ts';
import { decodeEmpty, encodeEmpty, encodeError } from '../messages/session.ts';
import { NtStatus } from '../nt-status.ts';
import { MAX_TRANSFER } from '../limits.ts';
import { type Call, type Compound, type Reply, success, type TreeCall } from './call.ts';
import { create } from './handlers/create.ts';
import { changeNotify, ioctl } from './handlers/ioctl.ts';
import { close, flush, lock, read, write } from './handlers/io.ts';
import { queryDirectory, queryInfo, setInfo } from './handlers/query.ts';
import { logoff, treeConnect, treeDisconnect } from './handlers/tree.ts';
import type { Session, ValidSession } from './objects.ts';
import type { ConnectionState } from './state.ts';

type TreeHandler = (call: TreeCall) => Reply | Promise<Reply>;

/** Commands on a connected share. */
const ON_TREE: ReadonlyMap<number, TreeHandler> = new Map<number, TreeHandler>([
  [Command.treeDisconnect, treeDisconnect],
  [Command.create, create],
  [Command.close, close],
  [Command.flush, flush],
  [Command.read, read],
  [Command.write, write],
  [Command.lock, lock],
  [Command.ioctl, ioctl],
  [Command.queryDirectory, queryDirectory],
  [Command.changeNotify, changeNotify],
  [Command.queryInfo, queryInfo],
  [Command.setInfo, setInfo],
]);

/** Commands that an expired session still has (MS-SMB2 3.3.5.2.9). */
const AFTER_EXPIRY: ReadonlySet<number> = new Set([
  Command.logoff,
  Command.close,
  Command.lock,
  Command.cancel,
]);

/** An answer, and the session whose key protects it. */
export interface Dispatched {
  readonly reply: Reply;
  readonly session: ValidSession | undefined;
  readonly treeId: number;
}

/** A request as it came. */
export interface Received {
  readonly message: Message;
  /** The session in whose key it was encrypted. */
  readonly sealedBy: Session | undefined;
  readonly compound: Compound;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/**
 * Carries out one request of a session, and answers it whatever happens (MS-SMB2 3.3.5.2). Only an
 * SmbError `integrity` goes through: the connection is not to be trusted.
 */
export async function dispatch(state: ConnectionState, received: Received): Promise<Dispatched> {
  const { message, sealedBy, compound, isFirst, isLast } = received;
  const { header } = message;
  const isRelated = (header.flags & HeaderFlag.related) !== 0;
  if (isRelated && isFirst) return failed(NtStatus.INVALID_PARAMETER);
  if (!isRelated) {
    compound.sessionId = header.sessionId;
    compound.treeId = header.treeId;
    compound.fileId = undefined;
    compound.failure = undefined;
  }
  const known = state.sessions.get(compound.sessionId);
  const session = validSession(known);
  if (session === undefined) {
    // An echo needs none (MS-SMB2 3.3.5.16).
    const echoes = header.command === Command.echo && compound.sessionId === 0n;
    if (echoes) return { reply: success(encodeEmpty()), session: undefined, treeId: 0 };
    compound.failure = NtStatus.USER_SESSION_DELETED;
    return failed(NtStatus.USER_SESSION_DELETED);
  }
  const call: Call = {
    state,
    message,
    session,
    sealed: sealedBy !== undefined && sealedBy === known,
    compound,
    isRelated,
    isLast,
  };
  const reply = await answered(state, () => perform(call, sealedBy));
  if (reply.treeId !== undefined) compound.treeId = reply.treeId;
  return { reply, session, treeId: compound.treeId };
}

function failed(status: number): Dispatched {
  return { reply: { status, body: encodeError() }, session: undefined, treeId: 0 };
}

/** What a handler answers, or the answer to what it threw. */
export async function answered(
  state: ConnectionState,
  work: () => Reply | Promise<Reply>,
): Promise<Reply> {
  try {
    return await work();
  } catch (error) {
    return { status: statusOf(state, error), body: encodeError() };
  }
}

function statusOf(state: ConnectionState, error: unknown): number {
  if (error instanceof SmbError) {
    if (error.code === 'integrity') throw error;
    return error.status ?? NtStatus.INVALID_PARAMETER;
  }
  if (error instanceof WireError || error instanceof SecurityError) {
    return NtStatus.INVALID_PARAMETER;
  }
  state.settings.log({ kind: 'defect', connection: state.id, error });
  return NtStatus.INTERNAL_ERROR;
}

async function perform(call: Call, sealedBy: Session | undefined): Promise<Reply> {
  const { state, session, message, compound } = call;
  const { command } = message.header;
  checkProtection(call, sealedBy);
  if (state.settings.clock() > session.expires && !AFTER_EXPIRY.has(command)) {
    throw statusError(NtStatus.NETWORK_SESSION_EXPIRED, 'the ticket has ended');
  }
  // A compound may not make answers of any size.
  if (compound.size > 2 * MAX_TRANSFER) {
    throw statusError(NtStatus.INSUFFICIENT_RESOURCES, 'the compound');
  }
  switch (command) {
    case Command.logoff:
      return logoff(call);
    case Command.treeConnect:
      return treeConnect(call);
    case Command.echo:
      decodeEmpty(message.bytes);
      return success(encodeEmpty());
    case Command.oplockBreak:
      // Nobody was ever given one (MS-SMB2 3.3.5.22).
      throw statusError(NtStatus.INVALID_OPLOCK_PROTOCOL, 'an oplock');
    default:
      return await onTree(call);
  }
}

async function onTree(call: Call): Promise<Reply> {
  const { session, message, compound, sealed } = call;
  const handler = ON_TREE.get(message.header.command);
  if (handler === undefined) throw statusError(NtStatus.INVALID_PARAMETER, 'the command');
  const tree = session.trees.get(compound.treeId);
  if (tree === undefined) throw statusError(NtStatus.NETWORK_NAME_DELETED, 'the tree connect');
  // All but the connect itself (MS-SMB2 3.3.5.2.11).
  if (tree.share?.encrypt === true && !sealed) {
    throw statusError(NtStatus.ACCESS_DENIED, 'the share demands encryption');
  }
  return await handler({ ...call, tree });
}

/** Encrypted or signed, with this session's key (MS-SMB2 3.3.5.2.4, 3.3.5.2.9). */
function checkProtection({ session, message, sealed }: Call, sealedBy: Session | undefined): void {
  if (sealed) return;
  if (sealedBy !== undefined || session.encrypt) {
    throw statusError(NtStatus.ACCESS_DENIED, 'the message is not encrypted as it must be');
  }
  const isSigned = (message.header.flags & HeaderFlag.signed) !== 0;
  if (!isSigned || !session.keys.signer.verify(message.bytes)) {
    throw statusError(NtStatus.ACCESS_DENIED, 'the message has no valid signature');
  }
}

/**
 * The session as it is now: another connection may end it while a request is carried out, whose
 * answer is signed all the same.
 */
function validSession(session: Session | undefined): ValidSession | undefined {
  if (session?.user === undefined || session.keys === undefined) return undefined;
  const { user, keys } = session;
  return { ...session, user, keys };
}
