/** Names of the ActiveDirectory module whose attributes have others. */
const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['name', 'name'],
  ['samaccountname', 'sAMAccountName'],
  ['dnshostname', 'dNSHostName'],
  ['distinguishedname', 'distinguishedName'],
  ['objectclass', 'objectClass'],
  ['objectguid', 'objectGUID'],
  ['sid', 'objectSid'],
  ['userprincipalname', 'userPrincipalName'],
  ['serviceprincipalname', 'servicePrincipalName'],
  ['serviceprincipalnames', 'servicePrincipalName'],
  ['principalsallowedtodelegatetoaccount', 'msDS-AllowedToActOnBehalfOfOtherIdentity'],
  ['principalsallowedtoretrievemanagedpassword', 'msDS-GroupMSAMembership'],
  ['managedpasswordintervalindays', 'msDS-ManagedPasswordInterval'],
  ['kerberosencryptiontype', 'msDS-SupportedEncryptionTypes'],
  ['givenname', 'givenName'],
  ['surname', 'sn'],
  ['emailaddress', 'mail'],
  ['office', 'physicalDeliveryOfficeName'],
  ['officephone', 'telephoneNumber'],
  ['operatingsystem', 'operatingSystem'],
  ['operatingsystemversion', 'operatingSystemVersion'],
  ['managedby', 'managedBy'],
  ['memberof', 'memberOf'],
  ['members', 'member'],
  ['created', 'whenCreated'],
  ['modified', 'whenChanged'],
  ['lastlogondate', 'lastLogonTimestamp'],
  ['passwordlastset', 'pwdLastSet'],
  ['accountexpirationdate', 'accountExpires'],
]);

/** The LDAP attribute that a property of the module is. */
export function attributeOf(property: string): string {
  return ATTRIBUTES.get(property.toLowerCase()) ?? property;
}

/** Attributes of time that count 100 ns since 1601 (MS-ADTS 3.1.1.2.2.2.14, LargeInteger). */
const FILE_TIMES: ReadonlySet<string> = new Set([
  'lastlogontimestamp',
  'lastlogon',
  'pwdlastset',
  'accountexpires',
  'badpasswordtime',
  'lockouttime',
]);

/** Whether an attribute's times are numbers, and not GeneralizedTime (RFC 4517 §3.3.13). */
export function isFileTime(attribute: string): boolean {
  return FILE_TIMES.has(attribute.toLowerCase());
}
