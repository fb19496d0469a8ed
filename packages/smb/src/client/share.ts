import { millisecondsOf } from '@doublehop/security/filetime';
import { concat } from '@doublehop/wire/bytes';
import { SmbError } from '../errors.ts';
import { MAX_DESCRIPTOR, MAX_ENTRIES, MAX_READ } from '../limits.ts';
import {
  Attribute,
  Command,
  CreateOption,
  Disposition,
  FileRight,
  InfoType,
} from '../messages/constants.ts';
import {
  type CreateResponse,
  decodeCreateResponse,
  encodeCreateRequest,
  type FileBasics,
  type FileId,
} from '../messages/create.ts';
import { DirectoryClass, type DirectoryEntry, unpackDirectory } from '../messages/directory.ts';
import { decodeReadResponse, encodeCloseRequest, encodeReadRequest } from '../messages/file.ts';
import {
  decodeOutput,
  encodeQueryDirectoryRequest,
  encodeQueryInfoRequest,
} from '../messages/query.ts';
import { NtStatus } from '../nt-status.ts';
import { parsePath } from '../paths.ts';
import type { Tree } from './tree.ts';

/** What is known of a file or folder. Times in milliseconds since 1970. */
export interface FileStat {
  /** Its last name; empty for the share's root. */
  readonly name: string;
  readonly directory: boolean;
  readonly size: number;
  readonly attributes: number;
  readonly created: number;
  readonly accessed: number;
  readonly written: number;
  readonly changed: number;
}

/** Which octets of a file. */
export interface ByteRange {
  /** From there on; 0 where absent. */
  readonly offset?: number;
  /** At most so many; all where absent. */
  readonly length?: number;
}

/** Status of what is not there (MS-SMB2 3.3.5.9). */
const ABSENT: ReadonlySet<number | undefined> = new Set([
  NtStatus.OBJECT_NAME_NOT_FOUND,
  NtStatus.OBJECT_PATH_NOT_FOUND,
  NtStatus.NO_SUCH_FILE,
  NtStatus.OBJECT_NAME_INVALID,
]);

/** Impersonation: the server may act as the user on its own machine (MS-SMB2 2.2.13). */
const IMPERSONATION = 2;
/** Others may read, write and delete meanwhile. */
const SHARE_ALL = 7;

/**
 * The files of a connected share. Paths are relative to its root, with backslashes or slashes.
 * Every refusal is an SmbError `status` with the name of its NTSTATUS.
 */
export class ShareClient {
  readonly #tree: Tree;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** `\\host\share`. */
  get path(): string {
    return this.#tree.path;
  }

  /** Whether a file or folder is there. Throws where that may not be known: access is denied. */
  async exists(path: string): Promise<boolean> {
    try {
      await this.stat(path);
      return true;
    } catch (error) {
      if (error instanceof SmbError && ABSENT.has(error.status)) return false;
      throw error;
    }
  }

