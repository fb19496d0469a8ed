import type { KerberosErrorDetail } from '@doublehop/kerberos/errors';

/** What can go wrong in a lab; stable for programs. */
export type LabErrorCode =
  /** The KDC refused just now. */
  | 'refused'
  /** An earlier refusal is repeated without asking the KDC. */
  | 'negative-cache'
  /** There is no lab in the folder, or it does not run. */
  | 'no-lab'
  /** Another command is starting or stopping this lab. */
  | 'busy'
  | 'start-failed'
  | 'stop-failed'
  /** An address or port cannot be had. */
  | 'address'
  /** The hosts did not answer as the control protocol has it. */
  | 'control'
  | 'unknown-host'
  | 'unknown-session'
  | 'unknown-account'
  /** The credential of a logon session is no good: a wrong password, an account that may not. */
  | 'logon-failed'
  /** The logon session has nothing to get a ticket with, and its caller may not ask for S4U. */
  | 'no-credentials'
  /** A file, service or log that this host does not have, or that the user may not see. */
  | 'not-found'
  | 'access-denied'
  /** A ticket's PAC is missing or was not signed for this host. */
  | 'identity'
  /** The lab's own files are damaged. */
  | 'state'
  | 'usage';

/**
 * Where on its way to a ticket a logon session was refused. `as`: its own TGT; `tgs`: a ticket by
 * that TGT; `logon-session`: before any KDC was asked.
 */
export type TicketLeg = 'as' | 'tgs' | 's4u2self' | 's4u2proxy' | 'logon-session';

/** What a LabError is about. */
export interface LabErrorDetail {
  readonly leg?: TicketLeg;
  /** NTSTATUS (MS-ERREF 2.3.1), unsigned: the KDC's, or that of the host's own refusal. */
  readonly ntStatus?: number;
  /** What a Windows program gets to see: `0x8009030E`, unsigned. */
  readonly hresult?: number;
  /** The KDC's refusal, of now or of earlier. */
  readonly refusal?: KerberosErrorDetail;
  /** Milliseconds since 1970 until which the refusal is repeated. */
  readonly until?: number;
  readonly cause?: unknown;
}

/** The one error of this layer. */
export class LabError extends Error {
  readonly code: LabErrorCode;
  readonly detail: LabErrorDetail;

  constructor(code: LabErrorCode, message: string, detail: LabErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'LabError';
    this.code = code;
    this.detail = detail;
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of a system error, e.g. `ENOENT`. */
export function errno(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
