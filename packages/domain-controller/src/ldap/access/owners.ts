import type { DomainInfo } from '@doublehop/directory/domain';
import type { Token } from '@doublehop/security/access-check';
import { type Sid, withRid } from '@doublehop/security/sid';
import { DomainRid, wellKnown } from '@doublehop/security/well-known-sids';
import type { Subject } from './subject.ts';

/** Who owns what a subject makes (MS-ADTS 6.1.3.7). */
export interface Creator {
  readonly owner: Sid;
  readonly group: Sid;
}

/**
 * Owner and group of a new entry: the default administrators group where the subject is of it, in
 * the order that the naming context has (MS-ADTS 6.1.3.8); else the subject itself.
 */
export function creatorOf({ sid, token, decisions: { domain } }: Subject, dn: string): Creator {
  const place = dn.toLowerCase();
  const within = (context: string): boolean =>
    place === context.toLowerCase() || place.endsWith(`,${context.toLowerCase()}`);
  const rid = (one: number): Sid => withRid(domain.sid, one);
  const domainAdmins = rid(DomainRid.domainAdmins);
  const enterpriseAdmins = rid(DomainRid.enterpriseAdmins);
  const groups = within(domain.schemaDn)
    ? [rid(DomainRid.schemaAdmins), enterpriseAdmins, domainAdmins]
    : within(domain.configurationDn)
      ? [enterpriseAdmins, domainAdmins]
      : [domainAdmins, enterpriseAdmins];
  const group = groups.find((one) => token.sids.has(one));
  if (group !== undefined) return { owner: group, group };
  // A user's primary group is Domain Users unless an administrator made it another.
  const primary = [DomainRid.domainUsers, DomainRid.domainComputers].map(rid);
  return { owner: sid, group: primary.find((one) => token.sids.has(one)) ?? domainAdmins };
}

/** Groups of the token that may be made owners: those with SE_GROUP_OWNER. */
export function ownersOf({ sids }: Token, { sid }: DomainInfo): readonly Sid[] {
  const groups = [
    wellKnown.builtinAdministrators,
    withRid(sid, DomainRid.domainAdmins),
    withRid(sid, DomainRid.enterpriseAdmins),
    withRid(sid, DomainRid.schemaAdmins),
  ];
  return groups.filter((one) => sids.has(one));
}
