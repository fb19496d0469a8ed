import { stringify } from 'yaml';
import type { Policy, PolicyFlag, RuleMode } from './model.ts';

/** A policy file to be written. */
export interface PolicyText {
  readonly domain: string;
  readonly others: Policy['others'];
  readonly rules: readonly RuleText[];
  readonly kcd: readonly RuleText[];
  readonly flags: readonly RuleText[];
  /** Told in comments. */
  readonly notes: readonly string[];
}

/** A name as it stands in the file. */
export interface NameText {
  readonly text: string;
  /** For people: what stands in the names of rules. */
  readonly label: string;
  readonly comment?: string | undefined;
}

export interface RuleText {
  readonly name: string;
  readonly mode?: RuleMode;
  /** Of rules about flags. */
  readonly flag?: PolicyFlag;
  readonly accounts: readonly NameText[];
  readonly values: readonly NameText[];
}

/** The text of a policy file, with comments where a SID stands for a name. */
export function writePolicy({ domain, others, rules, kcd, flags, notes }: PolicyText): string {
  const lines = [
    `# Delegation in ${comment(domain)}, as doublehop policy export found it.`,
    ...notes.map((note) => `# Note: ${comment(note)}.`),
    'version: 1',
    `domain: ${scalar(domain)}`,
    ...(others === 'keep' ? [] : [`others: ${others}`]),
  ];
  // Without any rule the file would say nothing, and so be refused.
  if (rules.length > 0 || kcd.length + flags.length === 0) {
    lines.push('', `rules:${rules.length === 0 ? ' []' : ''}`);
    for (const rule of rules) lines.push(...ruleLines(rule, 'targets', 'middles'));
  }
  if (kcd.length > 0) {
    lines.push('', 'kcd:');
    for (const rule of kcd) lines.push(...ruleLines(rule, 'middles', 'services'));
  }
  if (flags.length > 0) {
    lines.push('', 'flags:');
    for (const rule of flags) lines.push(...ruleLines(rule, 'accounts', undefined));
  }
  return lines.map((line) => `${line}\n`).join('');
}

function ruleLines(
  { name, mode, flag, accounts, values }: RuleText,
  accountsKey: string,
  valuesKey: string | undefined,
): readonly string[] {
  const lines = [`  - name: ${scalar(name)}`, `    ${accountsKey}:`, ...items(accounts)];
  if (mode !== undefined) lines.push(`    mode: ${mode}`);
  if (flag !== undefined) lines.push(`    ${flag}: true`);
  if (valuesKey !== undefined) lines.push(`    ${valuesKey}:`, ...items(values));
  return lines;
}

function items(names: readonly NameText[]): readonly string[] {
  return names.map(({ text, comment: remark }) => {
    const behind = remark === undefined ? '' : `  # ${comment(remark)}`;
    return `      - ${scalar(text)}${behind}`;
  });
}

/** A text on one line, in quotes where YAML would read something else. */
function scalar(text: string): string {
  return stringify(text, { lineWidth: 0, defaultStringType: 'PLAIN', blockQuote: false }).trimEnd();
}

function comment(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
