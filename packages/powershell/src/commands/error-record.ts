import type { Position } from '../errors.ts';
import { toText, typeNameOf } from '../objects/text.ts';
import { PsObject, type PsValue } from '../objects/value.ts';

/** MS-PSRP 2.2.3.9, `ErrorCategory_Category`: PowerShell's kinds of errors by name. */
export const ErrorCategory = {
  NotSpecified: 0,
  OpenError: 1,
  CloseError: 2,
  DeviceError: 3,
  DeadlockDetected: 4,
  InvalidArgument: 5,
  InvalidData: 6,
  InvalidOperation: 7,
  InvalidResult: 8,
  InvalidType: 9,
  MetadataError: 10,
  NotImplemented: 11,
  NotInstalled: 12,
  ObjectNotFound: 13,
  OperationStopped: 14,
  OperationTimeout: 15,
  SyntaxError: 16,
  ParserError: 17,
  PermissionDenied: 18,
  ResourceBusy: 19,
  ResourceExists: 20,
  ResourceUnavailable: 21,
  ReadError: 22,
  WriteError: 23,
  FromStdErr: 24,
  SecurityError: 25,
  ProtocolError: 26,
  ConnectionError: 27,
  AuthenticationError: 28,
  LimitsExceeded: 29,
  QuotaExceeded: 30,
  NotEnabled: 31,
} as const;

export type ErrorCategory = keyof typeof ErrorCategory;

/** An error as a PowerShell user sees it. */
export interface ErrorRecord {
  readonly message: string;
  /** FullyQualifiedErrorId, `CommandNotFoundException`. */
  readonly errorId: string;
  readonly category: ErrorCategory;
  /** What it is about. */
  readonly target: PsValue;
  /** .NET type name of the exception; by default System.Exception. */
  readonly exceptionType?: string;
  /** The command that reported it. */
  readonly activity?: string;
  /** Computer it happened on, when it came from another. */
  readonly computer?: string;
  /** Where in a script, when it was one that ran. */
  readonly position?: Position;
  /** Why, when something else failed first: an exception's message each, outermost first. */
  readonly inner?: readonly string[];
}

/** An error record as an object: what `2>&1` sends down the pipeline. */
export function errorObject(record: ErrorRecord): PsObject {
  const { message, errorId, target, exceptionType = 'System.Exception' } = record;
  const exception = new PsObject({
    typeNames: [exceptionType, 'System.Object'],
    text: `${exceptionType}: ${message}`,
    properties: { Message: message },
  });
  return new PsObject({
    typeNames: ['System.Management.Automation.ErrorRecord', 'System.Object'],
    text: message,
    properties: {
      Exception: exception,
      TargetObject: target,
      FullyQualifiedErrorId: errorId,
      CategoryInfo: categoryObject(record),
    },
  });
}

/** System.Management.Automation.ErrorCategoryInfo. */
function categoryObject(record: ErrorRecord): PsObject {
  const { category, target, activity = '', exceptionType = 'System.Exception' } = record;
  return new PsObject({
    typeNames: ['System.Management.Automation.ErrorCategoryInfo', 'System.Object'],
    text: categoryText(record, category),
    properties: {
      Category: category,
      Activity: activity,
      Reason: exceptionType.split('.').at(-1) ?? '',
      TargetName: target === null ? '' : toText(target),
      TargetType: target === null ? '' : typeNameOf(target),
    },
  });
}

/** `ObjectNotFound: (C:String) [Get-Item], ItemNotFoundException`. */
export function categoryText(
  { target, activity = '', exceptionType = 'System.Exception' }: ErrorRecord,
  category: ErrorCategory,
): string {
  const reason = exceptionType.split('.').at(-1) ?? '';
  const about = target === null ? '(:)' : `(${toText(target)}:${typeNameOf(target)})`;
  return `${category}: ${about} [${activity}], ${reason}`;
}
