import { hasControl } from '@doublehop/delegation/account-control';
import type { AccountState } from '@doublehop/delegation/facts';
import type { Account } from '@doublehop/directory/account';
import type { HostAddresses } from '@doublehop/kerberos/messages/common';
import { millisecondsOf, NEVER } from '@doublehop/security/filetime';
import { Refused } from '../errors.ts';
import type { KdcSettings } from './settings.ts';

const HOUR = 3_600_000;
/** 1970-01-01 was a Thursday; logonHours begin with Sunday (MS-SAMR 2.2.6.5). */
const EPOCH_HOUR_OF_WEEK = 4 * 24;

/**
 * Whether an account may be used at a time (milliseconds): the worst that applies, in the order in
 * which Windows looks (MS-KILE 3.3.5.7.1, MS-SAMR 3.1.5.14).
 */
export function accountState(account: Account, now: number, settings: KdcSettings): AccountState {
  if (hasControl(account.userAccountControl, 'ACCOUNTDISABLE')) return 'disabled';
  if (isLocked(account, now, settings)) return 'locked';
  if (isExpired(account, now)) return 'expired';
  if (!isLogonHour(account.logonHours, now)) return 'outside-logon-hours';
  return passwordState(account, now, settings);
}

/** Refuses a client whose account cannot be used (RFC 4120 §3.1.3). */
export function requireUsableClient(state: AccountState): void {
  switch (state) {
    case 'disabled':
      throw revoked('client-disabled', 'STATUS_ACCOUNT_DISABLED');
    case 'locked':
      throw revoked('client-locked', 'STATUS_ACCOUNT_LOCKED_OUT');
    case 'expired':
      throw revoked('client-expired', 'STATUS_ACCOUNT_EXPIRED');
    case 'outside-logon-hours':
      throw revoked('client-outside-logon-hours', 'STATUS_INVALID_LOGON_HOURS');
    case 'usable':
    case 'password-expired':
    case 'password-must-change':
    case 'elsewhere':
  }
}

/** Refuses a logon with a password that is too old; asked after the password proved right. */
export function requireFreshPassword(state: AccountState): void {
  if (state === 'password-expired') {
    throw new Refused('KDC_ERR_KEY_EXPIRED', state, { status: 'STATUS_PASSWORD_EXPIRED' });
  }
  if (state === 'password-must-change') {
    throw new Refused('KDC_ERR_KEY_EXPIRED', state, { status: 'STATUS_PASSWORD_MUST_CHANGE' });
  }
}

/**
 * Refuses a logon that the account's restrictions forbid, once its password proved right: with a
 * password where a smart card is required, or from another machine than userWorkstations names
 * (MS-KILE 3.3.5.6). A client tells its machine by an address of type NetBIOS (RFC 4120 §7.5.3);
 * one that does not may be on any.
 */
export function requirePermittedLogon(
  { userAccountControl, userWorkstations }: Account,
  addresses: HostAddresses = [],
): void {
  if (hasControl(userAccountControl, 'SMARTCARD_REQUIRED')) {
    const status = 'STATUS_SMARTCARD_LOGON_REQUIRED';
    throw new Refused('KDC_ERR_POLICY', 'smart-card-required', { status });
  }
  if (userWorkstations === undefined) return;
  const allowed = userWorkstations.split(',').map((name) => name.trim().toUpperCase());
  const from = addresses.filter(({ addrType }) => addrType === NETBIOS).map(netbiosName);
  if (from.length > 0 && from.every((name) => allowed.includes(name))) return;
  const status = 'STATUS_INVALID_WORKSTATION';
  throw new Refused('KDC_ERR_POLICY', 'client-workstation', { status });
}

/** Address type of NetBIOS names: 15 octets, filled with blanks, and a type (RFC 1001 §14). */
const NETBIOS = 20;

function netbiosName({ address }: HostAddresses[number]): string {
  return Buffer.from(address.subarray(0, 15)).toString('latin1').trimEnd().toUpperCase();
}

type RevokedStatus =
  | 'STATUS_ACCOUNT_DISABLED'
  | 'STATUS_ACCOUNT_LOCKED_OUT'
  | 'STATUS_ACCOUNT_EXPIRED'
  | 'STATUS_INVALID_LOGON_HOURS';

function revoked(reason: string, status: RevokedStatus): Refused {
  return new Refused('KDC_ERR_CLIENT_REVOKED', reason, { status });
}

/** Without a directory nobody says when it ends. */
function isLocked(account: Account, now: number, { lockouts }: KdcSettings): boolean {
  return lockouts === undefined ? account.lockoutTime !== 0n : lockouts.isLocked(account, now);
}

function isExpired({ accountExpires }: Account, now: number): boolean {
  return accountExpires !== 0n && accountExpires < NEVER && millisecondsOf(accountExpires) <= now;
}

function isLogonHour(hours: Uint8Array | undefined, now: number): boolean {
  if (hours === undefined || hours.length < 21) return true;
  const hour = (Math.floor(now / HOUR) + EPOCH_HOUR_OF_WEEK) % 168;
  return ((hours[hour >> 3] ?? 0) & (1 << (hour & 7))) !== 0;
}

/** Passwords of users expire; those of computers and services are their own business. */
function passwordState(account: Account, now: number, settings: KdcSettings): AccountState {
  const { kind, pwdLastSet, userAccountControl } = account;
  const exempt =
    kind !== 'user' ||
    hasControl(userAccountControl, 'DONT_EXPIRE_PASSWORD') ||
    hasControl(userAccountControl, 'SMARTCARD_REQUIRED');
  if (exempt) return 'usable';
  if (pwdLastSet === 0n) return 'password-must-change';
  return millisecondsOf(pwdLastSet) + maxAgeOf(account, settings) <= now
    ? 'password-expired'
    : 'usable';
}

/** Milliseconds for which a password is good. */
function maxAgeOf(account: Account, { maxPasswordAge, lockouts }: KdcSettings): number {
  if (maxPasswordAge !== undefined) return maxPasswordAge === 0 ? Infinity : maxPasswordAge * 1000;
  return lockouts?.policyOf(account).maxAge ?? Infinity;
}
