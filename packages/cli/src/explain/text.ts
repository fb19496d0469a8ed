import type { Explanation } from '@doublehop/admin/explain/explain';
import type { StaleCache } from '@doublehop/admin/explain/caches';
import type { Fix } from '@doublehop/admin/explain/fixes';
import type { HopFacts } from '@doublehop/admin/explain/hop-facts';
import type { PredictedStage, Prediction } from '@doublehop/admin/explain/predict';
import { decidingValue } from '@doublehop/admin/explain/values';
import { ntStatusValue, type NtStatus } from '@doublehop/security/ntstatus';
import type { RenderedCheck } from '@doublehop/delegation/render';
import { formatClock } from '../output/time.ts';
import { printable } from '../output/table.ts';
import { NO_BREAK, wrap } from './wrap.ts';

/** How wide lines are, and whether checks that are assumed to be in order are shown. */
export interface TextOptions {
  readonly columns: number;
  readonly verbose: boolean;
}

/** An explanation for people. */
export function explanationText(explanation: Explanation, options: TextOptions): string {
  const { facts, prediction, fixes, caches, secondHop, remarks } = explanation;
  const width = widthOf(options);
  return blocksText([
    wrap(`${facts.userName} -> ${facts.middle.hop.account.name} -> ${targetText(facts)}`, width),
    verdictLines(prediction, width),
    ...prediction.stages.map((_, index) => stageLines(explanation, index, options)),
    fixLines(fixes, width),
    titled(`The second hop (${secondHop.protocol}):`, [secondHop.sentence], width),
    titled('To know:', remarks, width),
    cacheLines(caches, width),
  ]);
}

