import type { ResultCode } from './result-codes.ts';

/**
 * Conditions that arise on the local side, named as in the LDAP C API
 * (draft-ietf-ldapext-ldap-c-api-05 §11): no server answered them.
 */
export type LocalCondition =
  /** The connection could not be made, or TLS failed. */
  | 'connectError'
  /** The connection was lost or closed while an answer was awaited. */
  | 'serverDown'
  /** The answer did not come in time. */
  | 'timeout'
  /** The caller aborted the operation. */
  | 'userCancelled'
  /** The peer sent what is not LDAP. */
  | 'decodingError'
  /** The text is not a filter (RFC 4515). */
  | 'filterError'
  /** The caller asked for what cannot or must not be done: a password in clear text, a bad URL. */
  | 'paramError'
  /** A SASL mechanism did not reach its end, or the peer failed to prove itself. */
  | 'authUnknown';

/** A result code's name, or a condition of the local side. */
export type LdapErrorCode = ResultCode | LocalCondition;

/** Structured facts of an LdapError. */
export interface LdapErrorDetail {
  /** The deepest entry that exists, where the code is noSuchObject (RFC 4511 §4.1.9). */
  readonly matchedDn?: string;
  /** Where else to ask, where the code is referral (RFC 4511 §4.1.10). */
  readonly referrals?: readonly string[];
  /** The number as it stood on the wire; also tells codes apart that are all named `other`. */
  readonly resultCode?: number;
  readonly cause?: unknown;
}

/**
 * The one error of this layer: a result other than success, or a condition of the local side.
 * `message` is the diagnostic message as the server wrote it. A request handler throws it to answer
 * with its code.
 */
export class LdapError extends Error {
  readonly code: LdapErrorCode;
  readonly matchedDn: string;
  readonly referrals: readonly string[];
  readonly resultCode: number | undefined;

  constructor(code: LdapErrorCode, message: string, detail: LdapErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'LdapError';
    this.code = code;
    this.matchedDn = detail.matchedDn ?? '';
    this.referrals = detail.referrals ?? [];
    this.resultCode = detail.resultCode;
  }
}
