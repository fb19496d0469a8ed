import { EXIT } from './context.ts';
import { kerberosAdvice } from './kerberos/advice.ts';

/** A mistake in the call of a command: one line that says what would be right. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** How an error leaves the command. */
export interface Failure {
  /** One line. */
  readonly message: string;
  /** Stable word, for JSON. */
  readonly code: string;
  readonly exitCode: number;
}

/** Names of the errors that our packages throw about the world: their messages are for people. */
const OURS: ReadonlySet<string> = new Set([
  'UsageError',
  'AdminError',
  'KerberosError',
  'LdapError',
  'SecurityError',
  'CryptoError',
  'DirectoryError',
  'DomainControllerError',
  'LabError',
  'PowerShellError',
  'RemotingError',
  'SmbError',
]);

/** Codes with which the domain said no, where everything else worked. */
const REFUSALS: ReadonlySet<string> = new Set([
  'access-denied',
  'changed-since',
  'krb-error',
  'password-change',
]);

/**
 * What an error means to the one who called. The classes are told by their names, so that no
 * package has to be loaded for it. Undefined for defects of ours.
 */
export function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = codeOf(error);
  if (OURS.has(error.name)) {
    const advice = adviceOf(error);
    const message = advice === undefined ? error.message : `${error.message}; ${advice}`;
    return {
      message: oneLine(message),
      code: error.name === 'UsageError' ? 'usage' : code,
      exitCode: REFUSALS.has(code) ? EXIT.refused : EXIT.error,
    };
  }
  // Errors of the system: a file that is not there, a port that is taken.
  if ('syscall' in error) return { message: oneLine(error.message), code, exitCode: EXIT.error };
  return undefined;
}

/** What to do, where the error's own text does not say it. */
function adviceOf(error: Error): string | undefined {
  if (error.name === 'KerberosError') return kerberosAdvice(error);
  if (error.name === 'LdapError' && LOST.has(codeOf(error))) return GO_ON;
  return undefined;
}

/** The controller is gone, or does not want to now. */
const LOST: ReadonlySet<string> = new Set(['serverDown', 'timeout', 'busy', 'unavailable']);

const GO_ON = 'run the command again, or name more controllers: --server DC1,DC2';

/** A text on one line, without control characters. */
export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replace(/\p{Cc}/gu, '?');
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : 'error';
}
