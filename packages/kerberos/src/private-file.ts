import { constants } from 'node:fs';
import { type FileHandle, mkdtemp, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { plain } from '@doublehop/wire/bytes';
import { KerberosError, type KerberosErrorCode } from './errors.ts';

/** How a file that holds keys is opened and named in errors. */
export interface PrivateFile {
  readonly path: string;
  /** What the file is, in errors: `keytab`, `credential cache`. */
  readonly what: string;
  /** The code of errors about it. */
  readonly code: KerberosErrorCode;
  /** Largest size read. */
  readonly limit: number;
  /** Whether a symbolic link is followed. */
  readonly follow: boolean;
}

/** The whole file, or undefined where there is none. Throws KerberosError for all else. */
export async function readPrivateFile(file: PrivateFile): Promise<Uint8Array | undefined> {
  const handle = await openPrivateFile(file, constants.O_RDONLY);
  if (handle === undefined) return undefined;
  try {
    return await readAll(file, handle);
  } finally {
    await handle.close();
  }
}

/** Opens an existing regular file, or undefined where there is none. */
export async function openPrivateFile(
  file: PrivateFile,
  flags: number,
): Promise<FileHandle | undefined> {
  // A FIFO would block the open for ever: without O_NONBLOCK one could hang us.
  const safe = constants.O_NONBLOCK | (file.follow ? 0 : constants.O_NOFOLLOW);
  let handle: FileHandle;
  try {
    handle = await open(file.path, flags | safe);
  } catch (cause) {
    if (errno(cause) === 'ENOENT') return undefined;
    throw fileError(file, errno(cause) === 'ELOOP' ? 'is a symbolic link' : 'cannot open', cause);
  }
  const stats = await handle.stat();
  if (stats.isFile()) return handle;
  await handle.close();
  throw fileError(file, 'is not a regular file', undefined);
}

/**
 * Puts a file of mode 0600 with this content in place at once: it is written beside the old one,
 * in a folder that only we can enter, and renamed over it. Readers see the old or the new content;
 * a link that stood there is replaced, not followed.
 */
export async function replacePrivateFile(file: PrivateFile, bytes: Uint8Array): Promise<void> {
  let folder: string | undefined;
  try {
    folder = await mkdtemp(`${path.resolve(file.path)}.`);
    const fresh = path.join(folder, 'new');
    const handle = await open(fresh, 'wx', 0o600);
    try {
      // The umask may have taken away even the owner's bits.
      await handle.chmod(0o600);
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file.path);
  } catch (cause) {
    throw fileError(file, 'cannot write', cause);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** The KerberosError about a file; the system's error is its cause. */
export function fileError(file: PrivateFile, reason: string, cause: unknown): KerberosError {
  const detail = errno(cause);
  return new KerberosError(
    file.code,
    `${file.what} ${file.path}: ${reason}${detail === undefined ? '' : ` (${detail})`}`,
    { subject: file.path, cause },
  );
}

/** The code of a system error, e.g. `ENOENT`. */
export function errno(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The content of an open file from its start, bounded. */
async function readAll(file: PrivateFile, handle: FileHandle): Promise<Uint8Array> {
  const { size } = await handle.stat();
  if (size > file.limit) throw fileError(file, `is larger than ${file.limit} octets`, undefined);
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return plain(bytes.subarray(0, filled));
}