/** Blocks of lines, an empty line between them; empty blocks are left out. */
export function blocksText(blocks: readonly (readonly string[])[]): string {
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${printable(line)}\n`).join(''))
    .join('\n');
}

/** Characters of a line: as wide as the terminal, within reason. */
export function widthOf({ columns }: Pick<TextOptions, 'columns'>): number {
  return Math.max(40, Math.min(columns, 100));
}

/** `cifs/ServerC (SERVERC$)`. */
export function targetText({ target }: HopFacts): string {
  const { spn, party, holders } = target;
  if (party !== undefined) return `${spn} (${party.hop.account.name})`;
  return holders.length > 1 ? `${spn} (${holders.length} accounts)` : `${spn} (nobody)`;
}

/** The answer in a line: `ALLOWED`, `REFUSED`, `DEPENDS`, and why. */
export function verdictLines(prediction: Prediction, width: number): readonly string[] {
  const { outcome, refusal, unread, stages } = prediction;
  const sentence = stages.at(-1)?.decision.sentence ?? '';
  const lines = [...wrap(`${outcome.toUpperCase()}: ${sentence}`, width, '', '  ')];
  if (refusal !== undefined && outcome === 'refused') {
    const status = refusal.status === undefined ? '' : `, ${statusText(refusal.status)}`;
    lines.push(`  ${refusal.error} (${refusal.code})${status}`);
  }
  const open = unread.filter(({ decides }) => decides);
  const why = outcome === 'depends' && open.length === 0 ? unread : open;
  if (why.length > 0) lines.push('  if what you may not read does not stand against it:');
  for (const fact of why) lines.push(...wrap(fact.sentence, width, '  - ', '    '));
  for (const fact of unread.filter((one) => !why.includes(one))) {
    lines.push(...wrap(`not readable, and not decisive: ${fact.sentence}`, width, '  ', '    '));
  }
  return lines;
}

function statusText(status: NtStatus): string {
  const number = ntStatusValue(status).toString(16).toUpperCase().padStart(8, '0');
  return `${status} (0x${number})`;
}

function stageLines(
  { facts, prediction }: Explanation,
  index: number,
  options: TextOptions,
): readonly string[] {
  const width = widthOf(options);
  const { stage, decision } = prediction.stages[index] ?? {};
  if (stage === undefined || decision === undefined) return [];
  const { checks } = decision;
  const shown = options.verbose ? checks : checks.filter((check) => !isFormal(check));
  const lines = [...wrap(stageTitle(facts, stage), width, `${index + 1}. `, '   ')];
  for (const check of shown) lines.push(...checkLines(facts, check, prediction, width));
  const left = checks.length - shown.length;
  if (left > 0) lines.push(`   (and ${left} about the form of requests and tickets: --verbose)`);
  return lines;
}

/**
 * Checks of what clients and KDCs make by themselves: assumed to hold, or not what anybody asked
 * for. Where one fails it is shown.
 */
function isFormal({ id, outcome, evidence }: RenderedCheck): boolean {
  if (outcome === 'fail') return false;
  return evidence === 'assumed' || FORMAL.has(id) || (outcome === 'skip' && OPTIONAL.has(id));
}

const FORMAL: ReadonlySet<RenderedCheck['id']> = new Set<RenderedCheck['id']>([
  'evidence-present',
  'options',
  'target-not-krbtgt',
  'evidence-server',
  'evidence-rodc',
  'target-here',
  'rbcd-descriptor',
  'self-user-named',
  'server-found',
  'server-is-self',
  'shape',
  'certificate',
  'header-rodc',
]);

const OPTIONAL: ReadonlySet<RenderedCheck['id']> = new Set<RenderedCheck['id']>([
  'user-device',
  'server-policy',
  'authentication-policy',
  'selective-authentication',
  'rbcd-access',
]);

/** What is asked in a request, as a title. */
function stageTitle(facts: HopFacts, stage: PredictedStage['stage']): string {
  const { userName: user, middle, target } = facts;
  const { name } = middle.hop.account;
  switch (stage) {
    case 'own-ticket':
      return `${user} asks for a ticket to ${name}`;
    case 's4u2self':
      return `${name} asks for a ticket of ${user} to itself (S4U2Self)`;
    case 'referral':
      return `${name} asks its own KDC for ${target.spn} as ${user} (S4U2Proxy)`;
    case 's4u2proxy':
      return `${name} asks for ${target.spn} as ${user} (S4U2Proxy)`;
  }
}

const MARKS: Readonly<Record<RenderedCheck['outcome'], string>> = {
  pass: 'ok  ',
  fail: 'FAIL',
  skip: '-   ',
  info: 'note',
};

function checkLines(
  facts: HopFacts,
  check: RenderedCheck,
  { forwardable }: Prediction,
  width: number,
): readonly string[] {
  const { outcome, detail, rule, id } = check;
  const source = `[${rule.replaceAll(' ', NO_BREAK)}]`;
  const indent = ' '.repeat(8);
  const lines = [...wrap(`${detail} ${source}`, width, `   ${MARKS[outcome]} `, indent)];
  const value = decidingValue(facts, check);
  const decided =
    outcome === 'fail' || id === 'rbcd-access' || (id.startsWith('forwardable-') && !forwardable);
  if (value === undefined || !decided) return lines;
  return [
    ...lines,
    ...wrap(`${value.attribute}: ${value.short ?? value.value}`, width, indent, `${indent}  `),
  ];
}

function fixLines(fixes: readonly Fix[], width: number): readonly string[] {
  if (fixes.length === 0) return [];
  const lines = ['What would change that:'];
  for (const { what, commands, elsewhere, widens } of fixes) {
    lines.push(...wrap(what, width, '  - ', '    '));
    lines.push(...commands.map((command) => `    $ ${command}`));
    if (elsewhere !== undefined) lines.push(...wrap(`(${elsewhere})`, width, '    ', '     '));
    lines.push(...wrap(`widens: ${widens}`, width, '    ', '      '));
  }
  return lines;
}

/** One line for each cache, and each way to empty some of them once. */
function cacheLines(caches: readonly StaleCache[], width: number): readonly string[] {
  if (caches.length === 0) return [];
  const lines = ['What the directory says now is in force everywhere'];
  const ways = new Set(caches.flatMap(({ clear }) => clear ?? []));
  for (const way of ways) {
    for (const { until, sentence } of caches.filter(({ clear }) => clear === way)) {
      lines.push(...wrap(sentence, width, `  by ${formatClock(until)}: `, '    '));
    }
    lines.push(...wrap(way, width, '    or at once: ', '      '));
  }
  return lines;
}

/** A title with sentences below it; nothing where there are none. */
export function titled(
  title: string,
  sentences: readonly string[],
  width: number,
): readonly string[] {
  if (sentences.length === 0) return [];
  return [title, ...sentences.flatMap((text) => wrap(text, width, '  '))];
}
