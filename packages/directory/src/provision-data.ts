import { GroupType } from './groups.ts';

/** A default group: name, RID and scope (MS-ADTS 6.1.1.6; RIDs of MS-DTYP 2.4.2.4). */
export interface DefaultGroup {
  readonly name: string;
  readonly rid: number;
  readonly scope: 'global' | 'universal' | 'domainLocal';
  readonly description: string;
}

/** groupType of each scope, as the signed number that LDAP shows. */
export const GROUP_TYPES = {
  global: GroupType.security | GroupType.global | 0,
  universal: GroupType.security | GroupType.universal | 0,
  domainLocal: GroupType.security | GroupType.domainLocal | 0,
  builtin: GroupType.security | GroupType.domainLocal | GroupType.builtin | 0,
} as const;

/** Groups of CN=Users. */
export const DEFAULT_GROUPS: readonly DefaultGroup[] = [
  group('Domain Admins', 512, 'global', 'Administrators of the domain'),
  group('Domain Users', 513, 'global', 'All users of the domain'),
  group('Domain Guests', 514, 'global', 'All guests of the domain'),
  group('Domain Computers', 515, 'global', 'All workstations and servers of the domain'),
  group('Domain Controllers', 516, 'global', 'All domain controllers of the domain'),
  group('Cert Publishers', 517, 'domainLocal', 'May publish certificates to the directory'),
  group('Schema Admins', 518, 'universal', 'Administrators of the schema'),
  group('Enterprise Admins', 519, 'universal', 'Administrators of the forest'),
  group('Group Policy Creator Owners', 520, 'global', 'May change group policy of the domain'),
  group('Read-only Domain Controllers', 521, 'global', 'Read-only controllers of the domain'),
  group('Cloneable Domain Controllers', 522, 'global', 'Controllers that may be cloned'),
  group('Protected Users', 525, 'global', 'Accounts with more protection of their credentials'),
  group('Key Admins', 526, 'global', 'May administer key objects of the domain'),
  group('Enterprise Key Admins', 527, 'universal', 'May administer key objects of the forest'),
  group('RAS and IAS Servers', 553, 'domainLocal', 'May read remote access properties of users'),
  group('Allowed RODC Password Replication Group', 571, 'domainLocal', 'Replicated to RODCs'),
  group('Denied RODC Password Replication Group', 572, 'domainLocal', 'Not replicated to RODCs'),
];

/** Groups of CN=Builtin by RID below S-1-5-32 (MS-DTYP 2.4.2.4). */
export const BUILTIN_GROUPS: readonly (readonly [name: string, rid: number])[] = [
  ['Administrators', 544],
  ['Users', 545],
  ['Guests', 546],
  ['Account Operators', 548],
  ['Server Operators', 549],
  ['Print Operators', 550],
  ['Backup Operators', 551],
  ['Replicator', 552],
  ['Pre-Windows 2000 Compatible Access', 554],
  ['Remote Desktop Users', 555],
  ['Network Configuration Operators', 556],
  ['Incoming Forest Trust Builders', 557],
  ['Performance Monitor Users', 558],
  ['Performance Log Users', 559],
  ['Windows Authorization Access Group', 560],
  ['Terminal Server License Servers', 561],
  ['Distributed COM Users', 562],
  ['IIS_IUSRS', 568],
  ['Cryptographic Operators', 569],
  ['Event Log Readers', 573],
  ['Certificate Service DCOM Access', 574],
  ['RDS Remote Access Servers', 575],
  ['RDS Endpoint Servers', 576],
  ['RDS Management Servers', 577],
  ['Hyper-V Administrators', 578],
  ['Access Control Assistance Operators', 579],
  ['Remote Management Users', 580],
  ['Storage Replica Administrators', 582],
];

/** Who is in which group from the start (MS-ADTS 6.1.1.6). */
export const DEFAULT_MEMBERS: readonly (readonly [group: string, members: readonly string[]])[] = [
  ['CN=Administrators,CN=Builtin', ['Administrator', 'Domain Admins', 'Enterprise Admins']],
  ['CN=Users,CN=Builtin', ['Domain Users']],
  ['CN=Guests,CN=Builtin', ['Guest', 'Domain Guests']],
  ['CN=Domain Admins,CN=Users', ['Administrator']],
  ['CN=Enterprise Admins,CN=Users', ['Administrator']],
  ['CN=Schema Admins,CN=Users', ['Administrator']],
  ['CN=Group Policy Creator Owners,CN=Users', ['Administrator']],
  [
    'CN=Denied RODC Password Replication Group,CN=Users',
    [
      'krbtgt',
      'Domain Admins',
      'Domain Controllers',
      'Cert Publishers',
      'Schema Admins',
      'Enterprise Admins',
      'Group Policy Creator Owners',
      'Read-only Domain Controllers',
    ],
  ],
];

/** A well-known container of the domain and its fixed GUID (MS-ADTS 6.1.1.4). */
export interface DefaultContainer {
  readonly rdn: string;
  readonly objectClass: string;
  readonly wellKnownGuid: string;
}

export const DEFAULT_CONTAINERS: readonly DefaultContainer[] = [
  container('CN=Users', 'container', 'A9D1CA15768811D1ADED00C04FD8D5CD'),
  container('CN=Computers', 'container', 'AA312825768811D1ADED00C04FD8D5CD'),
  container('OU=Domain Controllers', 'organizationalUnit', 'A361B2FFFFD211D1AA4B00C04FD7D83A'),
  container('CN=System', 'container', 'AB1D30F3768811D1ADED00C04FD8D5CD'),
  container('CN=LostAndFound', 'lostAndFound', 'AB8153B7768811D1ADED00C04FD8D5CD'),
  container('CN=Infrastructure', 'infrastructureUpdate', '2FBAC1870ADE11D297C400C04FD8D5CD'),
  container('CN=ForeignSecurityPrincipals', 'container', '22B70C67D56E4EFB91E9300FCA3DC1AA'),
  container('CN=Program Data', 'container', '09460C08AE1E4A4EA0F64AEE7DAA1E5A'),
  container('CN=NTDS Quotas', 'msDS-QuotaContainer', '6227F0AF1FC2410D8E3BB10615BB5B0F'),
];

/** The one container under otherWellKnownObjects. */
export const MANAGED_ACCOUNTS = container(
  'CN=Managed Service Accounts',
  'container',
  '1EB93889E40C45DF9F0C64D23BBB6237',
);

function group(
  name: string,
  rid: number,
  scope: DefaultGroup['scope'],
  description: string,
): DefaultGroup {
  return { name, rid, scope, description };
}

function container(rdn: string, objectClass: string, wellKnownGuid: string): DefaultContainer {
  return { rdn, objectClass, wellKnownGuid };
}
