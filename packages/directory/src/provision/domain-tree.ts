import { encodeSid, parseSid } from '@doublehop/security/sid';
import type { DomainInfo } from '../domain.ts';
import type { DirectoryWriter } from '../writer.ts';
import {
  ADMIN_SD_HOLDER_SDDL,
  BUILTIN_SDDL,
  COMPUTERS_SDDL,
  CONTROLLERS_SDDL,
  INFRASTRUCTURE_SDDL,
  LOST_SDDL,
  MANAGED_SDDL,
  SYSTEM_SDDL,
  USERS_SDDL,
} from './descriptors.ts';
import { addPlanned, type Planned, SystemFlag } from './plan.ts';
import { CONTROLLERS_POLICY, DOMAIN_POLICY, FIRST_POOL, LAST_RID } from './settings.ts';

const { fixed, kept } = SystemFlag;

/** wellKnownObjects of the domain but CN=Deleted Objects (MS-ADTS 6.1.1.4). */
export const WELL_KNOWN: readonly (readonly [guid: string, rdn: string])[] = [
  ['6227F0AF1FC2410D8E3BB10615BB5B0F', 'CN=NTDS Quotas'],
  ['F4BE92A4C777485E878E9421D53087DB', 'CN=Microsoft,CN=Program Data'],
  ['09460C08AE1E4A4EA0F64AEE7DAA1E5A', 'CN=Program Data'],
  ['22B70C67D56E4EFB91E9300FCA3DC1AA', 'CN=ForeignSecurityPrincipals'],
  ['2FBAC1870ADE11D297C400C04FD8D5CD', 'CN=Infrastructure'],
  ['AB8153B7768811D1ADED00C04FD8D5CD', 'CN=LostAndFound'],
  ['AB1D30F3768811D1ADED00C04FD8D5CD', 'CN=System'],
  ['A361B2FFFFD211D1AA4B00C04FD7D83A', 'OU=Domain Controllers'],
  ['AA312825768811D1ADED00C04FD8D5CD', 'CN=Computers'],
  ['A9D1CA15768811D1ADED00C04FD8D5CD', 'CN=Users'],
];

/** otherWellKnownObjects of the domain (MS-ADTS 6.1.1.4). */
export const OTHER_WELL_KNOWN: readonly (readonly [guid: string, rdn: string])[] = [
  ['683A24E2E8164BD3AF86AC3C2CF3F981', 'CN=Keys'],
  ['1EB93889E40C45DF9F0C64D23BBB6237', 'CN=Managed Service Accounts'],
];

/** wellKnownObjects of the configuration but CN=Deleted Objects. */
export const CONFIGURATION_WELL_KNOWN: readonly (readonly [guid: string, rdn: string])[] = [
  ['6227F0AF1FC2410D8E3BB10615BB5B0F', 'CN=NTDS Quotas'],
  ['AB8153B7768811D1ADED00C04FD8D5CD', 'CN=LostAndFoundConfig'],
];

/** Values of wellKnownObjects or otherWellKnownObjects below a head. */
export function wellKnownValues(
  objects: readonly (readonly [guid: string, rdn: string])[],
  head: string,
): string[] {
  return objects.map(([guid, rdn]) => `B:32:${guid}:${rdn},${head}`);
}

/** The containers of the domain and CN=System (MS-ADTS 6.1.1.4, 6.1.1.5). */
export function addDomainTree(writer: DirectoryWriter, info: DomainInfo): void {
  addPlanned(writer, info, info.dn, [
    ...CONTAINERS,
    controllersUnit(info),
    ...SYSTEM.map(inSystem),
    ...policies(info).map(inSystem),
  ]);
}

/** What CN=Builtin has of a domain's password policy, which nothing asks for. */
const BUILTIN_POLICY = {
  forceLogoff: '-9223372036854775808',
  lockoutDuration: '-18000000000',
  lockOutObservationWindow: '-18000000000',
  lockoutThreshold: '0',
  maxPwdAge: '-37108517437440',
  minPwdAge: '0',
  minPwdLength: '0',
  modifiedCount: '1',
  modifiedCountAtLastProm: '0',
  nextRid: '1000',
  pwdHistoryLength: '0',
  pwdProperties: '0',
  serverState: '1',
  uASCompat: '1',
};

