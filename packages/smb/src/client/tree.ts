import { SmbError, statusError } from '../errors.ts';
import { MAX_TRANSFER } from '../limits.ts';
import {
  Capability,
  Command,
  commandName,
  SHARE_CAP_DFS,
  ShareFlag,
} from '../messages/constants.ts';
import { decodeTreeConnectResponse, encodeTreeConnectRequest } from '../messages/session.ts';
import { isError, NtStatus } from '../nt-status.ts';
import type { Answer, Exchange } from './exchange.ts';
import { type Agreement, validateNegotiation } from './negotiation.ts';

/** What goes over a tree connect. */
export interface TreeRequest {
  readonly command: number;
  readonly body: Uint8Array;
  /** Octets that go one way. */
  readonly payload?: number;
  /** For messages of errors: the path, or the pipe. */
  readonly subject: string;
}

/** A connected share: its requests. */
export interface Tree {
  /** `\\host\share`. */
  readonly path: string;
  /** Octets of one READ, and of one transaction, that server and credits allow now. */
  readonly transfer: () => number;
  /**
   * Sends a request; a refusal is an SmbError `status` (or `dfs`). A warning, such as
   * STATUS_BUFFER_OVERFLOW, is the caller's to look at.
   */
  readonly request: (request: TreeRequest) => Promise<Answer>;
}

const SMALL_TRANSFER = 65_536;

/** TREE_CONNECT (MS-SMB2 3.2.4.2.4, 3.2.5.5). */
export async function connectTree(
  exchange: Exchange,
  agreement: Agreement,
  host: string,
  share: string,
): Promise<Tree> {
  if (!/^[^\\/:*?"<>|\p{Cc}]{1,80}$/u.test(share)) {
    throw new SmbError('path', `${JSON.stringify(share)} is no name of a share`);
  }
  const path = `\\\\${host}\\${share}`;
  const body = encodeTreeConnectRequest({ path });
  const { header, bytes } = await exchange.request({ command: Command.treeConnect, body });
  if (isError(header.status)) throw statusError(header.status, path);
  const { shareFlags, capabilities } = decodeTreeConnectResponse(bytes);
  if ((capabilities & SHARE_CAP_DFS) !== 0) {
    throw new SmbError('dfs', `${path} is a distributed file system, which is not followed`);
  }
  const seal = (shareFlags & ShareFlag.encryptData) !== 0;
  if (seal && exchange.protection?.keys.sealer === undefined) {
    throw new SmbError('unsupported', `${path} demands encryption, which was not negotiated`);
  }
  const { treeId } = header;
  await validateNegotiation(exchange, { treeId, seal }, agreement);
  const { capabilities: able, maxRead } = agreement.response;
  const most = (able & Capability.largeMtu) === 0 ? SMALL_TRANSFER : MAX_TRANSFER;
  return {
    path,
    transfer: () =>
      Math.min(maxRead, most, Math.max(1, exchange.credits) * SMALL_TRANSFER) || SMALL_TRANSFER,
    request: async ({ command, body: content, payload = 0, subject }) => {
      const answer = await exchange.request({ command, body: content, treeId, payload, seal });
      const { status } = answer.header;
      if (status === NtStatus.PATH_NOT_COVERED) {
        const message = `${subject} leads into a distributed file system, which is not followed`;
        throw new SmbError('dfs', message, { status });
      }
      if (isError(status)) throw statusError(status, `${subject} (${commandName(command)})`);
      return answer;
    },
  };
}
