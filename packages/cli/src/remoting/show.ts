import type { CommandStreams } from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { errorLines } from '@doublehop/powershell/format/error';
import { Formatter } from '@doublehop/powershell/format/formatter';
import type { View } from '@doublehop/powershell/format/view';
import { toText } from '@doublehop/powershell/objects/text';
import { EXIT, type Context } from '../context.ts';
import { printable } from '../output/table.ts';

/** Where a person sees what commands say: objects as PowerShell shows them. */
export interface Screen {
  readonly streams: CommandStreams;
  /** Shows an error and remembers it. */
  showError(record: ErrorRecord): void;
  /** Ends the table that is under way. */
  end(): void;
  /** What was wrong up to now. */
  readonly errors: readonly ErrorRecord[];
}

/** A screen: results go to standard output, all else to standard error. */
export function openScreen(context: Context, views: readonly View[]): Screen {
  const formatter = new Formatter({ width: widthOf(context), views });
  const errors: ErrorRecord[] = [];
  const print = (lines: readonly string[]): void => {
    for (const line of lines) context.out(`${printable(line.replaceAll('\t', '        '))}\n`);
  };
  const remark = (text: string): void => context.err(`${printable(text)}\n`);
  const end = (): void => print(formatter.end());
  const showError = (record: ErrorRecord): void => {
    errors.push(record);
    end();
    for (const line of errorLines(record)) remark(line);
  };
  return {
    streams: {
      output: (value) => print(formatter.push(value)),
      error: showError,
      warning: (text) => remark(`WARNING: ${text}`),
      verbose: (text) => remark(`VERBOSE: ${text}`),
      debug: (text) => remark(`DEBUG: ${text}`),
      information: (value) => remark(toText(value)),
      progress: ({ activity, statusDescription, completed }) => {
        if (!context.errIsTerminal) return;
        const text = completed ? '' : printable(`${activity}: ${statusDescription}`);
        context.err(`\r\u001B[K${text.slice(0, widthOf(context) - 1)}`);
      },
    },
    showError,
    end,
    errors,
  };
}

/** Some terminals say that they have no columns. */
export function widthOf({ columns }: Pick<Context, 'columns'>): number {
  return columns > 0 ? columns : 80;
}

/** 0 without errors; 2 where every one is a refusal; else 1. */
export function exitCodeOf(errors: readonly ErrorRecord[]): number {
  if (errors.length === 0) return EXIT.done;
  return errors.every(isRefusal) ? EXIT.refused : EXIT.error;
}

/** Whether somebody was refused, while all else worked. */
function isRefusal({ category, errorId }: ErrorRecord): boolean {
  if (['PermissionDenied', 'AuthenticationError', 'SecurityError'].includes(category)) return true;
  return /^(?:AccessDenied|LogonFailure|1312)\b/u.test(errorId);
}
