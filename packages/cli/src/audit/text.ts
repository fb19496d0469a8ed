import { groups } from '@doublehop/admin/audit/html';
import type { Changes } from '@doublehop/admin/audit/compare';
import { type AuditReport, type Finding, SEVERITIES } from '@doublehop/admin/audit/model';
import { summaryOf } from '@doublehop/admin/audit/report-json';
import { RULES } from '@doublehop/admin/audit/rules';
import { visible } from '@doublehop/admin/audit/text';
import { wrap } from '../explain/wrap.ts';

/** How a report is shown on a terminal. */
export interface TextOptions {
  /** Characters in a line. */
  readonly width: number;
  /** Evidence and fix of every finding, and all findings of every rule. */
  readonly details: boolean;
  readonly changes: Changes | undefined;
}

/** Findings of one rule that are shown before the others are counted. */
const SHOWN = 10;

/** A report for people: rules from the worst down, each with its findings as sentences. */
export function* auditText(report: AuditReport, options: TextOptions): Generator<string> {
  const { changes } = options;
  const findings =
    changes === undefined
      ? report.findings
      : report.findings.filter((finding) => changes.of(finding) !== 'same');
  for (const [, some] of groups(findings)) yield* group(some, options);
  if (changes !== undefined) yield* goneLines(changes, options);
  yield* lines(wrap(summaryLine(report, findings, changes), options.width));
}

function* group(
  findings: readonly [Finding, ...Finding[]],
  options: TextOptions,
): Generator<string> {
  const { width, details, changes } = options;
  const [{ rule, severity, fix }] = findings;
  const head = `${severity.toUpperCase()} ${RULES[rule].title} (${findings.length}) [${rule}]`;
  yield* lines(wrap(head, width, '', '  '));
  const shown = details ? findings : findings.slice(0, SHOWN);
  for (const finding of shown) {
    const mark = changes === undefined ? '' : `${changes.of(finding)}: `;
    yield* lines(wrap(mark + visible(finding.sentence), width, '  ', '    '));
    if (!details) continue;
    for (const text of finding.evidence)
      yield* lines(wrap(visible(text), width, '    . ', '      '));
    yield* lines(wrap(visible(finding.fix), width, '    fix: ', '      '));
  }
  const others = findings.length - shown.length;
  if (others > 0) yield `  and ${others} more: --details shows them\n`;
  // What is only listed is as somebody wanted it: there is nothing to mend.
  if (!details && severity !== 'info') yield* lines(wrap(visible(fix), width, '  fix: ', '    '));
  yield '\n';
}

function* goneLines({ gone }: Changes, { width, details }: TextOptions): Generator<string> {
  if (gone.length === 0) return;
  yield `GONE (${gone.length})\n`;
  const shown = details ? gone : gone.slice(0, SHOWN);
  for (const { severity, sentence } of shown) {
    yield* lines(wrap(`${severity}: ${visible(sentence)}`, width, '  ', '    '));
  }
  if (gone.length > shown.length) {
    yield `  and ${gone.length - shown.length} more: --details shows them\n`;
  }
  yield '\n';
}

/** `2 critical, 1 high; 1007 computers, 50 users, 32 managed accounts in 0.5 s`. */
function summaryLine(
  report: AuditReport,
  findings: readonly Finding[],
  changes: Changes | undefined,
): string {
  const counts = summaryOf(findings);
  const parts = SEVERITIES.toReversed()
    .filter((severity) => counts[severity] > 0)
    .map((severity) => `${counts[severity]} ${severity}`);
  const none = changes === undefined ? 'no findings' : 'nothing new';
  const since = changes === undefined ? '' : ` since ${new Date(changes.since).toISOString()}`;
  const { computers, users, managedAccounts } = report.counts;
  const accounts = `${computers} computers, ${users} users, ${managedAccounts} managed accounts`;
  const seconds = ((report.finished - report.started) / 1000).toFixed(1);
  return `${parts.length === 0 ? none : parts.join(', ')}${since}; ${accounts} in ${seconds} s`;
}

function* lines(texts: readonly string[]): Generator<string> {
  for (const text of texts) yield `${text}\n`;
}
