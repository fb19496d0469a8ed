import { encodeSid, parseSid } from '@doublehop/security/sid';
import { DomainRid } from '@doublehop/security/well-known-sids';
import { controlRights, classGuids } from '../schema/rights.ts';
import type { Schema } from '../schema/schema.ts';
import type { DomainInfo } from '../domain.ts';
import { HOST_CLASSES } from '../spn.ts';
import type { DirectoryWriter } from '../writer.ts';
import {
  ENTERPRISE_CHILDREN_SDDL,
  ENTERPRISE_PUBLIC_SDDL,
  ENTERPRISE_SDDL,
  PARTITIONS_SDDL,
  QUOTAS_SDDL,
  SITES_SDDL,
} from './descriptors.ts';
import { addPlanned, madeFor, type Planned, SystemFlag } from './plan.ts';
import { FUNCTIONAL_LEVEL } from './settings.ts';

const SERVICE = 'CN=Directory Service,CN=Windows NT,CN=Services';
const PKI = 'CN=Public Key Services,CN=Services';

/** Days for which a tombstone is kept (MS-ADTS 6.1.1.2.4.1.1). */
const TOMBSTONE_DAYS = '180';

/** The recycle bin's GUID (MS-ADTS 3.1.1.9.1) as the bytes of msDS-OptionalFeatureGUID. */
const RECYCLE_BIN = 'd8dc6d76d0ac5e44f3b9a7f9b6744f2a';

/** lDAPAdminLimits of the default query policy (MS-ADTS 3.1.1.3.4.6). */
const QUERY_LIMITS = [
  'MaxValRange=1500',
  'MaxReceiveBuffer=10485760',
  'MaxDatagramRecv=4096',
  'MaxPoolThreads=4',
  'MaxResultSetSize=262144',
  'MaxTempTableSize=10000',
  'MaxQueryDuration=120',
  'MaxPageSize=1000',
  'MaxNotificationPerConn=5',
  'MaxActiveQueries=20',
  'MaxConnIdleTime=900',
  'InitRecvTimeout=120',
  'MaxConnections=5000',
];

/**
 * CN=WellKnown Security Principals (MS-ADTS 6.1.1.2.6). Those who are members of groups from the
 * start have entries below CN=ForeignSecurityPrincipals too.
 */
const WELL_KNOWN_PRINCIPALS: readonly (readonly [name: string, sid: string])[] = [
  ['Anonymous Logon', 'S-1-5-7'],
  ['Authenticated Users', 'S-1-5-11'],
  ['Batch', 'S-1-5-3'],
  ['Console Logon', 'S-1-2-1'],
  ['Creator Group', 'S-1-3-1'],
  ['Creator Owner', 'S-1-3-0'],
  ['Dialup', 'S-1-5-1'],
  ['Digest Authentication', 'S-1-5-64-21'],
  ['Enterprise Domain Controllers', 'S-1-5-9'],
  ['Everyone', 'S-1-1-0'],
  ['Interactive', 'S-1-5-4'],
  ['IUSR', 'S-1-5-17'],
  ['Local Service', 'S-1-5-19'],
  ['Network', 'S-1-5-2'],
  ['Network Service', 'S-1-5-20'],
  ['NTLM Authentication', 'S-1-5-64-10'],
  ['Other Organization', 'S-1-5-1000'],
  ['Owner Rights', 'S-1-3-4'],
  ['Proxy', 'S-1-5-8'],
  ['Remote Interactive Logon', 'S-1-5-14'],
  ['Restricted', 'S-1-5-12'],
  ['SChannel Authentication', 'S-1-5-64-14'],
  ['Self', 'S-1-5-10'],
  ['Service', 'S-1-5-6'],
  ['System', 'S-1-5-18'],
  ['Terminal Server User', 'S-1-5-13'],
  ['This Organization', 'S-1-5-15'],
];

