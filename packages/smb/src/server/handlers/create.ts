import { SmbError, statusError } from '../../errors.ts';
import {
  Attribute,
  CreateOption,
  Disposition,
  FileRight,
  mapFileRights,
} from '../../messages/constants.ts';
import {
  type CreateContext,
  type CreateRequest,
  decodeCreateRequest,
  encodeCreateResponse,
  FILE_OPENED,
  type FileBasics,
} from '../../messages/create.ts';
import { SmbWriter } from '../../messages/cursor.ts';
import { NtStatus } from '../../nt-status.ts';
import { parsePath } from '../../paths.ts';
import type { ShareTree, TreeEntry } from '../../tree/share-tree.ts';
import { rightsOf } from '../access.ts';
import { type Reply, success, type TreeCall } from '../call.ts';
import { basicsOf } from '../files.ts';
import type { Open } from '../objects.ts';
import type { Share } from '../options.ts';

/** CREATE (MS-SMB2 3.3.5.9): nothing is ever created, and the file is told of as it is. */
export async function create(call: TreeCall): Promise<Reply> {
  const { state, session, tree, message, compound } = call;
  // Whatever the compound does next is about this file, or about none.
  compound.fileId = undefined;
  const told = (request: CreateRequest | undefined, access: number, status: number): void => {
    const share = tree.share?.name ?? 'IPC$';
    const user = session.user.name;
    const path = request?.name ?? '';
    state.settings.log({ kind: 'file', connection: state.id, user, share, path, access, status });
  };
  let request: CreateRequest | undefined;
  try {
    request = decodeCreateRequest(message.bytes);
    const { share } = tree;
    const made =
      share === undefined ? openPipe(call, request) : await openFile(call, request, share);
    told(request, made.open.access, NtStatus.SUCCESS);
    const fileId = { persistent: made.open.key, volatile: made.open.key };
    compound.fileId = fileId;
    compound.failure = undefined;
    const { file, contexts } = made;
    return success(
      encodeCreateResponse({ oplockLevel: 0, action: FILE_OPENED, file, fileId, contexts }),
    );
  } catch (error) {
    const status = error instanceof SmbError ? error.status : undefined;
    compound.failure = status ?? NtStatus.INVALID_PARAMETER;
    told(request, request?.desiredAccess ?? 0, compound.failure);
    throw error;
  }
}

interface Made {
  readonly open: Open;
  readonly file: FileBasics;
  readonly contexts: readonly CreateContext[];
}

function openPipe({ state, session, tree }: TreeCall, request: CreateRequest): Made {
  const name = request.name.replace(/^\\/u, '').toLowerCase();
  const handler = state.settings.pipeNamed(name);
  if (handler === undefined) throw statusError(NtStatus.OBJECT_NAME_NOT_FOUND, name);
  const access = grantedAccess(request.desiredAccess, tree.access);
  const end = handler.open(session.user);
  const open = addOpen(
    () => state.addOpen((key) => ({ kind: 'pipe', key, tree, name, end, access, messages: [] })),
    () => end.close(),
  );
  const zero = { created: 0n, accessed: 0n, written: 0n, changed: 0n };
  const file = { ...zero, allocated: 4096n, size: 0n, attributes: Attribute.normal };
  return { open, file, contexts: [] };
}

function addOpen(add: () => Open, undo: () => void): Open {
  try {
    return add();
  } catch (error) {
    undo();
    throw error;
  }
}

async function openFile(call: TreeCall, request: CreateRequest, share: Share): Promise<Made> {
  const { state, tree } = call;
  const path = pathOf(request);
  if (request.contexts.some(({ name }) => name === 'TWrp')) {
    // There are no earlier versions of files (MS-SMB2 3.3.5.9.6).
    throw statusError(NtStatus.OBJECT_NAME_NOT_FOUND, request.name);
  }
  const entry = await share.tree.stat(path);
  if (entry === undefined) throw await absent(share.tree, path, request);
  checkDisposition(request, entry);
  const rights = await rightsIn(call, share, path);
  const access = grantedAccess(request.desiredAccess, rights);
  const open = state.addOpen((key) => ({
    kind: 'file',
    key,
    tree,
    share,
    path,
    entry,
    access,
    listing: undefined,
  }));
  const serial = share.tree.volume.serial;
  const contexts = answers(request, { rights, id: entry.id, serial });
  return { open, file: basicsOf(entry), contexts };
}

