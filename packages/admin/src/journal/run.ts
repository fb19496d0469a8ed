import { fromUtf8 } from '@doublehop/wire/bytes';
import type { AttributeChange } from '../changes/change.ts';
import { AdminError, type AdminErrorCode } from '../errors.ts';
import { MAX_JOURNAL_LINE } from '../limits.ts';
import { type JournalRecord, parseRecord, type RunHeader } from './records.ts';
import { type JournalStore, RUN_NAME } from './store.ts';

/** One change of a run, with what is known of its outcome. */
export interface StoredChange {
  readonly n: number;
  readonly change: AttributeChange;
  /**
   * `unknown`: it may have been written, as the run ended before its outcome was known; the
   * directory tells. `not-tried`: the run went to its end without it.
   */
  readonly state: 'done' | 'failed' | 'unknown' | 'not-tried';
  readonly code?: AdminErrorCode | undefined;
  readonly message?: string | undefined;
}

/** A run as its file has it. */
export interface StoredRun extends RunHeader {
  readonly changes: readonly StoredChange[];
  /** It went to its end: was not killed on the way. */
  readonly ended: boolean;
  /** When and by whom it was gone on with. */
  readonly resumed: readonly { readonly at: number; readonly who: string }[];
  /** Lines that cannot be read. A torn one is what a killed process leaves, and means nothing. */
  readonly damaged: number;
}

/** How many changes of a run have each state. */
export type RunCounts = Readonly<Record<StoredChange['state'], number>>;

export function countsOf({ changes }: StoredRun): RunCounts {
  const count = (state: StoredChange['state']): number =>
    changes.filter((change) => change.state === state).length;
  return {
    done: count('done'),
    failed: count('failed'),
    unknown: count('unknown'),
    'not-tried': count('not-tried'),
  };
}

/** How far a run has come. */
export type RunProgress = Pick<RunSummary, 'ended' | 'counts' | 'total'>;

/** Whether there is something left to do. */
export function isUnfinished({ ended, counts, total }: RunProgress): boolean {
  return !ended || counts.done < total;
}

/** Reads one run. Throws AdminError `journal` for a file without a head. */
export async function readRun(store: JournalStore, run: string): Promise<StoredRun> {
  const reader = new RunReader();
  for await (const line of linesOf(store.read(run))) reader.take(line);
  return reader.end(store, run);
}

/** What a list of runs says of each. */
export interface RunSummary extends RunHeader {
  readonly ended: boolean;
  readonly counts: RunCounts;
  /** Changes that were intended. */
  readonly total: number;
  readonly damaged: number;
}

/** The newest runs, newest first. A file that is no run is passed over. */
export async function listRuns(store: JournalStore, limit: number): Promise<readonly RunSummary[]> {
  const runs: RunSummary[] = [];
  for (const name of await runNames(store)) {
    if (runs.length >= limit) break;
    try {
      const reader = new RunReader(INTENT_BEGINS);
      for await (const line of linesOf(store.read(name))) reader.take(line);
      const run = reader.end(store, name);
      const { changes, resumed: _resumed, ...summary } = run;
      runs.push({ ...summary, counts: countsOf(run), total: changes.length });
    } catch (error) {
      if (!(error instanceof AdminError)) throw error;
    }
  }
  return runs;
}

/**
 * The run that a text means: its name, the beginning of it where that is enough, or `last`. Throws
 * AdminError `not-found`, `ambiguous`.
 */
export async function findRun(
  store: JournalStore,
  text: string,
  argument?: string,
): Promise<string> {
  const names = await runNames(store);
  const found = text === 'last' ? names.slice(0, 1) : names.filter((name) => name.startsWith(text));
  const [run, another] = found;
  const detail = { argument, subject: text };
  if (run === undefined) {
    const none = names.length === 0 ? 'there is no run yet' : 'doublehop history lists them';
    const message = `no run "${text}" in ${store.place}; ${none}`;
    throw new AdminError('not-found', message, detail);
  }
  if (another === undefined || run === text) return run;
  const message = `"${text}" is the beginning of ${found.length} runs; give more of it: ${run}`;
  throw new AdminError('ambiguous', message, { ...detail, candidates: found.slice(0, 10) });
}

/** Newest first. */
async function runNames(store: JournalStore): Promise<readonly string[]> {
  const names = await store.list();
  return names.filter((name) => RUN_NAME.test(name)).toSorted((a, b) => (a < b ? 1 : -1));
}

type Outcome = Extract<JournalRecord, { type: 'outcome' }>;

/** Lines of intents as we write them. */
const INTENT_BEGINS = /^\{"type":"intent","n":(\d+),.*\}$/;

/** Stands for a change that is only counted. */
const COUNTED: AttributeChange = {
  target: { dn: '', guid: undefined, name: '', kind: 'other' },
  attribute: '',
  before: [],
  after: [],
  sentences: [],
};

/** Puts a run together, line by line. */
class RunReader {
  readonly #counted: RegExp | undefined;
  #header: RunHeader | undefined;
  readonly #intents = new Map<number, AttributeChange>();
  readonly #outcomes = new Map<number, Outcome>();
  readonly #resumed: { at: number; who: string }[] = [];
  #ended = false;
  #damaged = 0;

  /** `counted`: lines that are counted alone, by their number; most of a file is such. */
  constructor(counted?: RegExp) {
    this.#counted = counted;
  }

  take(line: string): void {
    const number = this.#counted?.exec(line)?.[1];
    if (number !== undefined) {
      this.#intents.set(Number(number), COUNTED);
      return;
    }
    const record = parseRecord(line);
    switch (record?.type) {
      case undefined:
        this.#damaged += 1;
        break;
      case 'run': {
        const { type: _type, ...header } = record;
        this.#header ??= header;
        break;
      }
      case 'intent':
        this.#intents.set(record.n, record.change);
        break;
      case 'outcome':
        this.#outcomes.set(record.n, record);
        break;
      case 'resumed':
        this.#ended = false;
        this.#resumed.push({ at: record.at, who: record.who });
        break;
      case 'end':
        this.#ended = true;
    }
  }

  end(store: JournalStore, run: string): StoredRun {
    if (this.#header === undefined) {
      const message = `the file of run ${run} in ${store.place} cannot be read`;
      throw new AdminError('journal', message, { subject: run });
    }
    const missing = this.#ended ? 'not-tried' : 'unknown';
    const changes = [...this.#intents]
      .toSorted(([a], [b]) => a - b)
      .map(([n, change]): StoredChange => {
        const { state = missing, code, message } = this.#outcomes.get(n) ?? {};
        return { n, change, state, code, message };
      });
    const resumed = this.#resumed;
    return { ...this.#header, changes, ended: this.#ended, resumed, damaged: this.#damaged };
  }
}

/** The lines of a file; one that is longer than any of ours counts as damaged: an empty one. */
async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let open: Uint8Array[] = [];
  let size = 0;
  const line = (last: Uint8Array): string => {
    const whole = size > MAX_JOURNAL_LINE ? [] : [...open, last];
    open = [];
    size = 0;
    return fromUtf8(Buffer.concat(whole));
  };
  for await (const piece of pieces) {
    let start = 0;
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, start)) {
      size += at - start;
      yield line(piece.subarray(start, at));
      start = at + 1;
    }
    size += piece.length - start;
    if (size <= MAX_JOURNAL_LINE) open.push(piece.subarray(start));
    else open = [];
  }
  if (size > 0) yield line(new Uint8Array());
}

const NEWLINE = 0x0a;
