import { accountOf } from '@doublehop/admin/account';
import type { DomainConnection } from '@doublehop/admin/connection';
import { showGrants } from '@doublehop/admin/show';
import { textOf, textsOf, valuesOf } from '@doublehop/ldap/client/entry';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import type { View } from '@doublehop/powershell/format/view';
import { PsObject, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import { millisecondsOf, NEVER } from '@doublehop/security/filetime';
import { decodeGuid } from '@doublehop/security/guid';
import { decodeSid, type Sid } from '@doublehop/security/sid';
import { fromUtf8 } from '@doublehop/wire/bytes';
import { dateTime } from '../commands/host-objects.ts';
import { NAMESPACE } from './access.ts';
import { accountFlag } from './account-flags.ts';
import { attributeOf, propertyOf, type Reading } from './properties.ts';

/** What kind of object a command is about. */
export type AdKind = 'Computer' | 'User' | 'ServiceAccount' | 'Group' | 'Principal' | 'Object';

/** The kinds that log on, and that others can act towards. */
export type AccountKind = 'Computer' | 'User' | 'ServiceAccount';

const PRINCIPALS = 'PrincipalsAllowedToDelegateToAccount';
const RETRIEVERS = 'PrincipalsAllowedToRetrieveManagedPassword';
const DESCRIPTOR = 'msDS-AllowedToActOnBehalfOfOtherIdentity';
const RETRIEVERS_DESCRIPTOR = 'msDS-GroupMSAMembership';

/** Attributes of what every object of the module has. */
export const DEFAULT_ATTRIBUTES: readonly string[] = [
  'objectClass',
  'objectSid',
  'objectGUID',
  'sAMAccountName',
  'userAccountControl',
  'groupType',
  'dNSHostName',
  'servicePrincipalName',
  'name',
  'userPrincipalName',
  'givenName',
  'sn',
  DESCRIPTOR,
];

/** Attributes to ask for, so that these properties can be shown. */
export function attributesFor(properties: readonly string[]): string[] {
  if (properties.includes('*')) return ['*', ...DEFAULT_ATTRIBUTES];
  return [...new Set([...DEFAULT_ATTRIBUTES, ...properties.map(attributeOf)])];
}

/** An object as the ActiveDirectory module gives it. Throws AdminError for a broken entry. */
export async function adObject(
  connection: DomainConnection,
  entry: ClientEntry,
  kind: AdKind,
  properties: readonly string[],
): Promise<PsObject> {
  const object = new PsObject({
    typeNames: TYPES[kind].map((name) => `${NAMESPACE}.${name}`).concat('System.Object'),
    text: entry.dn,
    adapted: Object.fromEntries(DEFAULTS[kind].map((name) => [name, property(entry, name)])),
  });
  for (const name of properties.includes('*') ? allNames(entry) : properties) {
    if (!object.has(name)) object.set(name, await extended(connection, entry, name));
  }
  return object;
}

const ACCOUNT_TYPES = ['ADAccount', 'ADPrincipal', 'ADObject', 'ADEntity'];

const TYPES: Readonly<Record<AdKind, readonly string[]>> = {
  Computer: ['ADComputer', ...ACCOUNT_TYPES],
  User: ['ADUser', ...ACCOUNT_TYPES],
  ServiceAccount: ['ADServiceAccount', ...ACCOUNT_TYPES],
  Group: ['ADGroup', 'ADPrincipal', 'ADObject', 'ADEntity'],
  Principal: ['ADPrincipal', 'ADObject', 'ADEntity'],
  Object: ['ADObject', 'ADEntity'],
};

const OF_COMPUTERS = [
  'DistinguishedName',
  'DNSHostName',
  'Enabled',
  'Name',
  'ObjectClass',
  'ObjectGUID',
  'SamAccountName',
  'SID',
  'UserPrincipalName',
];

/** What is shown without `-Properties`. */
const DEFAULTS: Readonly<Record<AdKind, readonly string[]>> = {
  Computer: OF_COMPUTERS,
  ServiceAccount: OF_COMPUTERS,
  User: [
    'DistinguishedName',
    'Enabled',
    'GivenName',
    'Name',
    'ObjectClass',
    'ObjectGUID',
    'SamAccountName',
    'SID',
    'Surname',
    'UserPrincipalName',
  ],
  Group: [
    'DistinguishedName',
    'GroupCategory',
    'GroupScope',
    'Name',
    'ObjectClass',
    'ObjectGUID',
    'SamAccountName',
    'SID',
  ],
  Principal: ['distinguishedName', 'name', 'objectClass', 'objectGUID', 'SamAccountName', 'SID'],
  Object: ['DistinguishedName', 'Name', 'ObjectClass', 'ObjectGUID'],
};

/** A SID as .NET's SecurityIdentifier: an object with `.Value`. */
export function sidObject(sid: Sid): PsObject {
  const typeNames = ['System.Security.Principal.SecurityIdentifier', 'System.Object'];
  const domain = /^(S-1-5-21-\d+-\d+-\d+)-\d+$/u.exec(sid)?.[1] ?? null;
  const length = 8 + 4 * (sid.split('-').length - 3);
  return new PsObject({
    typeNames,
    text: sid,
    adapted: { BinaryLength: length, AccountDomainSid: domain, Value: sid },
  });
}

/** groupType (MS-ADTS 2.2.12). */
const SECURITY_ENABLED = 0x8000_0000;
const SCOPES = [
  [0x2, 'Global'],
  [0x4, 'DomainLocal'],
  [0x8, 'Universal'],
] as const;

/** A property that a kind always has. */
function property(entry: ClientEntry, name: string): PsValue {
  const flag = accountFlag(name);
  if (flag !== undefined) return flagOf(entry, flag);
  switch (name.toLowerCase()) {
    case 'distinguishedname':
      return entry.dn;
    case 'objectclass':
      return textsOf(entry, 'objectClass').at(-1) ?? null;
    case 'objectguid': {
      const [guid] = valuesOf(entry, 'objectGUID');
      return guid === undefined ? null : new Scalar('Guid', decodeGuid(guid));
    }
    case 'sid': {
      const [sid] = valuesOf(entry, 'objectSid');
      return sid === undefined ? null : sidObject(decodeSid(sid));
    }
    case 'groupcategory':
      return (numberOf(entry, 'groupType') & SECURITY_ENABLED) === 0 ? 'Distribution' : 'Security';
    case 'groupscope': {
      const type = numberOf(entry, 'groupType');
      return SCOPES.find(([bit]) => (type & bit) !== 0)?.[1] ?? null;
    }
    default:
      return textOf(entry, attributeOf(name)) ?? null;
  }
}

function flagOf(
  entry: ClientEntry,
  { bit, isInverse }: { bit: number; isInverse: boolean },
): boolean {
  return ((numberOf(entry, 'userAccountControl') & bit) !== 0) !== isInverse;
}

function numberOf(entry: ClientEntry, attribute: string): number {
  return Number(textOf(entry, attribute) ?? '0') | 0;
}

function allNames(entry: ClientEntry): string[] {
  return [PRINCIPALS, ...entry.attributes.map(({ type }) => type).filter((name) => name !== 'sn')];
}

const OWN: ReadonlySet<string> = new Set(Object.values(DEFAULTS).flat().map(lower));

async function extended(
  connection: DomainConnection,
  entry: ClientEntry,
  name: string,
): Promise<PsValue> {
  const wanted = lower(name);
  if (accountFlag(name) !== undefined || OWN.has(wanted)) return property(entry, name);
  if (wanted === 'objectsid') return property(entry, 'SID');
  const { attribute, reading } = propertyOf(name);
  if (reading.kind !== 'as it is') return readAs(reading, textOf(entry, attribute));
  if (lower(attribute) === lower(DESCRIPTOR) || lower(attribute) === lower(RETRIEVERS_DESCRIPTOR)) {
    const isList = wanted === lower(PRINCIPALS) || wanted === lower(RETRIEVERS);
    const [value] = valuesOf(entry, attribute);
    return await security(connection, entry, value, isList);
  }
  const values = valuesOf(entry, attribute).map(valueOf);
  const isMany = /^(?:serviceprincipalnames?|memberof|members?|msds-allowedtodelegateto)$/u;
  return values.length > 1 || isMany.test(wanted) ? values : (values[0] ?? null);
}

function readAs(
  reading: Exclude<Reading, { kind: 'as it is' }>,
  text: string | undefined,
): PsValue {
  if (text === undefined) return null;
  switch (reading.kind) {
    case 'bit':
      return (Number(text) & reading.bit) !== 0;
    case 'file time': {
      const time = BigInt(text);
      return time === 0n || time === NEVER ? null : dateTime(millisecondsOf(time));
    }
    case 'time': {
      const [, year, month, day, hour, minute, second] = GENERALIZED_TIME.exec(text) ?? [];
      if (second === undefined) return text;
      return dateTime(Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`));
    }
  }
}

/** As controllers write it (MS-ADTS 3.1.1.2.2.2.13): `20260302100000.0Z`. */
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/u;

/** Whether objects have the property without being asked for it. */
export function isDefaultProperty(name: string): boolean {
  return OWN.has(lower(name));
}

function lower(name: string): string {
  return name.toLowerCase();
}

/** Who a descriptor lets in; or the descriptor as .NET's ActiveDirectorySecurity, with `Access`. */
async function security(
  connection: DomainConnection,
  entry: ClientEntry,
  allowedToAct: Uint8Array | undefined,
  isList: boolean,
): Promise<PsValue> {
  if (allowedToAct === undefined) return isList ? [] : null;
  const report = await showGrants(connection, { ...accountOf(entry), allowedToAct });
  if (isList) return report.principals.map(({ dn, sid }) => dn ?? sid);
  const Access = report.rules.map(
    (rule) =>
      new PsObject({
        typeNames: ['System.DirectoryServices.ActiveDirectoryAccessRule', 'System.Object'],
        adapted: { ...rule },
      }),
  );
  return new PsObject({
    typeNames: ['System.DirectoryServices.ActiveDirectorySecurity', 'System.Object'],
    text: 'System.DirectoryServices.ActiveDirectorySecurity',
    adapted: { Access, Sddl: report.sddl ?? null },
  });
}

/** Text where it is text, octets where it is none. */
function valueOf(value: Uint8Array): PsValue {
  const text = fromUtf8(value);
  return /[\0\u{fffd}]/u.test(text) ? value : text;
}

/** How these objects are shown. */
export const DIRECTORY_VIEWS: readonly View[] = [
  {
    typeName: 'System.DirectoryServices.ActiveDirectoryAccessRule',
    kind: 'list',
    columns: [
      'ActiveDirectoryRights',
      'InheritanceType',
      'ObjectType',
      'InheritedObjectType',
      'ObjectFlags',
      'AccessControlType',
      'IdentityReference',
      'IsInherited',
      'InheritanceFlags',
      'PropagationFlags',
    ].map((label) => ({ label })),
  },
];
