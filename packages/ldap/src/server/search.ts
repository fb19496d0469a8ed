import { setImmediate as nextTurn } from 'node:timers/promises';
import { SEARCH_TURN } from '../limits.ts';
import { encodeEntry, encodeMessage } from '../messages/message.ts';
import type { SearchRequest } from '../messages/search.ts';
import type {
  LdapResult,
  SearchResults,
  ServerEntry,
  ServerItem,
  ServerReference,
} from './handler.ts';
import type { OperationInProgress } from './operation.ts';
import { SUCCESS } from './results.ts';

/** Where the items of a search go. */
export interface SearchOutput {
  send(message: Uint8Array): void;
  readonly congested: boolean;
  /** Resolves when the peer has read, or is gone. */
  drained(): Promise<void>;
}

/** The result of a search and how much was sent. */
export interface SearchOutcome {
  readonly result: LdapResult;
  readonly entries: number;
}

type Step = IteratorResult<ServerItem, LdapResult | undefined>;

/**
 * Sends what a search yields, no faster than the client reads, until it ends, is stopped, or has
 * reached its size limit (RFC 4511 §4.5.1.4). `maxMillis` bounds its time whatever the request's
 * timeLimit is (§4.5.1.5).
 */
export async function runSearch(
  results: SearchResults,
  request: SearchRequest,
  operation: OperationInProgress,
  output: SearchOutput,
  maxMillis: number,
): Promise<SearchOutcome> {
  const asked = request.timeLimit === 0 ? maxMillis : request.timeLimit * 1000;
  const limit = request.sizeLimit === 0 ? Number.POSITIVE_INFINITY : request.sizeLimit;
  let timer: NodeJS.Timeout | undefined;
  const pausing = () => {
    timer ??= setTimeout(() => operation.stop('timeLimit'), Math.min(asked, maxMillis));
  };
  let entries = 0;
  let turn = 0;
  let ended = false;
  try {
    for (;;) {
      const next = advance(results, operation, pausing);
      const step = next instanceof Promise ? await next : next;
      if (step === undefined || operation.stopped !== undefined) return stopped(entries);
      if (step.done === true) {
        ended = true;
        return { result: step.value ?? SUCCESS, entries };
      }
      if (step.value.kind === 'entry') {
        if (entries >= limit) return { result: { code: 'sizeLimitExceeded' }, entries };
        entries += 1;
      }
      if (step.value.kind === 'pause') turn = SEARCH_TURN;
      else output.send(encodeItem(operation.messageId, step.value));
      turn += 1;
      if (output.congested || turn >= SEARCH_TURN) {
        turn = 0;
        pausing();
        await operation.unlessStopped(output.congested ? output.drained() : nextTurn());
      }
    }
  } finally {
    clearTimeout(timer);
    if (!ended) release(results);
  }
}

/** The next item, without a promise in between where the search is synchronous. */
function advance(
  results: SearchResults,
  operation: OperationInProgress,
  pausing: () => void,
): Step | Promise<Step | undefined> {
  const step = results.next();
  if (!(step instanceof Promise)) return step;
  pausing();
  return operation.unlessStopped(step);
}

function stopped(entries: number): SearchOutcome {
  return { result: { code: 'timeLimitExceeded' }, entries };
}

function encodeItem(messageId: number, item: ServerEntry | ServerReference): Uint8Array {
  if (item.kind === 'entry') return encodeEntry(messageId, item, item.controls);
  return encodeMessage({ messageId, operation: { kind: 'searchReference', value: item.uris } });
}

/** Lets a generator that is left early run its `finally`; what fails there concerns nobody. */
function release(results: SearchResults): void {
  try {
    const returned = results.return?.();
    if (returned instanceof Promise) returned.catch(() => undefined);
  } catch {
    // The search itself has already its result.
  }
}
