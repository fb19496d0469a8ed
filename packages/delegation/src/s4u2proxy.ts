import type { Token } from '@doublehop/security/access-check';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { PAC_USER_NOT_DELEGATED, hasControl } from './account-control.ts';
import { type Allowed, type Refused, Trail } from './decision.ts';
import type { EvidenceFacts, S4U2ProxyFacts, TargetFacts } from './facts.ts';
import { evaluatePolicy } from './policy.ts';
import { checkGrant, isConditionalRefusal } from './rbcd.ts';
import type { Refusal } from './refusals.ts';
import {
  type SharedCheckId,
  checkActedFor,
  checkHeaderPac,
  checkMiddleState,
  checkOptions,
  checkPac,
} from './shared-checks.ts';

/** The checks of an S4U2Proxy request, in the order in which they are made. */
export type S4U2ProxyCheckId =
  | SharedCheckId
  | 'target-found'
  | 'evidence-present'
  | 'target-not-krbtgt'
  | 'evidence-server'
  | 'evidence-decrypts'
  | 'evidence-pac'
  | 'evidence-rodc'
  | 'evidence-valid'
  | 'evidence-client'
  | 'cross-target'
  | 'cross-evidence'
  | 'cross-client'
  | 'cross-user'
  | 'cross-delegation-target'
  | 'cross-transited'
  | 'kcd'
  | 'kcd-forwardable'
  | 'target-here'
  | 'rbcd-descriptor'
  | 'rbcd-access'
  | 'forwardable'
  | 'target-state'
  | 'authentication-policy'
  | 'selective-authentication';

/**
 * Which permission let the hop pass: the middle's list (`kcd`), the target's descriptor
 * (`rbcd`), or none yet, because the target's own realm is to decide (`referral`).
 */
export type DelegationMode = 'kcd' | 'rbcd' | 'referral';

/** What a KDC is to issue (MS-SFU 3.2.5.2.4). */
export interface S4U2ProxyGrant {
  readonly mode: DelegationMode;
  /** FORWARDABLE of the new ticket: that of the header ticket, as Windows does. */
  readonly forwardable: boolean;
  /** False when the target has NO_AUTH_DATA_REQUIRED (MS-KILE 3.3.5.3). */
  readonly pac: boolean;
}

export type S4U2ProxyDecision =
  | Allowed<S4U2ProxyCheckId, S4U2ProxyGrant>
  | Refused<S4U2ProxyCheckId>;

type ProxyTrail = Trail<S4U2ProxyCheckId>;

/**
 * Whether a middle may get a ticket to a target in the name of a user (MS-SFU 3.2.5.2). The
 * middle's list is asked first, the target's descriptor after it; the order decides which
 * refusal is seen and which mode is recorded, never whether the hop is allowed. Never throws.
 */
export function decideS4U2Proxy(facts: S4U2ProxyFacts): S4U2ProxyDecision {
  const trail: ProxyTrail = new Trail();
  const mode = decideMode(facts, trail);
  if (mode === undefined) return trail.refused();
  const { header, target } = facts;
  return {
    allowed: true,
    mode,
    forwardable: header.forwardable,
    pac: mode === 'referral' || !hasControl(target.userAccountControl, 'NO_AUTH_DATA_REQUIRED'),
    assumed: trail.assumed,
    checks: trail.checks,
  };
}

/** The rules in their order; undefined as soon as one refuses. */
function decideMode(facts: S4U2ProxyFacts, trail: ProxyTrail): DelegationMode | undefined {
  const evidenceChecks = facts.header.crossRealm ? checkCrossRealm : checkLocalEvidence;
  const sound =
    checkShape(facts, trail) &&
    checkHeader(facts, trail) &&
    checkEvidence(facts, trail) &&
    evidenceChecks(facts, trail);
  if (!sound) return undefined;
  const listed = isListed(facts);
  if (!checkKcd(facts, listed, trail)) return undefined;
  if (facts.target.place === 'elsewhere') return decideReferral(facts, trail);
  trail.pass('target-here');
  const mode = listed ? 'kcd' : 'rbcd';
  const granted =
    checkRbcd(facts, listed, trail) &&
    checkForwardable(facts, mode, trail) &&
    checkMiddleState(facts.middle.state, trail) &&
    checkUser(facts, trail) &&
    checkTargetState(facts.target, trail) &&
    checkPolicies(facts, trail);
  return granted ? mode : undefined;
}

/** The target is another realm's, which holds the permission; this one holds the user's say. */
function decideReferral(facts: S4U2ProxyFacts, trail: ProxyTrail): DelegationMode | undefined {
  trail.info('target-here', facts.target.place);
  const granted =
    checkForwardable(facts, 'referral', trail) &&
    checkMiddleState(facts.middle.state, trail) &&
    checkUser(facts, trail);
  return granted ? 'referral' : undefined;
}

