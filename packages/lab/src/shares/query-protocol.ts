import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { WireError } from '@doublehop/wire/errors';
import { isRecord, parseJson } from '../folder/state.ts';
import type { HostAnswers, HostQuery } from '../hosts/query.ts';
import { MAX_EVENTS, MAX_QUERY, MAX_QUERY_ANSWER, MAX_QUERY_NAMES } from '../limits.ts';

/**
 * The named pipe of a host that answers questions about it. It is the lab's own and takes the place
 * of MS-SCMR, MS-EVEN, MS-RRP and DCOM: each message is one JSON value in UTF-8.
 */
export const QUERY_PIPE = 'doublehop-query';

/** What comes back. */
export type QueryReply =
  | { readonly ok: true; readonly answer: unknown }
  | {
      readonly ok: false;
      readonly error: 'access-denied' | 'not-found' | 'malformed';
      readonly message: string;
    };

export function encodeQuery(query: HostQuery): Uint8Array {
  return utf8(JSON.stringify(query));
}

export function encodeReply(reply: QueryReply): Uint8Array {
  return utf8(JSON.stringify(reply));
}

/** The question in a message; undefined for a message that is none. */
export function decodeQuery(message: Uint8Array): HostQuery | undefined {
  const value = message.length > MAX_QUERY ? undefined : jsonOf(message);
  if (!isRecord(value)) return undefined;
  const { query, names, log, newest, sources, entryTypes } = value;
  switch (query) {
    case 'processes':
    case 'services':
      return isNames(names) ? { query, names } : undefined;
    case 'events': {
      const isGood = typeof log === 'string' && isNames(sources) && isNames(entryTypes);
      if (!isGood || (newest !== undefined && !isCount(newest))) return undefined;
      return { query, log, sources, entryTypes, ...(newest === undefined ? {} : { newest }) };
    }
    case 'status':
    case 'restart':
      return { query };
    default:
      return undefined;
  }
}

/** The reply in a message; undefined for a message that is none. */
export function decodeReply(message: Uint8Array): QueryReply | undefined {
  const value = message.length > MAX_QUERY_ANSWER ? undefined : jsonOf(message);
  if (!isRecord(value)) return undefined;
  const { ok, answer, error, message: words } = value;
  if (ok === true) return { ok, answer };
  if (ok !== false || typeof words !== 'string') return undefined;
  if (error !== 'access-denied' && error !== 'not-found' && error !== 'malformed') return undefined;
  return { ok, error, message: words };
}

/** The answer to a question of a kind; undefined for what is none. */
export function readAnswer<K extends HostQuery['query']>(
  kind: K,
  answer: unknown,
): HostAnswers[K] | undefined {
  // Sound: the check looks at every field of the kind's answer.
  return CHECKS[kind](answer) ? (answer as HostAnswers[K]) : undefined;
}

const CHECKS: Readonly<Record<HostQuery['query'], (answer: unknown) => boolean>> = {
  processes: rowsOf({
    name: 'string',
    id: 'number',
    session: 'number',
    handles: 'number',
    nonpaged: 'number',
    paged: 'number',
    workingSet: 'number',
    cpu: 'number',
  }),
  services: rowsOf({
    name: 'string',
    displayName: 'string',
    running: 'boolean',
    startMode: 'string',
    startName: 'string',
    pathName: 'string',
    processId: 'number',
  }),
  events: rowsOf({
    index: 'number',
    time: 'number',
    entryType: 'string',
    source: 'string',
    instanceId: 'number',
    message: 'string',
  }),
  status: (answer) =>
    isRecord(answer) && typeof answer['booted'] === 'number' && isNames(answer['running']),
  restart: (answer) => isRecord(answer) && answer['restarting'] === true,
};

function rowsOf(fields: Readonly<Record<string, string>>): (answer: unknown) => boolean {
  const names = Object.entries(fields);
  return (answer) =>
    Array.isArray(answer) &&
    answer.every(
      (row) => isRecord(row) && names.every(([name, type]) => typeof row[name] === type),
    );
}

function jsonOf(message: Uint8Array): unknown {
  try {
    return parseJson(fromUtf8(message));
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function isNames(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_QUERY_NAMES &&
    value.every((one) => typeof one === 'string')
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_EVENTS;
}
