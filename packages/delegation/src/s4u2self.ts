import { hasControl } from './account-control.ts';
import { type Allowed, type Refused, Trail } from './decision.ts';
import type { S4U2SelfFacts } from './facts.ts';
import {
  type SharedCheckId,
  checkActedFor,
  checkHeaderPac,
  checkMiddleState,
  checkOptions,
} from './shared-checks.ts';

/** The checks of an S4U2Self request, in the order in which they are made. */
export type S4U2SelfCheckId =
  | SharedCheckId
  | 'self-checksum'
  | 'self-nonce'
  | 'self-user-named'
  | 'server-found'
  | 'server-is-self'
  | 'server-named'
  | 'shape'
  | 'certificate'
  | 'header-user'
  | 'header-rodc'
  | 'forwardable-asked'
  | 'forwardable-user'
  | 'forwardable-middle';

/** What a KDC is to issue (MS-SFU 3.2.5.1.1, 3.2.5.1.2). A PAC goes with it in any case. */
export interface S4U2SelfGrant {
  /** A ticket to the middle in the user's name, or a referral TGT for the middle. */
  readonly issue: 'ticket' | 'referral';
  /** The flag of the ticket, without which S4U2Proxy will not take it as evidence. */
  readonly forwardable: boolean;
}

export type S4U2SelfDecision = Allowed<S4U2SelfCheckId, S4U2SelfGrant> | Refused<S4U2SelfCheckId>;

type SelfTrail = Trail<S4U2SelfCheckId>;

/**
 * Whether a middle may get a ticket to itself in the name of a user (MS-SFU 3.2.5.1), and
 * whether that ticket can be used to go on. Never throws.
 */
export function decideS4U2Self(facts: S4U2SelfFacts): S4U2SelfDecision {
  const trail: SelfTrail = new Trail();
  const allowed =
    checkRequest(facts, trail) &&
    checkServer(facts, trail) &&
    checkShape(facts, trail) &&
    checkHeaderPac(facts.header, trail) &&
    checkMiddleState(facts.middle.state, trail) &&
    checkSubject(facts, trail);
  if (!allowed) return trail.refused();
  const issue = facts.server.place === 'elsewhere' ? 'referral' : 'ticket';
  const forwardable = decideForwardable(facts, trail);
  return { allowed, issue, forwardable, assumed: trail.assumed, checks: trail.checks };
}

/** PA-S4U-X509-USER or PA-FOR-USER (MS-SFU 2.2.1, 2.2.2). */
function checkRequest(facts: S4U2SelfFacts, trail: SelfTrail): boolean {
  const { request } = facts;
  return (
    checkChecksum(facts, trail) &&
    trail.test('self-nonce', request.nonceMatches, 'self-nonce-mismatch') &&
    trail.test('self-user-named', request.userNamed || request.certificate, 'self-user-unnamed') &&
    checkOptions(request.conflictingOptions, trail)
  );
}

function checkChecksum({ request }: S4U2SelfFacts, trail: SelfTrail): boolean {
  const { checksum, form } = request;
  if (checksum === 'valid') return trail.pass('self-checksum', form);
  if (checksum === 'assumed') return trail.assume('self-checksum');
  return trail.fail('self-checksum', `self-checksum-${checksum}`, form);
}

/** To self only, whatever SPN of the account is used. Another realm's server gets a referral. */
function checkServer({ server, middle }: S4U2SelfFacts, trail: SelfTrail): boolean {
  if (!trail.test('server-found', server.place !== 'unknown', 'self-server-unknown')) return false;
  if (server.place === 'elsewhere') return trail.skip('server-is-self', server.place);
  return (
    trail.test('server-is-self', server.sid === middle.sid, 'self-not-self') &&
    trail.test('server-named', server.nameless !== true, 'self-nameless')
  );
}

/**
 * The four legal combinations: all local; first hop in the user's realm; transit; last hop in
 * the middle's realm (MS-SFU 3.1.5.1.1, 3.2.5.1).
 */
function checkShape(facts: S4U2SelfFacts, trail: SelfTrail): boolean {
  const { header, server, user, request } = facts;
  const referral = server.place === 'elsewhere';
  if (!header.crossRealm && referral) return trail.fail('shape', 'self-server-unknown', 'referral');
  if (header.crossRealm && user.place !== 'elsewhere' && !referral) {
    return trail.fail('shape', 'self-user-local', user.place);
  }
  if (!header.crossRealm && user.place === 'elsewhere') {
    return trail.fail('shape', 'self-user-elsewhere', user.place);
  }
  trail.pass('shape', shapeName(header.crossRealm, user.place === 'elsewhere', referral));
  const nameable = user.place !== 'elsewhere' || request.userNamed;
  return trail.test('certificate', nameable, 'self-certificate-only');
}

function shapeName(crossRealm: boolean, foreignUser: boolean, referral: boolean): string {
  if (!crossRealm) return 'local';
  if (!foreignUser) return 'first-hop';
  return referral ? 'transit' : 'last-hop';
}

/** Who the PAC of the header ticket is about depends on where the user's account is. */
function checkSubject(facts: S4U2SelfFacts, trail: SelfTrail): boolean {
  const { header, user, settings } = facts;
  if (user.place === 'elsewhere') {
    return (
      trail.test('header-user', header.pacNamesUser, 'self-pac-other-user') &&
      checkActedFor(user, settings, trail)
    );
  }
  return (
    trail.test('header-client', header.pacClientMatches, 'header-client-mismatch') &&
    checkActedFor(user, settings, trail) &&
    trail.test('header-rodc', header.rodc === 0, 'header-rodc')
  );
}

/**
 * FORWARDABLE of the ticket (MS-SFU 3.2.5.1.2). Since December 2020 a middle without the
 * protocol transition bit gets it too, as long as it has no list of its own; before, the bit
 * was needed (setting `legacy`).
 */
function decideForwardable(facts: S4U2SelfFacts, trail: SelfTrail): boolean {
  const { header, middle, request, server, settings, user } = facts;
  const asked = request.forwardable && header.forwardable;
  trail.info('forwardable-asked', asked ? 'yes' : notAsked(request.forwardable));
  if (server.place === 'elsewhere') return asked;
  const sensitive = hasControl(user.userAccountControl, 'NOT_DELEGATED');
  const isProtected =
    settings.protectedUsers && settings.protectedUsersTransit !== true && user.protectedUser;
  trail.info('forwardable-user', userSay(sensitive, isProtected));
  const say = middleSay(middle.userAccountControl, middle.allowedToDelegateTo, settings);
  trail.info('forwardable-middle', say);
  return asked && !sensitive && !isProtected && (say === 'transition' || say === 'no-list');
}

function notAsked(inRequest: boolean): string {
  return inRequest ? 'header-not-forwardable' : 'not-asked';
}

function userSay(sensitive: boolean, isProtected: boolean): string {
  if (sensitive) return 'sensitive';
  return isProtected ? 'protected-users' : 'delegatable';
}

function middleSay(
  userAccountControl: number,
  list: readonly string[],
  settings: S4U2SelfFacts['settings'],
): 'transition' | 'no-list' | 'list' | 'legacy' | 'trusted' {
  if (hasControl(userAccountControl, 'TRUSTED_TO_AUTH_FOR_DELEGATION')) return 'transition';
  if (list.length > 0) return 'list';
  if (settings.transition === 'trusted') return 'trusted';
  return settings.nonForwardableDelegation === 'legacy' ? 'legacy' : 'no-list';
}