/** The controllers' container has a group policy of its own. */
function controllersUnit(info: DomainInfo): Planned {
  const gPLink = `[LDAP://CN=${CONTROLLERS_POLICY},CN=Policies,CN=System,${info.dn};0]`;
  return {
    rdn: 'OU=Domain Controllers',
    objectClass: 'organizationalUnit',
    systemFlags: fixed,
    critical: true,
    shown: true,
    sddl: CONTROLLERS_SDDL,
    more: { description: 'Default container for domain controllers', gPLink },
  };
}

const CONTAINERS: readonly Planned[] = [
  shownContainer('Users', USERS_SDDL, 'Default container for upgraded user accounts'),
  shownContainer('Computers', COMPUTERS_SDDL, 'Default container for upgraded computer accounts'),
  {
    rdn: 'CN=System',
    objectClass: 'container',
    systemFlags: fixed,
    critical: true,
    sddl: SYSTEM_SDDL,
    more: { description: 'Builtin system settings' },
  },
  {
    rdn: 'CN=LostAndFound',
    objectClass: 'lostAndFound',
    systemFlags: fixed,
    critical: true,
    sddl: LOST_SDDL,
    more: { description: 'Default container for orphaned objects' },
  },
  {
    rdn: 'CN=Infrastructure',
    objectClass: 'infrastructureUpdate',
    systemFlags: fixed,
    critical: true,
    sddl: INFRASTRUCTURE_SDDL,
  },
  {
    rdn: 'CN=ForeignSecurityPrincipals',
    objectClass: 'container',
    systemFlags: fixed,
    critical: true,
    shown: true,
    more: { description: 'Default container for security identifiers of other domains' },
  },
  {
    rdn: 'CN=Program Data',
    objectClass: 'container',
    more: { description: 'Default location for storage of application data' },
  },
  {
    rdn: 'CN=Microsoft,CN=Program Data',
    objectClass: 'container',
    more: { description: 'Default location for storage of Microsoft application data' },
  },
  {
    rdn: 'CN=NTDS Quotas',
    objectClass: 'msDS-QuotaContainer',
    systemFlags: kept,
    critical: true,
    more: {
      description: 'Quota specifications container',
      'msDS-TombstoneQuotaFactor': '100',
    },
  },
  {
    rdn: 'CN=Managed Service Accounts',
    objectClass: 'container',
    shown: true,
    sddl: MANAGED_SDDL,
    more: { description: 'Default container for managed service accounts' },
  },
  {
    rdn: 'CN=Keys',
    objectClass: 'container',
    systemFlags: fixed,
    critical: true,
    more: { description: 'Default container for key credential objects' },
  },
  { rdn: 'CN=TPM Devices', objectClass: 'msTPM-InformationObjectsContainer' },
  {
    rdn: 'CN=Builtin',
    objectClass: 'builtinDomain',
    systemFlags: fixed,
    critical: true,
    shown: true,
    sddl: BUILTIN_SDDL,
    more: { objectSid: encodeSid(parseSid('S-1-5-32')), ...BUILTIN_POLICY },
  },
];

/** rIDAvailablePool: the lowest RID in the low half, the number of RIDs in the high one. */
const AVAILABLE_POOL = String((BigInt(LAST_RID) << 32n) + BigInt(FIRST_POOL.high + 1));

