/** Names of the ActiveDirectory module whose attributes have others. */
const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['name', 'name'],
  ['samaccountname', 'sAMAccountName'],
  ['dnshostname', 'dNSHostName'],
  ['distinguishedname', 'distinguishedName'],
  ['objectguid', 'objectGUID'],
  ['sid', 'objectSid'],
  ['userprincipalname', 'userPrincipalName'],
  ['serviceprincipalname', 'servicePrincipalName'],
  ['serviceprincipalnames', 'servicePrincipalName'],
  ['principalsallowedtodelegatetoaccount', 'msDS-AllowedToActOnBehalfOfOtherIdentity'],
  ['givenname', 'givenName'],
  ['surname', 'sn'],
  ['operatingsystem', 'operatingSystem'],
  ['memberof', 'memberOf'],
]);

/** The LDAP attribute that a property of the module is. */
export function attributeOf(property: string): string {
  return ATTRIBUTES.get(property.toLowerCase()) ?? property;
}
