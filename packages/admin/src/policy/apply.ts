import { LdapError } from '@doublehop/ldap/errors';
import type { ClientChange } from '@doublehop/ldap/client/types';
import { equal } from '@doublehop/wire/bytes';
import type { DomainConnection } from '../connection.ts';
import { AdminError } from '../errors.ts';
import { DEFAULT_CONCURRENCY, MAX_CONCURRENCY } from '../limits.ts';
import type { PolicyChange } from './change.ts';

/** What became of one change. */
export type PolicyOutcome =
  | { readonly change: PolicyChange; readonly state: 'done' | 'not-tried' }
  | { readonly change: PolicyChange; readonly state: 'failed'; readonly error: AdminError };

/** How a policy is carried out. */
export interface PolicyApplyOptions {
  readonly concurrency?: number | undefined;
  readonly onOutcome?: ((done: number) => void) | undefined;
  /** Ends the work after the writes that are under way. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes what a policy asks for. Each change takes away values that were read and adds others in
 * one modify, so that a change by somebody else meanwhile is refused and not overwritten (RFC 4511
 * §4.6).
 */
export async function applyPolicy(
  { client }: DomainConnection,
  changes: readonly PolicyChange[],
  { concurrency = DEFAULT_CONCURRENCY, onOutcome, signal }: PolicyApplyOptions = {},
): Promise<readonly PolicyOutcome[]> {
  const outcomes: PolicyOutcome[] = changes.map((change) => ({ change, state: 'not-tried' }));
  const queue = changes.entries();
  let done = 0;
  let lost = false;
  const work = async (): Promise<void> => {
    for (const [at, change] of queue) {
      if (lost || signal?.aborted === true) return;
      try {
        await client.modify(change.account.dn, modifications(change));
        outcomes[at] = { change, state: 'done' };
      } catch (cause) {
        const error = writeFailure(change, cause);
        outcomes[at] = { change, state: 'failed', error };
        lost ||= error.code === 'unreachable';
      }
      done += 1;
      onOutcome?.(done);
    }
  };
  const workers = Math.max(1, Math.min(Math.trunc(concurrency), MAX_CONCURRENCY, changes.length));
  await Promise.all(Array.from({ length: workers }, work));
  return outcomes;
}

function modifications({ attribute, before, after }: PolicyChange): readonly ClientChange[] {
  const gone = before.filter((value) => !after.some((other) => equal(value, other)));
  const come = after.filter((value) => !before.some((other) => equal(value, other)));
  const changes: ClientChange[] = [];
  if (gone.length > 0) changes.push({ operation: 'delete', attribute, values: gone });
  if (come.length > 0) changes.push({ operation: 'add', attribute, values: come });
  return changes;
}

/** Codes with which servers refuse a deletion or addition that does not fit what stands there. */
const MISFIT: ReadonlySet<string> = new Set([
  'noSuchObject',
  'noSuchAttribute',
  'attributeOrValueExists',
]);
const LOST: ReadonlySet<string> = new Set(['serverDown', 'connectError', 'timeout']);

function writeFailure({ account, attribute }: PolicyChange, cause: unknown): AdminError {
  if (!(cause instanceof LdapError)) throw cause;
  const detail = { subject: account.dn, cause };
  if (MISFIT.has(cause.code)) {
    const message =
      `somebody else changed ${attribute} of ${account.name} in the meantime; nothing was ` +
      'written: run the command again';
    return new AdminError('changed-since', message, detail);
  }
  if (LOST.has(cause.code)) {
    const message = `the connection broke while ${account.name} was written (${cause.message})`;
    return new AdminError('unreachable', message, detail);
  }
  if (cause.code === 'insufficientAccessRights') {
    const message = `you may not write ${attribute} of ${account.name}`;
    return new AdminError('access-denied', message, detail);
  }
  const message = `the directory refused to write ${account.name}: ${cause.code}: ${cause.message}`;
  return new AdminError('directory', message, detail);
}
