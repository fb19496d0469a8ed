import { aceEffect } from '@doublehop/delegation/ace-effect';
import { valuesOf } from '@doublehop/ldap/client/entry';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import { decodeSid, type Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import type { Principal } from '../account.ts';
import type { DomainConnection } from '../connection.ts';
import { firstEntries } from '../directory-client.ts';

/**
 * SIDs as which a principal acts besides its own: groups through groups (tokenGroups, MS-ADTS
 * 3.1.1.4.5.19), and those that everybody has. Of other domains the groups are not known.
 */
export async function otherSidsOf(
  { client }: DomainConnection,
  { dn }: Principal,
): Promise<ReadonlySet<Sid>> {
  const sids = new Set<Sid>([wellKnown.everyone, wellKnown.authenticatedUsers]);
  if (dn === undefined) return sids;
  const search = client.search({ base: dn, scope: 'base', attributes: ['tokenGroups'] });
  const [entry] = await firstEntries(search, 1);
  for (const value of entry === undefined ? [] : valuesOf(entry, 'tokenGroups')) {
    sids.add(decodeSid(value));
  }
  return sids;
}

/**
 * The SID by which somebody with these SIDs may act, undefined where nobody may: the first entry
 * that speaks of one of them decides (MS-DTYP 2.5.3.2). An entry with a condition may grant.
 */
export function actsAs(
  descriptor: SecurityDescriptor | undefined,
  sids: ReadonlySet<Sid>,
): Sid | undefined {
  const dacl = descriptor?.dacl;
  if (dacl === undefined) return undefined;
  if (dacl === 'null') return wellKnown.everyone;
  for (const ace of dacl.aces) {
    if (!sids.has(ace.sid)) continue;
    const effect = aceEffect(ace);
    if (effect === 'grants' || effect === 'grants-if') return ace.sid;
    if (effect === 'denies') return undefined;
  }
  return undefined;
}
