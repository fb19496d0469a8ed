import type { RandomSource } from '@doublehop/crypto/random';
import { decodeGuid, encodeGuid, type Guid } from '@doublehop/security/guid';
import { encodeSid, parseSid, type Sid } from '@doublehop/security/sid';
import type { Directory } from './directory.ts';
import { dnOfDnsName, formatDn } from './dn.ts';
import type { DomainInfo } from './domain.ts';
import type { AttributeInput } from './entry.ts';
import { DirectoryError } from './errors.ts';
import { addConfiguration } from './provision/configuration.ts';
import { addServer } from './provision/controller.ts';
import { CONFIGURATION_SDDL, DOMAIN_SDDL, SCHEMA_SDDL } from './provision/descriptors.ts';
import {
  addDomainTree,
  CONFIGURATION_WELL_KNOWN,
  OTHER_WELL_KNOWN,
  WELL_KNOWN,
  wellKnownValues,
} from './provision/domain-tree.ts';
import { descriptorBytes, SystemFlag } from './provision/plan.ts';
import { addPrincipals } from './provision/principals.ts';
import { addSchemaObjects } from './provision/schema-objects.ts';
import {
  DOMAIN_POLICY,
  FIRST_SITE,
  FUNCTIONAL_LEVEL,
  SCHEMA_VERSION,
} from './provision/settings.ts';
import { fileTime, versionFour } from './writer-options.ts';
import type { DirectoryWriter } from './writer.ts';

export type { DomainInfo } from './domain.ts';

/** A domain to be made. */
export interface NewDomain {
  /** DNS name: `contoso.com`. */
  readonly dnsName: string;
  /** NetBIOS name: `CONTOSO`. */
  readonly netbiosName: string;
  /** S-1-5-21-a-b-c; absent = drawn from `random`. */
  readonly sid?: Sid;
  /** NetBIOS name of the first controller; absent: `DC`. */
  readonly controllerName?: string;
  /** More to be written in the same unit of work; it may run more than once. */
  readonly also?: (writer: DirectoryWriter, info: DomainInfo) => void;
  readonly random: RandomSource;
}

