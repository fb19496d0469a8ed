import { generalizedTime } from '@doublehop/directory/schema/syntax';
import { CONTROLS, EXTENDED } from '@doublehop/ldap/oids';
import type { SearchRequest, ServerEntry } from '@doublehop/ldap/server/handler';
import type { LdapContext } from './context.ts';
import { type FlatEntry, matchesFilter } from './flat-filter.ts';

/** Controls that searches and updates act on. */
export const SUPPORTED_CONTROLS: readonly string[] = [
  CONTROLS.pagedResults,
  CONTROLS.sdFlags,
  CONTROLS.treeDelete,
  CONTROLS.domainScope,
  CONTROLS.searchOptions,
  CONTROLS.lazyCommit,
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

/** DS_BEHAVIOR_WIN2016 (MS-ADTS 6.1.4.2): what all levels of function are. */
const WINDOWS_2016 = '7';

/** Attributes that are only given to who names them (MS-ADTS 3.1.1.3.2). */
const ON_REQUEST: ReadonlySet<string> = new Set(['netlogon', 'supportedextension']);

/**
 * The rootDSE (MS-ADTS 3.1.1.3.2): what anybody may know of this server. Undefined where the filter
 * does not match it.
 */
export function rootDse(
  context: LdapContext,
  request: SearchRequest,
  mechanisms: readonly string[],
): ServerEntry | undefined {
  const entry = contents(context, mechanisms);
  if (!matchesFilter(entry, request.filter)) return undefined;
  const wanted = new Set(request.attributes.map((name) => name.toLowerCase()));
  const every = wanted.size === 0 || wanted.has('*') || wanted.has('+');
  const attributes = Array.from(entry)
    .filter(([name]) => {
      const key = name.toLowerCase();
      return wanted.has(key) || (every && !ON_REQUEST.has(key));
    })
    .map(([type, values]) => ({ type, values: request.typesOnly ? [] : values }));
  return { kind: 'entry', dn: '', attributes };
}

function contents(
  { domain, directory, clock }: LdapContext,
  mechanisms: readonly string[],
): FlatEntry {
  const { dn, dnsName, realm, controller, configurationDn, schemaDn } = domain;
  const host = `${controller.toLowerCase()}.${dnsName}`;
  const site = `CN=Default-First-Site-Name,CN=Sites,${configurationDn}`;
  const server = `CN=${controller},CN=Servers,${site}`;
  return new Map<string, readonly string[]>([
    ['objectClass', ['top']],
    ['configurationNamingContext', [configurationDn]],
    ['currentTime', [generalizedTime(clock())]],
    ['defaultNamingContext', [dn]],
    ['dnsHostName', [host]],
    ['domainControllerFunctionality', [WINDOWS_2016]],
    ['domainFunctionality', [WINDOWS_2016]],
    ['dsServiceName', [`CN=NTDS Settings,${server}`]],
    ['forestFunctionality', [WINDOWS_2016]],
    ['highestCommittedUSN', [String(directory.highestUsn())]],
    ['isGlobalCatalogReady', ['TRUE']],
    ['isSynchronized', ['TRUE']],
    ['ldapServiceName', [`${dnsName}:${controller.toLowerCase()}$@${realm}`]],
    ['namingContexts', [dn, configurationDn, schemaDn]],
    ['rootDomainNamingContext', [dn]],
    ['schemaNamingContext', [schemaDn]],
    ['serverName', [server]],
    ['subschemaSubentry', [`CN=Aggregate,${schemaDn}`]],
    ['supportedCapabilities', CAPABILITIES],
    ['supportedControl', SUPPORTED_CONTROLS],
    ['supportedExtension', [EXTENDED.startTls, EXTENDED.whoAmI]],
    ['supportedLDAPVersion', ['3']],
    ['supportedSASLMechanisms', mechanisms],
  ]);
}
