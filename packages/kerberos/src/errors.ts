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
  | 'password-change'
  | 'skew';

/** Major status of GSS-API (RFC 2743 §1.2.1.1), where the code is `gss`. */
export type GssStatus =
  | 'GSS_S_BAD_BINDINGS'
  | 'GSS_S_BAD_MECH'
  | 'GSS_S_BAD_MIC'
  | 'GSS_S_CREDENTIALS_EXPIRED'
  | 'GSS_S_DEFECTIVE_TOKEN'
  | 'GSS_S_DUPLICATE_TOKEN'
  | 'GSS_S_FAILURE'
  | 'GSS_S_GAP_TOKEN'
  | 'GSS_S_NO_CONTEXT'
  | 'GSS_S_OLD_TOKEN'
  | 'GSS_S_UNSEQ_TOKEN';

/** Structured facts of a KerberosError. */
export interface KerberosErrorDetail {
  /** KRB-ERROR error-code (RFC 4120 §7.5.9) where a KDC or peer answered one. */
  readonly errorCode?: number;
  /** e-text as the peer sent it. */
  readonly errorText?: string;
  /** Result of a change of password (RFC 3244 §2), where the code is `password-change`. */
  readonly resultCode?: number;
  /** NTSTATUS of KERB-ERROR-DATA in e-data (MS-KILE 2.2.1), unsigned. */
  readonly ntStatus?: number;
  /** What the error is about: a file, a realm, a principal. Never a secret. */
  readonly subject?: string;
  readonly gssStatus?: GssStatus;
  /** A GSS-API token that tells the peer about it, to be sent before the connection is given up. */
  readonly token?: Uint8Array;
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
