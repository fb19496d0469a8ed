/** What went wrong in this layer; stable for tests, logs and programs. */
export type KerberosErrorCode =
  | 'malformed'
  | 'krb-error'
  | 'reply-mismatch'
  | 'no-credentials'
  | 'no-kdc'
  | 'kdc-unreachable'
  | 'unknown-realm'
  | 'etype-nosupp'
  | 'config'
  | 'keytab'
  | 'ccache'
  | 'gss'
  | 'http'
  | 'limit'
  | 'password'
  | 'skew';

/** Structured facts of a KerberosError. */
export interface KerberosErrorDetail {
  /** KRB-ERROR error-code (RFC 4120 §7.5.9) where a KDC or peer answered one. */
  readonly errorCode?: number;
  /** e-text as the peer sent it. */
  readonly errorText?: string;
  /** NTSTATUS of KERB-ERROR-DATA in e-data (MS-KILE 2.2.1), unsigned. */
  readonly ntStatus?: number;
  /** What the error is about: a file, a realm, a principal. Never a secret. */
  readonly subject?: string;
  readonly cause?: unknown;
}

/** The one error of this layer. */
export class KerberosError extends Error {
  readonly code: KerberosErrorCode;
  readonly detail: KerberosErrorDetail;

  constructor(code: KerberosErrorCode, message: string, detail: KerberosErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'KerberosError';
    this.code = code;
    this.detail = detail;
  }
}
