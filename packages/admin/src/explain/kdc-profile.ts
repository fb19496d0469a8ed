import type { DelegationSettings } from '@doublehop/delegation/facts';
import { KDC_PROFILES, type KdcProfile } from '@doublehop/delegation/profiles';
import { textOf } from '@doublehop/ldap/client/entry';
import { everything } from '@doublehop/ldap/filter';
import { type DirectoryClient, firstEntries } from '../directory-client.ts';

/** The KDC that is to decide: which product, and what the domain tells of itself. */
export interface KdcKind {
  readonly profile: KdcProfile;
  /** Found by the controller's own word, or named by the caller. */
  readonly found: 'by-rootdse' | 'named';
  readonly settings: DelegationSettings;
}

/** Protected Users count from Windows Server 2012 R2 on (MS-ADTS 6.1.4.2: level 6). */
const PROTECTED_USERS_LEVEL = 6;

/** Samba says who it is; Windows and our own controller have no vendorName (RFC 3045). */
export async function readKdcKind(
  client: Pick<DirectoryClient, 'search'>,
  named?: KdcProfile,
): Promise<KdcKind> {
  const attributes = ['vendorName', 'domainFunctionality'];
  const search = client.search({ base: '', scope: 'base', filter: everything, attributes });
  const [root] = await firstEntries(search, 1);
  const vendor = root === undefined ? undefined : textOf(root, 'vendorName');
  const level = root === undefined ? undefined : textOf(root, 'domainFunctionality');
  const profile = named ?? (vendor !== undefined && /samba/i.test(vendor) ? 'samba' : 'windows');
  const protectedUsers = level === undefined || Number(level) >= PROTECTED_USERS_LEVEL;
  return {
    profile,
    found: named === undefined ? 'by-rootdse' : 'named',
    settings: { ...KDC_PROFILES[profile], protectedUsers },
  };
}
