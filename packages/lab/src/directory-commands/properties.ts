import type { DomainConnection } from '@doublehop/admin/connection';
import { entriesOf } from '@doublehop/admin/directory-client';
import { readRootDse } from '@doublehop/admin/domain';
import { AdminError } from '@doublehop/admin/errors';
import { textOf } from '@doublehop/ldap/client/entry';
import { equals, type Filter } from '@doublehop/ldap/filter';
import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import { accountFlag } from './account-flags.ts';

/** How the value of a property is made of that of its attribute. */
export type Reading =
  | { readonly kind: 'as it is' }
  /** 100 ns since 1601 (MS-ADTS 3.1.1.2.2.2.14, LargeInteger); 0 and the greatest are none. */
  | { readonly kind: 'file time' }
  /** GeneralizedTime (RFC 4517 §3.3.13). */
  | { readonly kind: 'time' }
  /** Whether a bit is set. */
  | { readonly kind: 'bit'; readonly bit: number };

interface Property {
  readonly attribute: string;
  readonly reading: Reading;
}

const AS_IT_IS: Reading = { kind: 'as it is' };
/** msDS-User-Account-Control-Computed (MS-ADTS 3.1.1.4.5.17). */
const COMPUTED = 'msDS-User-Account-Control-Computed';

/** Properties of the ActiveDirectory module, and their attributes. */
const NAMED: Readonly<Record<string, string>> = {
  DistinguishedName: 'distinguishedName',
  DNSHostName: 'dNSHostName',
  GivenName: 'givenName',
  ManagedBy: 'managedBy',
  MemberOf: 'memberOf',
  Name: 'name',
  ObjectClass: 'objectClass',
  ObjectGUID: 'objectGUID',
  OperatingSystem: 'operatingSystem',
  OperatingSystemVersion: 'operatingSystemVersion',
  SamAccountName: 'sAMAccountName',
  ServicePrincipalName: 'servicePrincipalName',
  UserPrincipalName: 'userPrincipalName',
  SID: 'objectSid',
  ServicePrincipalNames: 'servicePrincipalName',
  PrincipalsAllowedToDelegateToAccount: 'msDS-AllowedToActOnBehalfOfOtherIdentity',
  PrincipalsAllowedToRetrieveManagedPassword: 'msDS-GroupMSAMembership',
  ManagedPasswordIntervalInDays: 'msDS-ManagedPasswordInterval',
  KerberosEncryptionType: 'msDS-SupportedEncryptionTypes',
  BadLogonCount: 'badPwdCount',
  Certificates: 'userCertificate',
  City: 'l',
  Country: 'c',
  Deleted: 'isDeleted',
  EmailAddress: 'mail',
  Fax: 'facsimileTelephoneNumber',
  HomePage: 'wWWHomePage',
  LogonWorkstations: 'userWorkstations',
  Members: 'member',
  MobilePhone: 'mobile',
  Office: 'physicalDeliveryOfficeName',
  OfficePhone: 'telephoneNumber',
  Organization: 'o',
  OtherName: 'middleName',
  POBox: 'postOfficeBox',
  State: 'st',
  Surname: 'sn',
};

const FILE_TIMES: Readonly<Record<string, string>> = {
  AccountExpirationDate: 'accountExpires',
  AccountLockoutTime: 'lockoutTime',
  LastBadPasswordAttempt: 'badPasswordTime',
  LastLogonDate: 'lastLogonTimestamp',
  PasswordLastSet: 'pwdLastSet',
};

const TIMES: Readonly<Record<string, string>> = {
  Created: 'whenCreated',
  Modified: 'whenChanged',
  whenCreated: 'whenCreated',
  whenChanged: 'whenChanged',
};

const PROPERTIES: ReadonlyMap<string, Property> = new Map([
  ...named(NAMED, AS_IT_IS),
  ...named(FILE_TIMES, { kind: 'file time' }),
  ...named(TIMES, { kind: 'time' }),
  ...named({ LockedOut: COMPUTED }, { kind: 'bit', bit: ACCOUNT_CONTROL.LOCKOUT }),
  ...named({ PasswordExpired: COMPUTED }, { kind: 'bit', bit: ACCOUNT_CONTROL.PASSWORD_EXPIRED }),
]);

/** The LDAP attribute that a property of the module is, and how it is read. */
export function propertyOf(name: string): Property {
  return PROPERTIES.get(name.toLowerCase()) ?? { attribute: name, reading: AS_IT_IS };
}

/** The LDAP attribute that a property of the module is. */
export function attributeOf(property: string): string {
  return propertyOf(property).attribute;
}

/** Attributes of time that are numbers, whatever they are called by. */
const COUNTED: ReadonlySet<string> = new Set(
  [...Object.values(FILE_TIMES), 'lastLogon'].map((name) => name.toLowerCase()),
);

/** Whether an attribute's times are numbers, and not GeneralizedTime. */
export function isFileTime(attribute: string): boolean {
  return COUNTED.has(attribute.toLowerCase());
}

/**
 * Refuses properties that are neither the module's nor attributes of the domain's schema. Throws
 * AdminError `usage`, in the module's words.
 */
export async function checkProperties(
  { client }: DomainConnection,
  properties: readonly string[],
  isOwn: (name: string) => boolean,
): Promise<void> {
  const asked = properties.filter(
    (name) =>
      name !== '*' &&
      !isOwn(name) &&
      accountFlag(name) === undefined &&
      !PROPERTIES.has(name.toLowerCase()),
  );
  if (asked.length === 0) return;
  const { configuration } = await readRootDse(client);
  if (configuration === undefined) return;
  const names: Filter[] = asked.map((name) => equals('lDAPDisplayName', name));
  const search = client.searchAll({
    base: `CN=Schema,${configuration}`,
    scope: 'one',
    filter: { kind: 'and', filters: [equals('objectClass', 'attributeSchema'), or(names)] },
    attributes: ['lDAPDisplayName'],
  });
  const known = new Set<string>();
  for await (const entry of entriesOf(search)) {
    known.add((textOf(entry, 'lDAPDisplayName') ?? '').toLowerCase());
  }
  const unknown = asked.find((name) => !known.has(name.toLowerCase()));
  if (unknown === undefined) return;
  const message = `One or more properties are invalid. Parameter name: ${unknown}`;
  throw new AdminError('usage', message);
}

function or(filters: readonly Filter[]): Filter {
  return { kind: 'or', filters };
}

function named(
  names: Readonly<Record<string, string>>,
  reading: Reading,
): readonly (readonly [string, Property])[] {
  return Object.entries(names).map(([name, attribute]) => {
    return [name.toLowerCase(), { attribute, reading }] as const;
  });
}
