import type { Principal } from '@doublehop/admin/account';
import { applyChanges, type ApplyReport } from '@doublehop/admin/apply';
import type { DomainConnection } from '@doublehop/admin/connection';
import type { Edit, Plan } from '@doublehop/admin/plan';
import { prepareEdits } from '@doublehop/admin/prepare';
import { changeSentences } from '@doublehop/admin/sentences';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Context, EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';
import { confirm } from '../input/confirm.ts';
import { startProgress } from '../output/progress.ts';
import { printable } from '../output/table.ts';
import { formatClock } from '../output/time.ts';
import { type ConnectionOptions, addConnectionOptions, withConnections } from './connection.ts';
import { editJson } from './edit-json.ts';
import { printJson } from '../output/json.ts';
import { requireTargets, selectMiddles, selectTargets, type TargetOptions } from './selection.ts';

/** Options of every command that writes grants. */
export interface EditOptions extends ConnectionOptions, TargetOptions {
  readonly middle?: readonly string[];
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
  readonly concurrency?: number;
}

/** Adds the options that every writing command has. */
export function addEditOptions(command: Command): Command {
  command
    .addOption(new Option('--what-if, --dry-run', 'show what would be written, write nothing'))
    .option('-y, --yes', 'do not ask before several targets are written')
    .option('--json', 'print the outcome as JSON')
    .addOption(
      new Option('--concurrency <n>', 'writes under way at a time; default 8').argParser(positive),
    );
  return addConnectionOptions(command, true);
}

/** What one command does with its middles. */
export type EditOf = (middles: readonly Principal[]) => Edit;

/** Resolves, plans, shows the plan, asks, writes, and tells what became of it. */
export async function runEdit(
  context: Context,
  options: EditOptions,
  editOf: EditOf,
): Promise<void> {
  requireTargets(options);
  await withConnections(context, options, async ({ targets, middles }) => {
    const principals = await selectMiddles(middles, options.middle ?? []);
    const accounts = await selectTargets(context, targets, options);
    const plan = await prepareEdits(targets, accounts, editOf(principals));
    checkPlan(plan, options);
    const view = new EditView(context, options, targets);
    if (options.dryRun === true) {
      view.printPlan(plan);
      return;
    }
    if (!(await agreed(context, options, plan, view))) {
      context.err('nothing was written\n');
      context.exitCode = EXIT.error;
      return;
    }
    const report = await write(context, options, targets, plan);
    throwOnlyFailure(report);
    view.printReport(plan, report);
    context.exitCode = exitCodeOf(plan, report);
  });
}

/** A positive whole number, for options. */
export function positive(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, 1 or more.');
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

async function agreed(
  context: Context,
  options: EditOptions,
  plan: Plan,
  view: EditView,
): Promise<boolean> {
  const writes = plan.changes.filter(({ changed }) => changed).length;
  if (options.yes === true || writes < 2) return true;
  view.printQuestion(plan);
  return await confirm(context, `Write ${writes} targets?`);
}

async function write(
  context: Context,
  { concurrency }: EditOptions,
  connection: DomainConnection,
  { changes }: Plan,
): Promise<ApplyReport> {
  const progress = startProgress(context, 'targets', changes.length);
  const stop = new AbortController();
  const interrupted = (): void => stop.abort();
  process.once('SIGINT', interrupted);
  try {
    const onOutcome = (_outcome: unknown, done: number): void => progress.update(done);
    const { signal } = stop;
    return await applyChanges(connection, changes, { concurrency, onOutcome, signal });
  } finally {
    process.removeListener('SIGINT', interrupted);
    progress.end();
  }
}

/** Of one target there is no report to give: it was written, or this is why not. */
function throwOnlyFailure({ outcomes }: ApplyReport): void {
  const [only, more] = outcomes;
  if (only?.state === 'failed' && more === undefined) throw only.error;
}

function exitCodeOf({ refused }: Plan, { outcomes, notTried }: ApplyReport): number {
  const failures = outcomes.flatMap((outcome) => (outcome.state === 'failed' ? outcome.error : []));
  if (failures.length + refused.length + notTried === 0) return EXIT.done;
  const saidNo = failures.every(({ code }) => code === 'access-denied' || code === 'changed-since');
  return saidNo && notTried === 0 && refused.length === 0 ? EXIT.refused : EXIT.error;
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

  /** The plan, on standard error, before a question. */
  printQuestion(plan: Plan): void {
    for (const change of plan.changes.filter(({ changed }) => changed)) {
      for (const line of changeSentences(change)) this.#context.err(`  ${printable(line)}\n`);
    }
  }

  printReport(plan: Plan, report: ApplyReport): void {
    if (this.#json) {
      printJson(this.#context, editJson(this.#connection, plan, report));
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
    if (plan.changes.length > 1 || report.failed + report.notTried > 0) this.#summary(report);
    this.#hint(report);
  }

  #summary({ done, unchanged, failed, notTried }: ApplyReport): void {
    const parts = [`${done} written`, `${unchanged} unchanged`];
    if (failed > 0) parts.push(`${failed} failed`);
    if (notTried > 0) parts.push(`${notTried} not tried`);
    this.#out(parts.join(', '));
  }

  /** Where a refusal may still be remembered (S4UCacheTimeout), and how that ends. */
  #hint({ outcomes }: ApplyReport): void {
    const written = outcomes.filter(({ state }) => state === 'done');
    const added = new Set(written.flatMap(({ change }) => change.added.map(({ name }) => name)));
    const [first] = added;
    if (first === undefined) return;
    const until = formatClock(this.#context.clock() + NEGATIVE_CACHE);
    const host = added.size === 1 ? first.replace(/\$$/, '') : 'a middle';
    this.#err(
      `note: if ${host} was refused in the last 15 minutes, it remembers that until ${until} at ` +
        'the latest; klist purge -li 0x3e7 there ends it now',
    );
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

/** S4UCacheTimeout's default, in milliseconds: how long an LSA repeats a refusal. */
const NEGATIVE_CACHE = 15 * 60 * 1000;

function count({ changes }: Plan): string {
  return changes.length === 1 ? '1 target' : `${changes.length} targets`;
}