function checkShape(facts: S4U2ProxyFacts, trail: ProxyTrail): boolean {
  const { request, target } = facts;
  return (
    trail.test('target-found', target.place !== 'unknown', 'target-unknown') &&
    (target.place !== 'ambiguous' || trail.fail('target-found', 'target-ambiguous')) &&
    trail.test('evidence-present', request.evidencePresent, 'evidence-absent') &&
    checkOptions(request.conflictingOptions, trail) &&
    trail.test('target-not-krbtgt', !target.isKrbtgt, 'target-krbtgt')
  );
}

function checkHeader(facts: S4U2ProxyFacts, trail: ProxyTrail): boolean {
  const { header } = facts;
  return (
    checkHeaderPac(header, trail) &&
    trail.test('header-client', header.pacClientMatches, 'header-client-mismatch')
  );
}

/** The evidence ticket as such (MS-SFU 3.2.5.2.2; RFC 4120 §3.3.3). */
function checkEvidence(facts: S4U2ProxyFacts, trail: ProxyTrail): boolean {
  const { evidence, header } = facts;
  const sameSigner = evidence.rodc === 0 || evidence.rodc === header.rodc;
  return (
    checkEvidenceServer(facts, trail) &&
    trail.test('evidence-decrypts', evidence.decrypts, 'evidence-undecryptable') &&
    checkPac('evidence-pac', evidence.pac, 'evidence', trail, kcdStatus(facts)) &&
    trail.test('evidence-rodc', sameSigner, 'evidence-rodc') &&
    checkValidity(evidence, trail)
  );
}

/**
 * In one realm the evidence is a ticket to the middle itself. Asked before a key is tried: a ticket
 * renamed to another service is refused by Windows with KDC_ERR_BADOPTION, not as modified.
 */
function checkEvidenceServer(facts: S4U2ProxyFacts, trail: ProxyTrail): boolean {
  const { evidence, header, middle } = facts;
  if (header.crossRealm) return true;
  const forMiddle = evidence.serverSid === middle.sid;
  return trail.test('evidence-server', forMiddle, 'evidence-not-for-middle');
}

function checkValidity({ validity }: EvidenceFacts, trail: ProxyTrail): boolean {
  if (validity === 'valid') return trail.pass('evidence-valid');
  if (validity === 'assumed') return trail.assume('evidence-valid');
  return trail.fail('evidence-valid', `evidence-${validity}`, validity);
}

/** In one realm the evidence is about its own client. */
function checkLocalEvidence({ evidence }: S4U2ProxyFacts, trail: ProxyTrail): boolean {
  return trail.test('evidence-client', evidence.pacClientMatches, 'evidence-client-mismatch');
}

/** The last step of a cross-realm hop: the evidence is a proxy TGT (MS-SFU 3.2.5.2.3). */
function checkCrossRealm(facts: S4U2ProxyFacts, trail: ProxyTrail): boolean {
  const proxy = facts.evidence.proxyTgt;
  const here = facts.target.place === 'local';
  return (
    trail.test('cross-target', here, 'cross-target-elsewhere') &&
    trail.test('cross-evidence', proxy?.forThisRealm ?? false, 'cross-evidence-not-proxy-tgt') &&
    trail.test('cross-client', proxy?.clientIsMiddle ?? false, 'cross-evidence-client') &&
    trail.test('cross-user', proxy?.pacNamesUser ?? false, 'cross-evidence-user') &&
    trail.test('cross-delegation-target', proxy?.targetMatches ?? false, 'cross-evidence-target') &&
    trail.test('cross-transited', proxy?.lastTransitedIsMiddle ?? false, 'cross-evidence-transited')
  );
}

/** Classic constrained delegation: the middle's own list (MS-SFU 3.2.5.2.1). */
function checkKcd(facts: S4U2ProxyFacts, listed: boolean, trail: ProxyTrail): boolean {
  const { header, middle, request, evidence, target } = facts;
  if (listed) {
    trail.pass('kcd', target.spn);
    if (request.rbcdBit) return true;
    // MS-SFU has STATUS_NO_MATCH here; Windows was seen to send STATUS_ACCOUNT_RESTRICTION.
    return trail.test('kcd-forwardable', evidence.forwardable, 'evidence-not-forwardable');
  }
  if (request.rbcdBit) return trail.skip('kcd', header.crossRealm ? 'cross-realm' : 'not-listed');
  const empty = middle.allowedToDelegateTo.length === 0;
  return trail.fail('kcd', empty ? 'kcd-not-configured' : 'kcd-no-match', target.spn);
}

/** The SPN as sent is in msDS-AllowedToDelegateTo; only when both accounts are this realm's. */
function isListed({ header, middle, target }: S4U2ProxyFacts): boolean {
  if (header.crossRealm || target.place !== 'local') return false;
  const { spn } = target;
  const lower = spn.toLowerCase();
  return middle.allowedToDelegateTo.some(
    (entry) => entry.length === spn.length && entry.toLowerCase() === lower,
  );
}