function pathOf({ name, options }: CreateRequest): string[] {
  if (name.startsWith('\\')) throw statusError(NtStatus.INVALID_PARAMETER, 'a path from the root');
  if ((options & CreateOption.openByFileId) !== 0) throw statusError(NtStatus.NOT_SUPPORTED, name);
  try {
    // The one stream that files have may be named (MS-FSCC 2.1.5).
    return parsePath(name.replace(/::\$DATA$/iu, ''));
  } catch (error) {
    if (!(error instanceof SmbError)) throw error;
    throw statusError(NtStatus.OBJECT_NAME_INVALID, name);
  }
}

async function absent(
  tree: ShareTree,
  path: readonly string[],
  { disposition, name }: CreateRequest,
): Promise<SmbError> {
  const folder = await tree.stat(path.slice(0, -1));
  if (folder?.directory !== true) return statusError(NtStatus.OBJECT_PATH_NOT_FOUND, name);
  const opens = disposition === Disposition.open || disposition === Disposition.overwrite;
  // To make one takes rights in its folder that nobody has.
  return statusError(opens ? NtStatus.OBJECT_NAME_NOT_FOUND : NtStatus.ACCESS_DENIED, name);
}

function checkDisposition({ disposition, options, name }: CreateRequest, entry: TreeEntry): void {
  if (disposition > Disposition.overwriteIf) {
    throw statusError(NtStatus.INVALID_PARAMETER, name);
  }
  if (disposition === Disposition.create) throw statusError(NtStatus.OBJECT_NAME_COLLISION, name);
  const both = CreateOption.directoryFile | CreateOption.nonDirectoryFile;
  if ((options & both) === both) throw statusError(NtStatus.INVALID_PARAMETER, name);
  if ((options & CreateOption.directoryFile) !== 0 && !entry.directory) {
    throw statusError(NtStatus.NOT_A_DIRECTORY, name);
  }
  if ((options & CreateOption.nonDirectoryFile) !== 0 && entry.directory) {
    throw statusError(NtStatus.FILE_IS_A_DIRECTORY, name);
  }
  const reads = disposition === Disposition.open || disposition === Disposition.openIf;
  if (!reads || (options & CreateOption.deleteOnClose) !== 0) {
    throw statusError(NtStatus.ACCESS_DENIED, name);
  }
}

/** What share and file give together. */
async function rightsIn(
  { tree, session }: TreeCall,
  share: Share,
  path: readonly string[],
): Promise<number> {
  const descriptor = await share.tree.descriptor?.(path);
  if (descriptor === undefined) return tree.access;
  return tree.access & rightsOf(descriptor, session.user.token);
}

/** The rights of an open: those asked for, or as many as there are (MS-SMB2 3.3.5.9). */
function grantedAccess(desired: number, allowed: number): number {
  const wanted = mapFileRights(desired);
  if ((wanted & FileRight.accessSystemSecurity) !== 0) {
    throw statusError(NtStatus.PRIVILEGE_NOT_HELD, 'auditing');
  }
  const explicit = (wanted & ~FileRight.maximumAllowed) >>> 0;
  if (wanted === 0 || (explicit & ~allowed) !== 0) {
    throw statusError(NtStatus.ACCESS_DENIED, 'the access that was asked for');
  }
  if ((wanted & FileRight.maximumAllowed) === 0) return explicit;
  if (allowed === 0) throw statusError(NtStatus.ACCESS_DENIED, 'any access');
  return allowed;
}

/** Contexts that are answered; all others are passed over (MS-SMB2 3.3.5.9). */
function answers(
  { contexts }: CreateRequest,
  { rights, id, serial }: { rights: number; id: bigint; serial: number },
): CreateContext[] {
  const found: CreateContext[] = [];
  const names = new Set(contexts.map(({ name }) => name));
  if (names.has('MxAc')) {
    const writer = new SmbWriter();
    writer.u32(NtStatus.SUCCESS);
    writer.u32(rights);
    found.push({ name: 'MxAc', data: writer.finish() });
  }
  if (names.has('QFid')) {
    const writer = new SmbWriter();
    writer.u64(id);
    writer.u64(BigInt(serial));
    writer.zeros(16);
    found.push({ name: 'QFid', data: writer.finish() });
  }
  return found;
}