const DNS_NAME = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i;
const NETBIOS_NAME = /^[A-Z0-9!#$%&'()@^_`{}~-]{1,15}$/i;

const FIRST_CONTROLLER = 'DC';

/** instanceType of heads of naming contexts: the topmost, and those below another. */
const TOPMOST = '5';
const SUBORDINATE = '13';

/**
 * Makes the entries of a new domain in an empty directory, all or none: schema, configuration,
 * default containers, users and groups, and the server of the first controller, whose account
 * `addControllerAccount` makes. Accounts have no keys yet.
 */
export async function provision(directory: Directory, domain: NewDomain): Promise<DomainInfo> {
  const { controllerName = FIRST_CONTROLLER } = domain;
  const names = [domain.netbiosName, controllerName];
  if (!DNS_NAME.test(domain.dnsName) || !names.every((name) => NETBIOS_NAME.test(name))) {
    throw new DirectoryError('invalidDNSyntax', 'not the name of a domain');
  }
  if (directory.domain !== undefined) {
    throw new DirectoryError('entryAlreadyExists', 'the directory holds a domain already');
  }
  const info = describe(domain);
  await directory.write((writer) => {
    writer.setDomain(info);
    addHeads(writer, info, directory.now());
    addSchemaObjects(writer, directory.schema, info);
    categorize(writer, info);
    addConfiguration(writer, directory.schema, info);
    addDomainTree(writer, info);
    addPrincipals(writer, info);
    addServer(writer, info);
    for (const head of [info.dn, info.configurationDn]) writer.ensureDeletedObjects(head);
    finish(writer, info);
    domain.also?.(writer, info);
  });
  return info;
}

function describe(domain: NewDomain): DomainInfo {
  const dnsName = domain.dnsName.toLowerCase();
  const dn = formatDn(dnOfDnsName(dnsName));
  const configurationDn = `CN=Configuration,${dn}`;
  const { controllerName = FIRST_CONTROLLER, random } = domain;
  const serverDn = `CN=${controllerName},CN=Servers,CN=${FIRST_SITE},CN=Sites,${configurationDn}`;
  return {
    dn,
    dnsName,
    realm: dnsName.toUpperCase(),
    netbiosName: domain.netbiosName.toUpperCase(),
    sid: domain.sid ?? randomDomainSid(random),
    configurationDn,
    schemaDn: `CN=Schema,${configurationDn}`,
    siteName: FIRST_SITE,
    controllerName,
    serverDn,
    dsaDn: `CN=NTDS Settings,${serverDn}`,
    dsaGuid: randomGuid(random),
    invocationId: randomGuid(random),
  };
}

/** S-1-5-21 and 96 random bits (MS-DTYP 2.4.2.4, domain). */
function randomDomainSid(random: RandomSource): Sid {
  const bytes = Buffer.from(random(12));
  const parts = [0, 4, 8].map((at) => bytes.readUInt32LE(at));
  return parseSid(`S-1-5-21-${parts.join('-')}`);
}

function randomGuid(random: RandomSource): Guid {
  return decodeGuid(versionFour(random(16)));
}

/** The heads of the three naming contexts (MS-ADTS 6.1.1.1). */
function addHeads(writer: DirectoryWriter, info: DomainInfo, now: number): void {
  const options = { system: true, contextHead: true };
  const attributes: AttributeInput = {
    objectClass: 'domainDNS',
    instanceType: TOPMOST,
    objectSid: encodeSid(info.sid),
    nTSecurityDescriptor: descriptorBytes(info, DOMAIN_SDDL),
    ...DOMAIN_SETTINGS,
    creationTime: String(fileTime(now)),
    gPLink: `[LDAP://CN=${DOMAIN_POLICY},CN=Policies,CN=System,${info.dn};0]`,
    wellKnownObjects: wellKnownValues(WELL_KNOWN, info.dn),
    otherWellKnownObjects: wellKnownValues(OTHER_WELL_KNOWN, info.dn),
  };
  writer.add(info.dn, attributes, options);
  const configuration = {
    objectClass: 'configuration',
    instanceType: SUBORDINATE,
    nTSecurityDescriptor: descriptorBytes(info, CONFIGURATION_SDDL),
    'msDS-NcType': '0',
    wellKnownObjects: wellKnownValues(CONFIGURATION_WELL_KNOWN, info.configurationDn),
  };
  writer.add(info.configurationDn, configuration, options);
  const schema = {
    objectClass: 'dMD',
    instanceType: SUBORDINATE,
    nTSecurityDescriptor: descriptorBytes(info, SCHEMA_SDDL),
    'msDS-NcType': '0',
    objectVersion: SCHEMA_VERSION,
    schemaInfo: schemaInfo(info),
  };
  writer.add(info.schemaDn, schema, options);
}

/** Attributes of a domain's head that are the same everywhere (MS-ADTS 6.1.1.1.1). */
const DOMAIN_SETTINGS = {
  auditingPolicy: Uint8Array.of(0, 1),
  forceLogoff: '-9223372036854775808',
  isCriticalSystemObject: 'TRUE',
  lockoutDuration: '-18000000000',
  lockOutObservationWindow: '-18000000000',
  lockoutThreshold: '0',
  maxPwdAge: '-36288000000000',
  minPwdAge: '-864000000000',
  minPwdLength: '7',
  modifiedCount: '1',
  modifiedCountAtLastProm: '0',
  'ms-DS-MachineAccountQuota': '10',
  'msDS-AllUsersTrustQuota': '1000',
  'msDS-Behavior-Version': FUNCTIONAL_LEVEL,
  'msDS-NcType': '0',
  'msDS-PerUserTrustQuota': '1',
  'msDS-PerUserTrustTombstonesQuota': '10',
  nextRid: '1000',
  nTMixedDomain: '0',
  pwdHistoryLength: '24',
  pwdProperties: '1',
  serverState: '1',
  systemFlags: String(SystemFlag.fixed),
  uASCompat: '1',
} as const;

/** schemaInfo: a marker, how many changes there were, and whose (MS-ADTS 3.1.1.3.1.1.3). */
function schemaInfo({ invocationId }: DomainInfo): Uint8Array {
  return Buffer.concat([Uint8Array.of(0xff, 0, 0, 0, 0), encodeGuid(invocationId)]);
}

/** The heads were there before the classes: now they can be of their categories. */
function categorize(writer: DirectoryWriter, info: DomainInfo): void {
  const heads = [
    [info.dn, 'Domain-DNS'],
    [info.configurationDn, 'Configuration'],
    [info.schemaDn, 'DMD'],
  ] as const;
  for (const [dn, cn] of heads) set(writer, dn, 'objectCategory', `CN=${cn},${info.schemaDn}`);
}

/** References of heads to what is made after them. */
function finish(writer: DirectoryWriter, info: DomainInfo): void {
  set(writer, info.dn, 'rIDManagerReference', `CN=RID Manager$,CN=System,${info.dn}`);
  set(writer, info.dn, 'subRefs', info.configurationDn);
  set(writer, info.configurationDn, 'subRefs', info.schemaDn);
}

function set(writer: DirectoryWriter, dn: string, attribute: string, value: string): void {
  writer.modify(dn, [{ operation: 'replace', attribute, values: [value] }], { system: true });
}

/** The domain of a directory, or undefined when it is empty. */
export function domainInfo(directory: Directory): DomainInfo | undefined {
  return directory.domain;
}