/** Everything below the head of the configuration but the controller (MS-ADTS 6.1.1.2). */
export function addConfiguration(writer: DirectoryWriter, schema: Schema, info: DomainInfo): void {
  const plan = [
    ...CONTAINERS,
    ...partitions(info),
    ...SERVICES,
    siloClaimType(info),
    ...sites(info),
    ...WELL_KNOWN_PRINCIPALS.map(wellKnownPrincipal),
    ...rights(schema),
  ];
  const options = madeFor(info, DomainRid.enterpriseAdmins);
  addPlanned(writer, info, info.configurationDn, plan, options);
}

const { kept } = SystemFlag;

const CONTAINERS: readonly Planned[] = [
  {
    rdn: 'CN=DisplaySpecifiers',
    objectClass: 'container',
    systemFlags: kept,
    sddl: ENTERPRISE_PUBLIC_SDDL,
  },
  // 409: English, whose display specifiers tools fall back to.
  { rdn: 'CN=409,CN=DisplaySpecifiers', objectClass: 'container' },
  {
    rdn: 'CN=Extended-Rights',
    objectClass: 'container',
    systemFlags: kept,
    sddl: ENTERPRISE_CHILDREN_SDDL,
  },
  { rdn: 'CN=ForestUpdates', objectClass: 'container', sddl: ENTERPRISE_SDDL },
  { rdn: 'CN=Operations,CN=ForestUpdates', objectClass: 'container' },
  {
    rdn: 'CN=ActiveDirectoryUpdate,CN=ForestUpdates',
    objectClass: 'container',
    // MS-ADTS 6.1.1.2.8: of the forest's functional level.
    more: { revision: '16' },
  },
  {
    rdn: 'CN=ActiveDirectoryRodcUpdate,CN=ForestUpdates',
    objectClass: 'container',
    more: { revision: '2' },
  },
  {
    rdn: 'CN=Windows2003Update,CN=ForestUpdates',
    objectClass: 'container',
    more: { revision: '10' },
  },
  {
    rdn: 'CN=LostAndFoundConfig',
    objectClass: 'lostAndFound',
    systemFlags: kept,
    sddl: ENTERPRISE_CHILDREN_SDDL,
  },
  {
    rdn: 'CN=NTDS Quotas',
    objectClass: 'msDS-QuotaContainer',
    systemFlags: kept,
    critical: true,
    sddl: QUOTAS_SDDL,
    more: {
      description: 'Quota specifications container',
      'msDS-TombstoneQuotaFactor': '100',
    },
  },
  {
    rdn: 'CN=Physical Locations',
    objectClass: 'physicalLocation',
    sddl: ENTERPRISE_SDDL,
    more: { l: 'Physical Locations tree root' },
  },
  {
    rdn: 'CN=WellKnown Security Principals',
    objectClass: 'container',
    systemFlags: kept,
    sddl: ENTERPRISE_PUBLIC_SDDL,
  },
];

