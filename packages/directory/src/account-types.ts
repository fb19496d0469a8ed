import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import { DomainRid } from '@doublehop/security/well-known-sids';
import { GroupType } from './groups.ts';

/** sAMAccountType of an account (MS-SAMR 2.2.1.9, MS-SAMR 3.1.1.8.4). */
export function accountTypeOfUser(control: number): number {
  if ((control & ACCOUNT_CONTROL.INTERDOMAIN_TRUST_ACCOUNT) !== 0) return 0x3000_0002;
  const machine = ACCOUNT_CONTROL.WORKSTATION_TRUST_ACCOUNT | ACCOUNT_CONTROL.SERVER_TRUST_ACCOUNT;
  return (control & machine) !== 0 ? 0x3000_0001 : 0x3000_0000;
}

/** sAMAccountType of a group (MS-SAMR 2.2.1.9, MS-SAMR 3.1.1.8.4). */
export function accountTypeOfGroup(groupType: number): number {
  const local = (groupType & (GroupType.domainLocal | GroupType.builtin)) !== 0;
  const security = (groupType & GroupType.security) !== 0;
  return (local ? 0x2000_0000 : 0x1000_0000) + (security ? 0 : 1);
}

/** The primary group that an account gets from its kind (MS-SAMR 3.1.1.8.1). */
export function defaultPrimaryGroup(control: number): number {
  if ((control & ACCOUNT_CONTROL.PARTIAL_SECRETS_ACCOUNT) !== 0)
    return DomainRid.readOnlyDomainControllers;
  if ((control & ACCOUNT_CONTROL.SERVER_TRUST_ACCOUNT) !== 0) return DomainRid.domainControllers;
  if ((control & ACCOUNT_CONTROL.WORKSTATION_TRUST_ACCOUNT) !== 0) return DomainRid.domainComputers;
  return DomainRid.domainUsers;
}
