import { textOf, valuesOf } from '@doublehop/ldap/client/entry';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import { equals, type Filter } from '@doublehop/ldap/filter';
import { decodeSid, encodeSid } from '@doublehop/security/sid';
import { ACCOUNT_ATTRIBUTES, type Account, accountOf } from '../account.ts';
import type { DomainConnection } from '../connection.ts';
import { entriesOf } from '../directory-client.ts';
import { namesDomain } from '../domain.ts';
import { AdminError } from '../errors.ts';
import { type Identity, identityFilter, parseIdentity } from '../identity.ts';
import { SEARCHES_AT_A_TIME, SIDS_PER_SEARCH } from '../limits.ts';
import { resolveAccount } from '../resolve.ts';

/**
 * The accounts that names mean, looked up many at a time. A name that means none or several is
 * looked up once more by itself, for the error that says so; errors stand in the place of accounts.
 */
export async function lookUpAccounts(
  connection: DomainConnection,
  names: readonly string[],
): Promise<ReadonlyMap<string, Account | AdminError>> {
  const found = new Map<string, Account | AdminError>();
  const batch = new Map<string, Asked>();
  for (const name of new Set(names)) {
    const identity = batchable(connection, name);
    if (identity !== undefined) batch.set(name, identity);
  }
  const asked = [...batch];
  await inParts(asked, async (part) => {
    const accounts = await searchMany(connection, part);
    for (const [name, identity] of part) {
      const [account, another] = accounts.of(identity);
      if (account !== undefined && another === undefined) found.set(name, account);
    }
  });
  for (const name of new Set(names)) {
    if (!found.has(name)) found.set(name, await lookUpOne(connection, name));
  }
  return found;
}

type Asked = Extract<Identity, { form: 'name' | 'sid' }>;

/** Names and SIDs of this domain can share a search. */
function batchable({ domain }: DomainConnection, name: string): Asked | undefined {
  try {
    const identity = parseIdentity(name);
    if (identity.form === 'sid') return identity;
    if (identity.form !== 'name') return undefined;
    const own = identity.domain === undefined || namesDomain(domain, identity.domain);
    return own ? identity : undefined;
  } catch (error) {
    if (error instanceof AdminError) return undefined;
    throw error;
  }
}

/** What one search of many names found. */
class FoundAccounts {
  readonly #byName = new Map<string, Account[]>();

  add(account: Account): void {
    const { name, sid, dnsHostName } = account;
    const keys = [name.toLowerCase(), sid.toLowerCase(), dnsHostName?.toLowerCase()];
    for (const key of new Set(keys)) {
      if (key === undefined) continue;
      const known = this.#byName.get(key);
      if (known === undefined) this.#byName.set(key, [account]);
      else known.push(account);
    }
  }

  /** Whom an identity may mean, as `identityFilter` has it. */
  of(identity: Asked): readonly Account[] {
    if (identity.form === 'sid') return this.#byName.get(identity.sid.toLowerCase()) ?? [];
    const name = identity.name.toLowerCase();
    const plain = this.#byName.get(name) ?? [];
    const machine = name.endsWith('$') ? [] : (this.#byName.get(`${name}$`) ?? []);
    return [...new Set([...plain, ...machine])];
  }
}

async function searchMany(
  { client, domain, names }: DomainConnection,
  asked: readonly (readonly [string, Asked])[],
): Promise<FoundAccounts> {
  const filters: readonly Filter[] = asked.map(([, identity]) => identityFilter(identity));
  const items = client.searchAll({
    base: domain.namingContext,
    filter: { kind: 'or', filters },
    attributes: ACCOUNT_ATTRIBUTES,
  });
  const found = new FoundAccounts();
  for await (const entry of entriesOf(items)) {
    const account = accountIn(entry);
    if (account === undefined) continue;
    names.remember(account);
    found.add(account);
  }
  return found;
}

/** The account of an entry; none of entries that have no name, as foreign principals. */
function accountIn(entry: ClientEntry): Account | undefined {
  const [sid] = valuesOf(entry, 'objectSid');
  if (sid === undefined || textOf(entry, 'sAMAccountName') === undefined) return undefined;
  return accountOf(entry);
}

async function lookUpOne(
  connection: DomainConnection,
  name: string,
): Promise<Account | AdminError> {
  try {
    return await resolveAccount(connection, name);
  } catch (error) {
    if (error instanceof AdminError) return error;
    throw error;
  }
}

/** Values of one attribute of many accounts, by SID; accounts without it are not among them. */
export async function readValues(
  { client, domain }: DomainConnection,
  accounts: readonly Account[],
  attribute: string,
): Promise<ReadonlyMap<string, readonly Uint8Array[]>> {
  const values = new Map<string, readonly Uint8Array[]>();
  await inParts(accounts, async (part) => {
    const filters = part.map(({ sid }) => equals('objectSid', encodeSid(sid)));
    const items = client.searchAll({
      base: domain.namingContext,
      filter: { kind: 'or', filters },
      attributes: ['objectSid', attribute],
    });
    for await (const entry of entriesOf(items)) {
      const [sid] = valuesOf(entry, 'objectSid');
      checkWhole(entry, attribute);
      if (sid !== undefined) values.set(decodeSid(sid), valuesOf(entry, attribute));
    }
  });
  return values;
}

/** Does work on as many items as fit into a search, several searches at a time. */
async function inParts<T>(
  items: readonly T[],
  work: (part: readonly T[]) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const part = items.slice(next, next + SIDS_PER_SEARCH);
      next += SIDS_PER_SEARCH;
      await work(part);
    }
  };
  await Promise.all(Array.from({ length: SEARCHES_AT_A_TIME }, worker));
}

/** Of a very long list a controller sends a part (MS-ADTS 3.1.1.3.1.3.3): nothing to compare. */
export function checkWhole(entry: ClientEntry, attribute: string): void {
  const range = `${attribute};range=`.toLowerCase();
  if (!entry.attributes.some(({ type }) => type.toLowerCase().startsWith(range))) return;
  const message = `${attribute} of ${entry.dn} has more values than the controller sends at once`;
  throw new AdminError('directory', message, { subject: entry.dn });
}
