import { AdminError } from '../errors.ts';
import type { Place, PolicyProblem, Unmatched } from './model.ts';

/** What was noticed while a policy was looked up in a directory. */
export class PolicyNotes {
  /** With any of these nothing may be written. */
  readonly errors: PolicyProblem[] = [];
  readonly warnings: PolicyProblem[] = [];
  readonly #unmatched: Unmatched;

  constructor(unmatched: Unmatched) {
    this.#unmatched = unmatched;
  }

  error(at: Place, message: string): void {
    this.errors.push({ at, message });
  }

  warning(at: Place, message: string): void {
    this.warnings.push({ at, message });
  }

  /** Something finds no account: the file says what that is. */
  unmatched(at: Place, message: string): void {
    if (this.#unmatched === 'error') this.error(at, message);
    if (this.#unmatched === 'warning') this.warning(at, message);
  }

  /** What was thrown about a name; rethrows what is not about the name. */
  thrown(at: Place, error: unknown): void {
    if (!(error instanceof AdminError) || !ABOUT_NAMES.has(error.code)) throw error;
    const message = bareMessage(error);
    if (error.code === 'not-found') this.unmatched(at, message);
    else this.error(at, message);
  }
}

/** An error's message without the argument that a command would name: here it is a place. */
export function bareMessage({ message, argument }: AdminError): string {
  const prefix = argument === undefined ? '' : `${argument}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

const ABOUT_NAMES: ReadonlySet<string> = new Set([
  'usage',
  'not-found',
  'ambiguous',
  'wrong-kind',
  'other-domain',
]);
