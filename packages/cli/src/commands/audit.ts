import { audit, type Judged } from '@doublehop/admin/audit/audit';
import { BloodHoundCollector } from '@doublehop/admin/audit/bloodhound';
import { compareReports } from '@doublehop/admin/audit/compare';
import {
  type AuditReport,
  isAtLeast,
  SEVERITIES,
  type Severity,
} from '@doublehop/admin/audit/model';
import { parseSavedReport, type SavedReport } from '@doublehop/admin/audit/report-json';
import type { DomainConnection } from '@doublehop/admin/connection';
import { Command, Option } from 'commander';
import {
  addConnectionOptions,
  type ConnectionOptions,
  withConnections,
} from '../admin/connection.ts';
import { FORMATS, type Format, outputOf, write, writeBloodHound } from '../audit/output.ts';
import { type Context, EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readArgument } from '../input/file.ts';
import { startProgress } from '../output/progress.ts';

interface AuditOptions extends ConnectionOptions {
  readonly searchBase?: string;
  readonly format?: Format;
  readonly json?: true;
  readonly output?: string;
  readonly details?: true;
  readonly minSeverity?: Severity;
  readonly failOn?: Severity | 'never';
  readonly since?: string;
}

/** `doublehop audit`: all delegation of a domain, and what is wrong with it. */
export function command(context: Context): Command {
  const command_ = new Command('audit')
    .description(
      'Look at all delegation of a domain: who may act for users to whom, who may change that, ' +
        'what is dangerous and what has no effect. Nothing is written.',
    )
    .option('--search-base <dn>', 'accounts below this folder only')
    .addOption(new Option('--format <form>', 'form of the output').choices(FORMATS))
    .option('--json', 'the same as --format json')
    .option('-o, --output <path>', 'write to this file; with bloodhound: to this folder')
    .option('--details', 'table: every finding with its evidence and its fix')
    .addOption(severityOption('--min-severity <severity>', 'leave out what is less; default info'))
    .addOption(
      severityOption('--fail-on <severity>', 'exit code 2 from here on; default low', true),
    )
    .option('--since <file>', 'a run saved with --json: tell what is new, changed and gone');
  return addConnectionOptions(command_)
    .addHelpText('after', EXAMPLES)
    .action(async (options: AuditOptions) => {
      const format = formatOf(options);
      const earlier = await readEarlier(options.since);
      await withConnections(context, options, async ({ targets }) => {
        const { report, failed } = await run(context, targets, { options, format, earlier });
        if (failed) context.exitCode = EXIT.refused;
        tellUnread(context, report);
      });
    });
}

const EXAMPLES = `
Exit codes: 0 no finding of --fail-on or worse, 1 error, 2 findings.

Examples:
  $ doublehop audit
  $ doublehop audit --search-base 'OU=Servers,OU=NA,DC=contoso,DC=com' --details
  $ doublehop audit --format html -o audit.html
  $ doublehop audit --format bloodhound -o collected

  What has changed since yesterday:
  $ doublehop audit --json -o monday.json
  $ doublehop audit --since monday.json`;

interface Task {
  readonly options: AuditOptions;
  readonly format: Format;
  readonly earlier: SavedReport | undefined;
}

async function run(
  context: Context,
  connection: DomainConnection,
  { options, format, earlier }: Task,
): Promise<{ readonly report: AuditReport; readonly failed: boolean }> {
  if (earlier !== undefined && earlier.domain !== connection.domain.dnsName) {
    const here = connection.domain.dnsName;
    throw new UsageError(`--since: the file is of ${earlier.domain}, and this is ${here}`);
  }
  const collector =
    format === 'bloodhound' ? await BloodHoundCollector.start(connection) : undefined;
  const judged: Judged[] = [];
  const progress = startProgress(context, 'accounts');
  let whole: AuditReport;
  try {
    whole = await audit(connection, {
      ...collector?.options,
      clock: context.clock,
      searchBase: options.searchBase,
      onProgress: (accounts) => progress.update(accounts),
      onJudged: (one) => judged.push(one),
    });
  } finally {
    progress.end();
  }
  const least = options.minSeverity ?? 'info';
  const report = {
    ...whole,
    findings: whole.findings.filter(({ severity }) => isAtLeast(severity, least)),
  };
  const changes =
    earlier === undefined ? undefined : compareReports(report, atLeast(earlier, least));
  const [first] = judged;
  if (collector !== undefined && first !== undefined) {
    const folder = options.output ?? '.';
    const names = await writeBloodHound(context, collector.files(first), folder);
    context.out(names.map((name) => `${name}\n`).join(''));
  } else if (format !== 'bloodhound') {
    const shown = { report, changes, details: options.details === true };
    await write(context, outputOf(format, shown, context.columns), options.output);
  }
  const { failOn = 'low' } = options;
  const counting = report.findings.filter((one) => changes?.of(one) !== 'same');
  const failed = failOn !== 'never' && counting.some((one) => isAtLeast(one.severity, failOn));
  return { report, failed };
}

/** An earlier run as it would be with this run's limit: what is left out is not gone. */
function atLeast(earlier: SavedReport, least: Severity): SavedReport {
  const findings = earlier.findings.filter(({ severity }) => isAtLeast(severity, least));
  return { ...earlier, findings };
}

/** Whoever reads only the end of the output has to see it. */
function tellUnread(context: Context, { unread }: AuditReport): void {
  for (const { what, consequence } of unread) {
    context.err(`doublehop audit: ${what} could not be read: ${consequence}\n`);
  }
}

function formatOf({ json, format, output }: AuditOptions): Format {
  if (json === true && format !== undefined && format !== 'json') {
    throw new UsageError(`--json and --format ${format} contradict each other; give one`);
  }
  if (format === 'bloodhound' && output === undefined) {
    throw new UsageError('--format bloodhound writes several files: give a folder with --output');
  }
  return json === true ? 'json' : (format ?? 'table');
}

async function readEarlier(path: string | undefined): Promise<SavedReport | undefined> {
  if (path === undefined) return undefined;
  return parseSavedReport(await readArgument('--since', path), '--since');
}

function severityOption(flags: string, description: string, never = false): Option {
  const choices = never ? [...SEVERITIES, 'never'] : SEVERITIES;
  return new Option(flags, description).choices(choices);
}
