import type { ApplyOptions, ApplyReport } from '../changes/apply.ts';
import { sums, type ChangeOutcome } from '../changes/apply.ts';
import { type AttributeChange, sameValues } from '../changes/change.ts';
import { differenceOf, subjectOf } from '../changes/words.ts';
import type { DomainConnection } from '../connection.ts';
import { AdminError } from '../errors.ts';
import { recorded, whoAmI } from './carry-out.ts';
import { readPresent } from './present.ts';
import { RunRecorder } from './recorder.ts';
import type { StoredChange, StoredRun } from './run.ts';
import type { JournalStore } from './store.ts';

/** What is left of a run, after a look at the directory. */
export interface Remainder {
  readonly run: StoredRun;
  /** To be written, where the entries are now. */
  readonly left: readonly StoredChange[];
  /** Written, though nobody had noted it. */
  readonly settled: readonly StoredChange[];
  /** Cannot be gone on with: the directory is neither as before nor as it was to be. */
  readonly lost: readonly { readonly stored: StoredChange; readonly error: AdminError }[];
}

/**
 * Finds out what is left of a run: whatever is not known to be done is looked up in the directory,
 * which knows. Throws AdminError `other-domain` for the run of another domain.
 */
export async function planResume(connection: DomainConnection, run: StoredRun): Promise<Remainder> {
  checkDomain(connection, run);
  const open = run.changes.filter(({ state }) => state !== 'done');
  const present = await readPresent(
    connection,
    open.map(({ change }) => change),
  );
  const left: StoredChange[] = [];
  const settled: StoredChange[] = [];
  const lost: { stored: StoredChange; error: AdminError }[] = [];
  for (const [at, stored] of open.entries()) {
    const { change } = stored;
    const now = present[at];
    if (now !== undefined && sameValues(now.values, change.after)) {
      settled.push(stored);
    } else if (now !== undefined && sameValues(now.values, change.before)) {
      left.push({ ...stored, change: { ...change, target: { ...change.target, dn: now.dn } } });
    } else {
      lost.push({
        stored,
        error: await changedError(connection, change, {
          before: change.before,
          after: now?.values,
        }),
      });
    }
  }
  return { run, left, settled, lost };
}

/** Goes on with a run. The report has every change that was open, the settled ones as done. */
export async function resumeRun(
  connection: DomainConnection,
  { run, left, settled, lost }: Remainder,
  options: ApplyOptions & { readonly journal: JournalStore; readonly clock: () => number },
): Promise<ApplyReport> {
  const { journal, clock } = options;
  const { domain, url } = connection;
  const who = await whoAmI(connection);
  const controller = domain.controller ?? url;
  const recorder = await RunRecorder.resume(journal, run.run, { who, controller, clock });
  const known: ChangeOutcome[] = [];
  const note = (n: number, outcome: ChangeOutcome): void => {
    recorder.outcome(n, outcome);
    known.push(outcome);
  };
  for (const { n, change } of settled) note(n, { change, state: 'done' });
  for (const { stored, error } of lost) {
    note(stored.n, { change: stored.change, state: 'failed', error });
  }
  const numbers = new Map<AttributeChange, number>(left.map(({ n, change }) => [change, n]));
  const report = await recorded(
    connection,
    left.map(({ change }) => change),
    { recorder, numbers, options },
  );
  const outcomes = [...known, ...report.outcomes];
  return { outcomes, ...sums(outcomes) };
}

/** Throws AdminError `other-domain` where a run is of another domain than the connection. */
export function checkDomain(
  { domain }: DomainConnection,
  { run, domain: own, domainSid }: StoredRun,
): void {
  const known = domain.sid !== undefined && domainSid !== undefined;
  const same = known
    ? domain.sid === domainSid
    : domain.dnsName.toLowerCase() === own.toLowerCase();
  if (same) return;
  const message = `the run ${run} was made in ${own}, and this controller is of ${domain.dnsName}`;
  const other = domain.dnsName.toLowerCase() === own.toLowerCase();
  throw new AdminError(
    'other-domain',
    other ? `${message} too, but a domain with another SID` : `${message}; name one of ${own}`,
    { argument: '--server', subject: run },
  );
}

/** That something else stands where a change was made, and what. */
export async function changedError(
  connection: DomainConnection,
  { target, attribute }: AttributeChange,
  {
    before,
    after,
  }: { readonly before: readonly Uint8Array[]; readonly after: readonly Uint8Array[] | undefined },
): Promise<AdminError> {
  const detail = { subject: target.dn };
  if (after === undefined) {
    return new AdminError('changed-since', `${target.name} is gone: it was deleted`, detail);
  }
  const what = await differenceOf(connection, attribute, { before, after });
  const message =
    `somebody else changed ${subjectOf(attribute)} of ${target.name} since` +
    (what === '' ? '' : ` (${what})`);
  return new AdminError('changed-since', message, detail);
}
