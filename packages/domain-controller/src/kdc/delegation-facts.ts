import type { MiddleFacts, TargetFacts, UserFacts } from '@doublehop/delegation/facts';
import type { Account } from '@doublehop/directory/account';
import { decodeDescriptor } from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import { accountState } from './account-state.ts';
import type { KdcContext } from './context.ts';
import { isKrbtgt } from './issue.ts';
import { targetPolicy } from './policy/restrictions.ts';
import type { KdcSettings } from './settings.ts';

/** What the rules ask of the middle's account. */
export function middleFacts(middle: Account, now: number, settings: KdcSettings): MiddleFacts {
  return {
    sid: middle.sid,
    name: middle.samAccountName,
    userAccountControl: middle.userAccountControl,
    allowedToDelegateTo: middle.allowedToDelegateTo,
    state: accountState(middle, now, settings),
  };
}

/** What the rules ask of the user; `local`: its account should be in this realm. */
export function userFacts(
  user: Account | undefined,
  name: string,
  local: boolean,
  now: number,
  settings: KdcSettings,
): UserFacts {
  if (user === undefined) {
    const place = local ? 'unknown' : 'elsewhere';
    return { name, place, userAccountControl: 0, protectedUser: false, state: 'elsewhere' };
  }
  return {
    name,
    place: 'local',
    userAccountControl: user.userAccountControl,
    protectedUser: user.protectedUser,
    state: accountState(user, now, settings),
  };
}

/** What the rules ask of the target's account, found by `spn`. */
export function targetFacts(
  target: Account | undefined,
  spn: string,
  now: number,
  context: KdcContext,
): TargetFacts {
  if (target === undefined) {
    const absent = { isKrbtgt: false, userAccountControl: 0, descriptor: 'absent' } as const;
    return { spn, name: spn, place: 'unknown', state: 'usable', ...absent, ...NO_POLICIES };
  }
  return {
    spn,
    sid: target.sid,
    name: target.samAccountName,
    place: 'local',
    isKrbtgt: isKrbtgt(target),
    userAccountControl: target.userAccountControl,
    state: accountState(target, now, context.settings),
    descriptor: descriptorOf(target),
    ...NO_POLICIES,
    authenticationPolicy: targetPolicy(target, context) ?? 'none',
  };
}

const NO_POLICIES = { authenticationPolicy: 'none', selectiveAuthentication: 'none' } as const;

/** msDS-AllowedToActOnBehalfOfOtherIdentity, decoded. */
function descriptorOf({ allowedToActOnBehalf }: Account): TargetFacts['descriptor'] {
  if (allowedToActOnBehalf === undefined) return 'absent';
  try {
    return decodeDescriptor(allowedToActOnBehalf);
  } catch (error) {
    if (error instanceof SecurityError) return 'unparsable';
    throw error;
  }
}
