import type { Sid } from '@doublehop/security/sid';
import type { AccountKind } from '../account.ts';
import type { RuleId } from './rules.ts';

/** How bad a finding is; `info` is an inventory: delegation that is as somebody wanted it. */
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;

export type Severity = (typeof SEVERITIES)[number];

/** Whether one severity is at least another. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}

/** What a finding is about. */
export interface Subject {
  /** sAMAccountName, a well-known name, the name of a trust or of the domain; else the SID. */
  readonly name: string;
  readonly dn?: string | undefined;
  readonly sid?: Sid | undefined;
  readonly kind?: AccountKind | 'domain' | 'trust' | undefined;
}

/** One finding of an audit. */
export interface Finding {
  /**
   * The same in every run while the same is so: the rule, the subject's SID or name, and where one
   * subject can have several, what tells them apart.
   */
  readonly id: string;
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly subject: Subject;
  /** What is so, as a sentence without a full stop. */
  readonly sentence: string;
  /** What it is concluded from: entries of descriptors, values, members of groups. */
  readonly evidence: readonly string[];
  /** A command that mends it, or a remark where no command can. */
  readonly fix: string;
}

/** Something that was asked for and not told: no conclusion was drawn from it. */
export interface Unread {
  /** `nTSecurityDescriptor of 312 accounts`. */
  readonly what: string;
  /** What an audit would have seen there. */
  readonly consequence: string;
}

/** How much was looked at. */
export interface AuditCounts {
  readonly computers: number;
  readonly users: number;
  readonly managedAccounts: number;
  /** Accounts with a list of who may act, whatever it comes to. */
  readonly lists: number;
  /** Different values of these lists, and of the accounts' own descriptors. */
  readonly distinctLists: number;
  readonly distinctDescriptors: number;
}

/** What an audit came to. */
export interface AuditReport {
  readonly domain: string;
  readonly domainSid: Sid | undefined;
  readonly controller: string | undefined;
  /** DN of the folder, where not all of the domain was looked at. */
  readonly searchBase: string | undefined;
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly finished: number;
  readonly counts: AuditCounts;
  /** Worst first; of the same severity by rule, then by subject. */
  readonly findings: readonly Finding[];
  readonly unread: readonly Unread[];
}
