import { type ErrorName, ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import type { MethodData } from '@doublehop/kerberos/messages/common';
import type { NtStatus } from '@doublehop/security/ntstatus';

/** Why this controller could not start or keep its promises; requests are refused otherwise. */
export type DomainControllerErrorCode = 'config' | 'listen' | 'no-krbtgt' | 'no-domain';

/** The one error of this layer. */
export class DomainControllerError extends Error {
  readonly code: DomainControllerErrorCode;

  constructor(code: DomainControllerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DomainControllerError';
    this.code = code;
  }
}

/** What a refusal carries besides its reason. */
export interface RefusalDetail {
  /** NTSTATUS in e-data (MS-KILE 2.2.1 KERB-EXT-ERROR). */
  readonly status?: NtStatus | undefined;
  /** METHOD-DATA for e-data: hints for another try. They stand in the armor where there is one. */
  readonly padata?: MethodData;
}

/**
 * A request is refused. `reason` is one stable word: it reaches e-text, the audit event and the
 * metric. The stack is left out: refusals are ordinary and frequent.
 */
export class Refused extends Error {
  readonly errorName: ErrorName;
  readonly errorCode: number;
  readonly reason: string;
  readonly detail: RefusalDetail;

  constructor(errorName: ErrorName, reason: string, detail: RefusalDetail = {}) {
    super(reason);
    this.name = 'Refused';
    this.errorName = errorName;
    this.errorCode = ErrorCode[errorName];
    this.reason = reason;
    this.detail = detail;
  }
}