/** Children of CN=System by their names there. */
const SYSTEM: readonly Planned[] = [
  {
    rdn: 'CN=AdminSDHolder',
    objectClass: 'container',
    systemFlags: fixed,
    critical: true,
    sddl: ADMIN_SD_HOLDER_SDDL,
  },
  critical('CN=ComPartitions', 'container'),
  critical('CN=ComPartitionSets', 'container'),
  { rdn: 'CN=Default Domain Policy', objectClass: 'domainPolicy', critical: true },
  { rdn: 'CN=AppCategories,CN=Default Domain Policy', objectClass: 'classStore', critical: true },
  { rdn: 'CN=Dfs-Configuration', objectClass: 'dfsConfiguration', critical: true, shown: true },
  {
    rdn: 'CN=DFSR-GlobalSettings',
    objectClass: 'msDFSR-GlobalSettings',
    more: { 'msDFSR-Flags': '48' },
  },
  {
    rdn: 'CN=Domain System Volume,CN=DFSR-GlobalSettings',
    objectClass: 'msDFSR-ReplicationGroup',
    more: { 'msDFSR-ReplicationGroupType': '1' },
  },
  {
    rdn: 'CN=Content,CN=Domain System Volume,CN=DFSR-GlobalSettings',
    objectClass: 'msDFSR-Content',
  },
  {
    rdn: 'CN=Topology,CN=Domain System Volume,CN=DFSR-GlobalSettings',
    objectClass: 'msDFSR-Topology',
  },
  { rdn: 'CN=DomainUpdates', objectClass: 'container' },
  {
    rdn: 'CN=ActiveDirectoryUpdate,CN=DomainUpdates',
    objectClass: 'container',
    // MS-ADTS 6.1.1.5.9: of the domain's functional level.
    more: { revision: '16' },
  },
  { rdn: 'CN=Operations,CN=DomainUpdates', objectClass: 'container' },
  {
    rdn: 'CN=Windows2003Update,CN=DomainUpdates',
    objectClass: 'container',
    more: { revision: '9' },
  },
  critical('CN=File Replication Service', 'nTFRSSettings'),
  critical('CN=FileLinks', 'fileLinkTracking'),
  critical('CN=ObjectMoveTable,CN=FileLinks', 'linkTrackObjectMoveTable'),
  critical('CN=VolumeTable,CN=FileLinks', 'linkTrackVolumeTable'),
  { rdn: 'CN=IP Security', objectClass: 'container', critical: true },
  { rdn: 'CN=Meetings', objectClass: 'container', critical: true },
  {
    rdn: 'CN=Password Settings Container',
    objectClass: 'msDS-PasswordSettingsContainer',
    systemFlags: fixed,
  },
  critical('CN=Policies', 'container'),
  { rdn: 'CN=PSPs', objectClass: 'msImaging-PSPs' },
  critical('CN=RAS and IAS Servers Access Check', 'container'),
  {
    rdn: 'CN=RID Manager$',
    objectClass: 'rIDManager',
    systemFlags: fixed,
    critical: true,
    more: { rIDAvailablePool: AVAILABLE_POOL },
  },
  critical('CN=RpcServices', 'rpcContainer'),
  {
    rdn: 'CN=Server',
    objectClass: 'samServer',
    systemFlags: fixed,
    critical: true,
    more: { revision: '65543' },
  },
  { rdn: 'CN=WinsockServices', objectClass: 'container', critical: true },
  { rdn: 'CN=WMIPolicy', objectClass: 'container' },
  ...['PolicyTemplate', 'PolicyType', 'SOM', 'WMIGPO'].map((name) => ({
    rdn: `CN=${name},CN=WMIPolicy`,
    objectClass: 'container',
  })),
];

/** The two policies that every domain has, without files: nothing here serves a SYSVOL. */
function policies({ dnsName }: DomainInfo): Planned[] {
  const policy = (guid: string, displayName: string): Planned[] => [
    {
      rdn: `CN=${guid},CN=Policies`,
      objectClass: 'groupPolicyContainer',
      systemFlags: fixed,
      critical: true,
      more: {
        displayName,
        gPCFunctionalityVersion: '2',
        gPCFileSysPath: `\\\\${dnsName}\\sysvol\\${dnsName}\\Policies\\${guid}`,
        versionNumber: '0',
        flags: '0',
      },
    },
    critical(`CN=User,CN=${guid},CN=Policies`, 'container'),
    critical(`CN=Machine,CN=${guid},CN=Policies`, 'container'),
  ];
  return [
    ...policy(DOMAIN_POLICY, 'Default Domain Policy'),
    ...policy(CONTROLLERS_POLICY, 'Default Domain Controllers Policy'),
  ];
}

function shownContainer(name: string, sddl: string, description: string): Planned {
  return {
    rdn: `CN=${name}`,
    objectClass: 'container',
    systemFlags: fixed,
    critical: true,
    shown: true,
    sddl,
    more: { description },
  };
}

function critical(rdn: string, objectClass: string): Planned {
  return { rdn, objectClass, systemFlags: fixed, critical: true };
}

function inSystem(planned: Planned): Planned {
  return { ...planned, rdn: `${planned.rdn},CN=System` };
}
