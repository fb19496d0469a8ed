import type { Account, Principal } from '../account.ts';
import type { AttributeChange } from '../changes/change.ts';
import type { PolicyFlag, PolicyProblem } from './model.ts';

/** One attribute of one account, as it is and as the policy wants it. */
export interface PolicyChange extends AttributeChange {
  readonly target: Account;
  readonly differences: readonly PolicyDifference[];
  readonly warnings: readonly string[];
}

/** A change before it is told: names of those who are in a list are not known yet. */
export type UntoldChange = Omit<PolicyChange, 'sentences'>;

/** One thing that is not as the policy wants it, and why the policy wants it so. */
export interface PolicyDifference {
  readonly action: 'add' | 'remove';
  readonly what: DifferenceSubject;
  /** Names of the rules that ask for it; none where `others: revoke` does. */
  readonly rules: readonly string[];
  readonly why: DifferenceReason;
}

export type DifferenceSubject =
  /** A middle that may act for users to the account. */
  | { readonly kind: 'middle'; readonly middle: Principal }
  /** A service to which the account may act for users. */
  | { readonly kind: 'service'; readonly service: string }
  /** A flag of the account; `remove` means that it is to be off. */
  | { readonly kind: 'flag'; readonly flag: PolicyFlag };

/** `named`: a rule names it. `exact`: no other than those named. `others`: no rule is about it. */
export type DifferenceReason = 'named' | 'forbidden' | 'exact' | 'others';

/** An account that cannot be brought to what the policy wants. */
export interface RefusedChange {
  readonly account: Account;
  readonly attribute: string;
  readonly rules: readonly string[];
  /** Why, and what would help. */
  readonly message: string;
}

/** All in which a domain differs from a policy. Nothing of it was written yet. */
export interface PolicyPlan {
  readonly changes: readonly PolicyChange[];
  readonly refused: readonly RefusedChange[];
  /** With any of these nothing is to be written. */
  readonly errors: readonly PolicyProblem[];
  readonly warnings: readonly PolicyProblem[];
  /** Accounts that the policy is about. */
  readonly accounts: number;
}
