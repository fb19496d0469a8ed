import { decodeDer } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import { KerberosError, type KerberosErrorCode } from '../errors.ts';
import { ErrorCode, errorName } from '../iana/error-codes.ts';
import { MessageType } from '../iana/message-types.ts';
import { PaType } from '../iana/padata-types.ts';
import { findPadata, MethodData } from '../messages/common.ts';
import { KERB_ERR_TYPE_EXTENDED, KerbErrorData, KrbError } from '../messages/krb-error.ts';
import { describeStatus } from './nt-status.ts';

/** What the exchange was about, for the text of an error. */
export interface ErrorSubject {
  /** The client whose request it was. */
  readonly client: string;
  /** The server that was asked for. */
  readonly server: string;
  /** The client's time of the request in milliseconds since 1970. */
  readonly now: number;
}

/** The KRB-ERROR in an answer, or undefined where the answer is another message. */
export function findKrbError(answer: Uint8Array): KrbError | undefined {
  return answer[0] === KRB_ERROR_TAG ? decodeAnswer(KrbError, answer) : undefined;
}

/** Decodes an answer of a KDC; what is wrong with it becomes KerberosError `malformed`. */
export function decodeAnswer<T>(type: Parameters<typeof decodeDer<T>>[0], answer: Uint8Array): T {
  try {
    return decodeDer(type, answer);
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new KerberosError('malformed', `the KDC's answer cannot be read: ${cause.message}`, {
      cause,
    });
  }
}

/**
 * The NTSTATUS that a Windows KDC put into e-data, unsigned, or undefined: in a KERB-ERROR-DATA
 * (MS-KILE 2.2.2) or, in an AS exchange, in place of the salt of a METHOD-DATA (MS-KILE 2.2.1).
 */
export function extendedStatus(eData: Uint8Array | undefined): number | undefined {
  if (eData === undefined) return undefined;
  const data = tryDecode(KerbErrorData, eData);
  if (data?.dataType === KERB_ERR_TYPE_EXTENDED) return statusOf(data.dataValue);
  return statusOf(findPadata(errorPadata(eData), PaType.PW_SALT));
}

/** METHOD-DATA in e-data (RFC 4120 §5.9.1), or undefined where e-data holds something else. */
export function errorPadata(eData: Uint8Array | undefined): MethodData | undefined {
  return eData === undefined ? undefined : tryDecode(MethodData, eData);
}

/** The error that a program sees for a KRB-ERROR: what happened, and what to do about it. */
export function kerberosErrorOf(error: KrbError, subject: ErrorSubject): KerberosError {
  const { errorCode, eText } = error;
  const ntStatus = extendedStatus(error.eData);
  const parts = [`${errorName(errorCode)} (${errorCode}): ${explain(error, subject)}`];
  if (ntStatus !== undefined) parts.push(describeStatus(ntStatus));
  if (eText !== undefined && eText !== '') parts.push(`the KDC says "${printable(eText)}"`);
  return new KerberosError(CODES.get(errorCode) ?? 'krb-error', parts.join('; '), {
    errorCode,
    subject: CLIENT_ERRORS.has(errorCode) ? subject.client : subject.server,
    ...(eText === undefined ? {} : { errorText: eText }),
    ...(ntStatus === undefined ? {} : { ntStatus }),
  });
}

/** Text of a clock difference: `the KDC's clock is 7 min 12 s ahead`. */
export function describeSkew(kdcSeconds: number, now: number): string {
  const difference = Math.round(kdcSeconds - now / 1000);
  const size = Math.abs(difference);
  const minutes = Math.floor(size / 60);
  const text = minutes === 0 ? `${size} s` : `${minutes} min ${size % 60} s`;
  return `the KDC's clock is ${text} ${difference < 0 ? 'behind' : 'ahead'}`;
}

/** Whether an error is a KRB-ERROR of this code. */
export function isKrbError(error: unknown, errorCode: number): error is KerberosError {
  return error instanceof KerberosError && error.detail.errorCode === errorCode;
}

const KRB_ERROR_TAG = 0x60 | MessageType.KRB_ERROR;

/** Octets of a KERB-EXT-ERROR: status, reserved, flags (MS-KILE 2.2.1). */
const EXT_ERROR_LENGTH = 12;

function statusOf(value: Uint8Array | undefined): number | undefined {
  if (value?.length !== EXT_ERROR_LENGTH) return undefined;
  return new DataView(value.buffer, value.byteOffset).getUint32(0, true);
}

