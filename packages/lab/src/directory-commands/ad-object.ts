import { type Account, accountOf } from '@doublehop/admin/account';
import type { DomainConnection } from '@doublehop/admin/connection';
import { showGrants } from '@doublehop/admin/show';
import { textOf, textsOf, valuesOf } from '@doublehop/ldap/client/entry';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import type { View } from '@doublehop/powershell/format/view';
import { PsObject, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import { fromUtf8 } from '@doublehop/wire/bytes';
import { attributeOf } from './properties.ts';

/** What kind of account a command is about. */
export type AdKind = 'Computer' | 'User' | 'ServiceAccount';

const NAMESPACE = 'Microsoft.ActiveDirectory.Management';
const ACCOUNT_DISABLE = 0x2;
const TRUSTED_FOR_DELEGATION = 0x8_0000;
const NOT_DELEGATED = 0x10_0000;
const PRINCIPALS = 'PrincipalsAllowedToDelegateToAccount';
const DESCRIPTOR = 'msDS-AllowedToActOnBehalfOfOtherIdentity';

/** Attributes that every object of the module has. */
export const DEFAULT_ATTRIBUTES: readonly string[] = [
  'objectClass',
  'objectSid',
  'objectGUID',
  'sAMAccountName',
  'userAccountControl',
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

/** An account as the ActiveDirectory module gives it. */
export async function adObject(
  connection: DomainConnection,
  entry: ClientEntry,
  kind: AdKind,
  properties: readonly string[],
): Promise<PsObject> {
  const account = accountOf(entry);
  const text = (name: string): PsValue => textOf(entry, name) ?? null;
  const own: Record<string, PsValue> = {
    DistinguishedName: entry.dn,
    ...(kind === 'User' ? { GivenName: text('givenName') } : { DNSHostName: text('dNSHostName') }),
    Enabled: (account.userAccountControl & ACCOUNT_DISABLE) === 0,
    Name: text('name'),
    ObjectClass: textsOf(entry, 'objectClass').at(-1) ?? null,
    ObjectGUID: account.guid === undefined ? null : new Scalar('Guid', account.guid),
    SamAccountName: account.name,
    SID: account.sid,
    ...(kind === 'User' ? { Surname: text('sn') } : {}),
    UserPrincipalName: text('userPrincipalName'),
  };
  const object = new PsObject({
    typeNames: [`AD${kind}`, 'ADAccount', 'ADPrincipal', 'ADObject', 'ADEntity']
      .map((name) => `${NAMESPACE}.${name}`)
      .concat('System.Object'),
    text: entry.dn,
    adapted: own,
  });
  for (const name of properties.includes('*') ? allNames(entry) : properties) {
    if (!object.has(name)) object.set(name, await extended(connection, entry, account, name));
  }
  return object;
}

function allNames(entry: ClientEntry): string[] {
  return [PRINCIPALS, ...entry.attributes.map(({ type }) => type).filter((name) => name !== 'sn')];
}

async function extended(
  connection: DomainConnection,
  entry: ClientEntry,
  account: Account,
  name: string,
): Promise<PsValue> {
  const flag = FLAGS.get(name.toLowerCase());
  if (flag !== undefined) return (account.userAccountControl & flag) !== 0;
  if (name.toLowerCase() === PRINCIPALS.toLowerCase()) {
    const { principals } = await showGrants(connection, account);
    return principals.map(({ dn, sid }) => dn ?? sid);
  }
  if (name.toLowerCase() === DESCRIPTOR.toLowerCase()) return security(connection, account);
  const values = valuesOf(entry, attributeOf(name)).map(valueOf);
  const isMany = /serviceprincipalname|memberof|member$/iu.test(name);
  return values.length > 1 || isMany ? values : (values[0] ?? null);
}

const FLAGS: ReadonlyMap<string, number> = new Map([
  ['trustedfordelegation', TRUSTED_FOR_DELEGATION],
  ['accountnotdelegated', NOT_DELEGATED],
  ['trustedtoauthfordelegation', 0x100_0000],
]);

/** The descriptor as .NET's ActiveDirectorySecurity, whose `Access` are its rules. */
async function security(connection: DomainConnection, account: Account): Promise<PsValue> {
  if (account.allowedToAct === undefined) return null;
  const { rules, sddl } = await showGrants(connection, account);
  const Access = rules.map(
    (rule) =>
      new PsObject({
        typeNames: ['System.DirectoryServices.ActiveDirectoryAccessRule', 'System.Object'],
        adapted: { ...rule },
      }),
  );
  return new PsObject({
    typeNames: ['System.DirectoryServices.ActiveDirectorySecurity', 'System.Object'],
    text: 'System.DirectoryServices.ActiveDirectorySecurity',
    adapted: { Access, Sddl: sddl ?? null },
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
