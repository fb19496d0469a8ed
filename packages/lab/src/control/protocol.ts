import { isRecord, parseJson } from '../folder/state.ts';
import { MAX_ADVANCE } from '../limits.ts';
import type { KlistReport, SessionReport } from '../lsa/klist.ts';
import type { Purged } from '../lsa/lsa.ts';
import type { WhoAmI } from '../hosts/answers.ts';

/**
 * What the hosts' process is asked on its control socket: one line of JSON, answered by one. It
 * stands for what a person does at a host's own keyboard.
 */
export type ControlRequest =
  /** `klist -li ID`. */
  | { readonly command: 'klist'; readonly host: string; readonly li: number }
  /** `klist purge -li ID`. */
  | { readonly command: 'purge'; readonly host: string; readonly li: number }
  /** `klist sessions`. */
  | { readonly command: 'sessions'; readonly host: string }
  /** Forgets what a restart forgets. */
  | { readonly command: 'restart'; readonly host: string }
  /** Lets so many seconds pass for the host's caches. */
  | { readonly command: 'clock'; readonly host: string; readonly seconds: number }
  /** A person of the scenario, or anybody with a password, logs on at the host. */
  | {
      readonly command: 'logon';
      readonly host: string;
      readonly user: string;
      readonly password: string;
    }
  /** Ends a logon. */
  | { readonly command: 'logoff'; readonly host: string; readonly li: number }
  /** Calls the web service of `target` with a ticket of one of the host's sessions. */
  | {
      readonly command: 'call';
      readonly host: string;
      readonly li: number;
      readonly target: string;
    };

/** The answer to each command. */
export interface ControlAnswers {
  readonly klist: KlistReport;
  readonly purge: Purged & { readonly host: string };
  readonly sessions: { readonly host: string; readonly sessions: readonly SessionReport[] };
  readonly restart: { readonly host: string };
  readonly clock: { readonly host: string; readonly seconds: number };
  readonly logon: { readonly host: string; readonly li: number; readonly user: string };
  readonly logoff: { readonly host: string };
  readonly call: WhoAmI;
}

/** The request for an answer of a kind. */
export type ControlRequestOf<C extends ControlRequest['command']> = Extract<
  ControlRequest,
  { readonly command: C }
>;

/** The request in a line; undefined for a line that is none. */
export function parseRequest(line: string): ControlRequest | undefined {
  const value = parseJson(line);
  if (!isRecord(value)) return undefined;
  const { command, host, li, seconds, user, password, target } = value;
  if (typeof host !== 'string') return undefined;
  switch (command) {
    case 'sessions':
    case 'restart':
      return { command, host };
    case 'klist':
    case 'purge':
    case 'logoff':
      return isLuid(li) ? { command, host, li } : undefined;
    case 'clock':
      return isDuration(seconds) ? { command, host, seconds } : undefined;
    case 'logon':
      return typeof user === 'string' && typeof password === 'string'
        ? { command, host, user, password }
        : undefined;
    case 'call':
      return isLuid(li) && typeof target === 'string' ? { command, host, li, target } : undefined;
    default:
      return undefined;
  }
}

function isLuid(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_ADVANCE;
}
