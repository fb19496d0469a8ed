import { type NtStatusName, statusName } from './nt-status.ts';

/** What went wrong, as a stable word. */
export type SmbErrorCode =
  /** The peer sent what is not SMB 2. */
  | 'malformed'
  /** The server refused: `status` says how. */
  | 'status'
  /** The connection could not be made. */
  | 'connect'
  /** The connection ended while an answer was due. */
  | 'closed'
  /** The answer did not come in time. */
  | 'timeout'
  /** A signature, a seal or the negotiation is not what the peer's key makes it. */
  | 'integrity'
  /** The server cannot do what is demanded here: a dialect, signing, encryption. */
  | 'unsupported'
  /** The path leads into a distributed file system, which is not followed. */
  | 'dfs'
  /** A path or a name that cannot be one. */
  | 'path';

/** Structured facts of an SmbError. */
export interface SmbErrorDetail {
  /** NTSTATUS, unsigned. */
  readonly status?: number;
  readonly cause?: unknown;
}

/** The one error of this layer. Never carries keys or contents of files. */
export class SmbError extends Error {
  readonly code: SmbErrorCode;
  /** NTSTATUS (MS-ERREF 2.3), where there is one. */
  readonly status: number | undefined;
  /** Its name, where this package knows it. */
  readonly statusName: NtStatusName | undefined;

  constructor(code: SmbErrorCode, message: string, detail: SmbErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'SmbError';
    this.code = code;
    this.status = detail.status;
    this.statusName = detail.status === undefined ? undefined : statusName(detail.status);
  }
}

/** A refusal with its status: what a server's answer becomes, and what a tree throws. */
export function statusError(status: number, what: string): SmbError {
  const name = statusName(status) ?? `0x${status.toString(16).padStart(8, '0')}`;
  return new SmbError('status', `${what}: ${name}`, { status });
}
