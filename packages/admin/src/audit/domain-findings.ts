import { hasControl } from '@doublehop/delegation/account-control';
import type { Sid } from '@doublehop/security/sid';
import type { DomainFacts } from '../domain.ts';
import type { AuditAccount, Collected, Creations } from './collect.ts';
import { argument } from './command-line.ts';
import { andOthers, counted, finding } from './finding.ts';
import type { Finding, Subject } from './model.ts';
import type { Principals } from './principals.ts';
import type { Administrator, Privileged } from './privileged.ts';
import { type DomainSettings, type Trust, TRUST_ATTRIBUTE } from './settings.ts';

/** What holds for a domain as a whole: quota, owner rights, trusts. */
export function* domainFindings(
  { namingContext, dnsName, sid }: DomainFacts,
  settings: DomainSettings,
): Generator<Finding> {
  const subject: Subject = { name: dnsName, dn: namingContext, sid, kind: 'domain' };
  const { machineAccountQuota: quota = 0, heuristics } = settings;
  if (quota > 0) {
    yield finding('machine-account-quota', {
      subject,
      sentence: `every user may add ${counted(quota, 'computer')} to ${dnsName}`,
      evidence: [`ms-DS-MachineAccountQuota: ${quota}`],
      fix: `Set-ADDomain ${argument(dnsName)} -Replace @{'ms-DS-MachineAccountQuota'=0}`,
    });
  }
  if (heuristics !== undefined && (heuristics[27] !== '1' || heuristics[28] !== '1')) {
    yield finding('implicit-owner-rights', {
      subject,
      sentence: 'who adds a computer owns it, and may change its access list',
      evidence: [`dSHeuristics: ${heuristics === '' ? 'not set' : heuristics}`],
      fix: 'set dSHeuristics to 00000000010000000002000000011 (KB5008383)',
    });
  }
  for (const trust of settings.trusts) yield* trustFindings(trust);
}

/** Computers that were added by the quota, by who added them (MS-ADTS 3.1.1.5.2.1). */
export function* creatorFindings(
  creators: ReadonlyMap<Sid, Creations>,
  principals: Principals,
): Generator<Finding> {
  for (const [sid, { count, samples }] of creators) {
    const { display, dn, kind } = principals.get(sid);
    yield finding('quota-computers', {
      subject: { name: display, dn, sid, kind: kind === 'well-known' ? 'other' : kind },
      sentence: `${display} added ${counted(count, 'computer')} by the quota`,
      evidence: [`mS-DS-CreatorSID of ${andOthers(samples, count)}`],
      fix: 'take the entries of the maker from the computers, and set the quota to 0',
    });
  }
}

/** Administrators for whom others may act, and those who were administrators once. */
export function* administratorFindings(
  { administrators, protectedUsers }: Privileged,
  accounts: readonly AuditAccount[],
): Generator<Finding> {
  const isSafe = (sid: Sid, control: number): boolean =>
    hasControl(control, 'NOT_DELEGATED') || protectedUsers.has(sid);
  for (const { principal, groups } of administrators) {
    if (isSafe(principal.sid, principal.control)) continue;
    yield administrator(principal.name, { principal, groups });
  }
  const now = new Set(administrators.map(({ principal }) => principal.sid));
  for (const account of accounts) {
    const { isGuarded, kind, control, sid } = account;
    if (!isGuarded || kind !== 'user' || now.has(sid) || isSafe(sid, control)) continue;
    if (hasControl(control, 'ACCOUNTDISABLE')) continue;
    yield finding('former-admin-delegatable', {
      subject: account,
      sentence: `${account.name} was an administrator, and others may act for it`,
      evidence: ['adminCount: 1', 'a member of no group of administrators'],
      fix: `doublehop flags set sensitive --account ${argument(account.name)}`,
    });
  }
}

