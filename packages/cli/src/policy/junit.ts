import type { PolicyPlan } from '@doublehop/admin/policy/change';
import type { Policy } from '@doublehop/admin/policy/model';
import { tellDrift } from '@doublehop/admin/policy/sentences';
import type { PolicyFile } from './file.ts';

/**
 * Drift as a JUnit report, the form that every pipeline reads: each rule is a test, which fails
 * where the domain differs from it.
 */
export function junitReport({ name, policy }: PolicyFile, plan: PolicyPlan): string {
  const faults = faultsByRule(plan);
  const rules = ruleNames(policy, faults);
  const failed = rules.filter((rule) => faults.has(rule)).length;
  const sums = `tests="${rules.length}" failures="${failed}" errors="0"`;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="doublehop drift" ${sums}>`,
    `  <testsuite name="${escape(name)}" ${sums}>`,
    ...rules.flatMap((rule) => testCase(policy, rule, faults.get(rule))),
    '  </testsuite>',
    '</testsuites>',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** The test for what no rule is about. */
const OTHERS = 'others: revoke';

function ruleNames(policy: Policy, faults: ReadonlyMap<string, unknown>): readonly string[] {
  const named = [...policy.rules, ...policy.kcd, ...policy.flags].map(({ name }) => name);
  const others = policy.others === 'revoke' || faults.has(OTHERS);
  return others ? [...named, OTHERS] : named;
}

/** What is wrong with each rule, in sentences. */
function faultsByRule({ changes, refused }: PolicyPlan): ReadonlyMap<string, readonly string[]> {
  const faults = new Map<string, string[]>();
  const add = (rules: readonly string[], text: string): void => {
    for (const rule of rules.length === 0 ? [OTHERS] : rules) {
      const known = faults.get(rule);
      if (known === undefined) faults.set(rule, [text]);
      else known.push(text);
    }
  };
  for (const change of changes) {
    for (const [at, words] of tellDrift(change).entries()) {
      add(change.differences[at]?.rules ?? [], `${change.target.name}: ${words}`);
    }
  }
  for (const { account, rules, message } of refused) add(rules, `${account.name}: ${message}`);
  return faults;
}

function testCase(
  { domain }: Policy,
  rule: string,
  faults: readonly string[] | undefined,
): readonly string[] {
  const start = `    <testcase classname="${escape(domain.value)}" name="${escape(rule)}"`;
  if (faults === undefined) return [`${start}/>`];
  const message = faults.length === 1 ? (faults[0] ?? '') : `${faults.length} differences`;
  return [
    `${start}>`,
    `      <failure message="${escape(message)}">${escape(faults.join('\n'))}</failure>`,
    '    </testcase>',
  ];
}

/** XML 1.0 §2.2, §2.4: what is no character of XML is a question mark. */
function escape(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
