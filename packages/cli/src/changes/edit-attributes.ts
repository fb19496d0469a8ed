import type { Account } from '@doublehop/admin/account';
import { type AttributeChange, isChange } from '@doublehop/admin/changes/change';
import type { DomainConnection } from '@doublehop/admin/connection';
import type { RunReport } from '@doublehop/admin/journal/carry-out';
import { type Command, Option } from 'commander';
import {
  addConnectionOptions,
  type ConnectionOptions,
  withConnections,
} from '../admin/connection.ts';
import { readList, selectList } from '../admin/list.ts';
import {
  addTargetOptions,
  collect,
  isSweep,
  requireTargets,
  selectTargets,
  type TargetOptions,
} from '../admin/selection.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { printJson } from '../output/json.ts';
import { printable } from '../output/table.ts';
import { reportJson } from './report-json.ts';
import { resumeCommand } from './resume.ts';
import {
  addWriteOptions,
  agreed,
  exitCodeOf,
  runHint,
  summaryLine,
  writeChanges,
  type WriteOptions,
} from './write.ts';

/** Options of a command that changes an attribute of accounts: by name, sweep or list. */
export interface AccountEditOptions
  extends WriteOptions,
    ConnectionOptions,
    Omit<TargetOptions, 'target'> {
  readonly list?: string;
}

/** How a command chooses its accounts. */
export interface Chosen {
  /** The option that names them: `--middle`. */
  readonly argument: string;
  readonly named: readonly string[];
  /** Whether the call says more than that: which services. */
  readonly selects: boolean;
}

/** What a command would do with its accounts. */
export interface AccountPlan {
  readonly changes: readonly AttributeChange[];
  readonly warnings: readonly string[];
}

/** Adds the option that names accounts, and those of sweeps, lists and writes. */
export function addAccountEditOptions(
  command: Command,
  flags: string,
  description: string,
): Command {
  command.addOption(new Option(flags, description).argParser(collect));
  addTargetOptions(command, true);
  const list = new Option('--list <file>', 'accounts, one a line or CSV; "-" for standard input');
  command.addOption(list.helpGroup('Many targets at once:'));
  return addConnectionOptions(addWriteOptions(command));
}

/** Looks up, plans, shows the plan, asks, writes, and tells what became of it. */
export async function editAccounts(
  context: Context,
  options: AccountEditOptions,
  chosen: Chosen & {
    readonly plan: (
      connection: DomainConnection,
      accounts: readonly Account[],
    ) => Promise<AccountPlan> | AccountPlan;
  },
): Promise<void> {
  const { resume } = options;
  if (resume !== undefined) {
    const selects = chosen.selects || chosen.named.length > 0 || isSweep(options);
    await resumeCommand(context, { ...options, resume }, selects);
    return;
  }
  const select = await accountsOf(context, options, chosen);
  await withConnections(context, options, async ({ targets: connection }) => {
    const plan = await chosen.plan(connection, await select(connection));
    const { changes } = plan;
    const json = options.json === true;
    if (!json) for (const line of plan.warnings) context.err(`warning: ${printable(line)}\n`);
    if (options.dryRun === true) {
      if (json) printJson(context, { ...reportJson(connection, { changes }), ...extra(plan) });
      else for (const line of planLines(plan)) context.out(`${line}\n`);
      return;
    }
    const written = changes.filter(isChange);
    if (
      !(await agreed(
        context,
        options,
        written.map(({ sentences }) => sentences),
      ))
    )
      return;
    const report = await writeChanges(context, options, connection, { changes });
    context.exitCode = exitCodeOf(report.outcomes);
    const { run } = report;
    if (json) printJson(context, { ...reportJson(connection, { run, report }), ...extra(plan) });
    else printReport(context, report);
  });
}

/** What became of a run, as text. Of one target that failed its error alone is told. */
export function printReport(context: Context, report: RunReport): void {
  const { outcomes } = report;
  const [only, more] = outcomes;
  if (only?.state === 'failed' && more === undefined) throw only.error;
  for (const outcome of outcomes) {
    const { sentences, target } = outcome.change;
    if (outcome.state === 'done') {
      for (const line of sentences) context.out(`${printable(line)}\n`);
    }
    if (outcome.state === 'unchanged') context.out(`${printable(target.name)} stays as it is\n`);
    if (outcome.state === 'failed') {
      context.err(`${printable(`${target.name}: ${outcome.error.message}`)}\n`);
    }
  }
  if (outcomes.length > 1 || report.notTried > 0) context.out(`${summaryLine(report)}\n`);
  for (const line of runHint(context, report)) context.err(`${line}\n`);
}

type Select = (connection: DomainConnection) => Promise<readonly Account[]>;

async function accountsOf(
  context: Context,
  options: AccountEditOptions,
  { argument, named }: Chosen,
): Promise<Select> {
  const { list } = options;
  if (list === undefined) {
    const target = named;
    requireTargets({ ...options, target }, argument);
    return async (connection) =>
      await selectTargets(context, connection, { ...options, target }, argument);
  }
  if (named.length > 0 || isSweep(options)) {
    throw new UsageError(`give either --list, ${argument} or a sweep, not several of them`);
  }
  if (list === '-' && options.passwordFile === '-') {
    throw new UsageError('--list and --password-file cannot both read standard input');
  }
  const rows = (await readList(context, list)).map(({ line, target, middle }) => ({
    line,
    // Here the accounts of a list are middles or targets, whatever its column is called.
    target: target ?? middle,
    middle: undefined,
  }));
  return async (connection) => {
    const connections = { targets: connection, middles: connection };
    const selected = await selectList(connections, rows, { targets: [], middles: [] });
    return selected.flatMap(({ targets }) => targets);
  };
}

function planLines({ changes }: AccountPlan): readonly string[] {
  const all = changes.length === 1 ? '1 account' : `${changes.length} accounts`;
  return [
    ...changes.flatMap(({ sentences }) => sentences.map((line) => `what if: ${printable(line)}`)),
    `what if: ${changes.filter(isChange).length} of ${all} would be written; nothing was`,
  ];
}

function extra({ warnings }: AccountPlan): Record<string, unknown> {
  return { warnings };
}
