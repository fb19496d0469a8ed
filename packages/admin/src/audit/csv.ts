import type { Changes } from './compare.ts';
import type { AuditReport } from './model.ts';
import { RULES } from './rules.ts';
import { visible } from './text.ts';

const HEADER: readonly string[] = [
  'severity',
  'rule',
  'title',
  'subject',
  'kind',
  'dn',
  'sid',
  'finding',
  'evidence',
  'fix',
  'references',
  'id',
];

/** A report as CSV (RFC 4180): every cell in quotes, lines end with CR LF, a heading first. */
export function* reportCsv({ findings }: AuditReport, changes?: Changes): Generator<string> {
  yield line(changes === undefined ? HEADER : [...HEADER, 'change']);
  for (const finding of findings) {
    const { id, rule, severity, subject, sentence, evidence, fix } = finding;
    const { title, references } = RULES[rule];
    const { name, kind = '', dn = '', sid = '' } = subject;
    const cells = [severity, rule, title, name, kind, dn, sid, sentence];
    const more = [evidence.join('; '), fix, references.join('; '), id];
    const change = changes === undefined ? [] : [changes.of(finding)];
    yield line([...cells, ...more, ...change]);
  }
}

function line(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

/**
 * A cell that no spreadsheet takes for a formula: one that begins as a formula does gets an
 * apostrophe before it, whatever stands in the directory (CWE-1236).
 */
function cell(text: string): string {
  const shown = visible(text);
  const safe = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/u.test(shown) ? `'${shown}` : shown;
  return `"${safe.replaceAll('"', '""')}"`;
}
