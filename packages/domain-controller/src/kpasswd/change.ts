import type { Account } from '@doublehop/directory/account';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import { KpasswdResult } from '@doublehop/kerberos/kpasswd/result';
import {
  checkPassword,
  type PasswordPolicy,
  type PasswordViolation,
} from '../accounts/password-policy.ts';
import { setPassword } from '../directory-keys.ts';
import { accountState } from '../kdc/account-state.ts';
import { isKrbtgt } from '../kdc/issue.ts';
import { findClient, isOurRealm } from '../kdc/names.ts';
import { mayDo } from '../ldap/access/access.ts';
import { isAdministrator, subjectOf } from '../ldap/access/subject.ts';
import type { PasswordCaller } from './authenticate.ts';
import type { KpasswdContext } from './context.ts';
import { PasswordRefused } from './refused.ts';
import type { PasswordWish } from './wish.ts';

/** A change that may be made. */
export interface PermittedChange {
  readonly account: Account;
  /** A change by the owner, who showed the old password; else a reset. */
  readonly own: boolean;
}

/**
 * Whose password the caller may change, if any. Without a target the own one: with an initial
 * ticket (RFC 3244 §2) and the right User-Change-Password; with a target, were it the own account
 * too, by User-Force-Change-Password (MS-ADTS 5.1.3.2.1). `found` is told who the target is as soon
 * as that is known. Throws PasswordRefused.
 */
export function permittedChange(
  caller: PasswordCaller,
  { target }: Pick<PasswordWish, 'target'>,
  context: KpasswdContext,
  found: (account: Account) => void,
): PermittedChange {
  const { accounts, domain, settings, directory } = context;
  const state = accountState(caller.account, context.clock(), settings);
  if (!CHANGES_PASSWORDS.has(state)) throw denied('caller-unusable');
  const own = target === undefined;
  const { sid } = caller.account;
  const subject = subjectOf(context, sid, caller.token);
  const known = own || isOurRealm(domain, target.realm);
  const account = own ? caller.account : known && findClient(accounts, domain, target.name);
  if (account === undefined || account === false) {
    // Who may not change others' passwords is not told who there is.
    if (!isAdministrator(caller.token, domain.sid)) throw denied('not-permitted');
    const text = 'No such user when changing password';
    throw new PasswordRefused(KpasswdResult.ACCESSDENIED, 'target-unknown', text);
  }
  found(account);
  if (isKeyedByDomain(account)) throw denied('target-has-no-password');
  if (own && !caller.initial) {
    const text = 'Expected an initial ticket';
    throw new PasswordRefused(KpasswdResult.INITIAL_FLAG_NEEDED, 'ticket-not-initial', text);
  }
  directory.refresh();
  const entry = directory.get({ id: account.id });
  const kind = own ? 'changePassword' : 'resetPassword';
  if (!mayDo(subject, entry, { kind })) throw denied('not-permitted');
  return { account, own };
}

/**
 * Makes keys of the new password, on libuv threads; durable when it resolves. Throws
 * PasswordRefused for one that breaks the policy (MS-SAMR 3.1.1.7).
 */
export async function changePassword(
  { account, own }: PermittedChange,
  { password }: PasswordWish,
  { directory, domain, settings, clock }: KpasswdContext,
): Promise<void> {
  const { encryptionTypes, lockouts } = settings;
  const policy = lockouts?.policyOf(account);
  if (policy !== undefined) {
    const violation = await checkPassword(policy, account, { password, own, now: clock() });
    if (violation !== undefined) throw brokenPolicy(violation, policy);
  }
  await setPassword(directory, domain, { id: account.id }, password, {
    encryptionTypes,
    ...(policy === undefined ? {} : { historyLength: policy.historyLength }),
  });
}

/** What an expired password is still good for. */
const CHANGES_PASSWORDS: ReadonlySet<ReturnType<typeof accountState>> = new Set([
  'usable',
  'password-expired',
  'password-must-change',
]);

/** krbtgt's keys, and those of group managed service accounts, are made of no password. */
function isKeyedByDomain(account: Account): boolean {
  return isKrbtgt(account) || account.kind === 'groupManagedService';
}

/** The whole policy is the answer, in place of a text, as Active Directory gives it. */
function brokenPolicy(reason: PasswordViolation, policy: PasswordPolicy): PasswordRefused {
  const { minLength, historyLength: history, complexity, minAge, maxAge } = policy;
  const told = {
    minLength,
    history,
    properties: complexity ? 1 : 0,
    maxAge: ticksOf(maxAge),
    minAge: ticksOf(minAge),
  };
  const { KRB_ERR_GENERIC } = ErrorCode;
  return new PasswordRefused(KpasswdResult.SOFTERROR, reason, reason, KRB_ERR_GENERIC, told);
}

/** Milliseconds in units of 100 ns; 0 for what never ends. */
function ticksOf(milliseconds: number): bigint {
  return Number.isFinite(milliseconds) ? BigInt(Math.trunc(milliseconds)) * 10_000n : 0n;
}

function denied(reason: string): PasswordRefused {
  return new PasswordRefused(
    KpasswdResult.ACCESSDENIED,
    reason,
    'Not permitted to change password',
  );
}
