import type { Ace } from '@doublehop/security/descriptor';
import { REFUSALS, type Reason, type Refusal } from './refusals.ts';

/**
 * What became of one check: it held (`pass`), it decided against (`fail`), it did not apply
 * (`skip`), or it was only noted (`info`: an assumption, or something that sets a flag).
 */
export type Outcome = 'pass' | 'fail' | 'skip' | 'info';

/** The small piece of data that decided a check; what it means is the check's business. */
export type Evidence = string | number | boolean | AceEvidence;

/** The ACE that decided an access check, and its place in the DACL, counted from 0. */
export interface AceEvidence {
  readonly index: number;
  readonly ace: Ace;
}

/**
 * A check as the decision records it: cheap to make, because a KDC makes twenty for each request.
 * `renderCheck` turns it into rule, subject and sentence with the same facts.
 */
export interface Check<Id extends string> {
  readonly id: Id;
  readonly outcome: Outcome;
  readonly evidence: Evidence | undefined;
}

/** A decision against, with the checks up to and including the one that failed. */
export interface Refused<Id extends string> {
  readonly allowed: false;
  readonly refusal: Refusal;
  readonly checks: readonly Check<Id>[];
}

/** A decision for, with every check in order; `Grant` says what is to be issued. */
export type Allowed<Id extends string, Grant> = Grant & {
  readonly allowed: true;
  /**
   * Something was assumed instead of looked at. A KDC must never issue on such a decision; an
   * explanation says what was assumed.
   */
  readonly assumed: boolean;
  readonly checks: readonly Check<Id>[];
};

/** Evidence of a check whose finding was `assumed`. */
export const ASSUMED = 'assumed';

/** The part of a trail that shared checks write to; a trail of more checks will do. */
export interface CheckSink<in Id extends string> {
  test(id: Id, finding: boolean | 'assumed', reason: Reason): boolean;
  pass(id: Id, evidence?: Evidence): true;
  skip(id: Id, evidence?: Evidence): true;
  assume(id: Id): true;
  fail(id: Id, reason: Reason, evidence?: Evidence, status?: Refusal['status']): false;
}

/**
 * Collects checks in the order of the rules. Every method returns whether the rules go on, so
 * that a sequence of rules reads as one `&&` chain.
 */
export class Trail<Id extends string> implements CheckSink<Id> {
  readonly checks: Check<Id>[] = [];
  assumed = false;
  #refusal: Refusal | undefined;

  /** Passes, notes an assumption, or fails with this reason. */
  test(id: Id, finding: boolean | 'assumed', reason: Reason): boolean {
    if (finding === true) return this.pass(id);
    return finding === false ? this.fail(id, reason) : this.assume(id);
  }

  pass(id: Id, evidence?: Evidence): true {
    this.checks.push({ id, outcome: 'pass', evidence });
    return true;
  }

  skip(id: Id, evidence?: Evidence): true {
    this.checks.push({ id, outcome: 'skip', evidence });
    return true;
  }

  info(id: Id, evidence?: Evidence): true {
    this.checks.push({ id, outcome: 'info', evidence });
    return true;
  }

  assume(id: Id): true {
    this.assumed = true;
    return this.info(id, ASSUMED);
  }

  /** Ends the decision. `status` replaces the NTSTATUS that goes with the reason. */
  fail(id: Id, reason: Reason, evidence?: Evidence, status?: Refusal['status']): false {
    this.checks.push({ id, outcome: 'fail', evidence });
    const refusal = REFUSALS[reason];
    this.#refusal = status === undefined ? refusal : { ...refusal, status };
    return false;
  }

  /** The decision against. Asking for it when no check failed is a programming mistake. */
  refused(): Refused<Id> {
    if (this.#refusal === undefined) throw new TypeError('no check failed');
    return { allowed: false, refusal: this.#refusal, checks: this.checks };
  }
}
