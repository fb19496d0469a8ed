import { encodeGuid } from '@doublehop/security/guid';
import { encodeSid, withRid } from '@doublehop/security/sid';
import { DomainRid } from '@doublehop/security/well-known-sids';
import type { DomainInfo } from '../domain.ts';
import type { AttributeInput } from '../entry.ts';
import type { DirectoryWriter } from '../writer.ts';
import { addPlanned, madeFor, type Planned, SystemFlag } from './plan.ts';
import { CONTROLLER_RID, FIRST_POOL, FUNCTIONAL_LEVEL } from './settings.ts';

/** NTDSDSA_OPT_IS_GC (MS-ADTS 6.1.1.2.2.1.2.1.1). */
const IS_GLOBAL_CATALOG = '1';

/** The class of SPNs that name a controller to others of its kind (MS-ADTS 2.1.1.2.2). */
const REPLICATION_CLASS = 'E3514235-4B06-11D1-AB04-00C04FC2DCD2';

/** DFS replication's class of SPNs, which Windows' controllers have too. */
const DFSR_CLASS = 'Dfsr-12F9A27C-BF97-4787-9364-D31B6C55EB04';

/** RC4, AES128 and AES256 with SHA-1 (MS-KILE 2.2.7). */
const ENCRYPTION_TYPES = '28';

/** SERVER_TRUST_ACCOUNT and TRUSTED_FOR_DELEGATION: what every controller is (MS-ADTS 6.1.1.3). */
const CONTROLLER_CONTROL = '532480';

/** A controller's own account, to be made by `addControllerAccount`. */
export interface ControllerAccount {
  /** Further names under which clients reach it, `localhost` for instance. */
  readonly aliases?: readonly string[];
  readonly operatingSystem: string;
  readonly operatingSystemVersion: string;
}

/**
 * The server of the first controller, its directory service (NTDS Settings), and all five roles
 * with that (MS-ADTS 6.1.1.2.2.1.2, 3.1.1.1.11).
 */
export function addServer(writer: DirectoryWriter, info: DomainInfo): void {
  const contexts = [info.configurationDn, info.schemaDn, info.dn];
  const server = `CN=${info.controllerName}`;
  const servers = info.serverDn.slice(server.length + 1);
  const options = madeFor(info, DomainRid.enterpriseAdmins);
  const plan: readonly Planned[] = [
    {
      rdn: server,
      objectClass: 'server',
      systemFlags: SystemFlag.server,
      more: { dNSHostName: hostOf(info) },
    },
    {
      rdn: `CN=NTDS Settings,${server}`,
      objectClass: 'nTDSDSA',
      systemFlags: SystemFlag.diesInPlace,
      more: {
        objectGUID: encodeGuid(info.dsaGuid),
        invocationId: encodeGuid(info.invocationId),
        dMDLocation: info.schemaDn,
        hasMasterNCs: contexts,
        'msDS-hasMasterNCs': contexts,
        'msDS-HasDomainNCs': info.dn,
        'msDS-HasInstantiatedNCs': [
          `B:8:0000000D:${info.configurationDn}`,
          `B:8:0000000D:${info.schemaDn}`,
          `B:8:00000005:${info.dn}`,
        ],
        'msDS-Behavior-Version': FUNCTIONAL_LEVEL,
        options: IS_GLOBAL_CATALOG,
      },
    },
  ];
  addPlanned(writer, info, servers, plan, options);
  const owners = [
    info.dn,
    info.schemaDn,
    `CN=Partitions,${info.configurationDn}`,
    `CN=Infrastructure,${info.dn}`,
    `CN=RID Manager$,CN=System,${info.dn}`,
  ];
  for (const dn of owners) set(writer, dn, { fSMORoleOwner: info.dsaDn });
  const site = `CN=NTDS Site Settings,CN=${info.siteName},CN=Sites,${info.configurationDn}`;
  set(writer, site, { interSiteTopologyGenerator: info.dsaDn });
}

/** The controller's account with its RIDs (MS-ADTS 6.1.1.3.1); returns its DN. It has no keys. */
export function addControllerAccount(
  writer: DirectoryWriter,
  info: DomainInfo,
  account: ControllerAccount,
): string {
  const dn = `CN=${info.controllerName},OU=Domain Controllers,${info.dn}`;
  const attributes: AttributeInput = {
    objectClass: 'computer',
    sAMAccountName: `${info.controllerName}$`,
    objectSid: encodeSid(withRid(info.sid, CONTROLLER_RID)),
    userAccountControl: CONTROLLER_CONTROL,
    isCriticalSystemObject: 'TRUE',
    localPolicyFlags: '0',
    dNSHostName: hostOf(info),
    operatingSystem: account.operatingSystem,
    operatingSystemVersion: account.operatingSystemVersion,
    'msDS-SupportedEncryptionTypes': ENCRYPTION_TYPES,
    servicePrincipalName: controllerSpns(info, account.aliases ?? []),
  };
  writer.add(dn, attributes, { system: true });
  // A pool of RIDs is its lowest in the low half and its highest in the high one.
  const pool = String((BigInt(FIRST_POOL.high) << 32n) + BigInt(FIRST_POOL.low));
  addPlanned(writer, info, dn, [
    {
      rdn: 'CN=RID Set',
      objectClass: 'rIDSet',
      more: {
        rIDAllocationPool: pool,
        rIDPreviousAllocationPool: pool,
        rIDUsedPool: '0',
        rIDNextRID: String(FIRST_POOL.low),
      },
    },
  ]);
  set(writer, dn, { rIDSetReferences: `CN=RID Set,${dn}` });
  set(writer, info.serverDn, { serverReference: dn });
  return dn;
}

/** SPNs of a controller (MS-ADTS 2.1.1.2, MS-DRSR 2.2.2). */
function controllerSpns(info: DomainInfo, aliases: readonly string[]): string[] {
  const { controllerName, dnsName, netbiosName, dsaGuid } = info;
  const host = hostOf(info);
  return [
    ...[host, controllerName, ...aliases].flatMap((name) => [`HOST/${name}`, `ldap/${name}`]),
    `RestrictedKrbHost/${host}`,
    `RestrictedKrbHost/${controllerName}`,
    `GC/${host}/${dnsName}`,
    `DNS/${host}`,
    `HOST/${host}/${netbiosName}`,
    `HOST/${host}/${dnsName}`,
    `HOST/${controllerName}/${netbiosName}`,
    `ldap/${host}/${netbiosName}`,
    `ldap/${host}/${dnsName}`,
    `ldap/${controllerName}/${netbiosName}`,
    `ldap/${dsaGuid}._msdcs.${dnsName}`,
    `${REPLICATION_CLASS}/${dsaGuid}/${dnsName}`,
    `${DFSR_CLASS}/${host}`,
    `TERMSRV/${host}`,
    `TERMSRV/${controllerName}`,
  ];
}

function hostOf({ controllerName, dnsName }: DomainInfo): string {
  return `${controllerName.toLowerCase()}.${dnsName}`;
}

function set(writer: DirectoryWriter, dn: string, values: { [attribute: string]: string }): void {
  const changes = Object.entries(values).map(([attribute, value]) => {
    return { operation: 'replace', attribute, values: [value] } as const;
  });
  writer.modify(dn, changes, { system: true });
}