/** What the audit could not see, as a finding: nobody should take silence for an all-clear. */
export function unreadOf(
  { seen }: Collected,
  settings: DomainSettings,
  { hiddenMembers }: Principals,
): readonly { readonly what: string; readonly consequence: string }[] {
  const unread: { what: string; consequence: string }[] = [];
  if (seen.withoutControl > 0) {
    unread.push({
      what: `userAccountControl of ${counted(seen.withoutControl, 'account')}`,
      consequence: 'unconstrained delegation, protocol transition and lists there are not seen',
    });
  }
  if (seen.withoutDescriptor > 0) {
    unread.push({
      what: `nTSecurityDescriptor of ${counted(seen.withoutDescriptor, 'account')}`,
      consequence: 'who may write who may act for users to them is not known',
    });
  }
  if (seen.withoutSid > 0) {
    unread.push({
      what: `objectSid of ${counted(seen.withoutSid, 'account')}`,
      consequence: 'nothing at all is seen of them',
    });
  }
  if (hiddenMembers > 0) {
    unread.push({
      what: `${counted(hiddenMembers, 'member')} of groups`,
      consequence: 'who else may act or write through these groups is not known',
    });
  }
  if (seen.partial > 0) {
    unread.push({
      what: `further values of ${counted(seen.partial, 'account')}`,
      consequence: 'services beyond those that the directory gives at once are not seen',
    });
  }
  if (settings.machineAccountQuota === undefined) {
    unread.push({
      what: 'ms-DS-MachineAccountQuota of the domain',
      consequence: 'whether every user may add computers is not known',
    });
  }
  if (settings.heuristics === undefined) {
    unread.push({
      what: 'dSHeuristics of the forest',
      consequence: 'whether owners of computers may change access lists is not known',
    });
  }
  if (!settings.trustsRead) {
    unread.push({ what: 'the trusts of the domain', consequence: 'their flags are not known' });
  }
  return unread;
}

function administrator(name: string, { principal, groups }: Administrator): Finding {
  return finding('admin-delegatable', {
    subject: {
      name,
      dn: principal.dn,
      sid: principal.sid,
      kind: principal.kind === 'well-known' ? 'other' : principal.kind,
    },
    sentence: `${name} administers, and others may act for it`,
    evidence: [
      `member of ${groups.join(', ')}`,
      'neither NOT_DELEGATED nor a member of Protected Users',
    ],
    fix: `doublehop flags set sensitive --account ${argument(name)}`,
  });
}

const INBOUND = 1;
const OUTBOUND = 2;

function* trustFindings(trust: Trust): Generator<Finding> {
  const { partner, dn, sid, attributes, direction } = trust;
  const subject: Subject = { name: partner, dn, sid, kind: 'trust' };
  const has = (bit: number): boolean => (attributes & bit) !== 0;
  const evidence = [
    `trustAttributes 0x${(attributes >>> 0).toString(16)}, trustDirection ${direction}`,
  ];
  const { forestTransitive, withinForest } = TRUST_ATTRIBUTE;
  const make = (rule: Parameters<typeof finding>[0], sentence: string, fix: string): Finding =>
    finding(rule, { subject, about: undefined, sentence, evidence, fix });
  if (has(withinForest)) return;
  const tgt =
    has(forestTransitive) &&
    has(TRUST_ATTRIBUTE.tgtDelegation) &&
    !has(TRUST_ATTRIBUTE.noTgtDelegation);
  if (tgt && (direction & INBOUND) !== 0) {
    yield make(
      'trust-tgt-delegation',
      `TGTs of users go to unconstrained hosts of ${partner}`,
      `netdom trust ${argument(partner)} /EnableTgtDelegation:no`,
    );
  }
  if ((direction & OUTBOUND) === 0) return;
  const filtered =
    has(TRUST_ATTRIBUTE.quarantined) ||
    (has(forestTransitive) && !has(TRUST_ATTRIBUTE.treatAsExternal));
  if (!filtered) {
    yield make(
      'trust-sid-filtering',
      `tickets of ${partner} may claim SIDs of this domain`,
      `netdom trust ${argument(partner)} /quarantine:yes`,
    );
  }
  if (!has(TRUST_ATTRIBUTE.selective)) {
    yield make(
      'trust-everybody',
      `every account of ${partner} can authenticate to every service here`,
      `netdom trust ${argument(partner)} /SelectiveAUTH:yes`,
    );
  }
}
