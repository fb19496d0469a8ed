/** What went wrong in an administrator's operation; stable for programs and tests. */
export type AdminErrorCode =
  /** An argument, or a combination of arguments, cannot be meant. */
  | 'usage'
  /** No account, entry or controller has that name. */
  | 'not-found'
  /** Several accounts have that name. */
  | 'ambiguous'
  /** The account exists, but is of a kind that cannot play this part. */
  | 'wrong-kind'
  /** The name is of another domain than the controller's. */
  | 'other-domain'
  /** No controller was named or found. */
  | 'no-controller'
  /** The controller could not be reached, or the connection broke. */
  | 'unreachable'
  /** TLS was not trusted. */
  | 'untrusted'
  /** There are no credentials, or they were refused. */
  | 'credentials'
  /** The directory does not let this account do it. */
  | 'access-denied'
  /** The value was changed by somebody else between our read and our write. */
  | 'changed-since'
  /** The target's descriptor cannot be read, so that it cannot be edited either. */
  | 'unreadable'
  /** The journal of runs cannot be read or written. */
  | 'journal'
  /** Any other answer of the directory. */
  | 'directory';

/** Structured facts of an AdminError. */
export interface AdminErrorDetail {
  /** The argument that is meant, as the caller named it: `--target`. */
  readonly argument?: string | undefined;
  /** What it is about: an identity as it was given, a DN, a URL. */
  readonly subject?: string | undefined;
  /** DNs that an ambiguous identity may mean. */
  readonly candidates?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/**
 * The one error of this layer. `message` is one line: what is wrong, with which argument, and what
 * would be right.
 */
export class AdminError extends Error {
  readonly code: AdminErrorCode;
  readonly argument: string | undefined;
  readonly subject: string | undefined;
  readonly candidates: readonly string[];

  constructor(code: AdminErrorCode, message: string, detail: AdminErrorDetail = {}) {
    const { argument, subject, candidates = [], cause } = detail;
    const text = argument === undefined ? message : `${argument}: ${message}`;
    super(text, cause === undefined ? undefined : { cause });
    this.name = 'AdminError';
    this.code = code;
    this.argument = argument;
    this.subject = subject;
    this.candidates = candidates;
  }
}