const SERVICES: readonly Planned[] = [
  {
    rdn: 'CN=Services',
    objectClass: 'container',
    systemFlags: kept,
    sddl: ENTERPRISE_CHILDREN_SDDL,
  },
  ...['CN=NetServices,CN=Services', PKI, 'CN=RRAS,CN=Services', 'CN=Windows NT,CN=Services'].map(
    container,
  ),
  ...['Certificate Templates', 'Enrollment Services', 'Certification Authorities'].map((name) =>
    container(`CN=${name},${PKI}`),
  ),
  ...['AIA', 'CDP', 'KRA'].map((name) => container(`CN=${name},${PKI}`)),
  { rdn: `CN=OID,${PKI}`, objectClass: 'msPKI-Enterprise-Oid' },
  {
    rdn: 'CN=Claims Configuration,CN=Services',
    objectClass: 'container',
    systemFlags: SystemFlag.fixed,
  },
  {
    rdn: 'CN=Claim Types,CN=Claims Configuration,CN=Services',
    objectClass: 'msDS-ClaimTypes',
    systemFlags: SystemFlag.fixed,
  },
  {
    rdn: 'CN=Resource Properties,CN=Claims Configuration,CN=Services',
    objectClass: 'msDS-ResourceProperties',
    systemFlags: SystemFlag.fixed,
  },
  {
    rdn: 'CN=AuthN Policy Configuration,CN=Services',
    objectClass: 'container',
    systemFlags: SystemFlag.fixed,
  },
  {
    rdn: 'CN=AuthN Policies,CN=AuthN Policy Configuration,CN=Services',
    objectClass: 'msDS-AuthNPolicies',
    systemFlags: SystemFlag.fixed,
  },
  {
    rdn: 'CN=AuthN Silos,CN=AuthN Policy Configuration,CN=Services',
    objectClass: 'msDS-AuthNPolicySilos',
    systemFlags: SystemFlag.fixed,
  },
  {
    rdn: 'CN=Group Key Distribution Service,CN=Services',
    objectClass: 'container',
    systemFlags: SystemFlag.fixed,
  },
  {
    rdn: SERVICE,
    objectClass: 'nTDSService',
    more: {
      'msDS-Other-Settings': [
        'DisableVLVSupport=0',
        'DynamicObjectMinTTL=900',
        'DynamicObjectDefaultTTL=86400',
      ],
      sPNMappings: `host=${HOST_CLASSES}`,
      tombstoneLifetime: TOMBSTONE_DAYS,
    },
  },
  {
    rdn: `CN=Optional Features,${SERVICE}`,
    objectClass: 'container',
    systemFlags: SystemFlag.fixed,
  },
  {
    rdn: `CN=Recycle Bin Feature,CN=Optional Features,${SERVICE}`,
    objectClass: 'msDS-OptionalFeature',
    systemFlags: SystemFlag.fixed,
    more: {
      'msDS-OptionalFeatureGUID': Buffer.from(RECYCLE_BIN, 'hex'),
      'msDS-OptionalFeatureFlags': '1',
      'msDS-RequiredForestBehaviorVersion': '4',
    },
  },
  container(`CN=Query-Policies,${SERVICE}`),
  {
    rdn: `CN=Default Query Policy,CN=Query-Policies,${SERVICE}`,
    objectClass: 'queryPolicy',
    more: { lDAPAdminLimits: QUERY_LIMITS },
  },
];

/** The claim of being in a silo, which the KDC constructs (MS-ADTS 3.1.1.11.2.2). */
function siloClaimType({ schemaDn }: DomainInfo): Planned {
  return {
    rdn: 'CN=ad://ext/AuthenticationSilo,CN=Claim Types,CN=Claims Configuration,CN=Services',
    objectClass: 'msDS-ClaimType',
    more: {
      displayName: 'AuthenticationSilo',
      Enabled: 'TRUE',
      'msDS-ClaimIsSingleValued': 'TRUE',
      'msDS-ClaimIsValueSpaceRestricted': 'FALSE',
      'msDS-ClaimSourceType': 'Constructed',
      'msDS-ClaimValueType': CLAIM_TYPE_STRING,
      'msDS-ClaimTypeAppliesToClass': SILO_CLASSES.map((cn) => `CN=${cn},${schemaDn}`),
    },
  };
}

/** CLAIM_TYPE (MS-ADTS 2.2.18.1). */
const CLAIM_TYPE_STRING = '3';

/** cn of the classes whose accounts can be in a silo. */
const SILO_CLASSES = [
  'User',
  'Computer',
  'ms-DS-Managed-Service-Account',
  'ms-DS-Group-Managed-Service-Account',
];

