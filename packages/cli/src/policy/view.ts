import type { ChangeOutcome } from '@doublehop/admin/changes/apply';
import type { PolicyPlan } from '@doublehop/admin/policy/change';
import { tellChange, tellDrift } from '@doublehop/admin/policy/sentences';
import type { Context } from '../context.ts';
import { count } from '../output/count.ts';
import { printable, renderTable } from '../output/table.ts';
import { problemLine } from './file.ts';

/** A plan as lines: below each reason the differences that it makes, as sentences. */
export function planLines({ changes, refused }: PolicyPlan): readonly string[] {
  const told = changes.flatMap((change) => tellChange(change));
  const lines = [...Map.groupBy(told, ({ reason }) => reason)].flatMap(([reason, group]) => [
    `${reason}:`,
    ...group.map(({ sign, sentence }) => `  ${sign} ${sentence}`),
  ]);
  const warnings = changes.flatMap((change) => change.warnings.map((warning) => `! ${warning}`));
  const not = refused.map(({ account, message }) => `! ${account.name} stays as it is: ${message}`);
  return [...lines, ...warnings, ...not].map(printable);
}

/** `3 differences on 2 accounts`; where there are none, `none` stands before how many there are. */
export function planSummary({ changes, refused, accounts }: PolicyPlan, none: string): string {
  const stay = refused.map(({ account }) => account);
  const differing = new Set(
    [...changes.map(({ target }) => target), ...stay].map(({ sid }) => sid),
  );
  const differences = changes.reduce((sum, change) => sum + change.differences.length, 0);
  if (differing.size === 0) return `${none}: ${count(accounts, 'account')} as the policy wants`;
  const stays = refused.length === 0 ? '' : `, ${refused.length} that cannot be made so`;
  return `${count(differences, 'difference')} on ${count(differing.size, 'account')}${stays}`;
}

/** Drift as a table: whose it is, what is so and should not be, and by which rules. */
export function driftTable({ changes, refused }: PolicyPlan): string {
  const rows = changes.flatMap((change) =>
    tellDrift(change).map((words, at) => {
      const { rules = [] } = change.differences[at] ?? {};
      return [change.target.name, words, rules.join(', ') || 'others: revoke'];
    }),
  );
  for (const { account, rules } of refused) {
    rows.push([account.name, 'cannot be as it should', rules.join(', ')]);
  }
  const why = refused.map(
    ({ account, message }) => `${printable(`${account.name}: ${message}`)}\n`,
  );
  return rows.length === 0 ? '' : renderTable(['ACCOUNT', 'DRIFT', 'RULE'], rows) + why.join('');
}

/** Warnings of the file, on standard error. */
export function printWarnings(context: Context, name: string, { warnings }: PolicyPlan): void {
  for (const warning of warnings) context.err(`warning: ${problemLine(name, warning)}\n`);
}

/** What became of a plan, line by line. */
export function reportLines(outcomes: readonly ChangeOutcome[]): readonly string[] {
  const done = outcomes.filter(({ state }) => state === 'done');
  return done.flatMap(({ change }) => change.sentences.map(printable));
}
