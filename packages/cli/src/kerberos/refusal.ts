import { ADVICE } from '@doublehop/delegation/advice';
import type { Reason } from '@doublehop/delegation/refusals';
import type { KerberosError } from '@doublehop/kerberos/errors';
import { errorName } from '@doublehop/kerberos/iana/error-codes';
import { delegationMeaning } from '@doublehop/kerberos/client/nt-status';
import { ntStatusMeaning, ntStatusName } from '@doublehop/security/ntstatus';

/** A KDC's refusal taken apart. */
export interface Refusal {
  /** `KDC_ERR_BADOPTION`. */
  readonly error: string;
  /** `STATUS_NOT_FOUND (0xC0000225): the object was not found`. */
  readonly status?: string;
  /** Our KDC's own word for it, which names the rule. */
  readonly reason?: Reason;
  readonly meaning?: string;
  readonly fix?: string;
}

/** What a KDC's error means; undefined for errors that no KDC answered. */
export function explainRefusal({ detail }: KerberosError): Refusal | undefined {
  const { errorCode, errorText, ntStatus } = detail;
  if (errorCode === undefined) return undefined;
  const reason = reasonOf(errorText);
  const told = reason === undefined ? undefined : ADVICE[reason];
  const byStatus = ntStatus === undefined ? undefined : FIXES.get(ntStatus);
  const meaning = told?.meaning ?? (ntStatus === undefined ? undefined : meaningOf(ntStatus));
  const fix = told?.fix ?? byStatus;
  return {
    error: errorName(errorCode),
    ...(ntStatus === undefined ? {} : { status: statusText(ntStatus) }),
    ...(reason === undefined ? {} : { reason }),
    ...(meaning === undefined ? {} : { meaning }),
    ...(fix === undefined ? {} : { fix }),
  };
}

/** `STATUS_NOT_FOUND (0xC0000225): the object was not found`. */
export function statusText(ntStatus: number): string {
  const number = `0x${(ntStatus >>> 0).toString(16).toUpperCase().padStart(8, '0')}`;
  const name = ntStatusName(ntStatus);
  return name === undefined ? number : `${name} (${number}): ${ntStatusMeaning(name)}`;
}

/** e-text of our own KDC is the word of the refusal; other KDCs write what they like there. */
function reasonOf(text: string | undefined): Reason | undefined {
  const word = text?.split(/[:\s\0]/, 1)[0];
  // Sound: the keys of the table are exactly the reasons.
  return word !== undefined && Object.hasOwn(ADVICE, word) ? (word as Reason) : undefined;
}

function meaningOf(ntStatus: number): string | undefined {
  return delegationMeaning(ntStatus);
}

/** What to do where a KDC tells no more than a status (MS-SFU 3.2.5.2). */
const FIXES: ReadonlyMap<number, string> = new Map([
  [0xc000_0225, ADVICE['rbcd-descriptor-absent'].fix],
  [0xc000_006e, ADVICE['evidence-not-forwardable'].fix],
  [0xc000_00bb, ADVICE['kcd-not-configured'].fix],
  [0xc000_0272, ADVICE['kcd-no-match'].fix],
  [0xc000_0413, ADVICE['target-authentication-policy'].fix],
]);
