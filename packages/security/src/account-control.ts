/**
 * The bits of the attribute userAccountControl (MS-ADTS 2.2.16). The letters in the comments are
 * those of that section's table.
 */
export const ACCOUNT_CONTROL = {
  /** D: the account is disabled. */
  ACCOUNTDISABLE: 0x2,
  /** HR: a home directory is required. */
  HOMEDIR_REQUIRED: 0x8,
  /** L: the account is locked out (kept elsewhere; read msDS-User-Account-Control-Computed). */
  LOCKOUT: 0x10,
  /** NR: no password is required. */
  PASSWD_NOTREQD: 0x20,
  /** CC: the user cannot change the password. */
  PASSWD_CANT_CHANGE: 0x40,
  /** ET: passwords are kept with reversible encryption. */
  ENCRYPTED_TEXT_PASSWORD_ALLOWED: 0x80,
  /** N: a user account. */
  NORMAL_ACCOUNT: 0x200,
  /** ID: the account of a trusting domain. */
  INTERDOMAIN_TRUST_ACCOUNT: 0x800,
  /** WT: a member computer. */
  WORKSTATION_TRUST_ACCOUNT: 0x1000,
  /** ST: a domain controller. */
  SERVER_TRUST_ACCOUNT: 0x2000,
  /** DP: the password does not expire. */
  DONT_EXPIRE_PASSWORD: 0x10000,
  /** SR: interactive logon takes a smart card. */
  SMARTCARD_REQUIRED: 0x40000,
  /** TD: unconstrained delegation; tickets to it carry ok-as-delegate (MS-KILE 3.3.1.1). */
  TRUSTED_FOR_DELEGATION: 0x80000,
  /** ND: "sensitive": nobody may act for this user (MS-SFU 3.2.1 DelegationNotAllowed). */
  NOT_DELEGATED: 0x100000,
  /** DK: only DES keys. */
  USE_DES_KEY_ONLY: 0x200000,
  /** DR: no pre-authentication is asked for. */
  DONT_REQ_PREAUTH: 0x400000,
  /** PE: the password has expired. */
  PASSWORD_EXPIRED: 0x800000,
  /** TA: protocol transition (MS-SFU 3.2.1 TrustedToAuthenticationForDelegation). */
  TRUSTED_TO_AUTH_FOR_DELEGATION: 0x1000000,
  /** NA: tickets to this account carry no PAC (MS-KILE 3.3.1.1). */
  NO_AUTH_DATA_REQUIRED: 0x2000000,
  /** PS: a read-only domain controller. */
  PARTIAL_SECRETS_ACCOUNT: 0x4000000,
} as const;

export type AccountControlName = keyof typeof ACCOUNT_CONTROL;