/**
 * Windows asks the middle's list before it verifies the evidence, and a refusal of the evidence
 * carries what the list said (seen in Samba's tests, which are run against Windows).
 */
function kcdStatus(facts: S4U2ProxyFacts): Refusal['status'] {
  if (facts.evidence.pac === 'valid' || isListed(facts)) return undefined;
  const empty = facts.middle.allowedToDelegateTo.length === 0;
  return empty ? 'STATUS_NOT_SUPPORTED' : 'STATUS_NO_MATCH';
}

/** Resource-based constrained delegation: the target's descriptor (MS-SFU 3.2.5.2.3). */
function checkRbcd(facts: S4U2ProxyFacts, listed: boolean, trail: ProxyTrail): boolean {
  if (listed) return trail.skip('rbcd-descriptor', 'kcd') && trail.skip('rbcd-access', 'kcd');
  const { descriptor } = facts.target;
  if (typeof descriptor === 'string') {
    return trail.fail('rbcd-descriptor', `rbcd-descriptor-${descriptor}`, descriptor);
  }
  trail.pass('rbcd-descriptor');
  const token = tokenOf(facts);
  const { granted, reason, decidedBy } = checkGrant(descriptor, token);
  if (granted) return trail.pass('rbcd-access', decidedBy ?? reason);
  const refusal = reason === 'denied-by-ace' ? 'rbcd-denied' : 'rbcd-not-listed';
  const conditional = isConditionalRefusal(descriptor, token);
  const status = conditional ? 'STATUS_UNSUCCESSFUL' : undefined;
  return trail.fail('rbcd-access', refusal, decidedBy ?? reason, status);
}

/** Some KDCs count the middle among those who come over the network (setting `networkToken`). */
function tokenOf({ header: { token }, settings }: S4U2ProxyFacts): Token {
  if (settings.networkToken !== true) return token;
  return { ...token, sids: new Set([...token.sids, wellKnown.network]) };
}

/**
 * Nobody acts with a ticket that is not forwardable (MS-SFU 3.2.5.2.3). Before December 2020
 * resource-based delegation did, unless the user was marked sensitive (CVE-2020-16996).
 */
function checkForwardable(facts: S4U2ProxyFacts, mode: DelegationMode, trail: ProxyTrail): boolean {
  const { evidence, settings } = facts;
  if (evidence.forwardable) return trail.pass('forwardable');
  if (settings.nonForwardableDelegation === 'enforce' || mode === 'kcd') {
    return trail.fail('forwardable', 'evidence-not-forwardable');
  }
  if ((evidence.pacUserAccountControl & PAC_USER_NOT_DELEGATED) !== 0) {
    return trail.fail('forwardable', 'user-not-delegated');
  }
  return trail.info('forwardable', 'legacy');
}

/** Delegation is no logon with a password; some KDCs look at its age all the same. */
function checkUser({ user, settings }: S4U2ProxyFacts, trail: ProxyTrail): boolean {
  const { state } = user;
  const stale = state === 'password-expired' || state === 'password-must-change';
  if (stale && settings.freshPasswords === true) {
    return trail.fail('user-state', `user-${state}`, state);
  }
  return checkActedFor(user, settings, trail);
}

/** A target that is locked out or outside its hours still takes tickets: it does not log on. */
function checkTargetState({ state }: TargetFacts, trail: ProxyTrail): boolean {
  if (state === 'disabled' || state === 'expired') {
    return trail.fail('target-state', `target-${state}`, state);
  }
  return trail.pass('target-state', state);
}

/** MS-KILE 3.3.5.7: authentication policies, and selective authentication across a trust. */
function checkPolicies(facts: S4U2ProxyFacts, trail: ProxyTrail): boolean {
  if (!checkAuthenticationPolicy(facts, trail)) return false;
  const { selectiveAuthentication: selective } = facts.target;
  if (selective === 'none') return trail.skip('selective-authentication');
  if (selective === 'allows') return trail.pass('selective-authentication');
  return trail.fail('selective-authentication', 'target-selective-authentication');
}

/**
 * The target's policy is asked about the middle, not the user; whoever goes to itself needs no
 * permission.
 */
function checkAuthenticationPolicy(facts: S4U2ProxyFacts, trail: ProxyTrail): boolean {
  const { target, middle, header } = facts;
  const { authenticationPolicy: policy } = target;
  const id = 'authentication-policy';
  if (policy === 'none') return trail.skip(id);
  if (policy === 'allows') return trail.pass(id);
  if (policy === 'refuses') return trail.fail(id, 'target-authentication-policy');
  if (target.sid !== undefined && target.sid === middle.sid) return trail.skip(id, 'self');
  const { finding, status } = evaluatePolicy(policy, header.token);
  if (finding === 'refuses') {
    return trail.fail(id, 'target-authentication-policy', policy.name, status);
  }
  return finding === 'audits' ? trail.info(id, 'audits') : trail.pass(id, policy.name);
}
