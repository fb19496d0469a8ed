import { GroupType } from './groups.ts';

/** Bits of userAccountControl that the directory acts on (MS-ADTS 2.2.16). */
export const AccountControl = {
  disabled: 0x2,
  passwordNotRequired: 0x20,
  normal: 0x200,
  interdomainTrust: 0x800,
  workstation: 0x1000,
  server: 0x2000,
  partialSecrets: 0x400_0000,
} as const;

/** Well-known relative identifiers of default groups (MS-DTYP 2.4.2.4). */
export const WellKnownRid = {
  administrator: 500,
  guest: 501,
  krbtgt: 502,
  domainAdmins: 512,
  domainUsers: 513,
  domainGuests: 514,
  domainComputers: 515,
  domainControllers: 516,
  certPublishers: 517,
  schemaAdmins: 518,
  enterpriseAdmins: 519,
  policyCreators: 520,
  readOnlyControllers: 521,
  cloneableControllers: 522,
  protectedUsers: 525,
  keyAdmins: 526,
  enterpriseKeyAdmins: 527,
} as const;

/** sAMAccountType of an account (MS-SAMR 2.2.1.9, MS-SAMR 3.1.1.8.4). */
export function accountTypeOfUser(control: number): number {
  if ((control & AccountControl.interdomainTrust) !== 0) return 0x3000_0002;
  const machine = AccountControl.workstation | AccountControl.server;
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
  if ((control & AccountControl.partialSecrets) !== 0) return WellKnownRid.readOnlyControllers;
  if ((control & AccountControl.server) !== 0) return WellKnownRid.domainControllers;
  if ((control & AccountControl.workstation) !== 0) return WellKnownRid.domainComputers;
  return WellKnownRid.domainUsers;
}
