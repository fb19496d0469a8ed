import type { Account } from '@doublehop/directory/account';
import { KpasswdResult } from '@doublehop/kerberos/kpasswd/result';
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

/** A change that may be made: the caller's own, or by User-Force-Change-Password. */
export interface PermittedChange {
  readonly account: Account;
  readonly own: boolean;
}

/**
 * Whose password the caller may change, if any: the own one with an initial ticket (RFC 3244 §2),
 * another's with the right User-Force-Change-Password (MS-ADTS 5.1.3.2.1), which administrators
 * have. `found` is told who the target is as soon as that is known. Throws PasswordRefused.
 */
export function permittedChange(
  caller: PasswordCaller,
  { target }: Pick<PasswordWish, 'target'>,
  context: KpasswdContext,
  found: (account: Account) => void,
): PermittedChange {
  const { accounts, domain, settings } = context;
  const state = accountState(caller.account, context.clock(), settings);
  if (!CHANGES_PASSWORDS.has(state)) throw denied('caller-unusable');
  const { sid } = caller.account;
  const administrator = isAdministrator(caller.token, domain.sid);
  const ours = target === undefined || isOurRealm(domain, target.realm);
  const account =
    target === undefined
      ? caller.account
      : ours
        ? findClient(accounts, domain, target.name)
        : undefined;
  if (account === undefined) {
    // Who may not change others' passwords is not told who there is.
    if (!administrator) throw denied('not-permitted');
    throw new PasswordRefused(
      KpasswdResult.HARDERROR,
      'target-unknown',
      'There is no such account.',
    );
  }
  found(account);
  if (isKeyedByDomain(account)) throw denied('target-has-no-password');
  if (account.sid === sid) {
    if (caller.initial) return { account, own: true };
    const text = 'A ticket that was got by the password is needed.';
    throw new PasswordRefused(KpasswdResult.INITIAL_FLAG_NEEDED, 'ticket-not-initial', text);
  }
  context.directory.refresh();
  const entry = context.directory.get({ id: account.id });
  const subject = subjectOf(context, sid, caller.token);
  if (!mayDo(subject, entry, { kind: 'resetPassword' })) throw denied('not-permitted');
  return { account, own: false };
}

/** Makes keys of the new password, on libuv threads; durable when it resolves. */
export async function changePassword(
  { account }: PermittedChange,
  { password }: PasswordWish,
  { directory, domain, settings }: KpasswdContext,
): Promise<void> {
  const { encryptionTypes } = settings;
  await setPassword(directory, domain, { id: account.id }, password, { encryptionTypes });
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

function denied(reason: string): PasswordRefused {
  return new PasswordRefused(KpasswdResult.ACCESSDENIED, reason, 'Access is denied.');
}
