import { type Position, PowerShellError } from '../errors.ts';
import { MAX_SCRIPT_LENGTH } from '../limits.ts';

/** A text that is read as PowerShell, with the name that errors show. */
export class Source {
  readonly file: string;
  readonly text: string;

  /** Throws PowerShellError for a text that is too long. */
  constructor(text: string, file: string) {
    this.file = file;
    this.text = text;
    if (text.length <= MAX_SCRIPT_LENGTH) return;
    const reason = `longer than ${MAX_SCRIPT_LENGTH} characters`;
    throw new PowerShellError('limit', reason, { file, line: 1, column: 1 });
  }

  /** Where an offset is, as a person counts. */
  positionAt(offset: number): Position {
    const lines = this.text.slice(0, offset).split(/\r\n|\r|\n/u);
    return { file: this.file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
  }
}
