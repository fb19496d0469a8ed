import { timingSafeEqual } from 'node:crypto';
import { stringToKey } from '@doublehop/crypto/string-to-key';
import type { Account, AccountKey } from '@doublehop/directory/account';

/** Types in the order in which a password is checked: the cheapest of those with a salt first. */
const PREFERENCE = [17, 18, 19, 20] as const;

/** Work for accounts that do not exist, so that time does not tell them apart. */
const NOBODY: AccountKey = { etype: 17, bytes: new Uint8Array(16), salt: 'NOBODY' };

/**
 * Whether a password is the account's: its key is derived, on a libuv thread, with the stored salt
 * and compared in constant time. An account that is absent or has no such keys takes as long.
 */
export async function isPassword(account: Account | undefined, password: string): Promise<boolean> {
  const stored = account === undefined ? undefined : checkableKey(account);
  const { etype, salt = '', bytes } = stored ?? NOBODY;
  const key = await stringToKey(etype, password, salt);
  const equal = timingSafeEqual(key.bytes(), bytes);
  return equal && stored !== undefined;
}

function checkableKey({ keys }: Account): AccountKey | undefined {
  for (const etype of PREFERENCE) {
    const key = keys?.keys.find((one) => one.etype === etype && one.salt !== undefined);
    if (key !== undefined) return key;
  }
  return undefined;
}
