/** One NTSTATUS value: its number, and what it means where Kerberos uses it. */
export interface NtStatusEntry {
  readonly value: number;
  readonly meaning: string;
}

/** NTSTATUS values that a KDC puts into e-data or an event (MS-ERREF 2.3.1, MS-KILE 2.2.2). */
export const ntStatusTable = {
  STATUS_SUCCESS: { value: 0x0000_0000, meaning: 'the operation succeeded' },
  STATUS_UNSUCCESSFUL: { value: 0xc000_0001, meaning: 'the operation failed' },
  STATUS_NOT_IMPLEMENTED: { value: 0xc000_0002, meaning: 'this is not implemented' },
  STATUS_INVALID_PARAMETER: { value: 0xc000_000d, meaning: 'a parameter is not valid' },
  STATUS_ACCESS_DENIED: { value: 0xc000_0022, meaning: 'access is denied' },
  STATUS_NO_SUCH_USER: { value: 0xc000_0064, meaning: 'the account does not exist' },
  STATUS_WRONG_PASSWORD: { value: 0xc000_006a, meaning: 'the password is wrong' },
  STATUS_PASSWORD_RESTRICTION: {
    value: 0xc000_006c,
    meaning: 'the new password breaks a rule of the password policy',
  },
  STATUS_LOGON_FAILURE: { value: 0xc000_006d, meaning: 'the name or the password is wrong' },
  STATUS_ACCOUNT_RESTRICTION: {
    value: 0xc000_006e,
    meaning: 'a restriction on the account forbids this',
  },
  STATUS_INVALID_LOGON_HOURS: {
    value: 0xc000_006f,
    meaning: 'the account may not log on at this hour',
  },
  STATUS_INVALID_WORKSTATION: {
    value: 0xc000_0070,
    meaning: 'the account may not log on from this computer',
  },
  STATUS_PASSWORD_EXPIRED: { value: 0xc000_0071, meaning: 'the password has expired' },
  STATUS_ACCOUNT_DISABLED: { value: 0xc000_0072, meaning: 'the account is disabled' },
  STATUS_INSUFFICIENT_RESOURCES: {
    value: 0xc000_009a,
    meaning: 'there are not enough resources to do this',
  },
  STATUS_SMARTCARD_LOGON_REQUIRED: {
    value: 0xc000_02fa,
    meaning: 'the account may log on with a smart card only',
  },
  STATUS_NOT_SUPPORTED: { value: 0xc000_00bb, meaning: 'the request is not supported' },
  STATUS_INTERNAL_ERROR: { value: 0xc000_00e5, meaning: 'an internal error occurred' },
  STATUS_TIME_DIFFERENCE_AT_DC: {
    value: 0xc000_0133,
    meaning: 'the clocks of the computer and the domain controller differ too much',
  },
  STATUS_LOGON_TYPE_NOT_GRANTED: {
    value: 0xc000_015b,
    meaning: 'the account lacks the right to log on in this way',
  },
  STATUS_NO_TRUST_SAM_ACCOUNT: {
    value: 0xc000_018b,
    meaning: 'the domain has no account for this computer',
  },
  STATUS_TRUSTED_DOMAIN_FAILURE: {
    value: 0xc000_018c,
    meaning: 'the trust between the two domains failed',
  },
  STATUS_ACCOUNT_EXPIRED: { value: 0xc000_0193, meaning: 'the account has expired' },
  STATUS_PASSWORD_MUST_CHANGE: {
    value: 0xc000_0224,
    meaning: 'the password must be changed before the first logon',
  },
  STATUS_NOT_FOUND: { value: 0xc000_0225, meaning: 'the object was not found' },
  STATUS_ACCOUNT_LOCKED_OUT: { value: 0xc000_0234, meaning: 'the account is locked out' },
  STATUS_NO_MATCH: { value: 0xc000_0272, meaning: 'nothing in the list matches' },
  STATUS_NO_S4U_PROT_SUPPORT: {
    value: 0xc000_040a,
    meaning: 'the system does not support the S4U protocols',
  },
  STATUS_CROSSREALM_DELEGATION_FAILURE: {
    value: 0xc000_040b,
    meaning: 'delegation into another realm was attempted and refused',
  },
  STATUS_AUTHENTICATION_FIREWALL_FAILED: {
    value: 0xc000_0413,
    meaning: 'an authentication policy or selective authentication refused the account',
  },
  STATUS_KDC_UNABLE_TO_REFER: {
    value: 0xc000_02fc,
    meaning: 'the KDC could not refer the client to another realm',
  },
  STATUS_KDC_UNKNOWN_ETYPE: {
    value: 0xc000_02fd,
    meaning: 'the KDC supports none of the encryption types asked for',
  },
  STATUS_NO_KERB_KEY: { value: 0xc000_0322, meaning: 'the account has no suitable key' },
  STATUS_UNSUPPORTED_PREAUTH: {
    value: 0xc000_0351,
    meaning: 'the kind of pre-authentication is not supported',
  },
  STATUS_USER2USER_REQUIRED: {
    value: 0xc000_0408,
    meaning: 'the account can only be reached by user-to-user authentication',
  },
  STATUS_PKINIT_FAILURE: { value: 0xc000_0320, meaning: 'certificate logon failed' },
} as const satisfies Record<string, NtStatusEntry>;

/** The name of an NTSTATUS value that this table has. */
export type NtStatus = keyof typeof ntStatusTable;

/** The unsigned 32-bit number of a name. */
export function ntStatusValue(name: NtStatus): number {
  return ntStatusTable[name].value;
}

/** What a name means, in words without a full stop. */
export function ntStatusMeaning(name: NtStatus): string {
  return ntStatusTable[name].meaning;
}

/** The name of a number, given signed or unsigned; undefined when the table has none. */
export function ntStatusName(value: number): NtStatus | undefined {
  return BY_VALUE.get(value >>> 0);
}

const BY_VALUE: ReadonlyMap<number, NtStatus> = new Map(
  // The keys of an object literal without a wider type are exactly the names.
  (Object.keys(ntStatusTable) as NtStatus[]).map((name) => [ntStatusTable[name].value, name]),
);
