import type { DomainConnection } from '@doublehop/admin/connection';
import type { RunReport } from '@doublehop/admin/journal/carry-out';
import type { PolicyChange, PolicyPlan } from '@doublehop/admin/policy/change';
import { planPolicy } from '@doublehop/admin/policy/plan';
import { withConnections } from '../admin/connection.ts';
import { cacheHint } from '../changes/cache-hint.ts';
import { exitCodeOf, runHint, summaryLine, writeChanges } from '../changes/write.ts';
import { type Context, EXIT } from '../context.ts';
import { confirm } from '../input/confirm.ts';
import { count } from '../output/count.ts';
import { printJson } from '../output/json.ts';
import { printable } from '../output/table.ts';
import { type PolicyFile, problemError, readPolicyFile } from './file.ts';
import { policyJson } from './json.ts';
import type { PolicyApplyOptions, PolicyOptions } from './options.ts';
import { planLines, planSummary, printWarnings, reportLines } from './view.ts';

/** What a policy came to in a domain. */
export interface Planned {
  readonly file: PolicyFile;
  readonly plan: PolicyPlan;
  readonly connection: DomainConnection;
}

/** Reads a file, compares it with the domain, and does the work while the connection is open. */
export async function withPlan(
  context: Context,
  { path, options }: { readonly path: string; readonly options: PolicyOptions },
  work: (planned: Planned) => Promise<void> | void,
): Promise<void> {
  // The file first: nobody is connected to for a file that cannot be meant.
  const file = await readPolicyFile(context, path);
  await withConnections(context, options, async (connections) => {
    const plan = await planPolicy(connections, file.policy);
    printWarnings(context, file.name, plan);
    if (plan.errors.length > 0) throw problemError(context, file.name, plan.errors, NOTHING);
    await work({ file, plan, connection: connections.targets });
  });
}

/** Shows a plan; nothing is written. */
export function showPlan(context: Context, planned: Planned, json: boolean): void {
  const { plan, file, connection } = planned;
  if (json) {
    printJson(context, policyJson(connection, { name: file.name, plan }));
  } else {
    for (const line of planLines(plan)) context.out(`${line}\n`);
    context.out(`${planSummary(plan, 'nothing to do')}; nothing was written\n`);
  }
  if (plan.refused.length > 0) context.exitCode = EXIT.refused;
}

/** Shows a plan, asks, writes, and tells what became of it. */
export async function applyPlan(
  context: Context,
  planned: Planned,
  options: PolicyApplyOptions,
): Promise<void> {
  const { plan, file, connection } = planned;
  const differences = plan.changes.reduce((sum, each) => sum + each.differences.length, 0);
  if (options.yes !== true && differences > 1) {
    for (const line of planLines(plan)) context.err(`${line}\n`);
    if (!(await confirm(context, `Make ${count(differences, 'change')}?`))) {
      context.err('nothing was written\n');
      context.exitCode = EXIT.error;
      return;
    }
  }
  const { changes } = plan;
  const report = await writeChanges(context, options, connection, { changes });
  if (options.json === true) {
    printJson(context, policyJson(connection, { name: file.name, plan }, report));
  } else {
    printReport(context, plan, report);
  }
  const code = exitCodeOf(report.outcomes);
  context.exitCode = code === EXIT.done && plan.refused.length > 0 ? EXIT.refused : code;
}

function printReport(context: Context, plan: PolicyPlan, report: RunReport<PolicyChange>): void {
  const { outcomes } = report;
  for (const line of reportLines(outcomes)) context.out(`${line}\n`);
  for (const warning of outcomes.flatMap(({ change: { warnings } }) => warnings)) {
    context.err(`warning: ${printable(warning)}\n`);
  }
  for (const { account, message } of plan.refused) {
    context.err(`${printable(`${account.name} stays as it is: ${message}`)}\n`);
  }
  for (const outcome of outcomes) {
    if (outcome.state !== 'failed') continue;
    context.err(`${printable(`${outcome.change.target.name}: ${outcome.error.message}`)}\n`);
  }
  if (outcomes.length === 0) {
    context.out(`${planSummary(plan, 'nothing to do')}\n`);
    return;
  }
  context.out(`${summaryLine(report)}\n`);
  const hint = cacheHint(context, grantedIn(report));
  if (hint !== undefined) context.err(`${printable(hint)}\n`);
  for (const line of runHint(context, report)) context.err(`${line}\n`);
}

/** Middles that may act now and could not before. */
function grantedIn({ outcomes }: RunReport<PolicyChange>): ReadonlySet<string> {
  const done = outcomes.filter(({ state }) => state === 'done');
  const differences = done.flatMap(({ change }) => change.differences);
  return new Set(
    differences.flatMap(({ action, what }) =>
      action === 'add' && what.kind === 'middle' ? what.middle.name : [],
    ),
  );
}

/** What people want to know first. */
const NOTHING = '; nothing was written';
