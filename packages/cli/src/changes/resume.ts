import type { ApplyReport } from '@doublehop/admin/changes/apply';
import type { AttributeChange } from '@doublehop/admin/changes/change';
import type { DomainConnection } from '@doublehop/admin/connection';
import { planResume, type Remainder, resumeRun } from '@doublehop/admin/journal/resume';
import { findRun, readRun, type StoredRun } from '@doublehop/admin/journal/run';
import { type ConnectionOptions, withConnections } from '../admin/connection.ts';
import { type Context, EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';
import { printJson } from '../output/json.ts';
import { printable } from '../output/table.ts';
import { openJournal } from './journal-folder.ts';
import { reportJson } from './report-json.ts';
import {
  agreed,
  commandOf,
  exitCodeOf,
  runHint,
  summaryLine,
  whileShown,
  type WriteOptions,
} from './write.ts';

/** Options of a command that can be gone on with. */
export interface ResumeOptions extends WriteOptions, Omit<ConnectionOptions, 'middleServer'> {}

/**
 * Goes on with a run of this command. What was written and not noted is looked up in the directory;
 * the rest is written as it was planned.
 */
export async function resumeCommand(
  context: Context,
  options: ResumeOptions & { readonly resume: string },
  /** Whether the call says what is to be done, besides --resume. */
  selects: boolean,
): Promise<void> {
  const journal = openJournal(context, options);
  const run = await readRun(journal, await findRun(journal, options.resume, '--resume'));
  checkCommand(context, run, selects);
  await withConnections(context, options, async ({ targets: connection }) => {
    const rest = await planResume(connection, run);
    if (options.dryRun === true) {
      show(context, options, { connection, rest });
      return;
    }
    const sentences = rest.left.map(({ change }) => change.sentences);
    if (!(await agreed(context, options, sentences))) return;
    const { clock } = context;
    const report = await whileShown<AttributeChange, ApplyReport>(
      context,
      options,
      rest.left.length,
      async (watched) => await resumeRun(connection, rest, { ...watched, journal, clock }),
    );
    show(context, options, { connection, rest, report });
  });
}

/** The run of another command, or the same one with other words, is not what is meant. */
function checkCommand({ argv }: Context, { run, command }: StoredRun, selects: boolean): void {
  const own = commandOf(argv).join(' ');
  const that = commandOf(command).join(' ');
  if (own !== that) {
    throw new UsageError(
      `--resume: ${run} is a run of doublehop ${that}: doublehop ${that} --resume ${run}`,
    );
  }
  if (selects && withoutResume(argv) !== withoutResume(command)) {
    throw new UsageError(
      `--resume: the run knows what is to be done: doublehop ${own} --resume ${run}`,
    );
  }
}

function withoutResume(argv: readonly string[]): string {
  return argv
    .filter((word, at) => word !== '--resume' && argv[at - 1] !== '--resume')
    .filter((word) => !/^(?:--resume=.*|-y|--yes|--json)$/.test(word))
    .join('\0');
}

interface Shown {
  readonly connection: DomainConnection;
  readonly rest: Remainder;
  readonly report?: ApplyReport;
}

function show(
  context: Context,
  { json }: WriteOptions,
  { connection, rest: { run, left, settled, lost }, report }: Shown,
): void {
  const outcomes = report?.outcomes ?? [];
  context.exitCode = exitCodeOf(outcomes);
  if (json === true) {
    const changes = report === undefined ? left.map(({ change }) => change) : undefined;
    printJson(context, reportJson(connection, { run: run.run, changes, report }));
    return;
  }
  const out = (line: string): void => context.out(`${printable(line)}\n`);
  if (settled.length > 0) {
    const were = settled.length === 1 ? 'target was' : 'targets were';
    context.err(`${settled.length} ${were} written already, as the directory tells\n`);
  }
  if (report === undefined) {
    for (const { change } of left) {
      for (const line of change.sentences) out(`what if: ${line}`);
    }
    for (const { stored, error } of lost) {
      context.err(`${printable(`${stored.change.target.name}: ${error.message}`)}\n`);
    }
    out(`what if: ${left.length} would be written; nothing was`);
    if (lost.length > 0) context.exitCode = EXIT.refused;
    return;
  }
  for (const outcome of outcomes) {
    const { target, sentences } = outcome.change;
    if (outcome.state === 'done') for (const line of sentences) out(line);
    if (outcome.state === 'failed') {
      context.err(`${printable(`${target.name}: ${outcome.error.message}`)}\n`);
    }
  }
  out(summaryLine(report));
  for (const line of runHint(context, { ...report, run: run.run })) context.err(`${line}\n`);
}
