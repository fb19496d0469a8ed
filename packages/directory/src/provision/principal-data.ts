import { type Sid, parseSid } from '@doublehop/security/sid';
import { GroupType } from '../groups.ts';

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
  group('Enterprise Read-only Domain Controllers', 498, 'universal', 'RODCs of the forest'),
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
export const BUILTIN_GROUPS: readonly Omit<DefaultGroup, 'scope'>[] = [
  {
    name: 'Administrators',
    rid: 544,
    description: 'Complete access to the domain and its controllers',
  },
  { name: 'Users', rid: 545, description: 'May run most applications' },
  { name: 'Guests', rid: 546, description: 'The access of guests' },
  { name: 'Account Operators', rid: 548, description: 'May administer users and groups' },
  { name: 'Server Operators', rid: 549, description: 'May administer servers of the domain' },
  { name: 'Print Operators', rid: 550, description: 'May administer printers of the domain' },
  {
    name: 'Backup Operators',
    rid: 551,
    description: 'May read all files in order to back them up',
  },
  { name: 'Replicator', rid: 552, description: 'Replicates files in the domain' },
  {
    name: 'Pre-Windows 2000 Compatible Access',
    rid: 554,
    description: 'May read all users and groups',
  },
  { name: 'Remote Desktop Users', rid: 555, description: 'May log on remotely' },
  { name: 'Network Configuration Operators', rid: 556, description: 'May configure networking' },
  {
    name: 'Incoming Forest Trust Builders',
    rid: 557,
    description: 'May make incoming one-way forest trusts',
  },
  { name: 'Performance Monitor Users', rid: 558, description: 'May read performance counters' },
  {
    name: 'Performance Log Users',
    rid: 559,
    description: 'May schedule logs of performance counters',
  },
  {
    name: 'Windows Authorization Access Group',
    rid: 560,
    description: 'May read the groups that tokens have',
  },
  {
    name: 'Terminal Server License Servers',
    rid: 561,
    description: 'May note licences in user accounts',
  },
  { name: 'Distributed COM Users', rid: 562, description: 'May use distributed COM objects' },
  { name: 'IIS_IUSRS', rid: 568, description: 'Used by Internet Information Services' },
  { name: 'Cryptographic Operators', rid: 569, description: 'May do cryptographic operations' },
  { name: 'Event Log Readers', rid: 573, description: 'May read event logs' },
  {
    name: 'Certificate Service DCOM Access',
    rid: 574,
    description: 'May reach certification authorities',
  },
  {
    name: 'RDS Remote Access Servers',
    rid: 575,
    description: 'Gateways of remote desktop services',
  },
  { name: 'RDS Endpoint Servers', rid: 576, description: 'Hosts of remote desktop sessions' },
  { name: 'RDS Management Servers', rid: 577, description: 'Managers of remote desktop services' },
  { name: 'Hyper-V Administrators', rid: 578, description: 'Complete access to Hyper-V' },
  {
    name: 'Access Control Assistance Operators',
    rid: 579,
    description: 'May query authorization remotely',
  },
  { name: 'Remote Management Users', rid: 580, description: 'May manage through WS-Management' },
  {
    name: 'Storage Replica Administrators',
    rid: 582,
    description: 'Complete access to Storage Replica',
  },
];

/** Whom the directory guards by the descriptor of CN=AdminSDHolder (MS-ADTS 3.1.1.6.1). */
export const PROTECTED: ReadonlySet<string> = new Set([
  'Account Operators',
  'Administrator',
  'Administrators',
  'Backup Operators',
  'Domain Admins',
  'Domain Controllers',
  'Enterprise Admins',
  'Enterprise Key Admins',
  'Key Admins',
  'krbtgt',
  'Print Operators',
  'Read-only Domain Controllers',
  'Replicator',
  'Schema Admins',
  'Server Operators',
]);

/** Principals of no domain that are members here: INTERACTIVE, controllers, all users, IUSR. */
export const FOREIGN: readonly Sid[] = ['S-1-5-4', 'S-1-5-9', 'S-1-5-11', 'S-1-5-17'].map(parseSid);

/** Who is in which group from the start (MS-ADTS 6.1.1.6), by names below the domain. */
export const DEFAULT_MEMBERS: readonly (readonly [group: string, members: readonly string[]])[] = [
  inBuiltin('Administrators', [
    user('Administrator'),
    user('Domain Admins'),
    user('Enterprise Admins'),
  ]),
  inBuiltin('Users', [user('Domain Users'), foreign('S-1-5-4'), foreign('S-1-5-11')]),
  inBuiltin('Guests', [user('Guest'), user('Domain Guests')]),
  inBuiltin('Pre-Windows 2000 Compatible Access', [foreign('S-1-5-11')]),
  inBuiltin('Windows Authorization Access Group', [foreign('S-1-5-9')]),
  inBuiltin('IIS_IUSRS', [foreign('S-1-5-17')]),
  [user('Domain Admins'), [user('Administrator')]],
  [user('Enterprise Admins'), [user('Administrator')]],
  [user('Schema Admins'), [user('Administrator')]],
  [user('Group Policy Creator Owners'), [user('Administrator')]],
  [
    user('Denied RODC Password Replication Group'),
    [
      'krbtgt',
      'Domain Admins',
      'Domain Controllers',
      'Cert Publishers',
      'Schema Admins',
      'Enterprise Admins',
      'Group Policy Creator Owners',
      'Read-only Domain Controllers',
    ].map(user),
  ],
];

function inBuiltin(name: string, members: readonly string[]): [string, readonly string[]] {
  return [`CN=${name},CN=Builtin`, members];
}

function user(name: string): string {
  return `CN=${name},CN=Users`;
}

function foreign(sid: string): string {
  return `CN=${sid},CN=ForeignSecurityPrincipals`;
}

function group(
  name: string,
  rid: number,
  scope: DefaultGroup['scope'],
  description: string,
): DefaultGroup {
  return { name, rid, scope, description };
}
