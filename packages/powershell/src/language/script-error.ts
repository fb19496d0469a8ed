import { CommandFailure, failure } from '../commands/command.ts';
import type { ErrorCategory } from '../commands/error-record.ts';
import type { PsValue } from '../objects/value.ts';

/** An error that ends the whole script: `throw`, `-ErrorAction Stop`, a limit. */
export class ScriptStop extends CommandFailure {}

const LIMIT_ID = 'ScriptLimitExceeded';

/** A run needs more than it may have: no `catch` keeps it from ending. */
export function limitExceeded(message: string): ScriptStop {
  return new ScriptStop(failure(message, LIMIT_ID, 'LimitsExceeded').record);
}

export function isLimit({ record }: ScriptStop): boolean {
  return record.errorId === LIMIT_ID && record.category === 'LimitsExceeded';
}

/** An error of an expression: it ends its statement, with PowerShell's words. */
export function runtimeError(
  message: string,
  errorId: string,
  category: ErrorCategory = 'InvalidOperation',
  target: PsValue = null,
): CommandFailure {
  const exceptionType = 'System.Management.Automation.RuntimeException';
  return new CommandFailure({ message, errorId, category, target, exceptionType });
}

/** `Cannot convert value "x" to type "System.Int32"…` */
export function cannotConvert(value: string, type: string, reason = ''): CommandFailure {
  const why = reason === '' ? '.' : `. Error: "${reason}"`;
  return runtimeError(
    `Cannot convert value "${value}" to type "${type}"${why}`,
    'InvalidCastFromStringToInteger',
    'InvalidArgument',
  );
}
