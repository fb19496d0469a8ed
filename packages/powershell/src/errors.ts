/** What is wrong with a text, as a stable word that callers may switch on. */
export type PowerShellErrorCode =
  /** The text ends in the middle of something: a console asks for more. */
  | 'incomplete'
  /** It is not PowerShell. */
  | 'syntax'
  /** It is PowerShell outside the subset. */
  | 'unsupported'
  /** It is larger or deeper than a limit. */
  | 'limit'
  /** A data file says something that it may not. */
  | 'data';

/** A place in a text; line and column count from 1. */
export interface Position {
  /** Name of the file or input. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The one error of this package: a script, command line or data file that is not taken, and where.
 * Errors that commands meet while they run are error records (`CommandFailure`).
 */
export class PowerShellError extends Error {
  readonly code: PowerShellErrorCode;
  /** What is wrong, without the place. */
  readonly reason: string;
  readonly position: Position;

  constructor(code: PowerShellErrorCode, reason: string, position: Position) {
    super(`${position.file}:${position.line}:${position.column}: ${reason}`);
    this.name = 'PowerShellError';
    this.code = code;
    this.reason = reason;
    this.position = position;
  }
}
