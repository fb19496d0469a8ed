import type { ApplyOptions, ChangeOutcome } from '@doublehop/admin/changes/apply';
import type { AttributeChange } from '@doublehop/admin/changes/change';
import type { DomainConnection } from '@doublehop/admin/connection';
import { carryOut, type RunReport } from '@doublehop/admin/journal/carry-out';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Context, EXIT } from '../context.ts';
import { confirm } from '../input/confirm.ts';
import { startProgress } from '../output/progress.ts';
import { printable } from '../output/table.ts';
import { type JournalOptions, journalOption, openJournal } from './journal-folder.ts';

/** Options of every command that writes. */
export interface WriteOptions extends JournalOptions {
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
  readonly concurrency?: number;
  readonly resume?: string;
}

/** Adds the options of `WriteOptions`. */
export function addWriteOptions(command: Command): Command {
  return command
    .addOption(new Option('--what-if, --dry-run', 'show what would be written, write nothing'))
    .option('-y, --yes', 'do not ask before several targets are written')
    .option('--json', 'print the outcome as JSON')
    .addOption(new Option('--concurrency <n>', 'writes under way; default 192').argParser(positive))
    .addOption(journalOption())
    .option('--resume <run>', 'go on with a run of this command that was interrupted');
}

/** A positive whole number, for options. */
export function positive(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, 1 or more.');
}

/** What a run is called and does. */
export interface Writing<C extends AttributeChange> {
  readonly changes: readonly C[];
  /** The run that this one takes back. */
  readonly undoes?: string | undefined;
}

/**
 * Writes changes as a run of the journal, with progress; Ctrl-C ends it after the writes that are
 * under way.
 */
export async function writeChanges<C extends AttributeChange>(
  context: Context,
  options: WriteOptions,
  connection: DomainConnection,
  { changes, undoes }: Writing<C>,
): Promise<RunReport<C>> {
  const journal = openJournal(context, options);
  const { clock, random, argv: command } = context;
  return await whileShown(context, options, changes.length, async (watched: ApplyOptions<C>) => {
    const about = { journal, command, undoes, clock, random };
    return await carryOut(connection, changes, { ...watched, ...about });
  });
}

/** Does work with a line of progress, and with Ctrl-C as the way to stop it. */
export async function whileShown<C, T>(
  context: Context,
  { concurrency }: WriteOptions,
  total: number,
  work: (options: ApplyOptions<C>) => Promise<T>,
): Promise<T> {
  const progress = startProgress(context, 'targets', total);
  const stop = new AbortController();
  const interrupted = (): void => stop.abort();
  process.once('SIGINT', interrupted);
  try {
    const onOutcome = (_outcome: unknown, done: number): void => progress.update(done);
    return await work({ concurrency, onOutcome, signal: stop.signal });
  } finally {
    process.removeListener('SIGINT', interrupted);
    progress.end();
  }
}

/** Shows what is to be written and asks, where it is more than one thing and nobody said --yes. */
export async function agreed(
  context: Context,
  { yes }: WriteOptions,
  sentences: readonly (readonly string[])[],
): Promise<boolean> {
  if (yes === true || sentences.length < 2) return true;
  for (const line of sentences.flat()) context.err(`  ${printable(line)}\n`);
  if (await confirm(context, `Write ${sentences.length} targets?`)) return true;
  context.err('nothing was written\n');
  context.exitCode = EXIT.error;
  return false;
}

/** `5 written, 0 unchanged, 1 failed`. */
export function summaryLine({
  done,
  unchanged,
  failed,
  notTried,
}: Pick<RunReport, 'done' | 'unchanged' | 'failed' | 'notTried'>): string {
  const parts = [`${done} written`, `${unchanged} unchanged`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (notTried > 0) parts.push(`${notTried} not tried`);
  return parts.join(', ');
}

/** How to take a run back, or to go on with it. */
export function runHint(
  { argv }: Pick<Context, 'argv'>,
  { run, failed, notTried, done }: Pick<RunReport, 'run' | 'failed' | 'notTried' | 'done'>,
): readonly string[] {
  if (run === undefined) return [];
  const command = commandOf(argv);
  const rest =
    failed + notTried > 0 ? [`go on: doublehop ${command.join(' ')} --resume ${run}`] : [];
  return done > 0 ? [...rest, `undo: doublehop undo ${run}`] : rest;
}

/** The words that name a command: `kcd add`. */
export function commandOf(argv: readonly string[]): readonly string[] {
  const [first = '', second = ''] = argv;
  return TWO_WORDS.has(first) ? [first, second] : [first];
}

const TWO_WORDS: ReadonlySet<string> = new Set(['kcd', 'flags']);

/** The code with which a command leaves: 2 where the domain said no, 1 for anything else. */
export function exitCodeOf(outcomes: readonly ChangeOutcome<unknown>[]): number {
  const codes = outcomes.flatMap((outcome) =>
    outcome.state === 'failed' ? outcome.error.code : outcome.state === 'not-tried' ? '' : [],
  );
  if (codes.length === 0) return EXIT.done;
  return codes.every((code) => SAID_NO.has(code)) ? EXIT.refused : EXIT.error;
}

/** Everything works, and the domain said no. */
export const SAID_NO: ReadonlySet<string> = new Set(['access-denied', 'changed-since']);
