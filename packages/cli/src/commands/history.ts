import type { RunHeader } from '@doublehop/admin/journal/records';
import {
  countsOf,
  findRun,
  isUnfinished,
  listRuns,
  readRun,
  type RunCounts,
  type RunSummary,
  type StoredRun,
} from '@doublehop/admin/journal/run';
import { Command, Option } from 'commander';
import { type JournalOptions, journalOption, openJournal } from '../changes/journal-folder.ts';
import { changeJson } from '../changes/report-json.ts';
import { commandOf, positive } from '../changes/write.ts';
import type { Context } from '../context.ts';
import { printJson } from '../output/json.ts';
import { printable, renderTable } from '../output/table.ts';
import { formatTime } from '../output/time.ts';

interface HistoryOptions extends JournalOptions {
  readonly limit?: number;
  readonly json?: true;
}

/** Runs that are listed unless told otherwise. */
const LISTED = 20;

/** `doublehop history`: what was written from here, by whom, and what became of it. */
export function command(context: Context): Command {
  return new Command('history')
    .description('List the runs that wrote something, newest first, or show one of them.')
    .argument('[run]', 'its name, the beginning of it, or "last"')
    .addOption(
      new Option('--limit <n>', `runs that are listed; default ${LISTED}`).argParser(positive),
    )
    .addOption(journalOption())
    .option('--json', 'print everything as JSON, the octets before and after too')
    .addHelpText('after', EXAMPLES)
    .action(async (run: string | undefined, options: HistoryOptions) => {
      if (run === undefined) await list(context, options);
      else await show(context, run, options);
    });
}

const EXAMPLES = `
Examples:
  $ doublehop history
  $ doublehop history last
  $ doublehop history 20261123-031502-527a3 --json`;

async function list(context: Context, { limit = LISTED, ...options }: HistoryOptions) {
  const journal = openJournal(context, options);
  const runs = await listRuns(journal, limit);
  const undone = undoneBy(runs);
  if (options.json === true) {
    const all = runs.map((run) => ({
      ...headJson(run, run.counts),
      undoneBy: undone.get(run.run) ?? null,
    }));
    printJson(context, { journal: journal.place, runs: all });
    return;
  }
  if (runs.length === 0) {
    context.out(`nothing was written yet; runs are kept in ${printable(journal.place)}\n`);
    return;
  }
  const rows = runs.map((run) => {
    const written = `${run.counts.done} of ${run.total}`;
    return [run.run, accountOf(run.who), written, stateOf(run, undone), run.command.join(' ')];
  });
  for (const line of renderTable(HEADER, rows).split('\n').slice(0, -1)) {
    context.out(`${cut(line, context.columns)}\n`);
  }
}

const HEADER = ['RUN', 'WHO', 'WRITTEN', 'STATE', 'COMMAND'];

async function show(context: Context, text: string, options: HistoryOptions): Promise<void> {
  const journal = openJournal(context, options);
  const run = await readRun(journal, await findRun(journal, text));
  if (options.json === true) {
    printJson(context, {
      ...headJson(run, countsOf(run)),
      resumed: run.resumed.map(({ at, who }) => ({ at: new Date(at).toISOString(), who })),
      changes: run.changes.map(({ change, state, code, message }) => ({
        ...changeJson(change, state),
        ...(code === undefined ? {} : { error: { code, message } }),
      })),
    });
    return;
  }
  for (const line of headLines(run)) context.out(`${printable(line)}\n`);
  context.out('\n');
  for (const { change, state, message } of run.changes) {
    for (const sentence of change.sentences) {
      context.out(`  ${WORDS[state]}  ${printable(sentence)}\n`);
    }
    if (state !== 'done' && message !== undefined) {
      context.out(`           ${printable(message)}\n`);
    }
  }
}

function headLines(run: StoredRun): readonly string[] {
  const { done, failed, unknown, 'not-tried': notTried } = countsOf(run);
  const parts = [`${done} written`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (unknown > 0) parts.push(`${unknown} not known`);
  if (notTried > 0) parts.push(`${notTried} not tried`);
  const lines = [
    `run         ${run.run}`,
    `when        ${formatTime(Math.floor(run.at / 1000))}`,
    `who         ${nameOf(run.who)}`,
    `controller  ${run.controller} of ${run.domain}`,
    `command     doublehop ${run.command.join(' ')}`,
    `targets     ${parts.join(', ')}`,
  ];
  for (const { at, who } of run.resumed) {
    lines.push(`resumed     ${formatTime(Math.floor(at / 1000))} by ${nameOf(who)}`);
  }
  if (run.undoes !== undefined) lines.push(`undoes      ${run.undoes}`);
  if (run.damaged > 0) lines.push(`damaged     ${run.damaged} lines of its file`);
  if (isUnfinished({ ended: run.ended, counts: countsOf(run), total: run.changes.length })) {
    const words = commandOf(run.command).join(' ');
    lines.push(`go on with  doublehop ${words} --resume ${run.run}`);
  }
  return lines;
}

/** What became of one target, all of one width. */
const WORDS = {
  done: 'written',
  failed: 'failed ',
  unknown: '?      ',
  'not-tried': '-      ',
} as const;

function stateOf(run: RunSummary, undone: ReadonlyMap<string, string>): string {
  if (!run.ended) return 'interrupted';
  if (undone.has(run.run)) return 'undone';
  if (run.undoes !== undefined) return 'undo';
  return isUnfinished(run) ? 'in part' : 'done';
}

/** Which run took which back. */
function undoneBy(runs: readonly RunSummary[]): ReadonlyMap<string, string> {
  return new Map(
    runs.flatMap(({ undoes, run }): readonly (readonly [string, string])[] =>
      undoes === undefined ? [] : [[undoes, run]],
    ),
  );
}

/** `u:CONTOSO\alice` (RFC 4532 §2.2) as people write it. */
function nameOf(who: string): string {
  return who === '' ? '?' : who.replace(/^(?:u|dn):/, '');
}

/** The account alone: a list is narrow. */
function accountOf(who: string): string {
  return nameOf(who).replace(/^[^\\]*\\/, '');
}

/** Listed are beginnings; a run by itself and --json have everything. */
function cut(line: string, columns: number): string {
  const letters = Array.from(line);
  return letters.length <= columns ? line : `${letters.slice(0, columns - 3).join('')}...`;
}

function headJson(
  run: RunHeader & Pick<RunSummary, 'ended' | 'damaged'>,
  counts: RunCounts,
): Record<string, unknown> {
  const { at, who, controller, domain, domainSid, undoes, ended, damaged } = run;
  return {
    run: run.run,
    at: new Date(at).toISOString(),
    who,
    controller,
    domain,
    domainSid: domainSid ?? null,
    command: run.command,
    undoes: undoes ?? null,
    ended,
    damaged,
    counts,
  };
}
