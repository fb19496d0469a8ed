import { concat } from '@doublehop/wire/bytes';
import { SmbError } from '../errors.ts';
import { MAX_RPC_REQUEST } from '../limits.ts';
import { Command, Disposition, Fsctl } from '../messages/constants.ts';
import { decodeCreateResponse, encodeCreateRequest, type FileId } from '../messages/create.ts';
import { decodeReadResponse, encodeCloseRequest, encodeReadRequest } from '../messages/file.ts';
import { decodeIoctlResponse, encodeIoctlRequest } from '../messages/query.ts';
import { NtStatus } from '../nt-status.ts';
import type { Tree } from './tree.ts';

/** Read and write data, attributes and extended attributes, and READ_CONTROL, of a pipe. */
const PIPE_ACCESS = 0x0002_019f;
const IMPERSONATION = 2;
const MAX_OUTPUT = 65_536;

/** An open named pipe in message mode. */
export class NamedPipe {
  readonly name: string;
  readonly #tree: Tree;
  readonly #fileId: FileId;

  constructor(tree: Tree, name: string, fileId: FileId) {
    this.#tree = tree;
    this.name = name;
    this.#fileId = fileId;
  }

  /** Opens a pipe of IPC$. Throws SmbError `status`. */
  static async open(tree: Tree, name: string): Promise<NamedPipe> {
    const body = encodeCreateRequest({
      oplockLevel: 0,
      impersonation: IMPERSONATION,
      desiredAccess: PIPE_ACCESS,
      attributes: 0,
      shareAccess: 7,
      disposition: Disposition.open,
      options: 0,
      name,
      contexts: [],
    });
    const subject = `${tree.path}\\${name}`;
    const { bytes } = await tree.request({ command: Command.create, body, subject });
    return new NamedPipe(tree, name, decodeCreateResponse(bytes).fileId);
  }

  /** Writes a message and reads the one that answers it (MS-SMB2 3.2.4.20.4). */
  async transact(message: Uint8Array): Promise<Uint8Array> {
    const body = encodeIoctlRequest({
      code: Fsctl.pipeTransceive,
      fileId: this.#fileId,
      input: message,
      maxOutput: MAX_OUTPUT,
      isFsctl: true,
    });
    const payload = Math.max(message.length, MAX_OUTPUT);
    const { header, bytes } = await this.#request(Command.ioctl, body, payload);
    const parts = [decodeIoctlResponse(bytes).output];
    if (header.status === NtStatus.BUFFER_OVERFLOW) await this.#rest(parts);
    return concat(...parts);
  }

  /** Reads a further message of the server. */
  async read(): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    await this.#rest(parts);
    return concat(...parts);
  }

  /** Never throws. */
  async close(): Promise<void> {
    const body = encodeCloseRequest({ flags: 0, fileId: this.#fileId });
    await this.#request(Command.close, body, 0).catch(() => undefined);
  }

  async #rest(parts: Uint8Array[]): Promise<void> {
    let size = 0;
    for (;;) {
      const range = { length: MAX_OUTPUT, offset: 0n, minimum: 0 };
      const body = encodeReadRequest({ ...range, fileId: this.#fileId });
      const { header, bytes } = await this.#request(Command.read, body, MAX_OUTPUT);
      const data = decodeReadResponse(bytes);
      size += data.length;
      if (size > MAX_RPC_REQUEST) throw new SmbError('malformed', 'a message without an end');
      parts.push(data);
      if (header.status !== NtStatus.BUFFER_OVERFLOW) return;
    }
  }

  #request(command: number, body: Uint8Array, payload: number): ReturnType<Tree['request']> {
    const subject = `${this.#tree.path}\\${this.name}`;
    return this.#tree.request({ command, body, payload, subject });
  }
}
