import type { KerberosErrorDetail } from '@doublehop/kerberos/errors';

/** What can go wrong in a lab; stable for programs. */
export type LabErrorCode =
  | 'negative-cache'
  | 'no-lab'
  | 'already-running'
  | 'start-failed'
  | 'address'
  | 'control'
  | 'unknown-host'
  | 'usage';

/** What a LabError is about. */
export interface LabErrorDetail {
  /** The KDC's refusal that a negative cache entry repeats. */
  readonly refusal?: KerberosErrorDetail;
  /** Milliseconds since 1970 until which it does. */
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
