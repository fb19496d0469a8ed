import { SmbError, statusError } from '../../errors.ts';
import { ShareFlag, ShareType } from '../../messages/constants.ts';
import {
  decodeEmpty,
  decodeTreeConnectRequest,
  encodeEmpty,
  encodeTreeConnectResponse,
} from '../../messages/session.ts';
import { NtStatus } from '../../nt-status.ts';
import { shareRights } from '../access.ts';
import { type Call, type Reply, success, type TreeCall } from '../call.ts';

/** Rights in a pipe: to read, to write, to look at. */
export const PIPE_RIGHTS = 0x0012_019f;

/** TREE_CONNECT (MS-SMB2 3.3.5.7). */
export function treeConnect(call: Call): Reply {
  const { state, session, message } = call;
  const { path } = decodeTreeConnectRequest(message.bytes);
  const name = /^\\\\[^\\]+\\([^\\]+)$/u.exec(path)?.[1];
  const { log } = state.settings;
  const told = (status: number): void => {
    const user = session.user.name;
    log({ kind: 'share', connection: state.id, user, share: name ?? path, status });
  };
  try {
    if (name === undefined) throw statusError(NtStatus.BAD_NETWORK_NAME, path);
    const reply = name.toUpperCase() === 'IPC$' ? connectPipes(call) : connectFolder(call, name);
    told(NtStatus.SUCCESS);
    return reply;
  } catch (error) {
    if (error instanceof SmbError && error.status !== undefined) told(error.status);
    throw error;
  }
}

function connectPipes({ state, session }: Call): Reply {
  const id = state.newTreeId(session);
  session.trees.set(id, { id, session, share: undefined, access: PIPE_RIGHTS });
  const body = encodeTreeConnectResponse({
    shareType: ShareType.pipe,
    shareFlags: ShareFlag.noCaching,
    capabilities: 0,
    maximalAccess: PIPE_RIGHTS,
  });
  return { ...success(body), treeId: id };
}

function connectFolder({ state, session, sealed }: Call, name: string): Reply {
  const share = state.settings.shareNamed(name);
  if (share === undefined) throw statusError(NtStatus.BAD_NETWORK_NAME, name);
  const access = shareRights(share.descriptor, session.user.token);
  if (access === 0) throw statusError(NtStatus.ACCESS_DENIED, name);
  // Who cannot encrypt learns that before anything of the share is told (MS-SMB2 3.3.5.7).
  const encrypt = share.encrypt === true;
  if (encrypt && !sealed && session.keys.opener === undefined) {
    throw statusError(NtStatus.ACCESS_DENIED, name);
  }
  const id = state.newTreeId(session);
  session.trees.set(id, { id, session, share, access });
  const body = encodeTreeConnectResponse({
    shareType: ShareType.disk,
    shareFlags: encrypt ? ShareFlag.encryptData : 0,
    capabilities: 0,
    maximalAccess: access,
  });
  return { ...success(body), treeId: id };
}

/** TREE_DISCONNECT (MS-SMB2 3.3.5.8). */
export function treeDisconnect({ state, tree, message }: TreeCall): Reply {
  decodeEmpty(message.bytes);
  state.closeTree(tree);
  return success(encodeEmpty());
}

/** LOGOFF (MS-SMB2 3.3.5.6). */
export function logoff({ message }: Call): Reply {
  decodeEmpty(message.bytes);
  return success(encodeEmpty());
}
