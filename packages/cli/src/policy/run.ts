import type { DomainConnection } from '@doublehop/admin/connection';
import { applyAttributeChanges, type ApplyReport } from '@doublehop/admin/changes/apply';
import type { PolicyChange, PolicyPlan } from '@doublehop/admin/policy/change';
import { planPolicy } from '@doublehop/admin/policy/plan';
import { withConnections } from '../admin/connection.ts';
import { type Context, EXIT } from '../context.ts';
import { confirm } from '../input/confirm.ts';
import { printJson } from '../output/json.ts';
import { startProgress } from '../output/progress.ts';
import { printable } from '../output/table.ts';
import { type PolicyFile, problemError, readPolicyFile } from './file.ts';
import { policyJson } from './json.ts';
import type { PolicyApplyOptions, PolicyOptions } from './options.ts';
import { count, planLines, planSummary, printWarnings, reportLines } from './view.ts';

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
  const report = await write(context, planned, options);
  if (options.json === true) {
    printJson(context, policyJson(connection, { name: file.name, plan }, report.outcomes));
  } else {
    printReport(context, plan, report);
  }
  context.exitCode = exitCodeOf(plan, report);
}

async function write(
  context: Context,
  { plan: { changes }, connection }: Planned,
  { concurrency }: PolicyApplyOptions,
): Promise<ApplyReport<PolicyChange>> {
  const progress = startProgress(context, 'changes', changes.length);
  const stop = new AbortController();
  const interrupted = (): void => stop.abort();
  process.once('SIGINT', interrupted);
  try {
    const onOutcome = (_outcome: unknown, done: number): void => progress.update(done);
    const { signal } = stop;
    return await applyAttributeChanges(connection, changes, { concurrency, onOutcome, signal });
  } finally {
    process.removeListener('SIGINT', interrupted);
    progress.end();
  }
}

function printReport(
  context: Context,
  plan: PolicyPlan,
  { outcomes, done, failed, notTried }: ApplyReport<PolicyChange>,
): void {
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
  const parts = [`${done} of ${count(outcomes.length, 'change')} written`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (notTried > 0) parts.push(`${notTried} not tried`);
  context.out(`${parts.join(', ')}\n`);
}

function exitCodeOf({ refused }: PolicyPlan, { outcomes }: ApplyReport<PolicyChange>): number {
  const bad = outcomes.filter(({ state }) => state !== 'done');
  if (bad.length + refused.length === 0) return EXIT.done;
  const saidNo = bad.every(
    (outcome) => outcome.state === 'failed' && SAID_NO.has(outcome.error.code),
  );
  return saidNo ? EXIT.refused : EXIT.error;
}

/** What people want to know first. */
const NOTHING = '; nothing was written';

/** The domain works, and said no. */
const SAID_NO: ReadonlySet<string> = new Set(['access-denied', 'changed-since']);
