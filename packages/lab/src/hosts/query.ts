import type { Token } from '@doublehop/security/access-check';
import { wildcard } from '@doublehop/powershell/objects/wildcard';
import { LabError } from '../errors.ts';
import { MAX_EVENTS } from '../limits.ts';
import type { Computer, EventFacts, ProcessFacts, ServiceFacts } from './computer.ts';
import { isAdministrator } from './local-groups.ts';

/** What can be asked of a computer, by its own users and from afar. */
export type HostQuery =
  | { readonly query: 'processes'; readonly names: readonly string[] }
  | { readonly query: 'services'; readonly names: readonly string[] }
  | {
      readonly query: 'events';
      readonly log: string;
      /** How many, the newest first; all where absent. */
      readonly newest?: number;
      /** Patterns of sources and entry types; any where empty. */
      readonly sources: readonly string[];
      readonly entryTypes: readonly string[];
    }
  /** When the computer started, and which services run. */
  | { readonly query: 'status' }
  | { readonly query: 'restart' };

/** When a computer started and which of its services run. */
export interface ComputerStatus {
  /** Milliseconds since 1970. */
  readonly booted: number;
  readonly running: readonly string[];
}

/** The answer to each question. */
export interface HostAnswers {
  readonly processes: readonly ProcessFacts[];
  readonly services: readonly ServiceFacts[];
  readonly events: readonly EventFacts[];
  readonly status: ComputerStatus;
  readonly restart: { readonly restarting: true };
}

/** The question of a kind. */
export type HostQueryOf<K extends HostQuery['query']> = Extract<HostQuery, { readonly query: K }>;

/** What of a host answers: the restart comes after the answer. */
export interface Queried {
  readonly computer: Computer;
  restart(): void;
}

/** Event Log Readers, a group of every computer (MS-DTYP 2.4.2.4). */
const EVENT_LOG_READERS = 'S-1-5-32-573';

/**
 * Answers a question, as far as whoever asks may know. From afar that is for administrators, as for
 * Windows' own interfaces (MS-SCMR 3.1.4, MS-EVEN 3.1.4); somebody on the computer may ask for all
 * but the log of audits. Throws LabError `access-denied`, `not-found`.
 */
export function answerQuery(
  queried: Queried,
  token: Token,
  query: HostQuery,
  from: 'local' | 'afar',
): HostAnswers[HostQuery['query']] {
  const { computer } = queried;
  const admin = isAdministrator(token);
  const allowed = admin || from === 'local';
  switch (query.query) {
    case 'processes':
      if (!allowed) throw denied();
      return named(computer.processes, query.names);
    case 'services':
      if (!allowed) throw denied();
      return named(computer.services, query.names);
    case 'events':
      if (!admin && !(allowed && query.log.toLowerCase() !== 'security') && !isReader(token)) {
        throw denied();
      }
      return events(computer, query);
    case 'status': {
      const running = computer.services.filter((service) => service.running);
      return { booted: computer.booted, running: running.map(({ name }) => name) };
    }
    case 'restart':
      // SeShutdownPrivilege and SeRemoteShutdownPrivilege.
      if (!admin) throw denied();
      queried.restart();
      return { restarting: true };
  }
}

function isReader({ sids }: Token): boolean {
  return sids.has(EVENT_LOG_READERS);
}

function denied(): LabError {
  return new LabError('access-denied', 'Access is denied', { ntStatus: 0xc000_0022 });
}

function named<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[],
): readonly T[] {
  if (names.length === 0) return all;
  const patterns = names.map(wildcard);
  return all.filter(({ name }) => patterns.some((fits) => fits(name)));
}

function events(
  { logs }: Computer,
  { log, newest, sources, entryTypes }: HostQueryOf<'events'>,
): readonly EventFacts[] {
  const found = Object.entries(logs).find(([name]) => name.toLowerCase() === log.toLowerCase());
  if (found === undefined) throw new LabError('not-found', `The event log '${log}' does not exist`);
  const bySource = sources.map(wildcard);
  const byType = entryTypes.map(wildcard);
  return found[1]
    .filter(
      ({ source, entryType }) =>
        (bySource.length === 0 || bySource.some((fits) => fits(source))) &&
        (byType.length === 0 || byType.some((fits) => fits(entryType))),
    )
    .slice(0, Math.min(newest ?? MAX_EVENTS, MAX_EVENTS));
}
