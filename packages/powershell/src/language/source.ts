import { type Position, PowerShellError } from '../errors.ts';
import { MAX_SCRIPT_LENGTH } from '../limits.ts';

/** A text that is read as PowerShell, with the name that errors show. */
export class Source {
  readonly file: string;
  readonly text: string;
  #starts: readonly number[] | undefined;

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
    const starts = this.#lineStarts();
    let low = 0;
    for (let high = starts.length - 1; low < high; ) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }

  #lineStarts(): readonly number[] {
    this.#starts ??= [
      0,
      ...Array.from(this.text.matchAll(/\r\n|\r|\n/gu), ({ 0: end, index }) => index + end.length),
    ];
    return this.#starts;
  }
}
