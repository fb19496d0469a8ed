import { ACCOUNT_CONTROL, type AccountControlName } from '@doublehop/security/account-control';

/** USER_ACCOUNT codes of MS-SAMR 2.2.1.12 by the bits of the directory (MS-SAMR 3.1.5.14.2). */
const SAM_BITS: readonly (readonly [AccountControlName, number])[] = [
  ['ACCOUNTDISABLE', 0x1],
  ['HOMEDIR_REQUIRED', 0x2],
  ['PASSWD_NOTREQD', 0x4],
  ['NORMAL_ACCOUNT', 0x10],
  ['INTERDOMAIN_TRUST_ACCOUNT', 0x40],
  ['WORKSTATION_TRUST_ACCOUNT', 0x80],
  ['SERVER_TRUST_ACCOUNT', 0x100],
  ['DONT_EXPIRE_PASSWORD', 0x200],
  ['LOCKOUT', 0x400],
  ['ENCRYPTED_TEXT_PASSWORD_ALLOWED', 0x800],
  ['SMARTCARD_REQUIRED', 0x1000],
  ['TRUSTED_FOR_DELEGATION', 0x2000],
  ['NOT_DELEGATED', 0x4000],
  ['USE_DES_KEY_ONLY', 0x8000],
  ['DONT_REQ_PREAUTH', 0x10000],
  ['PASSWORD_EXPIRED', 0x20000],
  ['TRUSTED_TO_AUTH_FOR_DELEGATION', 0x40000],
  ['NO_AUTH_DATA_REQUIRED', 0x80000],
  ['PARTIAL_SECRETS_ACCOUNT', 0x100000],
];

/** userAccountControl as KERB_VALIDATION_INFO spells it (MS-PAC 2.5). */
export function samUserAccountControl(userAccountControl: number): number {
  let codes = 0;
  for (const [name, code] of SAM_BITS) {
    if ((userAccountControl & ACCOUNT_CONTROL[name]) !== 0) codes |= code;
  }
  return codes;
}
