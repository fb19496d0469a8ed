import { timingSafeEqual } from 'node:crypto';
import { stringToKey } from '@doublehop/crypto/string-to-key';
import type { Account, AccountKey, KeySet } from '@doublehop/directory/account';
import { millisecondsOf } from '@doublehop/security/filetime';
import type { LdapContext } from './context.ts';

/** Types in the order in which a password is checked: the cheapest of those with a salt first. */
const PREFERENCE = [17, 18, 19, 20] as const;

/** Work for accounts that do not exist, so that time does not tell them apart. */
const NOBODY: AccountKey = { etype: 17, bytes: new Uint8Array(16), salt: 'NOBODY' };

/** Milliseconds for which the password before the last one still logs on over the network. */
const GRACE = 3_600_000;

/**
 * The keys of the password that an account had until lately: LDAP's simple binds and NTLM take it
 * for an hour (OldPasswordAllowedPeriod, Windows Server 2003 SP1 and later), whoever set the new
 * one. Not where the account must change its password, which is how a compromised one is
 * withdrawn, nor where the policy remembers fewer than two passwords (KB906305).
 */
export function graceKeys(
  { settings: { lockouts } }: Pick<LdapContext, 'settings'>,
  account: Account | undefined,
  now: number,
): KeySet | undefined {
  if (account === undefined || account.pwdLastSet === 0n) return undefined;
  if (lockouts !== undefined && lockouts.policyOf(account).historyLength < 2) return undefined;
  const changed = millisecondsOf(account.pwdLastSet);
  return now - changed < GRACE ? account.previousKeys[0] : undefined;
}

/**
 * Whether a password is the account's: its key is derived, on a libuv thread, with the stored salt
 * and compared in constant time. An account that is absent or has no such keys takes as long.
 */
export async function isPassword(
  account: Pick<Account, 'keys'> | undefined,
  password: string,
): Promise<boolean> {
  const stored = account === undefined ? undefined : checkableKey(account);
  const { etype, salt = '', bytes } = stored ?? NOBODY;
  const key = await stringToKey(etype, password, salt);
  const equal = timingSafeEqual(key.bytes(), bytes);
  return equal && stored !== undefined;
}

function checkableKey({ keys }: Pick<Account, 'keys'>): AccountKey | undefined {
  for (const etype of PREFERENCE) {
    const key = keys?.keys.find((one) => one.etype === etype && one.salt !== undefined);
    if (key !== undefined) return key;
  }
  return undefined;
}
