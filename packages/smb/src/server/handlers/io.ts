import { statusError } from '../../errors.ts';
import { MAX_PIPE_MESSAGES } from '../../limits.ts';
import { FileRight } from '../../messages/constants.ts';
import {
  CLOSE_QUERY_ATTRIBUTES,
  decodeCloseRequest,
  decodeFlushRequest,
  decodeLockRequest,
  decodeReadRequest,
  decodeWriteRequest,
  encodeCloseResponse,
  encodeReadResponse,
  encodeWriteResponse,
  LockFlag,
} from '../../messages/file.ts';
import { encodeEmpty } from '../../messages/session.ts';
import { NtStatus } from '../../nt-status.ts';
import { checkPayload, openOf, type Reply, success, type TreeCall } from '../call.ts';
import { basicsOf } from '../files.ts';
import type { OpenFile, OpenPipe } from '../objects.ts';

/** CLOSE (MS-SMB2 3.3.5.10). */
export async function close(call: TreeCall): Promise<Reply> {
  const { flags, fileId } = decodeCloseRequest(call.message.bytes);
  const open = openOf(call, fileId);
  call.state.close(open);
  if ((flags & CLOSE_QUERY_ATTRIBUTES) === 0 || open.kind === 'pipe') {
    return success(encodeCloseResponse(undefined));
  }
  const entry = (await open.share.tree.stat(open.path)) ?? open.entry;
  return success(encodeCloseResponse(basicsOf(entry)));
}

/** FLUSH (MS-SMB2 3.3.5.11): there is nothing to flush, and nobody who may. */
export function flush(call: TreeCall): Reply {
  const open = openOf(call, decodeFlushRequest(call.message.bytes));
  if (open.kind === 'pipe') return success(encodeEmpty());
  throw statusError(NtStatus.ACCESS_DENIED, 'to flush');
}

/** READ (MS-SMB2 3.3.5.12). */
export async function read(call: TreeCall): Promise<Reply> {
  const request = decodeReadRequest(call.message.bytes);
  const { length, minimum } = request;
  checkPayload(call, length);
  const open = openOf(call, request.fileId);
  if (open.kind === 'pipe') return readPipe(open, length);
  if (open.entry.directory) throw statusError(NtStatus.INVALID_DEVICE_REQUEST, 'a folder');
  if ((open.access & (FileRight.readData | FileRight.execute)) === 0) {
    throw statusError(NtStatus.ACCESS_DENIED, 'to read');
  }
  const data = await readFile(open, request.offset, length);
  if ((data.length === 0 && length > 0) || data.length < minimum) {
    throw statusError(NtStatus.END_OF_FILE, 'the file');
  }
  return success(encodeReadResponse(data));
}

async function readFile(open: OpenFile, offset: bigint, length: number): Promise<Uint8Array> {
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw statusError(NtStatus.INVALID_PARAMETER, 'the offset');
  }
  const data = await open.share.tree.read(open.path, Number(offset), length);
  return data.subarray(0, length);
}

/** The next message, or as much of it as there is room for (MS-SMB2 3.3.5.12). */
function readPipe(pipe: OpenPipe, length: number): Reply {
  const [message] = pipe.messages;
  if (message === undefined) throw statusError(NtStatus.PIPE_EMPTY, 'the pipe');
  const { data, status } = takeMessage(pipe, message, length);
  return { status, body: encodeReadResponse(data) };
}

/** A part of the first message that waits; what is left of it stays the first. */
export function takeMessage(
  pipe: OpenPipe,
  message: Uint8Array,
  room: number,
): { readonly data: Uint8Array; readonly status: number } {
  if (message.length <= room) {
    pipe.messages = pipe.messages.slice(1);
    return { data: message, status: NtStatus.SUCCESS };
  }
  pipe.messages = [message.subarray(room), ...pipe.messages.slice(1)];
  return { data: message.subarray(0, room), status: NtStatus.BUFFER_OVERFLOW };
}

/** Gives a pipe a message, and keeps what it answers. Throws SmbError `status`. */
export async function writePipe(pipe: OpenPipe, message: Uint8Array): Promise<void> {
  if ((pipe.access & FileRight.writeData) === 0) {
    throw statusError(NtStatus.ACCESS_DENIED, 'to write');
  }
  const answers = await pipe.end.write(message);
  if (pipe.messages.length + answers.length > MAX_PIPE_MESSAGES) {
    throw statusError(NtStatus.INSUFFICIENT_RESOURCES, 'too many messages wait');
  }
  pipe.messages = [...pipe.messages, ...answers];
}

/** WRITE (MS-SMB2 3.3.5.13): into pipes alone. */
export async function write(call: TreeCall): Promise<Reply> {
  const { fileId, data } = decodeWriteRequest(call.message.bytes);
  checkPayload(call, data.length);
  const open = openOf(call, fileId);
  if (open.kind === 'file') throw statusError(NtStatus.ACCESS_DENIED, 'to write');
  await writePipe(open, data);
  return success(encodeWriteResponse(data.length));
}

/**
 * LOCK (MS-SMB2 3.3.5.14). Where nobody writes, ranges that several share need no books; a range
 * for oneself alone takes the right to write (MS-FSA 2.1.5.8).
 */
export function lock(call: TreeCall): Reply {
  const { fileId, ranges } = decodeLockRequest(call.message.bytes);
  const open = openOf(call, fileId);
  if (open.kind === 'pipe' || open.entry.directory) {
    throw statusError(NtStatus.INVALID_PARAMETER, 'no file');
  }
  if (ranges.some(({ flags }) => (flags & LockFlag.exclusive) !== 0)) {
    throw statusError(NtStatus.LOCK_NOT_GRANTED, 'a range for oneself alone');
  }
  return success(encodeEmpty());
}
