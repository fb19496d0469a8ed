import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import type { AdPasswordPolicy } from '@doublehop/kerberos/kpasswd/ad-policy';
import type { KpasswdOutcome, KpasswdResultCode } from '@doublehop/kerberos/kpasswd/result';

/**
 * A request is refused: with a result code (RFC 3244 §2), a text for whoever asked, and one stable
 * word for the audit event. The stack is left out: refusals are ordinary.
 */
export class PasswordRefused extends Error {
  readonly outcome: KpasswdOutcome;
  readonly reason: string;
  /** Of the KRB-ERROR, where the request did not come far enough for a sealed reply. */
  readonly errorCode: number;

  constructor(
    code: KpasswdResultCode,
    reason: string,
    text: string,
    errorCode: number = ErrorCode.KRB_ERR_GENERIC,
    policy?: AdPasswordPolicy,
  ) {
    super(text);
    this.name = 'PasswordRefused';
    this.outcome = { code, text, ...(policy === undefined ? {} : { policy }) };
    this.reason = reason;
    this.errorCode = errorCode;
  }
}
