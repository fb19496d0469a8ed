import type { Token } from '@doublehop/security/access-check';
import { hasControl } from './account-control.ts';
import { type Allowed, type Refused, Trail } from './decision.ts';
import type { DelegationSettings, Finding, ServerFacts, UserFacts } from './facts.ts';
import type { AccountState, PolicyFinding } from './facts.ts';
import { evaluatePolicy, type PolicyFacts } from './policy.ts';
import { checkUserState } from './shared-checks.ts';

/** The checks of a user's own ticket for a middle, in the order in which they are made. */
export type FirstHopCheckId =
  | 'user-state'
  | 'user-password'
  | 'user-device'
  | 'server-found'
  | 'server-named'
  | 'server-state'
  | 'server-policy'
  | 'forwardable-asked'
  | 'forwardable-user';

/** The middle as the service that the user calls. */
export interface FirstHopServer extends ServerFacts {
  readonly state: AccountState;
  /** AllowedToAuthenticateTo of its authentication policy (MS-KILE 3.3.5.6, 3.3.5.7). */
  readonly authenticationPolicy: PolicyFinding | PolicyFacts;
}

/** Everything `decideFirstHop` looks at. */
export interface FirstHopFacts {
  readonly settings: DelegationSettings;
  readonly user: UserFacts;
  /** Who the user is by its own ticket: what the middle's policy is asked about. */
  readonly token: Token;
  /** The policy that says from which devices the user may log on; undefined: from all. */
  readonly devicePolicy: string | undefined;
  /** Whether the user's client asks for forwardable tickets, as Windows always does. */
  readonly forwardableAsked: Finding;
  readonly server: FirstHopServer;
}

/** The ticket that the user gets. */
export interface FirstHopGrant {
  /** The flag without which S4U2Proxy will not take it as evidence. */
  readonly forwardable: boolean;
}

export type FirstHopDecision = Allowed<FirstHopCheckId, FirstHopGrant> | Refused<FirstHopCheckId>;

type HopTrail = Trail<FirstHopCheckId>;

/**
 * Whether a user gets a ticket of its own to a middle, by an AS exchange and a TGS exchange
 * (MS-KILE 3.3.5.6, 3.3.5.7), and whether it can be used to go on. Never throws.
 */
export function decideFirstHop(facts: FirstHopFacts): FirstHopDecision {
  const trail: HopTrail = new Trail();
  const allowed = checkUser(facts, trail) && checkServer(facts, trail);
  if (!allowed) return trail.refused();
  const forwardable = decideForwardable(facts, trail);
  return { allowed, forwardable, assumed: trail.assumed, checks: trail.checks };
}

/** Other than delegation, a logon needs a password that is still good (MS-KILE 3.3.5.6). */
function checkUser({ user, devicePolicy }: FirstHopFacts, trail: HopTrail): boolean {
  if (!checkUserState(user, trail)) return false;
  const { state } = user;
  if (state === 'password-expired' || state === 'password-must-change') {
    return trail.fail('user-password', `user-${state}`, state);
  }
  trail.pass('user-password');
  return devicePolicy === undefined ? trail.skip('user-device') : trail.assume('user-device');
}

/** The middle must be a service, and may admit only some (MS-KILE 3.3.5.7). */
function checkServer(facts: FirstHopFacts, trail: HopTrail): boolean {
  const { server } = facts;
  return (
    trail.test('server-found', server.place !== 'unknown', 'server-unknown') &&
    (server.state !== 'disabled' || trail.fail('server-state', 'server-disabled')) &&
    trail.pass('server-state', server.state) &&
    trail.test('server-named', server.nameless !== true, 'server-nameless') &&
    checkPolicy(facts, trail)
  );
}

function checkPolicy({ server, token }: FirstHopFacts, trail: HopTrail): boolean {
  const { authenticationPolicy: policy } = server;
  const id = 'server-policy';
  if (policy === 'none') return trail.skip(id);
  if (policy === 'allows') return trail.pass(id);
  if (policy === 'refuses') return trail.fail(id, 'server-authentication-policy');
  if (server.sid !== undefined && token.sids.has(server.sid)) return trail.skip(id);
  const { finding, status } = evaluatePolicy(policy, token);
  if (finding === 'refuses') {
    return trail.fail(id, 'server-authentication-policy', policy.name, status);
  }
  return finding === 'audits' ? trail.info(id, 'audits') : trail.pass(id, policy.name);
}

/** FORWARDABLE of the user's TGT, which its service tickets inherit (RFC 4120 §2.6). */
function decideForwardable(
  { user, settings, forwardableAsked }: FirstHopFacts,
  trail: HopTrail,
): boolean {
  if (forwardableAsked === 'assumed') trail.assume('forwardable-asked');
  else trail.info('forwardable-asked', forwardableAsked);
  const sensitive = hasControl(user.userAccountControl, 'NOT_DELEGATED');
  const isProtected = settings.protectedUsers && user.protectedUser;
  const say = sensitive ? 'sensitive' : isProtected ? 'protected-users' : 'delegatable';
  trail.info('forwardable-user', say);
  return forwardableAsked !== false && say === 'delegatable';
}
