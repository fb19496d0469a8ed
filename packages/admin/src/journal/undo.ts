import { type AttributeChange, sameValues, without } from '../changes/change.ts';
import { changeWords, flagsOf, flagValue, USER_ACCOUNT_CONTROL } from '../changes/words.ts';
import type { DomainConnection } from '../connection.ts';
import { AdminError } from '../errors.ts';
import { ALLOWED_TO_ACT } from '../account.ts';
import { type Present, readPresent } from './present.ts';
import { changedError, checkDomain } from './resume.ts';
import type { StoredChange, StoredRun } from './run.ts';

/** What undoing a run comes to. Nothing of it was written yet. */
export interface UndoPlan {
  readonly run: StoredRun;
  readonly changes: readonly UndoChange[];
  /** As it was before the run already, or never written. */
  readonly nothing: readonly StoredChange[];
  /** Not as the run left it. */
  readonly refused: readonly { readonly stored: StoredChange; readonly error: AdminError }[];
}

/** A change back. */
export interface UndoChange extends AttributeChange {
  readonly undone: StoredChange;
  /** It was changed since, and goes back all the same. */
  readonly forced: boolean;
}

export interface UndoOptions {
  /** Targets by name, with or without `$`, DN or GUID; all where absent. */
  readonly only?: readonly string[] | undefined;
  /** Takes the run's changes back also from what was changed since. */
  readonly force?: boolean | undefined;
}

/**
 * Plans to take a run back: what it wrote, or may have written, is compared with the directory.
 * Throws AdminError `other-domain`, and `not-found` for a target that was not in the run.
 */
export async function planUndo(
  connection: DomainConnection,
  run: StoredRun,
  { only, force = false }: UndoOptions = {},
): Promise<UndoPlan> {
  checkDomain(connection, run);
  const written = chosen(run, only).filter(({ state }) => state === 'done' || state === 'unknown');
  const present = await readPresent(
    connection,
    written.map(({ change }) => change),
  );
  const changes: UndoChange[] = [];
  const nothing: StoredChange[] = [];
  const refused: { stored: StoredChange; error: AdminError }[] = [];
  for (const [at, stored] of written.entries()) {
    const { change } = stored;
    const now = present[at];
    const asLeft = now !== undefined && sameValues(now.values, change.after);
    if (now !== undefined && sameValues(now.values, change.before)) {
      nothing.push(stored);
    } else if (now !== undefined && (asLeft || force)) {
      changes.push(await changeBack(connection, stored, { now, forced: !asLeft }));
    } else {
      refused.push({
        stored,
        error: await changedError(connection, change, {
          before: change.after,
          after: now?.values,
        }),
      });
    }
  }
  return { run, changes, nothing, refused };
}

/** The changes of a run that are on these targets. */
function chosen(run: StoredRun, only: readonly string[] | undefined): readonly StoredChange[] {
  if (only === undefined) return run.changes;
  const found = new Set<StoredChange>();
  for (const text of only) {
    const meant = run.changes.filter(({ change }) => isNamed(change, text));
    if (meant.length === 0) {
      const message = `"${text}" is no target of the run ${run.run}; doublehop history shows them`;
      throw new AdminError('not-found', message, { argument: '--only', subject: text });
    }
    for (const stored of meant) found.add(stored);
  }
  return run.changes.filter((stored) => found.has(stored));
}

function isNamed({ target: { name, dn, guid } }: AttributeChange, text: string): boolean {
  const wanted = text.trim().replace(/^[^\\]+\\(?=[^\\]+$)/, '');
  const names = [name, name.replace(/\$$/, ''), dn, guid];
  return names.some((each) => each?.toLowerCase() === wanted.toLowerCase() || each === text);
}

async function changeBack(
  connection: DomainConnection,
  stored: StoredChange,
  { now, forced }: { readonly now: Present; readonly forced: boolean },
): Promise<UndoChange> {
  const { target: then, attribute } = stored.change;
  const target = { ...then, dn: now.dn };
  const before = now.values;
  const after = forced ? takenBack(stored.change, before) : stored.change.before;
  const sentences = await changeWords(connection, { target, attribute, before, after });
  return { target, attribute, before, after, sentences, undone: stored, forced };
}

/**
 * What is left of the present values without what the run did: of flags and of lists of services
 * only what it changed goes back. A descriptor goes back as a whole: its order decides.
 */
function takenBack(
  { attribute, before, after }: AttributeChange,
  now: readonly Uint8Array[],
): readonly Uint8Array[] {
  if (attribute === ALLOWED_TO_ACT) return before;
  if (attribute === USER_ACCOUNT_CONTROL) {
    const changed = flagsOf(before) ^ flagsOf(after);
    return [flagValue((flagsOf(now) & ~changed) | (flagsOf(before) & changed))];
  }
  const kept = without(now, without(after, before));
  return [...kept, ...without(without(before, after), kept)];
}
