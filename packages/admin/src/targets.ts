import type { Filter } from '@doublehop/ldap/filter';
import { equals } from '@doublehop/ldap/filter';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { LdapError } from '@doublehop/ldap/errors';
import type { Scope } from '@doublehop/ldap/messages/search';
import { ACCOUNT_ATTRIBUTES, type Account, accountOf } from './account.ts';
import type { DomainConnection } from './connection.ts';
import { entriesOf } from './directory-client.ts';
import { AdminError } from './errors.ts';

/** Many targets at once: what Get-ADComputer -SearchBase -SearchScope -LDAPFilter finds. */
export interface Sweep {
  /** DN of the folder; the whole domain where absent. */
  readonly base?: string | undefined;
  /** Default `subtree`. */
  readonly scope?: Scope | undefined;
  /** RFC 4515; joined with the condition that an entry is of one of the kinds. */
  readonly filter?: string | undefined;
  /** Default: computers alone. */
  readonly kinds?: readonly SearchKind[] | undefined;
}

/** Kinds of accounts that are searched for. Of service accounts: both MSA and gMSA. */
export type SearchKind = 'computer' | 'user' | 'service-account';

export const SEARCH_KINDS: readonly SearchKind[] = ['computer', 'user', 'service-account'];

const SERVICE_ACCOUNT: Filter = {
  kind: 'or',
  filters: [
    equals('objectClass', 'msDS-GroupManagedServiceAccount'),
    equals('objectClass', 'msDS-ManagedServiceAccount'),
  ],
};

/**
 * The filter of each kind. Managed service accounts descend from computers, and computers from
 * users (MS-ADSC 2.46, 2.150).
 */
export const KIND_FILTERS: Readonly<Record<SearchKind, Filter>> = {
  computer: {
    kind: 'and',
    filters: [equals('objectClass', 'computer'), { kind: 'not', filter: SERVICE_ACCOUNT }],
  },
  user: {
    kind: 'and',
    filters: [
      equals('objectClass', 'user'),
      { kind: 'not', filter: equals('objectClass', 'computer') },
    ],
  },
  'service-account': SERVICE_ACCOUNT,
};

/** Names of a sweep's parts in errors. */
const BASE = '--search-base';
const FILTER = '--filter';

/**
 * The accounts that a sweep finds, as they come, by pages: of any number. Managed service accounts
 * are no computers here, though their class descends from it (MS-ADSC 2.150).
 *
 * Throws AdminError `usage` for a filter that cannot be read, `not-found` for a missing base.
 */
export async function* findTargets(
  { client, domain }: DomainConnection,
  sweep: Sweep,
): AsyncGenerator<Account> {
  const base = sweep.base ?? domain.namingContext;
  const items = client.searchAll({
    base,
    scope: sweep.scope ?? 'subtree',
    filter: sweepFilter(sweep),
    attributes: ACCOUNT_ATTRIBUTES,
  });
  try {
    for await (const entry of entriesOf(items)) yield accountOf(entry);
  } catch (error) {
    throw sweepFailure(error, base, domain.dnsName);
  }
}

/** The filter of a sweep. Throws AdminError `usage`. */
function sweepFilter({ filter: text, kinds = ['computer'] }: Sweep): Filter {
  const [first, ...others] = kinds.map((kind) => KIND_FILTERS[kind]);
  const all: Filter = { kind: 'or', filters: first === undefined ? [] : [first, ...others] };
  const kind = others.length === 0 && first !== undefined ? first : all;
  if (text === undefined) return kind;
  try {
    return { kind: 'and', filters: [kind, parseFilter(text)] };
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
    const message = `"${text}" is not an LDAP filter: ${error.message}; one looks like (cn=Web*)`;
    throw new AdminError('usage', message, { argument: FILTER, subject: text, cause: error });
  }
}

/** What an error of a search below a folder means to whoever named the folder. */
export function sweepFailure(error: unknown, base: string, dnsName: string): unknown {
  if (!(error instanceof LdapError)) return error;
  const detail = { argument: BASE, subject: base, cause: error };
  if (error.code === 'noSuchObject') {
    const near = error.matchedDn === '' ? '' : `; the nearest that exists is ${error.matchedDn}`;
    return new AdminError('not-found', `there is no "${base}" in ${dnsName}${near}`, detail);
  }
  if (error.code === 'invalidDNSyntax') {
    const message = `"${base}" is not a DN; one looks like OU=Servers,DC=contoso,DC=com`;
    return new AdminError('usage', message, detail);
  }
  if (error.code === 'referral') {
    const message = `"${base}" is not in ${dnsName}; name a controller of its domain`;
    return new AdminError('other-domain', message, detail);
  }
  return error;
}
