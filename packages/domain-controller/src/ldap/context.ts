import type { RandomSource } from '@doublehop/crypto/random';
import type { Account } from '@doublehop/directory/account';
import type { Directory } from '@doublehop/directory/directory';
import type { DomainInfo } from '@doublehop/directory/domain';
import type { LdapSession } from '@doublehop/ldap/server/handler';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import type { KdcSettings } from '../kdc/settings.ts';
import { readHeuristics } from './access/heuristics.ts';
import { type Subject, subjectOf } from './access/subject.ts';
import { notBound } from './failures.ts';

/** The accounts of the directory, as a KDC sees them too. */
export interface AccountLookup {
  refresh(): void;
  bySpn(spn: string): Account | undefined;
  byName(name: string): Account | undefined;
  bySid(sid: Sid): Account | undefined;
  byDn(dn: string): Account | undefined;
}

/** The names of the domain that LDAP serves. */
export interface LdapDomain extends DomainInfo {
  /** NetBIOS name of this controller: `DC`. */
  readonly controller: string;
}

/** What the LDAP service works with; every part is handed in. */
export interface LdapContext {
  readonly directory: Directory;
  readonly accounts: AccountLookup;
  readonly domain: LdapDomain;
  /** Account states and encryption types are the KDC's. */
  readonly settings: KdcSettings;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
}

/** A client that has bound. */
export interface Caller extends Subject {
  readonly samAccountName: string;
  readonly dn: string;
}

export type Session = LdapSession<Caller>;

/** The session's client that has bound; throws what AD answers to others (MS-ADTS 5.1.3). */
export function requireCaller(session: Session): Caller {
  if (session.identity === undefined) throw notBound();
  return session.identity;
}

/**
 * The session's client: one that has not bound too, where dSHeuristics lets the anonymous in
 * (fLDAPBlockAnonOps, MS-ADTS 5.1.3); throws what AD answers elsewhere.
 */
export function clientOf(context: LdapContext, session: Session): Caller {
  if (session.identity !== undefined) return session.identity;
  const { directory, domain } = context;
  directory.refresh();
  if (!readHeuristics(directory, domain.configurationDn).anonymousOperations) throw notBound();
  const sid = wellKnown.anonymous;
  // Not Everyone: that the anonymous are of it is a policy, off by default (MS-DTYP 2.4.2.4).
  return { ...subjectOf(context, sid, { sids: new Set([sid]) }), samAccountName: '', dn: '' };
}

/** An attribute description without its options, and the options (RFC 4512 §2.5). */
export function splitDescription(description: string): {
  readonly name: string;
  readonly options: readonly string[];
} {
  const [name = '', ...options] = description.split(';');
  return { name, options };
}
