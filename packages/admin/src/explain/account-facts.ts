import { hasControl } from '@doublehop/delegation/account-control';
import type { AccountState } from '@doublehop/delegation/facts';
import { textOf, textsOf, valuesOf } from '@doublehop/ldap/client/entry';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import { millisecondsOf, NEVER } from '@doublehop/security/filetime';
import { decodeSid, type Sid } from '@doublehop/security/sid';
import { ACCOUNT_ATTRIBUTES, type Account, accountOf } from '../account.ts';
import type { DomainConnection } from '../connection.ts';
import { firstEntries } from '../directory-client.ts';
import { AdminError } from '../errors.ts';

/** What an account that takes part in a hop is asked about; all of it is read by its DN at once. */
const HOP_ATTRIBUTES: readonly string[] = [
  ...ACCOUNT_ATTRIBUTES,
  'userPrincipalName',
  'msDS-AllowedToDelegateTo',
  'msDS-User-Account-Control-Computed',
  'accountExpires',
  'lockoutTime',
  'logonHours',
  'pwdLastSet',
  'msDS-AssignedAuthNPolicy',
  'msDS-AssignedAuthNPolicySilo',
  'tokenGroups',
  'tokenGroupsGlobalAndUniversal',
];

/** An account with all that delegation rules ask of it. */
export interface HopAccount {
  readonly account: Account;
  readonly userPrincipalName: string | undefined;
  /** msDS-AllowedToDelegateTo as it stands. */
  readonly allowedToDelegateTo: readonly string[];
  readonly state: AccountState;
  /** Its groups, nested ones too; undefined: the directory does not tell them. */
  readonly groups: ReadonlySet<Sid> | undefined;
  /** Those of them that are known outside the domain. */
  readonly globalGroups: ReadonlySet<Sid> | undefined;
  /**
   * The property set User-Account-Restrictions can be read (MS-ADA2 2.218 and MS-ADA3 2.343 name
   * its GUID 4c164200-…): userAccountControl, accountExpires and the descriptor of a target are
   * in it, and of these every account has the first. What is absent is absent only where this is
   * true.
   */
  readonly restrictionsRead: boolean;
  /** DNs of the policy and the silo that it is assigned to. */
  readonly policyDn: string | undefined;
  readonly siloDn: string | undefined;
}

/** Reads an account that was found; `now` in milliseconds. Throws AdminError, LdapError. */
export async function readHopAccount(
  { client }: DomainConnection,
  dn: string,
  now: number,
): Promise<HopAccount> {
  const search = client.search({ base: dn, scope: 'base', attributes: HOP_ATTRIBUTES });
  const [entry] = await firstEntries(search, 1);
  if (entry === undefined) {
    throw new AdminError('not-found', `${dn} cannot be read`, { subject: dn });
  }
  const account = accountOf(entry);
  return {
    account,
    userPrincipalName: textOf(entry, 'userPrincipalName'),
    allowedToDelegateTo: textsOf(entry, 'msDS-AllowedToDelegateTo'),
    state: stateOf(entry, account, now),
    groups: sidsIn(entry, 'tokenGroups'),
    globalGroups: sidsIn(entry, 'tokenGroupsGlobalAndUniversal'),
    restrictionsRead: valuesOf(entry, 'userAccountControl').length > 0,
    policyDn: textOf(entry, 'msDS-AssignedAuthNPolicy'),
    siloDn: textOf(entry, 'msDS-AssignedAuthNPolicySilo'),
  };
}

/** Everybody is in some group: where there is none at all, they cannot be read. */
function sidsIn(entry: ClientEntry, attribute: string): ReadonlySet<Sid> | undefined {
  const values = valuesOf(entry, attribute);
  return values.length === 0 ? undefined : new Set(values.map((sid) => decodeSid(sid)));
}

/**
 * Whether the account may be used: the worst that applies, in the order in which KDCs look
 * (MS-KILE 3.3.5.7.1). Lockout and age of the password are the controller's to compute (MS-ADTS
 * 3.1.1.4.5.17): only it knows the policy.
 */
function stateOf(entry: ClientEntry, account: Account, now: number): AccountState {
  const { userAccountControl: control } = account;
  const computed = Number(textOf(entry, 'msDS-User-Account-Control-Computed') ?? '0') | 0;
  if (hasControl(control, 'ACCOUNTDISABLE')) return 'disabled';
  if (hasControl(computed, 'LOCKOUT')) return 'locked';
  if (isOver(fileTimeIn(entry, 'accountExpires'), now)) return 'expired';
  if (!isLogonHour(valuesOf(entry, 'logonHours')[0], now)) return 'outside-logon-hours';
  const exempt =
    account.kind !== 'user' ||
    hasControl(control, 'DONT_EXPIRE_PASSWORD') ||
    hasControl(control, 'SMARTCARD_REQUIRED');
  if (exempt) return 'usable';
  if (fileTimeIn(entry, 'pwdLastSet') === 0n) return 'password-must-change';
  return hasControl(computed, 'PASSWORD_EXPIRED') ? 'password-expired' : 'usable';
}

function isOver(time: bigint | undefined, now: number): boolean {
  return time !== undefined && time !== 0n && time < NEVER && millisecondsOf(time) <= now;
}

function fileTimeIn(entry: ClientEntry, attribute: string): bigint | undefined {
  const text = textOf(entry, attribute);
  return text !== undefined && /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}

const HOUR = 3_600_000;
/** 1970-01-01 was a Thursday; the bits begin with Sunday, in UTC (MS-SAMR 2.2.6.5). */
const FIRST_HOUR = 4 * 24;

function isLogonHour(hours: Uint8Array | undefined, now: number): boolean {
  if (hours === undefined || hours.length < 21) return true;
  const hour = (Math.floor(now / HOUR) + FIRST_HOUR) % 168;
  return ((hours[hour >> 3] ?? 0) & (1 << (hour & 7))) !== 0;
}