  /** What is known of a file or folder. */
  async stat(path: string): Promise<FileStat> {
    const rights = FileRight.readAttributes | FileRight.synchronize;
    return await this.#with(path, rights, 0, ({ file }) =>
      Promise.resolve(statOf(parsePath(path).at(-1) ?? '', file)),
    );
  }

  /** What is in a folder, but `.` and `..`; names by a pattern with `*` and `?`. */
  async list(path: string, pattern = '*'): Promise<FileStat[]> {
    const rights = FileRight.readData | FileRight.readAttributes | FileRight.synchronize;
    const option = CreateOption.directoryFile;
    const entries = await this.#with(path, rights, option, ({ fileId }) =>
      this.#entries(path, fileId, pattern),
    );
    return entries
      .filter(({ name }) => name !== '.' && name !== '..')
      .map(({ name, file }) => statOf(name, file));
  }

  /** Octets of a file; fewer than asked for where it ends. */
  async read(path: string, { offset = 0, length }: ByteRange = {}): Promise<Uint8Array> {
    const rights = FileRight.readData | FileRight.readAttributes | FileRight.synchronize;
    return await this.#with(path, rights, CreateOption.nonDirectoryFile, ({ file, fileId }) => {
      const left = Math.max(0, Number(file.size) - offset);
      return this.#octets(path, fileId, offset, Math.min(length ?? left, left));
    });
  }

  /** The security descriptor: owner, group and DACL, in its binary form. */
  async descriptor(path: string): Promise<Uint8Array> {
    return await this.#with(path, FileRight.readControl, 0, async ({ fileId }) => {
      const body = encodeQueryInfoRequest({
        infoType: InfoType.security,
        infoClass: 0,
        maxOutput: MAX_DESCRIPTOR,
        additional: 7,
        fileId,
        input: new Uint8Array(0),
      });
      const request = { command: Command.queryInfo, body, payload: MAX_DESCRIPTOR };
      const answer = await this.#tree.request({ ...request, subject: this.#name(path) });
      return decodeOutput(answer.bytes);
    });
  }

  /** Opens, uses, closes. */
  async #with<T>(
    path: string,
    desiredAccess: number,
    options: number,
    use: (opened: CreateResponse) => Promise<T>,
  ): Promise<T> {
    const subject = this.#name(path);
    const body = encodeCreateRequest({
      oplockLevel: 0,
      impersonation: IMPERSONATION,
      desiredAccess,
      attributes: 0,
      shareAccess: SHARE_ALL,
      disposition: Disposition.open,
      options,
      name: parsePath(path).join('\\'),
      contexts: [],
    });
    const { bytes } = await this.#tree.request({ command: Command.create, body, subject });
    const opened = decodeCreateResponse(bytes);
    try {
      return await use(opened);
    } finally {
      const close = encodeCloseRequest({ flags: 0, fileId: opened.fileId });
      await this.#tree
        .request({ command: Command.close, body: close, subject })
        .catch(() => undefined);
    }
  }

  async #entries(path: string, fileId: FileId, pattern: string): Promise<DirectoryEntry[]> {
    const subject = this.#name(path);
    const entries: DirectoryEntry[] = [];
    for (;;) {
      const maxOutput = this.#tree.transfer();
      const infoClass = DirectoryClass.idBoth;
      const query = { infoClass, flags: 0, fileId, pattern, maxOutput };
      const body = encodeQueryDirectoryRequest(query);
      const request = { command: Command.queryDirectory, body, payload: maxOutput, subject };
      const answer = await this.#tree.request(request).catch((error: unknown) => {
        // The first question is answered so where nothing matches.
        if (error instanceof SmbError && error.status === NtStatus.NO_SUCH_FILE) return undefined;
        throw error;
      });
      if (answer === undefined || answer.header.status === NtStatus.NO_MORE_FILES) return entries;
      const more = unpackDirectory(decodeOutput(answer.bytes));
      if (entries.length + more.length > MAX_ENTRIES || more.length === 0) {
        throw new SmbError('malformed', `${subject} has too many entries, or none`);
      }
      for (const entry of more) entries.push(entry);
    }
  }

  async #octets(path: string, fileId: FileId, offset: number, length: number): Promise<Uint8Array> {
    const subject = this.#name(path);
    if (length > MAX_READ) {
      throw new SmbError('unsupported', `${subject} is too large to be read at once`);
    }
    // No memory is taken for what the server only promises.
    const parts: Uint8Array[] = [];
    let at = 0;
    while (at < length) {
      const count = Math.min(length - at, this.#tree.transfer());
      const range = { length: count, offset: BigInt(offset + at), minimum: 0 };
      const body = encodeReadRequest({ ...range, fileId });
      const request = { command: Command.read, body, payload: count, subject };
      const answer = await this.#tree.request(request).catch((error: unknown) => {
        if (error instanceof SmbError && error.status === NtStatus.END_OF_FILE) return undefined;
        throw error;
      });
      // The file may have become shorter meanwhile.
      const data = answer === undefined ? undefined : decodeReadResponse(answer.bytes);
      if (data === undefined || data.length === 0) break;
      if (data.length > count) throw new SmbError('malformed', 'more octets than were asked for');
      parts.push(data);
      at += data.length;
    }
    return concat(...parts);
  }

  #name(path: string): string {
    return [this.#tree.path, ...parsePath(path)].join('\\');
  }
}

function statOf(name: string, file: FileBasics): FileStat {
  return {
    name,
    directory: (file.attributes & Attribute.directory) !== 0,
    size: Number(file.size),
    attributes: file.attributes,
    created: millisecondsOf(file.created),
    accessed: millisecondsOf(file.accessed),
    written: millisecondsOf(file.written),
    changed: millisecondsOf(file.changed),
  };
}
