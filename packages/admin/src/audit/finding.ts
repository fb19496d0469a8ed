import type { Finding, Severity, Subject } from './model.ts';
import { type RuleId, RULES } from './rules.ts';

/** What a finding is made of. */
export interface FindingParts {
  readonly subject: Subject;
  /** Tells findings of one rule and subject apart: a SID, a service, a place in a list. */
  readonly about?: string | undefined;
  /** Where it is not the rule's. */
  readonly severity?: Severity | undefined;
  readonly sentence: string;
  readonly evidence?: readonly string[] | undefined;
  readonly fix: string;
}

/** A finding with its id: `ghost-spn:S-1-5-21-…-1104:http/nowhere`. */
export function finding(rule: RuleId, parts: FindingParts): Finding {
  const { subject, about, sentence, evidence = [], fix } = parts;
  const who = subject.sid ?? subject.name;
  return {
    id: about === undefined ? `${rule}:${who}` : `${rule}:${who}:${about}`,
    rule,
    severity: parts.severity ?? RULES[rule].severity,
    subject,
    sentence,
    evidence,
    fix,
  };
}

/** `AW1$, AW2$ and 17 others`. */
export function andOthers(samples: readonly string[], count: number): string {
  const others = count - samples.length;
  if (others <= 0) return samples.join(', ');
  return `${samples.join(', ')} and ${others} ${others === 1 ? 'other' : 'others'}`;
}

/** `1 computer`, `7 computers`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
