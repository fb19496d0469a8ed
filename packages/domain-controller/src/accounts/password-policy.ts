import { timingSafeEqual } from 'node:crypto';
import { stringToKey } from '@doublehop/crypto/string-to-key';
import { hasControl } from '@doublehop/delegation/account-control';
import type { Account, AccountKey, KeySet } from '@doublehop/directory/account';
import { millisecondsOf } from '@doublehop/security/filetime';

/** What a domain, or a password settings object in its stead, asks of passwords and logons. */
export interface PasswordPolicy {
  readonly minLength: number;
  /** Earlier passwords that may not come again. */
  readonly historyLength: number;
  readonly complexity: boolean;
  /** Milliseconds before a password may be changed by its owner. */
  readonly minAge: number;
  /** Milliseconds after which it has expired; Infinity: never. */
  readonly maxAge: number;
  /** Wrong passwords that lock an account; 0: they never do. */
  readonly lockoutThreshold: number;
  /** Milliseconds after which wrong passwords are forgotten. */
  readonly lockoutWindow: number;
  /** Milliseconds for which an account stays locked; Infinity: until somebody unlocks it. */
  readonly lockoutDuration: number;
  /** The built-in Administrator can be locked too (MS-SAMR 2.2.3.1, DOMAIN_LOCKOUT_ADMINS). */
  readonly locksAdministrator: boolean;
}

/** Why a password may not be set (MS-SAMR 3.1.1.7). */
export type PasswordViolation = 'too-short' | 'not-complex' | 'too-young' | 'in-history';

/** A password that somebody wants to set. */
export interface PasswordWish {
  readonly password: string;
  /**
   * A change by its owner, who showed the old one; else a reset, which is bound neither to the
   * minimum age nor to the history (MS-SAMR 3.1.1.7.1).
   */
  readonly own: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Which rule of a policy a password would break, if any. Accounts of machines and trusts are bound
 * by none (MS-SAMR 3.1.1.7.1): what they set is random. The history costs a string-to-key for each
 * salt that it was made with, on a libuv thread.
 */
export async function checkPassword(
  policy: PasswordPolicy,
  account: Account,
  { password, own, now }: PasswordWish,
): Promise<PasswordViolation | undefined> {
  if (!isBound(account)) return undefined;
  const changed = millisecondsOf(account.pwdLastSet);
  // pwdLastSet 0 demands a change: it must be possible (MS-SAMR 3.1.1.7.1).
  if (own && account.pwdLastSet !== 0n && changed + policy.minAge > now) return 'too-young';
  const length = hasControl(account.userAccountControl, 'PASSWD_NOTREQD') ? 0 : policy.minLength;
  if (password.length < length) return 'too-short';
  if (policy.complexity && !isComplex(password, account)) return 'not-complex';
  if (!own) return undefined;
  const { keys, previousKeys } = account;
  const history = [...(keys === undefined ? [] : [keys]), ...previousKeys];
  const known = await isAmong(password, history.slice(0, policy.historyLength));
  return known ? 'in-history' : undefined;
}

/** Whether a password is one of those of which keys were made; compared in constant time. */
export async function isAmong(password: string, history: readonly KeySet[]): Promise<boolean> {
  const made = new Map<string, Promise<Uint8Array>>();
  let found = false;
  for (const { keys } of history) {
    const key = cheapest(keys);
    if (key === undefined) continue;
    const { etype, salt = '' } = key;
    const id = `${etype} ${salt}`;
    let derived = made.get(id);
    if (derived === undefined) {
      derived = stringToKey(etype, password, salt).then((one) => one.bytes());
      made.set(id, derived);
    }
    const bytes = await derived;
    if (bytes.length === key.bytes.length && timingSafeEqual(bytes, key.bytes)) found = true;
  }
  return found;
}

/**
 * Three of five kinds of characters, and no part of the account's names (MS-SAMR 3.1.1.7.2): the
 * sAMAccountName as a whole and each word of the display name, where they have three characters.
 */
export function isComplex(
  password: string,
  { samAccountName, displayName = '' }: Pick<Account, 'samAccountName' | 'displayName'>,
): boolean {
  const lower = password.toLowerCase();
  const names = [samAccountName, ...displayName.split(NAME_DELIMITERS)];
  if (names.some((name) => name.length > 2 && lower.includes(name.toLowerCase()))) return false;
  return KINDS.filter((kind) => kind.test(password)).length >= 3;
}

const NAME_DELIMITERS = /[,.\-_ #\t]/;

/** Capitals, small letters, digits, the listed marks, and letters that have no case. */
const KINDS = [
  /\p{Lu}/u,
  /\p{Ll}/u,
  /[0-9]/,
  /[~!@#$%^&*_\-+=`|\\(){}[\]:;"'<>,.?/]/,
  /[\p{Lo}\p{Lt}\p{Lm}]/u,
] as const;

function isBound({ kind, userAccountControl }: Account): boolean {
  return kind === 'user' && (userAccountControl & MACHINES) === 0;
}

/** INTERDOMAIN_TRUST_ACCOUNT, WORKSTATION_TRUST_ACCOUNT, SERVER_TRUST_ACCOUNT. */
const MACHINES = 0x800 | 0x1000 | 0x2000;

/** The key of a password that is checked at the least cost; RC4, which has no salt, last. */
function cheapest(keys: readonly AccountKey[]): AccountKey | undefined {
  for (const etype of [17, 18, 19, 20, 23]) {
    const key = keys.find((one) => one.etype === etype && (etype === 23 || one.salt !== undefined));
    if (key !== undefined) return key;
  }
  return undefined;
}
