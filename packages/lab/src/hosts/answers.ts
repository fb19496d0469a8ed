import { delegationMeaning, statusName } from '@doublehop/kerberos/client/nt-status';
import { KerberosError, type KerberosErrorDetail } from '@doublehop/kerberos/errors';
import { errorName } from '@doublehop/kerberos/iana/error-codes';
import { LabError, messageOf } from '../errors.ts';
import type { UserIdentity } from './identity.ts';

/** `GET /whoami`: whom a host sees. */
export interface WhoAmI extends UserIdentity {
  /** `ServerB`. */
  readonly host: string;
  /** The service that the ticket names: `HTTP/serverb.contoso.com`. */
  readonly service: string;
}

/** `GET /hop`: what the target said to a host that called it for its caller. */
export interface Hop {
  /** The host that hopped: the middle. */
  readonly middle: string;
  /** Who called it. */
  readonly user: string;
  readonly target: string;
  /** Whom the target saw. */
  readonly saw: WhoAmI;
}

/** Why something was refused; every field is safe to show. */
export interface Refusal {
  /** `KDC_ERR_BADOPTION`; for what no KDC said, the code of the error: `kdc-unreachable`. */
  readonly error: string;
  /** KRB-ERROR error-code (RFC 4120 §7.5.9). */
  readonly code?: number;
  /** `STATUS_NOT_FOUND`. */
  readonly ntstatus?: string;
  /** What the NTSTATUS means for a delegation. */
  readonly meaning?: string;
  readonly words: string;
  /** Whether an earlier refusal is repeated, without asking the KDC again. */
  readonly repeated: boolean;
  /** ISO 8601: until when the host repeats it. */
  readonly negativeUntil?: string;
}

/** The refusal that an error stands for. */
export function refusalOf(error: unknown): Refusal {
  const words = messageOf(error);
  if (error instanceof KerberosError) {
    return { error: error.code, ...krbError(error.detail), words, repeated: false };
  }
  if (!(error instanceof LabError)) return { error: 'failed', words, repeated: false };
  const { refusal, until } = error.detail;
  return {
    error: error.code,
    ...(refusal === undefined ? {} : krbError(refusal)),
    words,
    repeated: error.code === 'negative-cache',
    ...(until === undefined ? {} : { negativeUntil: new Date(until).toISOString() }),
  };
}

function krbError({ errorCode, ntStatus }: KerberosErrorDetail): Partial<Refusal> {
  const meaning = ntStatus === undefined ? undefined : delegationMeaning(ntStatus);
  return {
    ...(errorCode === undefined ? {} : { error: errorName(errorCode), code: errorCode }),
    ...(ntStatus === undefined ? {} : { ntstatus: statusName(ntStatus) }),
    ...(meaning === undefined ? {} : { meaning }),
  };
}
