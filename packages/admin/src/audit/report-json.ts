import { fromUtf8 } from '@doublehop/wire/bytes';
import { AdminError } from '../errors.ts';
import { MAX_AUDIT_FILE } from '../limits.ts';
import type { Changes } from './compare.ts';
import { type AuditReport, type Finding, SEVERITIES, type Severity, type Unread } from './model.ts';
import { RULES } from './rules.ts';

/** The shape of a saved run; it grows by new properties only, otherwise by a new number. */
const FORMAT = 'doublehop-audit';
const VERSION = 1;

/** A report as a plain value for JSON; `changes` is what is different from an earlier run. */
export function reportJson(report: AuditReport, changes?: Changes): unknown {
  const { counts, unread } = report;
  return {
    format: FORMAT,
    version: VERSION,
    domain: report.domain,
    domainSid: report.domainSid ?? null,
    controller: report.controller ?? null,
    searchBase: report.searchBase ?? null,
    started: new Date(report.started).toISOString(),
    finished: new Date(report.finished).toISOString(),
    counts,
    summary: summaryOf(report.findings),
    findings: report.findings.map((finding) => ({
      ...findingJson(finding),
      ...(changes === undefined ? {} : { change: changes.of(finding) }),
    })),
    ...(changes === undefined
      ? {}
      : { since: new Date(changes.since).toISOString(), gone: changes.gone }),
    unread: unread.map(({ what, consequence }: Unread) => ({ what, consequence })),
  };
}

/** How many findings there are of each severity. */
export function summaryOf(
  findings: Iterable<{ readonly severity: Severity }>,
): Readonly<Record<Severity, number>> {
  const summary = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  for (const { severity } of findings) summary[severity] += 1;
  return summary;
}

function findingJson(finding: Finding): SavedFinding & Readonly<Record<string, unknown>> {
  const { id, rule, severity, subject, sentence, evidence, fix } = finding;
  const { title, why, references } = RULES[rule];
  return {
    id,
    rule,
    severity,
    title,
    subject: {
      name: subject.name,
      dn: subject.dn ?? null,
      sid: subject.sid ?? null,
      kind: subject.kind ?? null,
    },
    sentence,
    why,
    evidence,
    fix,
    references,
  };
}

/** What is kept of a finding of an earlier run. */
export interface SavedFinding {
  readonly id: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly sentence: string;
  readonly evidence: readonly string[];
}

/** An earlier run. */
export interface SavedReport {
  readonly domain: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly findings: readonly SavedFinding[];
}

/** Reads what `reportJson` made. Throws AdminError `usage` for anything else. */
export function parseSavedReport(octets: Uint8Array, argument: string): SavedReport {
  const refuse = (why: string, cause?: unknown): AdminError =>
    new AdminError('usage', `${why}; doublehop audit --json makes such a file`, {
      argument,
      cause,
    });
  if (octets.length > MAX_AUDIT_FILE) throw refuse('the file is too large for a saved audit');
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(octets));
  } catch (error) {
    throw refuse('the file is no JSON', error);
  }
  if (!isObject(value) || value['format'] !== FORMAT) throw refuse('the file is no saved audit');
  if (value['version'] !== VERSION) {
    throw refuse(`the file is of version ${String(value['version'])}, not ${VERSION}`);
  }
  const { domain, started, findings } = value;
  const time = typeof started === 'string' ? Date.parse(started) : Number.NaN;
  if (typeof domain !== 'string' || !Number.isFinite(time) || !Array.isArray(findings)) {
    throw refuse('the file lacks its domain, its time or its findings');
  }
  const saved = findings.map((one: unknown) => savedFinding(one));
  if (!saved.every((one) => one !== undefined)) throw refuse('a finding in the file is malformed');
  return { domain, started: time, findings: saved };
}

function savedFinding(value: unknown): SavedFinding | undefined {
  if (!isObject(value)) return undefined;
  const { id, rule, severity, sentence, evidence } = value;
  const known = SEVERITIES.find((one) => one === severity);
  if (typeof id !== 'string' || typeof rule !== 'string' || typeof sentence !== 'string') {
    return undefined;
  }
  if (known === undefined || !Array.isArray(evidence)) return undefined;
  return { id, rule, severity: known, sentence, evidence: evidence.map(String) };
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
