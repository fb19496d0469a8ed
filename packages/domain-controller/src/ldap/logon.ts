import type { AccountState } from '@doublehop/delegation/facts';
import type { Account } from '@doublehop/directory/account';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { accountState } from '../kdc/account-state.ts';
import { subjectOf } from './access/subject.ts';
import type { Caller, LdapContext } from './context.ts';
import { LogonFailure } from './failures.ts';

/**
 * Why who showed a password, right or not, may not log on: a LogonFailure, or undefined where
 * nothing speaks against it. Wrong passwords count, and right ones (MS-SAMR 3.1.5.14.6). That an
 * account is locked is told to everybody; what else is wrong with it to who knows its password.
 */
export function logonResult(
  { clock, settings }: Pick<LdapContext, 'clock' | 'settings'>,
  account: Account | undefined,
  right: boolean,
): number | undefined {
  if (account === undefined) return LogonFailure.noSuchUser;
  const { lockouts } = settings;
  const state = accountState(account, clock(), settings);
  if (state === 'locked') return LogonFailure.locked;
  if (!right) {
    lockouts?.noteFailure(account);
    return LogonFailure.wrongPassword;
  }
  const failure = FAILURES[state];
  if (failure === undefined) lockouts?.noteSuccess(account, { interactive: false });
  return failure;
}

/** The client that an account is, with the groups that the directory knows. */
export function callerOf(context: LdapContext, account: Account): Caller {
  const { sid, groups, resourceGroups, extraSids, samAccountName, dn } = account;
  const sids = new Set<Sid>([
    sid,
    ...[...groups, ...resourceGroups].map((group) => group.sid),
    ...extraSids,
    wellKnown.everyone,
    wellKnown.authenticatedUsers,
  ]);
  const token = { sids };
  return { ...subjectOf(context, sid, token), samAccountName, dn };
}

const FAILURES: Readonly<Record<AccountState, number | undefined>> = {
  usable: undefined,
  elsewhere: LogonFailure.noSuchUser,
  disabled: LogonFailure.disabled,
  locked: LogonFailure.locked,
  expired: LogonFailure.accountExpired,
  'outside-logon-hours': LogonFailure.logonHours,
  'password-expired': LogonFailure.passwordExpired,
  'password-must-change': LogonFailure.passwordMustChange,
};
