import { LdapError } from '@doublehop/ldap/errors';
import { valuesOf } from '@doublehop/ldap/client/entry';
import type { ClientChange } from '@doublehop/ldap/client/types';
import { equal } from '@doublehop/wire/bytes';
import { ALLOWED_TO_ACT } from './account.ts';
import type { DomainConnection } from './connection.ts';
import { firstEntries } from './directory-client.ts';
import { AdminError } from './errors.ts';
import { DEFAULT_CONCURRENCY, MAX_CONCURRENCY } from './limits.ts';
import type { PlannedChange } from './plan.ts';

/** What became of one planned change. */
export type ChangeOutcome =
  | { readonly change: PlannedChange; readonly state: 'done' | 'unchanged' }
  | { readonly change: PlannedChange; readonly state: 'failed'; readonly error: AdminError }
  /** Not tried, because the connection broke or the caller stopped. */
  | { readonly change: PlannedChange; readonly state: 'not-tried' };

/** How a plan is carried out. */
export interface ApplyOptions {
  /** Writes under way at the same time. */
  readonly concurrency?: number | undefined;
  /** Told of each outcome as it comes, with how many there are so far. */
  readonly onOutcome?: ((outcome: ChangeOutcome, done: number) => void) | undefined;
  /** Ends the work after the writes that are under way. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of a plan, in the order of its changes. */
export interface ApplyReport {
  readonly outcomes: readonly ChangeOutcome[];
  readonly done: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly notTried: number;
}

/** Carries out planned changes. One that fails does not stop the others; a lost connection does. */
export async function applyChanges(
  connection: DomainConnection,
  changes: readonly PlannedChange[],
  options: ApplyOptions = {},
): Promise<ApplyReport> {
  const outcomes: ChangeOutcome[] = changes.map((change) => ({ change, state: 'not-tried' }));
  const wanted = Math.trunc(options.concurrency ?? DEFAULT_CONCURRENCY);
  const workers = Math.max(1, Math.min(wanted, MAX_CONCURRENCY, changes.length));
  let next = 0;
  let finished = 0;
  let broken = false;
  const work = async (): Promise<void> => {
    while (!broken && options.signal?.aborted !== true) {
      const at = next;
      next += 1;
      const change = changes[at];
      if (change === undefined) return;
      const outcome = await attempt(connection, change);
      outcomes[at] = outcome;
      finished += 1;
      if (outcome.state === 'failed' && outcome.error.code === 'unreachable') broken = true;
      options.onOutcome?.(outcome, finished);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  const count = (state: ChangeOutcome['state']) =>
    outcomes.filter((outcome) => outcome.state === state).length;
  return {
    outcomes,
    done: count('done'),
    unchanged: count('unchanged'),
    failed: count('failed'),
    notTried: count('not-tried'),
  };
}

/**
 * Writes one planned change: the old value is deleted and the new one added in one modify, so that
 * a change by somebody else since it was read is refused and not overwritten (RFC 4511 §4.6: all
 * or nothing). Throws AdminError `changed-since`, `access-denied`, `unreachable`, `directory`.
 */
export async function applyChange(
  connection: DomainConnection,
  change: PlannedChange,
): Promise<void> {
  if (!change.changed) return;
  try {
    await connection.client.modify(change.target.dn, modifications(change));
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
    throw await writeFailure(connection, change, error);
  }
}

/** The value as it stands now. */
export async function readAllowedToAct(
  { client }: DomainConnection,
  dn: string,
): Promise<Uint8Array | undefined> {
  const search = client.search({ base: dn, scope: 'base', attributes: [ALLOWED_TO_ACT] });
  const [entry] = await firstEntries(search, 1);
  return entry === undefined ? undefined : valuesOf(entry, ALLOWED_TO_ACT)[0];
}

async function attempt(
  connection: DomainConnection,
  change: PlannedChange,
): Promise<ChangeOutcome> {
  if (!change.changed) return { change, state: 'unchanged' };
  try {
    await applyChange(connection, change);
    return { change, state: 'done' };
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    return { change, state: 'failed', error };
  }
}

function modifications({ before, after }: PlannedChange): readonly ClientChange[] {
  const attribute = ALLOWED_TO_ACT;
  const changes: ClientChange[] = [];
  if (before !== undefined) changes.push({ operation: 'delete', attribute, values: [before] });
  if (after !== undefined) changes.push({ operation: 'add', attribute, values: [after] });
  return changes;
}

/** Codes with which servers refuse a deletion or addition that does not fit what stands there. */
const MISFIT: ReadonlySet<string> = new Set([
  'noSuchAttribute',
  'attributeOrValueExists',
  'constraintViolation',
]);

async function writeFailure(
  connection: DomainConnection,
  change: PlannedChange,
  error: LdapError,
): Promise<AdminError> {
  const { target, before } = change;
  const detail = { subject: target.dn, cause: error };
  if (error.code === 'noSuchObject') {
    const message = `${target.name} is gone: somebody deleted or moved it; nothing was written`;
    return new AdminError('changed-since', message, detail);
  }
  if (MISFIT.has(error.code) && (await changedSince(connection, target.dn, before))) {
    const message =
      `somebody else changed the list of ${target.name} in the meantime; nothing was written: ` +
      'look at it with doublehop show, then run the command again';
    return new AdminError('changed-since', message, detail);
  }
  if (LOST.has(error.code)) {
    const message =
      `the connection broke while ${target.name} was written (${error.message}); look at it ` +
      'with doublehop show: it may or may not have been changed';
    return new AdminError('unreachable', message, detail);
  }
  if (error.code === 'insufficientAccessRights') {
    const message =
      `you may not write ${ALLOWED_TO_ACT} of ${target.name}; use an account that has write ` +
      'permission on it (Account Restrictions), a domain administrator for instance';
    return new AdminError('access-denied', message, detail);
  }
  const message = `the directory refused to write ${target.name}: ${error.code}: ${error.message}`;
  return new AdminError('directory', message, detail);
}

const LOST: ReadonlySet<string> = new Set(['serverDown', 'connectError', 'timeout']);

async function changedSince(
  connection: DomainConnection,
  dn: string,
  before: Uint8Array | undefined,
): Promise<boolean> {
  try {
    const now = await readAllowedToAct(connection, dn);
    if (now === undefined || before === undefined) return now !== before;
    return !equal(now, before);
  } catch (error) {
    if (error instanceof LdapError) return false;
    throw error;
  }
}