function tryDecode<T>(type: Parameters<typeof decodeDer<T>>[0], bytes: Uint8Array): T | undefined {
  try {
    return decodeDer(type, bytes);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

const CODES: ReadonlyMap<number, KerberosErrorCode> = new Map<number, KerberosErrorCode>([
  [ErrorCode.KDC_ERR_PREAUTH_FAILED, 'password'],
  [ErrorCode.KRB_AP_ERR_SKEW, 'skew'],
  [ErrorCode.KDC_ERR_ETYPE_NOSUPP, 'etype-nosupp'],
]);

const CLIENT_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.KDC_ERR_NAME_EXP,
  ErrorCode.KDC_ERR_C_PRINCIPAL_UNKNOWN,
  ErrorCode.KDC_ERR_CLIENT_REVOKED,
  ErrorCode.KDC_ERR_CLIENT_NOTYET,
  ErrorCode.KDC_ERR_KEY_EXPIRED,
  ErrorCode.KDC_ERR_PREAUTH_FAILED,
]);

/** RFC 4120 §7.5.9 in words that help. */
const EXPLANATIONS: ReadonlyMap<number, (subject: ErrorSubject, error: KrbError) => string> =
  new Map<number, (subject: ErrorSubject, error: KrbError) => string>([
    [ErrorCode.KDC_ERR_NAME_EXP, ({ client }) => `the account of ${client} has expired`],
    [ErrorCode.KDC_ERR_SERVICE_EXP, ({ server }) => `the account of ${server} has expired`],
    [
      ErrorCode.KDC_ERR_C_PRINCIPAL_UNKNOWN,
      ({ client }) => `the KDC does not know ${client}; check the name and the realm`,
    ],
    [
      ErrorCode.KDC_ERR_S_PRINCIPAL_UNKNOWN,
      ({ server }) => `the KDC does not know ${server}; register the service principal name`,
    ],
    [
      ErrorCode.KDC_ERR_PRINCIPAL_NOT_UNIQUE,
      ({ server }) => `several accounts claim ${server}; remove the duplicate name`,
    ],
    [ErrorCode.KDC_ERR_POLICY, ({ server }) => `policy forbids a ticket for ${server}`],
    [ErrorCode.KDC_ERR_BADOPTION, ({ server }) => `the KDC will not do this for ${server}`],
    [
      ErrorCode.KDC_ERR_ETYPE_NOSUPP,
      ({ client, server }) =>
        `no encryption type is permitted here and has a key for ${client} and ${server} there`,
    ],
    [
      ErrorCode.KDC_ERR_CLIENT_REVOKED,
      ({ client }) => `the account of ${client} is disabled, locked or not allowed now`,
    ],
    [ErrorCode.KDC_ERR_SERVICE_REVOKED, ({ server }) => `the account of ${server} is disabled`],
    [
      ErrorCode.KDC_ERR_TGT_REVOKED,
      ({ client }) => `the ticket of ${client} is no longer accepted; get a new one`,
    ],
    [
      ErrorCode.KDC_ERR_KEY_EXPIRED,
      ({ client }) => `the password of ${client} has expired; change it`,
    ],
    [ErrorCode.KDC_ERR_PREAUTH_FAILED, ({ client }) => `wrong password or key for ${client}`],
    [
      ErrorCode.KRB_AP_ERR_TKT_EXPIRED,
      ({ client }) => `the ticket of ${client} has expired; get a new one`,
    ],
    [
      ErrorCode.KRB_AP_ERR_SKEW,
      ({ now }, { stime }) => `the clocks differ too much: ${describeSkew(stime, now)}`,
    ],
    [
      ErrorCode.KRB_AP_ERR_BAD_INTEGRITY,
      ({ server }) => `the KDC could not open the ticket or the request for ${server}`,
    ],
    [
      ErrorCode.KRB_AP_ERR_MODIFIED,
      ({ server }) => `the KDC found a ticket or the request for ${server} to be changed`,
    ],
  ]);

function explain(error: KrbError, subject: ErrorSubject): string {
  const text = EXPLANATIONS.get(error.errorCode);
  if (text !== undefined) return text(subject, error);
  return `the KDC refused ${subject.client} a ticket for ${subject.server}`;
}

/** Text of a peer for a terminal: no control characters, bounded. */
function printable(text: string): string {
  return text.slice(0, 256).replace(/\p{Cc}/gu, '?');
}
