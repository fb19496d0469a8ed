import type { AuditReport, Finding } from './model.ts';
import type { SavedFinding, SavedReport } from './report-json.ts';

/** What became of a finding since an earlier run. */
export type Change = 'new' | 'changed' | 'same';

/** How a run differs from an earlier one. */
export interface Changes {
  /** When the earlier run began: milliseconds since 1970. */
  readonly since: number;
  readonly of: (finding: Finding) => Change;
  /** Findings of the earlier run that are no more. */
  readonly gone: readonly SavedFinding[];
}

/**
 * Compares a run with an earlier one, finding by finding: changed is one whose severity, sentence
 * or evidence is another. Examples among many accounts do not make a change.
 */
export function compareReports(report: AuditReport, earlier: SavedReport): Changes {
  const before = new Map(earlier.findings.map((finding) => [finding.id, finding]));
  const now = new Set(report.findings.map(({ id }) => id));
  return {
    since: earlier.started,
    of: (finding) => {
      const saved = before.get(finding.id);
      if (saved === undefined) return 'new';
      return isSame(saved, finding) ? 'same' : 'changed';
    },
    gone: earlier.findings.filter(({ id }) => !now.has(id)),
  };
}

function isSame(saved: SavedFinding, finding: Finding): boolean {
  return (
    saved.severity === finding.severity &&
    saved.sentence === finding.sentence &&
    evidenceText(saved.evidence) === evidenceText(finding.evidence)
  );
}

/** Without the lines that name some of many, in whatever order the directory told of them. */
function evidenceText(lines: readonly string[]): string {
  return lines.filter((line) => !/^on .* and \d+ others?$/.test(line)).join('\n');
}
