import type { DomainConnection } from '../connection.ts';
import { AdminError } from '../errors.ts';
import { DEFAULT_CONCURRENCY, MAX_CONCURRENCY } from '../limits.ts';
import { type AttributeChange, isChange } from './change.ts';
import { writeChange } from './write.ts';

/** What became of one change. */
export type ChangeOutcome<C = AttributeChange> =
  /** Written, or nothing was to be written. */
  | { readonly change: C; readonly state: 'done' | 'unchanged' }
  | { readonly change: C; readonly state: 'failed'; readonly error: AdminError }
  /** Not tried, because the connection broke or the caller stopped. */
  | { readonly change: C; readonly state: 'not-tried' };

/** How changes are carried out. */
export interface ApplyOptions<C = AttributeChange> {
  /** Writes under way at the same time. */
  readonly concurrency?: number | undefined;
  /** Told of each outcome as it comes, with how many there are so far. */
  readonly onOutcome?: ((outcome: ChangeOutcome<C>, done: number) => void) | undefined;
  /** Ends the work after the writes that are under way. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of all changes, in their order. */
export interface ApplyReport<C = AttributeChange> {
  readonly outcomes: readonly ChangeOutcome<C>[];
  readonly done: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly notTried: number;
}

/** Carries out changes. One that fails does not stop the others; a lost connection does. */
export async function applyAttributeChanges<C extends AttributeChange>(
  connection: DomainConnection,
  changes: readonly C[],
  options: ApplyOptions<C> = {},
): Promise<ApplyReport<C>> {
  const outcomes: ChangeOutcome<C>[] = changes.map((change) => ({ change, state: 'not-tried' }));
  const queue = changes.entries();
  let finished = 0;
  let broken = false;
  const work = async (): Promise<void> => {
    while (!broken && options.signal?.aborted !== true) {
      const { value } = queue.next();
      if (value === undefined) return;
      const [at, change] = value;
      const outcome = await attempt(connection, change);
      outcomes[at] = outcome;
      finished += 1;
      if (outcome.state === 'failed' && outcome.error.code === 'unreachable') broken = true;
      options.onOutcome?.(outcome, finished);
    }
  };
  const wanted = Math.trunc(options.concurrency ?? DEFAULT_CONCURRENCY);
  const workers = Math.max(1, Math.min(wanted, MAX_CONCURRENCY, changes.length));
  await Promise.all(Array.from({ length: workers }, work));
  return { outcomes, ...sums(outcomes) };
}

/** How many outcomes there are of each kind. */
export function sums(
  outcomes: readonly ChangeOutcome<unknown>[],
): Omit<ApplyReport<unknown>, 'outcomes'> {
  const count = (state: ChangeOutcome['state']): number =>
    outcomes.filter((outcome) => outcome.state === state).length;
  return {
    done: count('done'),
    unchanged: count('unchanged'),
    failed: count('failed'),
    notTried: count('not-tried'),
  };
}

async function attempt<C extends AttributeChange>(
  connection: DomainConnection,
  change: C,
): Promise<ChangeOutcome<C>> {
  if (!isChange(change)) return { change, state: 'unchanged' };
  try {
    await writeChange(connection, change);
    return { change, state: 'done' };
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    return { change, state: 'failed', error };
  }
}
