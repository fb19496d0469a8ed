/** NTSTATUS values with which a Windows KDC details a refusal (MS-SFU 3.2.5, MS-ERREF 2.3.1). */
export const KdcStatus = {
  STATUS_NO_SUCH_USER: 0xc000_0064,
  STATUS_WRONG_PASSWORD: 0xc000_006a,
  STATUS_ACCOUNT_RESTRICTION: 0xc000_006e,
  STATUS_INVALID_LOGON_HOURS: 0xc000_006f,
  STATUS_INVALID_WORKSTATION: 0xc000_0070,
  STATUS_PASSWORD_EXPIRED: 0xc000_0071,
  STATUS_ACCOUNT_DISABLED: 0xc000_0072,
  STATUS_NOT_SUPPORTED: 0xc000_00bb,
  STATUS_ACCOUNT_EXPIRED: 0xc000_0193,
  STATUS_PASSWORD_MUST_CHANGE: 0xc000_0224,
  STATUS_NOT_FOUND: 0xc000_0225,
  STATUS_ACCOUNT_LOCKED_OUT: 0xc000_0234,
  STATUS_NO_MATCH: 0xc000_0272,
  STATUS_AUTHENTICATION_FIREWALL_FAILED: 0xc000_0413,
} as const;

/** Name of a status, or its number in hexadecimal. */
export function statusName(status: number): string {
  return NAMES.get(status) ?? `0x${status.toString(16).padStart(8, '0').toUpperCase()}`;
}

/** Name and, where it is one of {@link KdcStatus}, meaning of a status. */
export function describeStatus(status: number): string {
  const meaning = MEANINGS.get(status);
  return meaning === undefined ? statusName(status) : `${statusName(status)}: ${meaning}`;
}

/**
 * What a status means when S4U2Proxy was refused with KDC_ERR_BADOPTION or KDC_ERR_POLICY (MS-SFU
 * 3.2.5.2.1 to 3.2.5.2.3), or undefined where MS-SFU gives it no meaning.
 */
export function delegationMeaning(status: number): string | undefined {
  return DELEGATION.get(status);
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(KdcStatus).map(([name, status]) => [status, name]),
);

const MEANINGS: ReadonlyMap<number, string> = new Map<number, string>([
  [KdcStatus.STATUS_NO_SUCH_USER, 'there is no such account'],
  [KdcStatus.STATUS_WRONG_PASSWORD, 'the password is wrong'],
  [KdcStatus.STATUS_ACCOUNT_RESTRICTION, 'the account is restricted'],
  [KdcStatus.STATUS_INVALID_LOGON_HOURS, 'the account may not log on at this hour'],
  [KdcStatus.STATUS_INVALID_WORKSTATION, 'the account may not log on from this computer'],
  [KdcStatus.STATUS_PASSWORD_EXPIRED, 'the password has expired'],
  [KdcStatus.STATUS_ACCOUNT_DISABLED, 'the account is disabled'],
  [KdcStatus.STATUS_ACCOUNT_EXPIRED, 'the account has expired'],
  [KdcStatus.STATUS_PASSWORD_MUST_CHANGE, 'the password must be changed before the first logon'],
  [KdcStatus.STATUS_ACCOUNT_LOCKED_OUT, 'the account is locked out'],
]);

const DELEGATION: ReadonlyMap<number, string> = new Map<number, string>([
  [
    KdcStatus.STATUS_NOT_FOUND,
    "the target's msDS-AllowedToActOnBehalfOfOtherIdentity does not list the middle",
  ],
  [
    KdcStatus.STATUS_ACCOUNT_RESTRICTION,
    'the evidence ticket is not forwardable: the user is sensitive or protected, or the middle ' +
      'is bound to its msDS-AllowedToDelegateTo',
  ],
  [
    KdcStatus.STATUS_NOT_SUPPORTED,
    "the middle's msDS-AllowedToDelegateTo is empty and the KDC was not asked for RBCD, or does " +
      'not know it; ask another domain controller',
  ],
  [
    KdcStatus.STATUS_NO_MATCH,
    "the middle's msDS-AllowedToDelegateTo does not list the target, and the KDC was not asked " +
      'for RBCD, or does not know it; ask another domain controller',
  ],
  [
    KdcStatus.STATUS_AUTHENTICATION_FIREWALL_FAILED,
    'an authentication policy on the target does not let the user or the middle authenticate to it',
  ],
]);
