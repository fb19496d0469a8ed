import type { Changes } from './compare.ts';
import { type AuditReport, type Finding, SEVERITIES, type Severity } from './model.ts';
import { summaryOf } from './report-json.ts';
import { RULES, type RuleId } from './rules.ts';
import { visible } from './text.ts';

/**
 * A report as one HTML page that needs nothing else: no script, no font, no picture. Everything
 * from the directory is escaped, and the page forbids itself to load anything.
 */
export function* reportHtml(report: AuditReport, changes?: Changes): Generator<string> {
  const { domain, findings, unread } = report;
  yield head(`Delegation in ${domain}`);
  yield `<h1>Delegation in ${escapeHtml(domain)}</h1>\n${facts(report)}${summary(findings)}`;
  if (unread.length > 0) {
    yield '<section class="medium"><h2>Not read</h2>\n<ul>\n';
    for (const { what, consequence } of unread) {
      yield `<li>${escapeHtml(what)}: ${escapeHtml(consequence)}</li>\n`;
    }
    yield '</ul></section>\n';
  }
  for (const [, some] of groups(findings)) yield* section(some, changes);
  if (changes !== undefined) yield* gone(changes);
  yield '</main></body></html>\n';
}

const STYLE = `
:root{color-scheme:light dark;--line:#8886}
body{font:15px/1.45 system-ui,sans-serif;margin:0}
main{max-width:75rem;margin:auto;padding:1rem}
h1{font-size:1.6rem}h2{font-size:1.1rem;margin:0 0 .3rem}
section{border:1px solid var(--line);border-left:.5rem solid gray;padding:.7rem;margin:1rem 0}
.critical{border-left-color:#b00020}.high{border-left-color:#d9480f}
.medium{border-left-color:#c99700}.low{border-left-color:#2b7a9b}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-top:1px solid var(--line)}
td{overflow-wrap:anywhere}ul{margin:0;padding-left:1.1rem}
section table{table-layout:fixed}th:nth-child(3),th:nth-child(4){width:28%}
code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
.word{display:inline-block;max-width:100%}
.dn{opacity:.75;font-size:.85em;display:block}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dd{margin:0}
@media(max-width:45rem){section td{display:block}section thead{display:none}
section td+td{border-top:0}section td:last-child{padding-bottom:.6rem}}
@media print{body{font-size:10pt}section{border-color:#666}tr{break-inside:avoid}}
`;

function head(title: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style></head><body><main>
`;
}

function facts({ controller, searchBase, started, finished, counts }: AuditReport): string {
  const { computers, users, managedAccounts, lists } = counts;
  const rows: readonly (readonly [string, string])[] = [
    ['Controller', controller ?? 'not told'],
    ['Folder', searchBase ?? 'the whole domain'],
    ['Read', `${new Date(started).toISOString()}, ${((finished - started) / 1000).toFixed(1)} s`],
    ['Accounts', `${computers} computers, ${users} users, ${managedAccounts} managed accounts`],
    ['Lists', `${lists} accounts say who may act for users to them`],
  ];
  const items = rows.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<dl>${items.join('')}</dl>\n`;
}

function summary(findings: readonly Finding[]): string {
  const counts = summaryOf(findings);
  const cells = SEVERITIES.toReversed().map((one) => `<td>${counts[one]}</td>`);
  const names = SEVERITIES.toReversed().map((one) => `<th scope="col">${one}</th>`);
  return `<table><thead><tr>${names.join('')}</tr></thead><tbody><tr>${cells.join(
    '',
  )}</tr></tbody></table>\n`;
}

/** Findings of one rule and severity, in the order in which they come. */
export function groups(
  findings: readonly Finding[],
): ReadonlyMap<string, readonly [Finding, ...Finding[]]> {
  const found = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.rule}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, [finding]);
    else known.push(finding);
  }
  return found;
}

function* section(
  findings: readonly [Finding, ...Finding[]],
  changes: Changes | undefined,
): Generator<string> {
  const [{ rule, severity }] = findings;
  yield sectionHead(rule, severity, findings.length);
  yield '<table><thead><tr><th scope="col">Account</th><th scope="col">Finding</th>';
  yield '<th scope="col">Evidence</th><th scope="col">Fix</th></tr></thead><tbody>\n';
  for (const finding of findings) {
    const { subject, sentence, evidence, fix } = finding;
    const dn = subject.dn === undefined ? '' : `<span class="dn">${escapeHtml(subject.dn)}</span>`;
    const change = changes === undefined ? '' : ` <em>(${changes.of(finding)})</em>`;
    const items = evidence.map((text) => `<li><code>${escapeHtml(text)}</code></li>`);
    yield `<tr><td>${escapeHtml(subject.name)}${dn}</td><td>${escapeHtml(sentence)}${change}</td>`;
    yield `<td><ul>${items.join('')}</ul></td><td>${commandLine(fix)}</td></tr>\n`;
  }
  yield '</tbody></table></section>\n';
}

/** A command of which no word is broken in two, and which can be copied. */
function commandLine(text: string): string {
  const words = text.split(' ').map((word) => `<span class="word">${escapeHtml(word)}</span>`);
  return `<code>${words.join(' ')}</code>`;
}

function sectionHead(rule: RuleId, severity: Severity, count: number): string {
  const { title, why, references } = RULES[rule];
  const others = references.length === 0 ? '' : ` (${escapeHtml(references.join(', '))})`;
  return `<section class="${severity}"><h2>${severity}: ${escapeHtml(title)} (${count})</h2>
<p>${escapeHtml(why)} <code>${rule}</code>${others}</p>\n`;
}

function* gone({ gone: findings, since }: Changes): Generator<string> {
  if (findings.length === 0) return;
  yield `<section><h2>Gone since ${new Date(since).toISOString()} (${findings.length})</h2><ul>\n`;
  for (const { severity, sentence } of findings) {
    yield `<li>${severity}: ${escapeHtml(sentence)}</li>\n`;
  }
  yield '</ul></section>\n';
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES.get(character) ?? '');
}
