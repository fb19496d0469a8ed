import type { Finding } from '@doublehop/delegation/facts';
import type { KdcKind } from './kdc-profile.ts';
import type { HopAccount } from './account-facts.ts';
import type { PolicyReading } from './policy-facts.ts';

/** How the middle comes by a ticket in the user's name. */
export type EvidenceKind = 'kerberos' | 'protocol-transition';

/** Somebody who takes part in a hop. */
export interface HopParty {
  readonly hop: HopAccount;
  readonly policy: PolicyReading;
}

/** Where the hop goes. */
export interface HopTarget {
  /** The name that the middle asks for: `cifs/ServerC`. */
  readonly spn: string;
  /** The SPN through which it was found. */
  readonly through: string;
  /** DNs of the accounts that have it; `party` is the only one. */
  readonly holders: readonly string[];
  readonly party: HopParty | undefined;
}

/** What was read of a hop: user to middle to target. */
export interface HopFacts {
  /** The KDC that decides. */
  readonly kdc: KdcKind;
  readonly evidence: EvidenceKind;
  /** Whether the user's client asks for forwardable tickets. */
  readonly forwardableAsked: Finding;
  /** The middle's client asks for resource-based delegation, as all of today do. */
  readonly rbcdBit: boolean;
  readonly user: HopParty;
  /** `alice@CONTOSO.COM`. */
  readonly userName: string;
  readonly middle: HopParty;
  /** `CONTOSO.COM`. */
  readonly middleRealm: string;
  readonly target: HopTarget;
  /** The target's account is of another domain than the middle's. */
  readonly acrossDomains: boolean;
  /** The user's account is of another domain than the middle's. */
  readonly foreignUser: boolean;
}
