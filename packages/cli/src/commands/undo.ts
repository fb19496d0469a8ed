import type { RunReport } from '@doublehop/admin/journal/carry-out';
import { findRun, readRun } from '@doublehop/admin/journal/run';
import { planUndo, type UndoChange, type UndoPlan } from '@doublehop/admin/journal/undo';
import type { DomainConnection } from '@doublehop/admin/connection';
import { Command, Option } from 'commander';
import { addConnectionOptions, withConnections } from '../admin/connection.ts';
import { collect } from '../admin/selection.ts';
import { printReport } from '../changes/edit-attributes.ts';
import { openJournal } from '../changes/journal-folder.ts';
import { changeJson, reportJson } from '../changes/report-json.ts';
import { resumeCommand, type ResumeOptions } from '../changes/resume.ts';
import { addWriteOptions, agreed, exitCodeOf, writeChanges } from '../changes/write.ts';
import { type Context, EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';
import { printJson } from '../output/json.ts';
import { printable } from '../output/table.ts';

interface UndoOptions extends ResumeOptions {
  readonly only?: readonly string[];
  readonly force?: true;
}

/** `doublehop undo`: takes back what a run has written. */
export function command(context: Context): Command {
  const undo = new Command('undo')
    .description(
      'Take back what a run has written: every value as it was before, octet for octet. What was ' +
        'changed since is left alone. An undo is a run too, and can be undone.',
    )
    .argument('[run]', 'its name, the beginning of it, or "last"')
    .addOption(
      new Option('--only <target>', 'this target alone; may be repeated, or a list').argParser(
        collect,
      ),
    )
    .option('--force', 'also what was changed since');
  addWriteOptions(undo);
  return addConnectionOptions(undo)
    .addHelpText('after', EXAMPLES)
    .action(async (run: string | undefined, options: UndoOptions) => {
      const { resume } = options;
      if (resume !== undefined) {
        await resumeCommand(context, { ...options, resume }, run !== undefined);
        return;
      }
      if (run === undefined) {
        throw new UsageError('which run? doublehop history lists them; "last" is the newest');
      }
      await undoRun(context, run, options);
    });
}

const EXAMPLES = `
Examples:
  $ doublehop undo last
  $ doublehop undo 20261123-031502-527a3 --dry-run
  $ doublehop undo 20261123-031502-527a3 --only ServerC`;

async function undoRun(context: Context, text: string, options: UndoOptions): Promise<void> {
  const journal = openJournal(context, options);
  const run = await readRun(journal, await findRun(journal, text));
  await withConnections(context, options, async ({ targets: connection }) => {
    const plan = await planUndo(connection, run, options);
    const shown = { context, connection, plan, json: options.json === true };
    const sentences = plan.changes.map((change) => change.sentences);
    if (options.dryRun === true) {
      showPlan(shown);
      return;
    }
    printRefused(shown);
    if (!(await agreed(context, options, sentences))) return;
    const { changes } = plan;
    const report = await writeChanges(context, options, connection, { changes, undoes: run.run });
    showReport(shown, report);
    const code = exitCodeOf(report.outcomes);
    context.exitCode = code === EXIT.done && plan.refused.length > 0 ? EXIT.refused : code;
  });
}

interface Shown {
  readonly context: Context;
  readonly connection: DomainConnection;
  readonly plan: UndoPlan;
  readonly json: boolean;
}

function showPlan(shown: Shown): void {
  const { context, plan, json, connection } = shown;
  const { changes, run, refused } = plan;
  if (refused.length > 0) context.exitCode = EXIT.refused;
  if (json) {
    printJson(context, { ...reportJson(connection, { changes }), ...undoJson(plan) });
    return;
  }
  printRefused(shown);
  for (const { sentences } of changes) {
    for (const line of sentences) context.out(`what if: ${printable(line)}\n`);
  }
  const all = run.changes.length === 1 ? '1 target' : `${run.changes.length} targets`;
  context.out(`what if: ${changes.length} of ${all} would go back; nothing was written\n`);
}

function showReport(shown: Shown, report: RunReport<UndoChange>): void {
  const { context, connection, plan, json } = shown;
  const { run } = report;
  if (json) {
    printJson(context, { ...reportJson(connection, { run, report }), ...undoJson(plan) });
    return;
  }
  if (report.outcomes.length === 0) {
    const as = plan.refused.length > 0 ? 'nothing was written' : 'everything is as it was before';
    context.out(`nothing to undo: ${as}\n`);
    return;
  }
  printReport(context, report);
}

/** What stays as it is, on standard error: before the question, as it may be the answer. */
function printRefused({ context, plan, json }: Shown): void {
  if (json) return;
  for (const { error } of plan.refused) {
    context.err(`${printable(`${error.message}; it stays so: --force takes it back too`)}\n`);
  }
}

function undoJson({ run, nothing, refused }: UndoPlan): Record<string, unknown> {
  return {
    undoes: run.run,
    asBefore: nothing.map(({ change }) => change.target.name),
    refused: refused.map(({ stored, error }) => ({
      ...changeJson(stored.change, 'refused'),
      error: { code: error.code, message: error.message },
    })),
  };
}
