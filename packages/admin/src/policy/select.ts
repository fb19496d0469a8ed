import { LdapError } from '@doublehop/ldap/errors';
import { equals, type Filter } from '@doublehop/ldap/filter';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { MATCHING_RULES } from '@doublehop/ldap/oids';
import { ridOf, type Sid } from '@doublehop/security/sid';
import { ACCOUNT_ATTRIBUTES, type Account, accountOf } from '../account.ts';
import type { DomainConnection } from '../connection.ts';
import { entriesOf } from '../directory-client.ts';
import { AdminError } from '../errors.ts';
import { KIND_FILTERS } from '../targets.ts';
import { lookUpAccounts } from './lookup.ts';
import type { Placed, PolicySearch, Selection } from './model.ts';
import type { PolicyNotes } from './report.ts';

/** Chooses accounts of one domain. What cannot be found goes to the notes. */
export class AccountSelector {
  readonly #connection: DomainConnection;
  readonly #notes: PolicyNotes;

  constructor(connection: DomainConnection, notes: PolicyNotes) {
    this.#connection = connection;
    this.#notes = notes;
  }

  /** Every account of a selection once, in the order in which they were found. */
  async select(selection: Selection): Promise<readonly Account[]> {
    const found = new Map<Sid, Account>();
    const take = (account: Account): void => void found.set(account.sid, account);
    for (const account of await this.#named(selection.names)) take(account);
    for (const group of selection.groups) {
      for (const account of await this.#members(group)) take(account);
    }
    for (const search of selection.search) {
      for (const account of await this.#searched(search)) take(account);
    }
    const all = found.size;
    if (selection.except !== undefined) {
      for (const { sid } of await this.select(selection.except)) found.delete(sid);
    }
    if (all > 0 && found.size === 0) {
      this.#notes.unmatched(selection.at, '"except" leaves nobody of the selection');
    }
    return [...found.values()];
  }

  async #named(names: readonly Placed[]): Promise<readonly Account[]> {
    const found = await lookUpAccounts(
      this.#connection,
      names.map(({ value }) => value),
    );
    return names.flatMap(({ value, at }) => {
      const account = found.get(value);
      if (account === undefined) return [];
      if (account instanceof AdminError) {
        this.#notes.thrown(at, account);
        return [];
      }
      if (isTarget(account)) return account;
      const what = account.kind === 'group' ? 'a group: "groups" means its members' : 'no account';
      this.#notes.error(at, `${account.name} is ${what}; name a computer, user or service account`);
      return [];
    });
  }

  /** The members of a group and of groups in it, by lists of members and as primary group. */
  async #members({ value, at }: Placed): Promise<readonly Account[]> {
    const group = (await lookUpAccounts(this.#connection, [value])).get(value);
    if (group === undefined) return [];
    if (group instanceof AdminError) {
      this.#notes.thrown(at, group);
      return [];
    }
    if (group.kind !== 'group') {
      this.#notes.error(at, `${group.name} is no group, but a ${group.kind}`);
      return [];
    }
    const inGroup = memberOf(group.dn);
    const groups = await this.#found({ filter: both(equals('objectClass', 'group'), inGroup) });
    const primary = [group, ...groups].map(({ sid }) =>
      equals('primaryGroupID', String(ridOf(sid))),
    );
    const members = await this.#found({ filter: { kind: 'or', filters: [inGroup, ...primary] } });
    const targets = members.filter(isTarget);
    if (targets.length === 0) {
      this.#notes.unmatched(at, `no computer, user or service account is in ${group.name}`);
    }
    return targets;
  }

  async #searched(search: PolicySearch): Promise<readonly Account[]> {
    const { base, scope, filter, kinds, at } = search;
    const kind: Filter = { kind: 'or', filters: kinds.map((each) => KIND_FILTERS[each]) };
    const all = filter === undefined ? kind : both(kind, parseFilter(filter));
    try {
      const found = (await this.#found({ base, scope, filter: all })).filter(isTarget);
      const where = base ?? this.#connection.domain.dnsName;
      const what = kinds.join(' or ').replaceAll('-', ' ');
      if (found.length === 0)
        this.#notes.unmatched(at, `no ${what} below ${where} fits the search`);
      return found;
    } catch (error) {
      this.#notes.thrown(at, baseFailure(error, base ?? '', this.#connection.domain.dnsName));
      return [];
    }
  }

  async #found(search: {
    readonly base?: string | undefined;
    readonly scope?: PolicySearch['scope'];
    readonly filter: Filter;
  }): Promise<readonly Account[]> {
    const { client, domain, names } = this.#connection;
    const { base = domain.namingContext, scope = 'subtree', filter } = search;
    const attributes = ACCOUNT_ATTRIBUTES;
    const found: Account[] = [];
    for await (const entry of entriesOf(client.searchAll({ base, scope, filter, attributes }))) {
      const hasSid = entry.attributes.some(({ type }) => type.toLowerCase() === 'objectsid');
      if (!hasSid) continue;
      const account = accountOf(entry);
      names.remember(account);
      found.push(account);
    }
    return found;
  }
}

/** Whether the attributes that a policy is about can be on an account. */
export function isTarget({ kind }: Account): boolean {
  return kind !== 'group' && kind !== 'other';
}

/**
 * Users, computers and service accounts, by an attribute that controllers have an index of
 * (sAMAccountType, MS-ADTS 2.2.15): of those that a policy is about they have none.
 */
export const ACCOUNTS: Filter = {
  kind: 'or',
  filters: [equals('sAMAccountType', '805306368'), equals('sAMAccountType', '805306369')],
};

function both(...filters: readonly Filter[]): Filter {
  return { kind: 'and', filters };
}

/** LDAP_MATCHING_RULE_IN_CHAIN (MS-ADTS 3.1.1.3.4.4.3): through groups in groups. */
function memberOf(dn: string): Filter {
  return {
    kind: 'extensible',
    attribute: 'memberOf',
    matchingRule: MATCHING_RULES.inChain,
    value: dn,
  };
}

/** What is wrong with the base of a search, in words; another error as it is. */
export function baseFailure(
  error: unknown,
  base: string,
  dnsName: string,
  argument?: string,
): unknown {
  if (!(error instanceof LdapError)) return error;
  const detail = { argument, subject: base, cause: error };
  if (error.code === 'noSuchObject') {
    return new AdminError('not-found', `there is no "${base}" in ${dnsName}`, detail);
  }
  if (error.code === 'invalidDNSyntax') {
    const message = `"${base}" is not a DN; one looks like OU=Servers,DC=contoso,DC=com`;
    return new AdminError('usage', message, detail);
  }
  if (error.code === 'referral') {
    return new AdminError('other-domain', `"${base}" is not in ${dnsName}`, detail);
  }
  return error;
}
