import type { RandomSource } from '@doublehop/crypto/random';
import { encodeGuid } from '@doublehop/security/guid';
import { encodeSid, parseSid, withRid, type Sid } from '@doublehop/security/sid';
import type { Directory } from './directory.ts';
import { dnOfDnsName, formatDn } from './dn.ts';
import type { DomainInfo } from './domain.ts';
import type { AttributeInput } from './entry.ts';
import { DirectoryError } from './errors.ts';
import {
  BUILTIN_GROUPS,
  DEFAULT_CONTAINERS,
  DEFAULT_GROUPS,
  DEFAULT_MEMBERS,
  GROUP_TYPES,
  MANAGED_ACCOUNTS,
} from './provision-data.ts';
import { HOST_CLASSES } from './spn.ts';
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
  readonly random: RandomSource;
}

const BUILTIN = parseSid('S-1-5-32');
const DNS_NAME = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i;
const NETBIOS_NAME = /^[A-Z0-9!#$%&'()@^_`{}~-]{1,15}$/i;

/** instanceType of heads of naming contexts: the topmost, and those below another. */
const TOPMOST = '5';
const SUBORDINATE = '13';

/** ACCOUNTDISABLE, PASSWD_NOTREQD, NORMAL_ACCOUNT, DONT_EXPIRE_PASSWORD. */
const GUEST_CONTROL = 0x10222;

/**
 * Makes the entries of a new domain in an empty directory, all or none: naming contexts, default
 * containers, users and groups. Accounts have no keys yet.
 */
export async function provision(directory: Directory, domain: NewDomain): Promise<DomainInfo> {
  if (!DNS_NAME.test(domain.dnsName) || !NETBIOS_NAME.test(domain.netbiosName)) {
    throw new DirectoryError('invalidDNSyntax', 'not the name of a domain');
  }
  if (directory.domain !== undefined) {
    throw new DirectoryError('entryAlreadyExists', 'the directory holds a domain already');
  }
  const info = describe(domain);
  await directory.write((writer) => {
    writer.setDomain(info);
    addContexts(writer, info);
    addSchema(writer, directory, info);
    addContainers(writer, info);
    addAccounts(writer, info);
    addConfiguration(writer, info);
    for (const context of [info.dn, info.configurationDn]) writer.ensureDeletedObjects(context);
  });
  return info;
}

function describe(domain: NewDomain): DomainInfo {
  const dnsName = domain.dnsName.toLowerCase();
  const dn = formatDn(dnOfDnsName(dnsName));
  const configurationDn = `CN=Configuration,${dn}`;
  return {
    dn,
    dnsName,
    realm: dnsName.toUpperCase(),
    netbiosName: domain.netbiosName.toUpperCase(),
    sid: domain.sid ?? randomDomainSid(domain.random),
    configurationDn,
    schemaDn: `CN=Schema,${configurationDn}`,
  };
}

/** S-1-5-21 and 96 random bits (MS-DTYP 2.4.2.4, domain). */
function randomDomainSid(random: RandomSource): Sid {
  const bytes = Buffer.from(random(12));
  const parts = [0, 4, 8].map((at) => bytes.readUInt32LE(at));
  return parseSid(`S-1-5-21-${parts.join('-')}`);
}

function addContexts(writer: DirectoryWriter, info: DomainInfo): void {
  const head = { system: true, contextHead: true };
  const wellKnown = DEFAULT_CONTAINERS.map(
    ({ rdn, wellKnownGuid }) => `B:32:${wellKnownGuid}:${rdn},${info.dn}`,
  );
  const managed = `B:32:${MANAGED_ACCOUNTS.wellKnownGuid}:${MANAGED_ACCOUNTS.rdn},${info.dn}`;
  const domainAttributes: AttributeInput = {
    objectClass: 'domainDNS',
    instanceType: TOPMOST,
    objectSid: encodeSid(info.sid),
    isCriticalSystemObject: 'TRUE',
    'ms-DS-MachineAccountQuota': '10',
    'msDS-Behavior-Version': '7',
    lockoutThreshold: '0',
    lockOutObservationWindow: '-18000000000',
    lockoutDuration: '-18000000000',
    maxPwdAge: '-36288000000000',
    minPwdAge: '-864000000000',
    minPwdLength: '7',
    pwdHistoryLength: '24',
    pwdProperties: '1',
    wellKnownObjects: wellKnown,
    otherWellKnownObjects: managed,
  };
  writer.add(info.dn, domainAttributes, head);
  const configuration = { objectClass: 'configuration', instanceType: SUBORDINATE };
  writer.add(info.configurationDn, configuration, head);
  writer.add(info.schemaDn, { objectClass: 'dMD', instanceType: SUBORDINATE }, head);
}

/** The class objects, to which every objectCategory points (MS-ADTS 3.1.1.2.4.8). */
function addSchema(writer: DirectoryWriter, { schema }: Directory, info: DomainInfo): void {
  const categories = { structural: '1', abstract: '2', auxiliary: '3', '88': '0' } as const;
  for (const type of schema.classes()) {
    const attributes: AttributeInput = {
      objectClass: 'classSchema',
      lDAPDisplayName: type.name,
      governsID: type.oid,
      subClassOf: type.subClassOf,
      objectClassCategory: categories[type.category],
      rDNAttID: type.rdnAttribute,
      schemaIDGUID: encodeGuid(type.schemaIdGuid),
      defaultObjectCategory: info.schemaDn,
    };
    writer.add(`CN=${type.cn},${info.schemaDn}`, attributes, { system: true });
  }
  // Now that all are there, each can point to the one it stands for.
  for (const type of schema.classes()) {
    const category = `CN=${type.defaultCategory},${info.schemaDn}`;
    const known = writer.find(category) === undefined ? `CN=${type.cn},${info.schemaDn}` : category;
    replace(writer, `CN=${type.cn},${info.schemaDn}`, 'defaultObjectCategory', known);
    replace(
      writer,
      `CN=${type.cn},${info.schemaDn}`,
      'objectCategory',
      `CN=Class-Schema,${info.schemaDn}`,
    );
  }
  replace(writer, info.dn, 'objectCategory', `CN=Domain-DNS,${info.schemaDn}`);
  replace(writer, info.configurationDn, 'objectCategory', `CN=Configuration,${info.schemaDn}`);
  replace(writer, info.schemaDn, 'objectCategory', `CN=DMD,${info.schemaDn}`);
}

function addContainers(writer: DirectoryWriter, info: DomainInfo): void {
  for (const { rdn, objectClass } of [...DEFAULT_CONTAINERS, MANAGED_ACCOUNTS]) {
    writer.add(`${rdn},${info.dn}`, system({ objectClass }), { system: true });
  }
  const builtin = system({ objectClass: 'builtinDomain', objectSid: encodeSid(BUILTIN) });
  writer.add(`CN=Builtin,${info.dn}`, builtin, { system: true });
}

function addAccounts(writer: DirectoryWriter, info: DomainInfo): void {
  const users = `CN=Users,${info.dn}`;
  const sid = (rid: number): Uint8Array => encodeSid(withRid(info.sid, rid));
  for (const { name, rid, scope, description } of DEFAULT_GROUPS) {
    const attributes = system({
      objectClass: 'group',
      sAMAccountName: name,
      objectSid: sid(rid),
      groupType: String(GROUP_TYPES[scope]),
      description,
    });
    writer.add(`CN=${name},${users}`, attributes, { system: true });
  }
  for (const [name, rid] of BUILTIN_GROUPS) {
    const attributes = system({
      objectClass: 'group',
      sAMAccountName: name,
      objectSid: encodeSid(withRid(BUILTIN, rid)),
      groupType: String(GROUP_TYPES.builtin),
    });
    writer.add(`CN=${name},CN=Builtin,${info.dn}`, attributes, { system: true });
  }
  const accounts: readonly (readonly [string, number, AttributeInput])[] = [
    ['Administrator', 500, { userAccountControl: '512' }],
    ['Guest', 501, { userAccountControl: String(GUEST_CONTROL), primaryGroupID: '514' }],
    ['krbtgt', 502, krbtgt()],
  ];
  for (const [name, rid, more] of accounts) {
    const attributes = system({ objectClass: 'user', sAMAccountName: name, objectSid: sid(rid) });
    writer.add(`CN=${name},${users}`, { ...attributes, ...more }, { system: true });
  }
  for (const [group, names] of DEFAULT_MEMBERS) {
    const members = names.map((name) => `CN=${name},${users}`);
    const change = { operation: 'add', attribute: 'member', values: members } as const;
    writer.modify(`${group},${info.dn}`, [change]);
  }
}

function krbtgt(): AttributeInput {
  return {
    userAccountControl: '514',
    showInAdvancedViewOnly: 'TRUE',
    servicePrincipalName: 'kadmin/changepw',
  };
}

/** The part of the configuration that clients of this domain look at. */
function addConfiguration(writer: DirectoryWriter, info: DomainInfo): void {
  const add = (rdns: string, attributes: AttributeInput): void => {
    writer.add(`${rdns},${info.configurationDn}`, attributes, { system: true });
  };
  add('CN=Partitions', { objectClass: 'crossRefContainer' });
  const partitions = [
    [info.netbiosName, info.dn, { nETBIOSName: info.netbiosName, systemFlags: '3' }],
    ['Enterprise Configuration', info.configurationDn, { systemFlags: '1' }],
    ['Enterprise Schema', info.schemaDn, { systemFlags: '1' }],
  ] as const;
  for (const [name, nCName, more] of partitions) {
    const attributes = { objectClass: 'crossRef', nCName, dnsRoot: info.dnsName, ...more };
    add(`CN=${name},CN=Partitions`, attributes);
  }
  add('CN=Services', { objectClass: 'container' });
  add('CN=Windows NT,CN=Services', { objectClass: 'container' });
  const service = { objectClass: 'nTDSService', sPNMappings: `host=${HOST_CLASSES}` };
  add('CN=Directory Service,CN=Windows NT,CN=Services', service);
}

function replace(writer: DirectoryWriter, dn: string, attribute: string, value: string): void {
  writer.modify(dn, [{ operation: 'replace', attribute, values: [value] }], { system: true });
}

function system(attributes: AttributeInput): AttributeInput {
  return { ...attributes, isCriticalSystemObject: 'TRUE' };
}

/** The domain of a directory, or undefined when it is empty. */
export function domainInfo(directory: Directory): DomainInfo | undefined {
  return directory.domain;
}
