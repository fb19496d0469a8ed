import { ridOf, type Sid } from '@doublehop/security/sid';
import { DomainRid, wellKnown } from '@doublehop/security/well-known-sids';

/** How a group is shown by `whoami /groups`. */
export interface NamedGroup {
  readonly name: string;
  readonly type: 'Well-known group' | 'Alias' | 'Group' | 'Unknown SID type';
}

const KNOWN: ReadonlyMap<string, NamedGroup> = new Map([
  [wellKnown.everyone, { name: 'Everyone', type: 'Well-known group' }],
  [
    wellKnown.authenticatedUsers,
    { name: String.raw`NT AUTHORITY\Authenticated Users`, type: 'Well-known group' },
  ],
  [wellKnown.network, { name: String.raw`NT AUTHORITY\NETWORK`, type: 'Well-known group' }],
  [
    wellKnown.authenticationAuthorityAsserted,
    { name: 'Authentication authority asserted identity', type: 'Well-known group' },
  ],
  [wellKnown.serviceAsserted, { name: 'Service asserted identity', type: 'Well-known group' }],
  [
    wellKnown.claimsValid,
    { name: String.raw`NT AUTHORITY\Claims Valid`, type: 'Well-known group' },
  ],
  [wellKnown.builtinAdministrators, { name: String.raw`BUILTIN\Administrators`, type: 'Alias' }],
  [wellKnown.builtinUsers, { name: String.raw`BUILTIN\Users`, type: 'Alias' }],
  ['S-1-5-4', { name: String.raw`NT AUTHORITY\INTERACTIVE`, type: 'Well-known group' }],
  ['S-1-5-18', { name: String.raw`NT AUTHORITY\SYSTEM`, type: 'Well-known group' }],
  ['S-1-5-32-551', { name: String.raw`BUILTIN\Backup Operators`, type: 'Alias' }],
  ['S-1-5-32-555', { name: String.raw`BUILTIN\Remote Desktop Users`, type: 'Alias' }],
  ['S-1-5-32-580', { name: String.raw`BUILTIN\Remote Management Users`, type: 'Alias' }],
] as const);

const RIDS: ReadonlyMap<number, string> = new Map([
  [DomainRid.domainAdmins, 'Domain Admins'],
  [DomainRid.domainUsers, 'Domain Users'],
  [DomainRid.domainComputers, 'Domain Computers'],
  [DomainRid.domainControllers, 'Domain Controllers'],
  [DomainRid.schemaAdmins, 'Schema Admins'],
  [DomainRid.enterpriseAdmins, 'Enterprise Admins'],
  [DomainRid.groupPolicyCreatorOwners, 'Group Policy Creator Owners'],
  [DomainRid.protectedUsers, 'Protected Users'],
]);

/** The name of a group's SID where it is one that every domain has. */
export function groupName(sid: Sid, domain: string): NamedGroup {
  const known = KNOWN.get(sid);
  if (known !== undefined) return known;
  const name = sid.startsWith('S-1-5-21-') ? RIDS.get(ridOf(sid)) : undefined;
  return name === undefined
    ? { name: '', type: 'Unknown SID type' }
    : { name: `${domain}\\${name}`, type: 'Group' };
}
