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
  /** A ticket's PAC is missing or was not signed for this host. */
  | 'identity'
  /** The lab's own files are damaged. */
  | 'state'
  | 'usage';

/** What a LabError is about. */
export interface LabErrorDetail {
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
