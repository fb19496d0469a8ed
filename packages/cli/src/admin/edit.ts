import type { Principal } from '@doublehop/admin/account';
import { type ApplyReport, grantChange, plannedOutcome } from '@doublehop/admin/apply';
import type { DomainConnection } from '@doublehop/admin/connection';
import type { Edit, Plan } from '@doublehop/admin/plan';
import { prepareEdits } from '@doublehop/admin/prepare';
import { changeSentences } from '@doublehop/admin/sentences';
import { type Command, Option } from 'commander';
import { cacheHint } from '../changes/cache-hint.ts';
import { resumeCommand } from '../changes/resume.ts';
import {
  addWriteOptions,
  agreed,
  exitCodeOf,
  runHint,
  summaryLine,
  writeChanges,
  type WriteOptions,
} from '../changes/write.ts';
import { type Context, EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';
import { printJson } from '../output/json.ts';
import { printable } from '../output/table.ts';
import {
  type ConnectionOptions,
  type Connections,
  addConnectionOptions,
  withConnections,
} from './connection.ts';
import { editJson } from './edit-json.ts';
import { readList, type Selected, selectList } from './list.ts';
import {
  isSweep,
  requireTargets,
  selectMiddles,
  selectTargets,
  type TargetOptions,
} from './selection.ts';

/** Options of every command that writes grants. */
export interface EditOptions extends ConnectionOptions, TargetOptions, WriteOptions {
  readonly middle?: readonly string[];
  readonly list?: string;
}

/** Adds the options that every command has that writes grants. */
export function addEditOptions(command: Command): Command {
  const list = new Option(
    '--list <file>',
    'targets, one a line, or CSV with columns target and middle; "-" for standard input',
  );
  command.addOption(list.helpGroup('Many targets at once:'));
  return addConnectionOptions(addWriteOptions(command), true);
}

/** What one command does with its middles. */
export interface EditKind {
  readonly editOf: (middles: readonly Principal[]) => Edit;
  /** What is asked where no middle is named; undefined where none is needed. */
  readonly whoElse: string | undefined;
}

/** Resolves, plans, shows the plan, asks, writes, and tells what became of it. */
export async function runEdit(
  context: Context,
  options: EditOptions,
  kind: EditKind,
): Promise<void> {
  const { resume } = options;
  if (resume !== undefined) {
    await resumeCommand(context, { ...options, resume }, selects(options));
    return;
  }
  const select = await selection(context, options, kind);
  await withConnections(context, options, async (connections) => {
    const { targets: connection } = connections;
    const plan = await planOf(connection, await select(connections), kind);
    checkPlan(plan, options);
    const view = new EditView(context, options, connection);
    if (options.dryRun === true) {
      view.printPlan(plan);
      return;
    }
    const planned = plan.changes.map(grantChange);
    const written = plan.changes.filter(({ changed }) => changed);
    if (
      !(await agreed(
        context,
        options,
        written.map((change) => changeSentences(change)),
      ))
    )
      return;
    const { run, ...sums } = await writeChanges(context, options, connection, { changes: planned });
    const report = { ...sums, outcomes: sums.outcomes.map(plannedOutcome) };
    throwOnlyFailure(report);
    view.printReport(plan, report, run);
    context.exitCode = plan.refused.length > 0 ? EXIT.error : exitCodeOf(report.outcomes);
  });
}

/** Whether a call says which targets are meant. */
function selects({ target, middle, list, ...options }: EditOptions): boolean {
  return [target, middle, list].some((each) => each !== undefined) || isSweep(options);
}

type Select = (connections: Connections) => Promise<readonly Selected[]>;

/**
 * What the call is about. Whatever can be said about it is said before anybody is connected to;
 * looked up is it by what is returned.
 */
async function selection(
  context: Context,
  options: EditOptions,
  { whoElse }: EditKind,
): Promise<Select> {
  const { list, middle = [], target, passwordFile } = options;
  const rows = list === undefined ? undefined : await listOf(context, list, passwordFile);
  const listed = {
    targets: rows?.some((row) => row.target !== undefined) === true,
    middles: rows?.some((row) => row.middle !== undefined) === true,
  };
  if (whoElse !== undefined && middle.length === 0 && !listed.middles) {
    throw new UsageError(whoElse);
  }
  if (whoElse === undefined && listed.middles) {
    throw new UsageError('--list: the list names middles, which --all has no use for');
  }
  if (!listed.targets) requireTargets(options);
  else if (target !== undefined || isSweep(options)) {
    throw new UsageError('give either --list, --target or a sweep, not several of them');
  }
  return async (connections) => {
    const middles = await selectMiddles(connections.middles, middle);
    const targets = listed.targets
      ? []
      : await selectTargets(context, connections.targets, options);
    const selected = { targets, middles };
    return rows === undefined ? [selected] : await selectList(connections, rows, selected);
  };
}

async function listOf(context: Context, list: string, passwordFile: string | undefined) {
  if (list === '-' && passwordFile === '-') {
    throw new UsageError('--list and --password-file cannot both read standard input');
  }
  return await readList(context, list);
}

/** The plans of all targets with the same middles, as one. */
async function planOf(
  connection: DomainConnection,
  selected: readonly Selected[],
  { editOf }: EditKind,
): Promise<Plan> {
  const plans: Plan[] = [];
  for (const { targets, middles } of selected) {
    plans.push(await prepareEdits(connection, targets, editOf(middles)));
  }
  return {
    changes: plans.flatMap(({ changes }) => changes),
    skipped: plans.flatMap(({ skipped }) => skipped),
    refused: plans.flatMap(({ refused }) => refused),
  };
}

/** One target that was named and cannot be edited is an error; many are a report. */
function checkPlan({ changes, skipped, refused }: Plan, { target = [] }: TargetOptions): void {
  const [first] = refused;
  if (first !== undefined && changes.length === 0 && refused.length === 1) throw first.error;
  const [self] = skipped;
  if (self !== undefined && changes.length === 0 && refused.length === 0) {
    const where = target.length > 0 ? '--target: ' : '';
    throw new UsageError(`${where}${self.reason}, and never its own target; name another target`);
  }
}

/** Of one target there is no report to give: it was written, or this is why not. */
function throwOnlyFailure({ outcomes }: ApplyReport): void {
  const [only, more] = outcomes;
  if (only?.state === 'failed' && more === undefined) throw only.error;
}

/** Prints plans and reports, as text or as JSON. */
class EditView {
  readonly #context: Context;
  readonly #json: boolean;
  readonly #connection: DomainConnection;

  constructor(context: Context, { json }: EditOptions, connection: DomainConnection) {
    this.#context = context;
    this.#json = json === true;
    this.#connection = connection;
  }

  /** What would be done. */
  printPlan(plan: Plan): void {
    if (this.#json) {
      printJson(this.#context, editJson(this.#connection, plan, undefined));
      return;
    }
    for (const change of plan.changes) this.#sentences(change, 'what if: ');
    this.#leftOut(plan);
    const writes = plan.changes.filter(({ changed }) => changed).length;
    this.#out(`what if: ${writes} of ${count(plan)} would be written; nothing was`);
  }

  printReport(plan: Plan, report: ApplyReport, run: string | undefined): void {
    if (this.#json) {
      printJson(this.#context, editJson(this.#connection, plan, { report, run }));
      return;
    }
    for (const outcome of report.outcomes) {
      if (outcome.state === 'done' || outcome.state === 'unchanged') {
        this.#sentences(outcome.change, '');
      }
    }
    this.#leftOut(plan);
    for (const outcome of report.outcomes) {
      const { name } = outcome.change.target;
      if (outcome.state === 'failed') this.#err(`${name}: ${outcome.error.message}`);
    }
    if (plan.changes.length > 1 || report.failed + report.notTried > 0) {
      this.#out(summaryLine(report));
    }
    this.#hint(report);
    for (const line of runHint(this.#context, { ...report, run })) this.#err(line);
  }

  /** Where a refusal may still be remembered (S4UCacheTimeout), and how that ends. */
  #hint({ outcomes }: ApplyReport): void {
    const written = outcomes.filter(({ state }) => state === 'done');
    const added = new Set(written.flatMap(({ change }) => change.added.map(({ name }) => name)));
    const hint = cacheHint(this.#context, added);
    if (hint !== undefined) this.#err(hint);
  }

  #leftOut({ skipped, refused }: Plan): void {
    for (const { reason } of skipped) this.#err(`skipped: ${reason}`);
    for (const { target, error } of refused) this.#err(`${target.name}: ${error.message}`);
  }

  #sentences(change: Plan['changes'][number], prefix: string): void {
    for (const line of changeSentences(change)) this.#out(`${prefix}${line}`);
    for (const warning of change.warnings) this.#err(`warning: ${warning}`);
  }

  #out(line: string): void {
    this.#context.out(`${printable(line)}\n`);
  }

  #err(line: string): void {
    this.#context.err(`${printable(line)}\n`);
  }
}

function count({ changes }: Plan): string {
  return changes.length === 1 ? '1 target' : `${changes.length} targets`;
}
