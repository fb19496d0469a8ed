import type { ErrorCategory, ErrorRecord } from '@doublehop/powershell/commands/error-record';
import type { PsValue } from '@doublehop/powershell/objects/value';
import { KerberosError } from '@doublehop/kerberos/errors';
import { SmbError } from '@doublehop/smb/errors';
import { LabError } from '../errors.ts';

/** How a command tells of a failure: Windows' words, error id and exception. */
export interface Telling {
  readonly message: string;
  readonly errorId: string;
  readonly category: ErrorCategory;
  readonly exceptionType: string;
  readonly activity: string;
  readonly target?: PsValue;
}

/** The record of a failure, with the true cause below the words of Windows. */
export function recordOf(telling: Telling, cause?: unknown): ErrorRecord {
  const { target = null, ...rest } = telling;
  const inner = reasonsOf(cause).filter((reason) => reason !== telling.message);
  return { ...rest, target, ...(inner.length === 0 ? {} : { inner }) };
}

/** Whether an error is one that a user is to be told of; everything else is a defect. */
export function isTold(error: unknown): boolean {
  return error instanceof LabError || error instanceof SmbError || error instanceof KerberosError;
}

/** Whether access was refused: here, by the target, or by a KDC on the way to it. */
export function isDenied(error: unknown): error is LabError {
  return error instanceof LabError && (error.code === 'access-denied' || isSessionless(error));
}

/** Whether there was nothing to get a ticket with: 0x8009030E. */
export function isSessionless(error: unknown): boolean {
  return error instanceof LabError && error.detail.hresult !== undefined;
}

function reasonsOf(error: unknown): readonly string[] {
  const reasons: string[] = [];
  for (let one = error; one instanceof Error && reasons.length < 4; one = one.cause) {
    if (!reasons.includes(one.message)) reasons.push(one.message);
  }
  return reasons;
}
