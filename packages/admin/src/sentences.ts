import type { Principal } from './account.ts';
import type { PlannedChange } from './plan.ts';

/**
 * A change told in sentences, each with its direction, so that middle and target cannot be taken
 * for each other: `SERVERB$ may now act for users to SERVERC$`. `nameOf` shows a principal.
 */
export function changeSentences(
  change: PlannedChange,
  nameOf: (principal: Principal) => string = ({ name }) => name,
): readonly string[] {
  const { target, added, removed, kept, withoutEffect, edit } = change;
  const to = `act for users to ${target.name}`;
  const lines = [
    ...added.map((middle) => `${nameOf(middle)} may now ${to}`),
    ...removed.map((middle) => `${nameOf(middle)} may no longer ${to}`),
    ...kept.map((middle) => `${nameOf(middle)} may ${edit === 'set' ? 'still' : 'already'} ${to}`),
    ...withoutEffect.map(({ middle, reason }) => {
      const verb = edit === 'revoke' ? 'may still' : 'may still not';
      return `${nameOf(middle)} ${verb} ${to}: ${reason}`;
    }),
  ];
  if (lines.length > 0) return lines;
  if (change.changed) return [`the list of ${target.name} ${changeOf(change)}`];
  if (edit === 'clear') return [`nobody may ${to}: there is nothing to clear`];
  return [`nothing changes: those named may not ${to}`];
}

/** A change that alters nothing effective: an empty list is cleared, entries without effect go. */
function changeOf({ after }: PlannedChange): string {
  return after === undefined
    ? 'is cleared; it let nobody act'
    : 'changes without effect on anybody';
}
