import { accessCheck, type Token } from '@doublehop/security/access-check';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import type { NtStatus } from '@doublehop/security/ntstatus';
import { CONTROL_ACCESS } from './rbcd.ts';

/** A restriction of an authentication policy (MS-KILE 3.3.5.5), and whose it is. */
export interface PolicyFacts {
  /** The policy's name, for sentences. */
  readonly name: string;
  /** The silo through which it applies. */
  readonly silo?: string;
  /** Otherwise what it refuses is only recorded. */
  readonly enforced: boolean;
  /** Whom it lets pass; a descriptor without an owner counts as `unparsable`. */
  readonly descriptor: SecurityDescriptor | 'unparsable';
}

/** What a restriction says of somebody; `audits`: it would refuse, were it enforced. */
export interface PolicyVerdict {
  readonly finding: 'allows' | 'audits' | 'refuses';
  /** Why it does not allow; undefined where it does. */
  readonly status: PolicyStatus | undefined;
}

/** STATUS_INVALID_PARAMETER: the descriptor cannot be read, or has no owner. */
export type PolicyStatus = Extract<
  NtStatus,
  'STATUS_AUTHENTICATION_FIREWALL_FAILED' | 'STATUS_INVALID_PARAMETER'
>;

/**
 * Whether a restriction lets somebody pass: Control Access, as for RBCD (MS-KILE 3.3.5.6, 3.3.5.7).
 * A descriptor without a DACL lets everybody pass, as on Windows.
 */
export function evaluatePolicy(policy: PolicyFacts, who: Token): PolicyVerdict {
  const status = statusOf(policy.descriptor, who);
  if (status === undefined) return { finding: 'allows', status };
  return { finding: policy.enforced ? 'refuses' : 'audits', status };
}

function statusOf(descriptor: PolicyFacts['descriptor'], who: Token): PolicyStatus | undefined {
  if (descriptor === 'unparsable') return 'STATUS_INVALID_PARAMETER';
  if (descriptor.dacl === undefined) return undefined;
  const { granted } = accessCheck(descriptor, who, CONTROL_ACCESS);
  return granted ? undefined : 'STATUS_AUTHENTICATION_FIREWALL_FAILED';
}