/** CN=Partitions and the crossRef of each naming context (MS-ADTS 6.1.1.2.1). */
function partitions(info: DomainInfo): Planned[] {
  const crossRef = (name: string, nCName: string, systemFlags: number): Planned => ({
    rdn: `CN=${name},CN=Partitions`,
    objectClass: 'crossRef',
    systemFlags,
    more: { nCName, dnsRoot: info.dnsName },
  });
  const domain = crossRef(info.netbiosName, info.dn, FLAG_CR_NTDS_NC | FLAG_CR_NTDS_DOMAIN);
  return [
    {
      rdn: 'CN=Partitions',
      objectClass: 'crossRefContainer',
      systemFlags: kept,
      sddl: PARTITIONS_SDDL,
      more: { 'msDS-Behavior-Version': FUNCTIONAL_LEVEL },
    },
    crossRef('Enterprise Configuration', info.configurationDn, FLAG_CR_NTDS_NC),
    crossRef('Enterprise Schema', info.schemaDn, FLAG_CR_NTDS_NC),
    {
      ...domain,
      more: {
        ...domain.more,
        nETBIOSName: info.netbiosName,
        nTMixedDomain: '0',
        'msDS-Behavior-Version': FUNCTIONAL_LEVEL,
      },
    },
  ];
}

/** systemFlags of crossRefs (MS-ADTS 2.2.10). */
const FLAG_CR_NTDS_NC = 1;
const FLAG_CR_NTDS_DOMAIN = 2;

/** CN=Sites but for the servers (MS-ADTS 6.1.1.2.2). */
function sites({ siteName, configurationDn }: DomainInfo): Planned[] {
  const site = `CN=${siteName},CN=Sites`;
  return [
    {
      rdn: 'CN=Sites',
      objectClass: 'sitesContainer',
      systemFlags: SystemFlag.keptInPlace,
      sddl: SITES_SDDL,
    },
    { rdn: site, objectClass: 'site', systemFlags: SystemFlag.site },
    { rdn: `CN=NTDS Site Settings,${site}`, objectClass: 'nTDSSiteSettings' },
    {
      rdn: `CN=Servers,${site}`,
      objectClass: 'serversContainer',
      systemFlags: SystemFlag.diesInPlace,
    },
    {
      rdn: 'CN=Inter-Site Transports,CN=Sites',
      objectClass: 'interSiteTransportContainer',
      systemFlags: kept,
    },
    {
      rdn: 'CN=IP,CN=Inter-Site Transports,CN=Sites',
      objectClass: 'interSiteTransport',
      systemFlags: kept,
      more: { transportAddressAttribute: 'dNSHostName', transportDLLName: 'ismip.dll' },
    },
    {
      rdn: 'CN=DEFAULTIPSITELINK,CN=IP,CN=Inter-Site Transports,CN=Sites',
      objectClass: 'siteLink',
      systemFlags: SystemFlag.renamable,
      more: { cost: '100', replInterval: '180', siteList: `${site},${configurationDn}` },
    },
    {
      rdn: 'CN=SMTP,CN=Inter-Site Transports,CN=Sites',
      objectClass: 'interSiteTransport',
      systemFlags: kept,
      more: {
        transportAddressAttribute: 'mailAddress',
        transportDLLName: 'ismsmtp.dll',
        options: '1',
      },
    },
    { rdn: 'CN=Subnets,CN=Sites', objectClass: 'subnetContainer', systemFlags: kept },
  ];
}

function wellKnownPrincipal([name, sid]: readonly [name: string, sid: string]): Planned {
  return {
    rdn: `CN=${name},CN=WellKnown Security Principals`,
    objectClass: 'foreignSecurityPrincipal',
    more: { objectSid: encodeSid(parseSid(sid)) },
  };
}

/** CN=Extended-Rights (MS-ADTS 6.1.1.2.7). */
function rights(schema: Schema): Planned[] {
  return controlRights().map((right) => ({
    rdn: `CN=${right.name},CN=Extended-Rights`,
    objectClass: 'controlAccessRight',
    more: {
      displayName: right.displayName,
      rightsGuid: right.rightsGuid,
      appliesTo: classGuids(right, schema),
      validAccesses: String(right.validAccesses),
    },
  }));
}

function container(rdn: string): Planned {
  return { rdn, objectClass: 'container' };
}
