import type { Sid } from '@doublehop/security/sid';
import type { Evidence, Outcome } from './decision.ts';

/** Says what a check found, as a sentence without a full stop. */
export type Say<Facts> = (
  facts: Facts,
  evidence: Evidence | undefined,
  nameOf: (sid: Sid) => string,
) => string;

/** The words of one check: where its rule stands, whose matter it is, what each outcome means. */
export type RuleText<Facts> = {
  readonly rule: string;
  readonly subject: (facts: Facts) => string;
  readonly pass: Say<Facts>;
} & { readonly [outcome in Exclude<Outcome, 'pass'>]?: Say<Facts> };

/** Evidence as text inside a sentence; ACEs have sentences of their own. */
export function evidenceText(evidence: Evidence | undefined): string {
  if (evidence === undefined) return '';
  return typeof evidence === 'object' ? `entry ${evidence.index + 1}` : String(evidence);
}
