import { SmbError, statusError } from '../../errors.ts';
import { Dialect, FileRight, Fsctl } from '../../messages/constants.ts';
import { SmbWriter } from '../../messages/cursor.ts';
import {
  decodeChangeNotifyRequest,
  decodeIoctlRequest,
  encodeIoctlResponse,
  type IoctlRequest,
} from '../../messages/query.ts';
import { encodeError } from '../../messages/session.ts';
import {
  decodeValidateRequest,
  encodeValidateResponse,
  VALIDATE_RESPONSE_SIZE,
} from '../../messages/validate-negotiate.ts';
import { NtStatus } from '../../nt-status.ts';
import { checkPayload, fileOf, openOf, type Reply, success, type TreeCall } from '../call.ts';
import type { OpenPipe } from '../objects.ts';
import { takeMessage, writePipe } from './io.ts';

/** IOCTL (MS-SMB2 3.3.5.15). */
export async function ioctl(call: TreeCall): Promise<Reply> {
  const request = decodeIoctlRequest(call.message.bytes);
  checkPayload(call, request.input.length, request.maxOutput);
  if (!request.isFsctl) throw statusError(NtStatus.NOT_SUPPORTED, 'no file system control');
  switch (request.code) {
    case Fsctl.validateNegotiateInfo:
      return validateNegotiate(call, request);
    case Fsctl.dfsGetReferrals:
    case Fsctl.dfsGetReferralsEx:
      // There is no distributed file system here (MS-SMB2 3.3.5.15.2).
      throw statusError(NtStatus.NOT_FOUND, 'referrals');
    case Fsctl.pipeTransceive:
      return await transceive(pipeOf(call, request), request);
    case Fsctl.pipePeek:
      return peek(pipeOf(call, request), request);
    case Fsctl.pipeWait:
      return success(encodeIoctlResponse({ ...request, output: new Uint8Array(0) }));
    default:
      throw statusError(NtStatus.INVALID_DEVICE_REQUEST, 'an unknown control');
  }
}

/**
 * Whether what came in the clear is what the client sent (MS-SMB2 3.3.5.15.12). Throws SmbError
 * `integrity` where it is not: the connection ends without an answer.
 */
function validateNegotiate({ state }: TreeCall, request: IoctlRequest): Reply {
  const { negotiated } = state;
  const info = decodeValidateRequest(request.input);
  if (negotiated === undefined) throw new SmbError('integrity', 'nothing was negotiated');
  if (request.maxOutput < VALIDATE_RESPONSE_SIZE) {
    throw statusError(NtStatus.INVALID_PARAMETER, 'the room');
  }
  const asked = negotiated.request;
  const same =
    negotiated.dialect !== Dialect.smb311 &&
    info.capabilities === asked.capabilities &&
    info.guid === asked.clientGuid &&
    info.securityMode === asked.securityMode &&
    info.dialects.join() === asked.dialects.join();
  if (!same) throw new SmbError('integrity', 'the negotiation was changed on its way');
  const { capabilities, serverGuid: guid, securityMode, dialect } = negotiated;
  const output = encodeValidateResponse({ capabilities, guid, securityMode, dialect });
  return success(encodeIoctlResponse({ ...request, output }));
}

function pipeOf(call: TreeCall, { fileId }: IoctlRequest): OpenPipe {
  const open = openOf(call, fileId);
  if (open.kind === 'pipe') return open;
  throw statusError(NtStatus.INVALID_DEVICE_REQUEST, 'no pipe');
}

/** FSCTL_PIPE_TRANSCEIVE (MS-SMB2 3.3.5.15.3): a message there, one back. */
async function transceive(pipe: OpenPipe, request: IoctlRequest): Promise<Reply> {
  if (pipe.messages.length > 0) throw statusError(NtStatus.PIPE_BUSY, 'unread messages');
  await writePipe(pipe, request.input);
  const [message] = pipe.messages;
  if (message === undefined) throw statusError(NtStatus.PIPE_EMPTY, 'the pipe');
  const { data: output, status } = takeMessage(pipe, message, request.maxOutput);
  return { status, body: encodeIoctlResponse({ ...request, output }) };
}

const PIPE_CONNECTED = 3;

/** FSCTL_PIPE_PEEK (MS-FSCC 2.3.46): how much waits; none of it is shown. */
function peek(pipe: OpenPipe, request: IoctlRequest): Reply {
  const writer = new SmbWriter();
  const [first] = pipe.messages;
  writer.u32(PIPE_CONNECTED);
  writer.u32(pipe.messages.reduce((sum, { length }) => sum + length, 0));
  writer.u32(pipe.messages.length);
  writer.u32(first?.length ?? 0);
  const output = writer.finish().subarray(0, request.maxOutput);
  return success(encodeIoctlResponse({ ...request, output }));
}

/**
 * CHANGE_NOTIFY (MS-SMB2 3.3.5.19): it waits until the client cancels it or closes the folder; no
 * change is ever told.
 */
export function changeNotify(call: TreeCall): Reply {
  const { fileId, maxOutput } = decodeChangeNotifyRequest(call.message.bytes);
  checkPayload(call, maxOutput);
  const { state, session, message, isLast } = call;
  const open = fileOf(call, fileId);
  if (!open.entry.directory) throw statusError(NtStatus.INVALID_PARAMETER, 'no folder');
  if ((open.access & FileRight.readData) === 0) {
    throw statusError(NtStatus.ACCESS_DENIED, 'to watch');
  }
  // What waits cannot be in the middle of a compound (MS-SMB2 3.3.5.2.7).
  if (!isLast) throw statusError(NtStatus.NOT_SUPPORTED, 'to wait within a compound');
  const { messageId, command } = message.header;
  const pending = state.addPending({ messageId, command, session, open });
  return { status: NtStatus.PENDING, body: encodeError(), pending };
}
