import type { Scope } from '@doublehop/ldap/messages/search';
import type { SearchKind } from '../targets.ts';

/** A place in a policy file, both counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A text of a policy file, with where it stands: errors name the place. */
export interface Placed<T = string> {
  readonly value: T;
  readonly at: Place;
}

/** What a policy file says: who may act for users to whom, and what accounts may do besides. */
export interface Policy {
  /** DNS or NetBIOS name of the domain that the file is about. */
  readonly domain: Placed;
  /** What it means that a selection, or a part of it, finds no account. */
  readonly unmatched: Unmatched;
  /** What becomes of grants on accounts that are the target of no rule. */
  readonly others: 'keep' | 'revoke';
  readonly rules: readonly GrantRule[];
  readonly kcd: readonly KcdRule[];
  readonly flags: readonly FlagRule[];
}

export type Unmatched = 'error' | 'warning' | 'ignore';

/** `include`: at least those that are named. `exact`: nobody else. */
export type RuleMode = 'include' | 'exact';

/** What every rule has. */
export interface Rule {
  /** Unique in the file, and named in plans, reports and errors. */
  readonly name: string;
  readonly at: Place;
}

/** Who may act for users to the targets (msDS-AllowedToActOnBehalfOfOtherIdentity). */
export interface GrantRule extends Rule {
  readonly targets: Selection;
  readonly mode: RuleMode;
  readonly middles: readonly Placed[];
  /** Who must not. */
  readonly forbid: readonly Placed[];
}

/** To which services the middles may act, by classic delegation (msDS-AllowedToDelegateTo). */
export interface KcdRule extends Rule {
  readonly middles: Selection;
  readonly mode: RuleMode;
  /** Service principal names. */
  readonly services: readonly Placed[];
  readonly forbid: readonly Placed[];
}

/** What the accounts are marked as (userAccountControl). */
export interface FlagRule extends Rule {
  readonly accounts: Selection;
  readonly set: ReadonlyMap<PolicyFlag, boolean>;
}

/** The flags that decide about delegation, as a policy file spells them. */
export type PolicyFlag = 'sensitive' | 'protocolTransition' | 'unconstrained';

export const POLICY_FLAGS: readonly PolicyFlag[] = [
  'sensitive',
  'protocolTransition',
  'unconstrained',
];

/** Accounts that are named one by one, or found. */
export interface Selection {
  readonly at: Place;
  readonly names: readonly Placed[];
  /** Groups whose members are meant, also those of groups in them. */
  readonly groups: readonly Placed[];
  readonly search: readonly PolicySearch[];
  /** Accounts that are left out. */
  readonly except: Selection | undefined;
}

/** A search of the directory; base or filter is there, or both. */
export interface PolicySearch {
  readonly at: Place;
  /** Default: the whole domain. */
  readonly base: string | undefined;
  readonly scope: Scope;
  /** RFC 4515. */
  readonly filter: string | undefined;
  readonly kinds: readonly SearchKind[];
}

/** Something wrong with a policy file. */
export interface PolicyProblem {
  readonly at: Place;
  /** One line: what is wrong and what would be right. */
  readonly message: string;
}
