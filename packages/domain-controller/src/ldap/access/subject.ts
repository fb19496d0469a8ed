import type { Directory } from '@doublehop/directory/directory';
import type { Token } from '@doublehop/security/access-check';
import { type Sid, withRid } from '@doublehop/security/sid';
import { DomainRid, wellKnown } from '@doublehop/security/well-known-sids';
import { MAX_LOCAL_GROUPS } from '../../limits.ts';
import { Decisions } from './decisions.ts';
import type { EntrySource } from './heuristics.ts';

/** Who asks: the account, all the SIDs that it goes by, and what was decided for them. */
export interface Subject {
  readonly sid: Sid;
  readonly token: Token;
  /** Whether `isAdministrator` holds for the token: no right by itself. */
  readonly administrator: boolean;
  readonly decisions: Decisions;
}

/**
 * The subject that a token makes on this controller: with the groups of BUILTIN, which no ticket
 * carries (MS-PAC 2.5: only groups of domains; MS-KILE 3.3.5.6.3.1), and Enterprise Domain
 * Controllers for those who are one.
 */
export function subjectOf(
  { directory }: { readonly directory: Directory },
  sid: Sid,
  token: Token,
): Subject {
  directory.refresh();
  const { domain } = directory;
  if (domain === undefined) throw new TypeError('a directory without a domain has no subjects');
  const sids = new Set(token.sids);
  // Whoever is known came over the network (MS-DTYP 2.4.2.4).
  if (sids.has(wellKnown.authenticatedUsers)) sids.add(wellKnown.network);
  if (sids.has(withRid(domain.sid, DomainRid.domainControllers))) {
    sids.add(wellKnown.enterpriseDomainControllers);
  }
  addLocalGroups(directory, sids);
  const full = { ...token, sids };
  const options = { source: directory, schema: directory.schema, domain, token: full };
  const administrator = isAdministrator(full, domain.sid);
  return { sid, token: full, administrator, decisions: new Decisions(options) };
}

/** The same subject for a unit of work: it sees what the unit has written. */
export function within<T extends Subject>(subject: T, source: EntrySource): T {
  return { ...subject, decisions: subject.decisions.within(source) };
}

/** Whether a token is an administrator's of the domain. */
export function isAdministrator(token: Token, domain: Sid): boolean {
  return (
    token.sids.has(wellKnown.builtinAdministrators) ||
    token.sids.has(withRid(domain, DomainRid.domainAdmins)) ||
    token.sids.has(withRid(domain, DomainRid.enterpriseAdmins))
  );
}

const BUILTIN = 'S-1-5-32-';

/** Groups of BUILTIN that the token's SIDs are members of, by way of each other too. */
function addLocalGroups(source: EntrySource, sids: Set<Sid>): void {
  let left = MAX_LOCAL_GROUPS;
  // A set that grows is walked to its last member.
  for (const sid of sids) {
    for (const group of source.find({ sid })?.values('memberOf') ?? []) {
      left -= 1;
      if (left < 0) return;
      const found = typeof group === 'string' ? source.find(group)?.sid : undefined;
      if (found?.startsWith(BUILTIN) === true) sids.add(found);
    }
  }
}
