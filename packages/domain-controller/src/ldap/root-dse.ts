import { generalizedTime } from '@doublehop/directory/schema/syntax';
import { CONTROLS, EXTENDED } from '@doublehop/ldap/oids';
import type { SearchRequest, ServerEntry } from '@doublehop/ldap/server/handler';
import { encodeSid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import type { Caller, LdapContext } from './context.ts';
import { type FlatEntry, matchesFilter } from './flat-filter.ts';
import { MODIFICATIONS } from './root-dse-modify.ts';

/** Controls that searches and updates act on. */
export const SUPPORTED_CONTROLS: readonly string[] = [
  CONTROLS.pagedResults,
  CONTROLS.sdFlags,
  CONTROLS.sortRequest,
  CONTROLS.showDeleted,
  CONTROLS.treeDelete,
  CONTROLS.extendedDn,
  CONTROLS.lazyCommit,
  CONTROLS.rangeOption,
  CONTROLS.domainScope,
  CONTROLS.searchOptions,
  CONTROLS.permissiveModify,
  CONTROLS.verifyName,
  CONTROLS.dirSync,
  CONTROLS.attributeScopedQuery,
  CONTROLS.rangeRetrievalNoError,
  CONTROLS.showRecycled,
  CONTROLS.showDeactivatedLink,
  CONTROLS.virtualListView,
];

/**
 * What a controller is (MS-ADTS 3.1.1.3.4.3): Active Directory; W2K3; LDAP signing and sealing in
 * LDAP_CAP_ACTIVE_DIRECTORY_LDAP_INTEG; V61 (2008), V61_R2 and W8 (2012).
 */
const CAPABILITIES = [
  '1.2.840.113556.1.4.800',
  '1.2.840.113556.1.4.1670',
  '1.2.840.113556.1.4.1791',
  '1.2.840.113556.1.4.1935',
  '1.2.840.113556.1.4.2080',
  '1.2.840.113556.1.4.2237',
] as const;

/** Limits that an administrator could set (MS-ADTS 3.1.1.3.4.6). */
const POLICIES = [
  'MaxPoolThreads',
  'MaxPercentDirSyncRequests',
  'MaxDatagramRecv',
  'MaxReceiveBuffer',
  'MaxPreAuthReceiveBuffer',
  'InitRecvTimeout',
  'MaxConnections',
  'MaxConnIdleTime',
  'MaxPageSize',
  'MaxBatchReturnMessages',
  'MaxQueryDuration',
  'MaxDirSyncDuration',
  'MaxTempTableSize',
  'MaxResultSetSize',
  'MinResultSets',
  'MaxResultSetsPerConn',
  'MaxNotificationPerConn',
  'MaxValRange',
  'MaxValRangeTransitive',
  'ThreadMemoryLimit',
  'SystemMemoryLimitPercent',
] as const;

/** MS-ADTS 3.1.1.3.4.7. */
const SETTINGS = [
  'DynamicObjectDefaultTTL',
  'DynamicObjectMinTTL',
  'DisableVLVSupport',
  'MaxReferrals',
  'ReferralRefreshInterval',
  'SelfReferralsOnly',
  'DenyUnauthenticatedBind',
] as const;

/** DS_BEHAVIOR_WIN2016 (MS-ADTS 6.1.4.2): what all levels of function are. */
const WINDOWS_2016 = '7';

/** The build of Windows Server 2022 whose behaviour is the model. */
const VERSION = '10.0.20348.1 (WinBuild.160101.0800)';

type Values = readonly (string | Uint8Array)[];

/** A fact that is only worked out for who asks for it. */
type Fact = () => Values;

/**
 * The rootDSE (MS-ADTS 3.1.1.3.2): what anybody may know of this server. Undefined where the filter
 * does not match it.
 */
export function rootDse(
  context: LdapContext,
  request: SearchRequest,
  mechanisms: readonly string[],
  caller?: Caller,
): ServerEntry | undefined {
  const shown = ordinary(context, mechanisms);
  const asked = onRequest(context, caller);
  if (!isEverything(request) && !matchesFilter(textsOf(shown), request.filter)) return undefined;
  const wanted = new Set(request.attributes.map((name) => name.toLowerCase()));
  const every = wanted.size === 0 || wanted.has('*') || wanted.has('+');
  const attributes: { type: string; values: Values }[] = [];
  const put = (name: string, fact: Fact): void => {
    const values = fact();
    if (values.length > 0) attributes.push({ type: name, values: request.typesOnly ? [] : values });
  };
  for (const [name, fact] of shown) if (every || wanted.has(name.toLowerCase())) put(name, fact);
  for (const [name, fact] of asked) if (wanted.has(name.toLowerCase())) put(name, fact);
  return { kind: 'entry', dn: '', attributes };
}

/** `(objectClass=*)`, what nearly everybody asks. */
function isEverything({ filter }: SearchRequest): boolean {
  return filter.kind === 'present' && filter.attribute.toLowerCase() === 'objectclass';
}

function textsOf(facts: ReadonlyMap<string, Fact>): FlatEntry {
  return new Map(
    Array.from(facts, ([name, fact]) => [
      name,
      fact().filter((value) => typeof value === 'string'),
    ]),
  );
}

/** The attributes that everybody gets (MS-ADTS 3.1.1.3.2). */
function ordinary(
  { domain, directory, clock }: LdapContext,
  mechanisms: readonly string[],
): ReadonlyMap<string, Fact> {
  const { dn, dnsName, realm, controller, configurationDn, schemaDn } = domain;
  const { serverDn, dsaDn } = domain;
  const zones = ['DomainDnsZones', 'ForestDnsZones'].map((name) => `DC=${name},${dn}`);
  return new Map<string, Fact>([
    ['objectClass', () => ['top']],
    ['configurationNamingContext', () => [configurationDn]],
    ['currentTime', () => [generalizedTime(clock())]],
    ['defaultNamingContext', () => [dn]],
    ['dnsHostName', () => [`${controller.toLowerCase()}.${dnsName}`]],
    ['domainControllerFunctionality', () => [WINDOWS_2016]],
    ['domainFunctionality', () => [WINDOWS_2016]],
    ['dsServiceName', () => [dsaDn]],
    ['forestFunctionality', () => [WINDOWS_2016]],
    ['highestCommittedUSN', () => [String(directory.highestUsn())]],
    ['isGlobalCatalogReady', () => ['TRUE']],
    ['isSynchronized', () => ['TRUE']],
    ['ldapServiceName', () => [`${dnsName}:${controller.toLowerCase()}$@${realm}`]],
    [
      'namingContexts',
      () => [
        dn,
        configurationDn,
        schemaDn,
        ...zones.filter((zone) => directory.find(zone) !== undefined),
      ],
    ],
    ['rootDomainNamingContext', () => [dn]],
    ['schemaNamingContext', () => [schemaDn]],
    ['serverName', () => [serverDn]],
    ['subschemaSubentry', () => [`CN=Aggregate,${schemaDn}`]],
    ['supportedCapabilities', () => CAPABILITIES],
    ['supportedControl', () => SUPPORTED_CONTROLS],
    ['supportedLDAPPolicies', () => POLICIES],
    ['supportedLDAPVersion', () => ['3']],
    ['supportedSASLMechanisms', () => mechanisms],
  ]);
}

/** The attributes that are given to who names them: "operational" in MS-ADTS 3.1.1.3.2. */
function onRequest(context: LdapContext, caller: Caller | undefined): ReadonlyMap<string, Fact> {
  const { domain, directory } = context;
  const { dn, configurationDn, schemaDn, netbiosName } = domain;
  const roles = [
    schemaDn,
    `CN=Partitions,${configurationDn}`,
    dn,
    `CN=Infrastructure,${dn}`,
    `CN=RID Manager$,CN=System,${dn}`,
  ];
  const anonymous = [encodeSid(wellKnown.anonymous), encodeSid(wellKnown.everyone)];
  const facts = new Map<string, Fact>([
    ['approximateHighestInternalObjectID', () => [String(directory.highestUsn())]],
    ['dsSchemaAttrCount', () => [String([...directory.schema.attributes()].length)]],
    ['dsSchemaClassCount', () => [String([...directory.schema.classes()].length)]],
    ['msDS-PortLDAP', () => ['389']],
    ['msDS-PortSSL', () => ['636']],
    [
      'msDS-PrincipalName',
      () => [
        caller === undefined
          ? 'NT AUTHORITY\\ANONYMOUS LOGON'
          : `${netbiosName}\\${caller.samAccountName}`,
      ],
    ],
    ['msDS-SupportedRootDSEModifications', () => MODIFICATIONS],
    [
      'serviceAccountInfo',
      () => [
        'replAuthenticationMode=1',
        'accountType=domain',
        'systemAccount=TRUE',
        'domainType=domainWithKerb',
        `machineDomainName=${netbiosName}`,
      ],
    ],
    ['spnRegistrationResult', () => ['0']],
    ['supportedConfigurableSettings', () => SETTINGS],
    ['supportedExtension', () => [EXTENDED.startTls, EXTENDED.whoAmI]],
    [
      'tokenGroups',
      () => (caller === undefined ? anonymous : Array.from(caller.token.sids, encodeSid)),
    ],
    ['validFSMOs', () => roles.filter((role) => directory.find(role) !== undefined)],
  ]);
  // Readable by administrators alone (MS-ADTS 3.1.1.3.2.35).
  if (caller?.administrator === true) facts.set('dsaVersionString', () => [VERSION]);
  facts.set('msDS-SupportedRootDSEAttributes', () => [...facts.keys()]);
  return facts;
}
