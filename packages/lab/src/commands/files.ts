import { SmbError } from '@doublehop/smb/errors';
import { FileRight } from '@doublehop/smb/messages/constants';
import { rightsOf } from '@doublehop/smb/server/access';
import { LabError } from '../errors.ts';
import { MAX_CONTENT } from '../limits.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { withShare } from '../shares/redirector.ts';
import { formatPath, type HostPath } from './paths.ts';

/** A file or folder, wherever it is. Times in milliseconds since 1970. */
export interface FoundFile {
  readonly name: string;
  readonly directory: boolean;
  readonly size: number;
  readonly attributes: number;
  readonly created: number;
  readonly accessed: number;
  readonly written: number;
}

/** What a session may do with files. All throw LabError `access-denied`, `not-found`. */
export interface Files {
  /** A file or folder. */
  readonly stat: (path: HostPath) => Promise<FoundFile>;
  /** What is in a folder. */
  readonly list: (path: HostPath) => Promise<readonly FoundFile[]>;
  /** The octets of a file, of at most MAX_CONTENT. */
  readonly read: (path: HostPath) => Promise<Uint8Array>;
}

/** The host's own drive, checked by the session's token, and shares, with the session's tickets. */
export function filesOf(session: HostSession): Files {
  return {
    stat: async (path) => {
      if (path.kind === 'unc') {
        return withShare(session, path.server, path.share, (share) => share.stat(joined(path)));
      }
      return localEntry(session, path, FileRight.readAttributes);
    },
    list: async (path) => {
      if (path.kind === 'unc') {
        return withShare(session, path.server, path.share, (share) => share.list(joined(path)));
      }
      await localEntry(session, path, FileRight.readData);
      return (await session.host.computer.drive.list(namesOf(path))).map(found);
    },
    read: async (path) => {
      if (path.kind === 'unc') {
        return withShare(session, path.server, path.share, (share) =>
          share.read(joined(path), { length: MAX_CONTENT }),
        );
      }
      const { directory } = await localEntry(session, path, FileRight.readData);
      if (directory) throw new LabError('access-denied', 'Access is denied');
      return session.host.computer.drive.read(namesOf(path), 0, MAX_CONTENT);
    },
  };
}

async function localEntry(session: HostSession, path: HostPath, right: number): Promise<FoundFile> {
  const { drive } = session.host.computer;
  const names = namesOf(path);
  const entry = path.kind === 'local' ? await drive.stat(names) : undefined;
  if (entry === undefined) {
    throw new LabError('not-found', `Cannot find path '${formatPath(path)}'`);
  }
  const descriptor = await drive.descriptor?.(names);
  const rights = descriptor === undefined ? right : rightsOf(descriptor, session.token);
  // Everybody may look at names: the right to pass through folders is everybody's (SeChangeNotify).
  if (right !== FileRight.readAttributes && (rights & right) === 0) {
    throw new LabError('access-denied', 'Access is denied', { ntStatus: 0xc000_0022 });
  }
  return found(entry);
}

function found(entry: Omit<FoundFile, 'attributes'> & { readonly attributes?: number }): FoundFile {
  return { ...entry, attributes: entry.attributes ?? 0 };
}

function namesOf(path: HostPath): readonly string[] {
  return path.kind === 'local' || path.kind === 'unc' ? path.names : [];
}

function joined(path: HostPath): string {
  return namesOf(path).join('\\');
}

/** Whether what was thrown means that there is no such file, computer or share. */
export function isAbsent(error: unknown): boolean {
  if (error instanceof LabError) return error.code === 'not-found';
  return error instanceof SmbError && error.code === 'path';
}
