import { standsForNobody } from '@doublehop/delegation/ace-effect';
import { domainOf, type Sid } from '@doublehop/security/sid';
import type { Principal } from './account.ts';
import type { DomainFacts } from './domain.ts';
import { AdminError } from './errors.ts';
import { IDENTITY_FORMS } from './identity.ts';

/**
 * Refuses middles that a grant would not help, or would help somebody else one day: SIDs given by
 * themselves are written as they are, so this is where a slip in one is seen. SIDs of other domains
 * cannot be looked up here and are taken. Throws AdminError `usage`, `not-found`.
 */
export function checkMiddles(
  { sid: domain, dnsName }: DomainFacts,
  middles: readonly Principal[],
): void {
  for (const { sid, name, dn } of middles) {
    const detail = { argument: '--middle', subject: sid };
    if (!hasSubAuthority(sid)) {
      const message = `"${sid}" is the beginning of a SID; one looks like S-1-5-21-1-2-3-1104`;
      throw new AdminError('usage', message, detail);
    }
    if (standsForNobody(sid)) {
      const message = `${name} stands for nobody when a KDC asks; give ${IDENTITY_FORMS}`;
      throw new AdminError('usage', message, detail);
    }
    if (dn === undefined && domain !== undefined && domainOf(sid) === domain) {
      const message = `no account in ${dnsName} has the SID ${sid}: it was deleted, or is misspelt`;
      throw new AdminError('not-found', message, detail);
    }
  }
}

/** S-1-AUTHORITY alone is a SID by its form (MS-DTYP 2.4.2.1), but nobody's. */
function hasSubAuthority(sid: Sid): boolean {
  return sid.split('-').length > 3;
}
