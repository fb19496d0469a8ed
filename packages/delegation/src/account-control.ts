import { ACCOUNT_CONTROL, type AccountControlName } from '@doublehop/security/account-control';

/**
 * NOT_DELEGATED as the PAC spells it: KERB_VALIDATION_INFO.UserAccountControl holds the
 * USER_ACCOUNT codes of MS-SAMR 2.2.1.12, not those of the attribute (MS-PAC 2.5).
 */
export const PAC_USER_NOT_DELEGATED = 0x4000;

/** Whether a userAccountControl value has the bit of this name. */
export function hasControl(userAccountControl: number, name: AccountControlName): boolean {
  return (userAccountControl & ACCOUNT_CONTROL[name]) !== 0;
}

/** The names of the bits that are set, lowest bit first; bits without a name are left out. */
export function controlNames(userAccountControl: number): readonly AccountControlName[] {
  // The keys of a constant object are exactly the names of its type.
  const names = Object.keys(ACCOUNT_CONTROL) as AccountControlName[];
  return names.filter((name) => hasControl(userAccountControl, name));
}
