import { hasControl } from '@doublehop/delegation/account-control';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { type Account, isKrbtgt } from '../account.ts';
import { findServices, type FoundServices } from '../audit/services.ts';
import { type AttributeChange, isChange } from '../changes/change.ts';
import { ALLOWED_TO_DELEGATE_TO, changeWords } from '../changes/words.ts';
import type { DomainConnection } from '../connection.ts';
import { AdminError } from '../errors.ts';
import { readValues } from '../policy/lookup.ts';

/** What is to be done to the services to which a middle may act (classic delegation). */
export type ServicesEdit =
  | { readonly kind: 'add' | 'remove' | 'set'; readonly services: readonly string[] }
  /** Clear the attribute. */
  | { readonly kind: 'clear' };

/** What an edit of services comes to. Nothing of it was written yet. */
export interface ServicesPlan {
  /** One for each middle, also where nothing changes. */
  readonly changes: readonly AttributeChange[];
  readonly warnings: readonly string[];
}

/** One service on a middle's list, with whoever has the name. */
export interface ListedService {
  readonly service: string;
  /** sAMAccountNames; none: a ghost, several: no ticket is issued. */
  readonly holders: readonly string[];
}

/** A middle with its list. */
export interface ListedMiddle {
  readonly account: Account;
  readonly services: readonly ListedService[];
  /** Whether it may act for users who did not come by Kerberos. */
  readonly protocolTransition: boolean;
  /** Tickets of users are forwarded to it anyway; the list is not asked. */
  readonly unconstrained: boolean;
}

/**
 * Plans an edit of msDS-AllowedToDelegateTo. Names are compared without case, as a KDC does; those
 * that stay stay octet for octet. Names that nobody has, or several, are warned of and written.
 *
 * Throws AdminError `usage` for what is no service principal name, and for krbtgt's.
 */
export async function planServices(
  connection: DomainConnection,
  accounts: readonly Account[],
  edit: ServicesEdit,
): Promise<ServicesPlan> {
  const names = edit.kind === 'clear' ? [] : distinct(edit.services);
  const adds = edit.kind === 'add' || edit.kind === 'set';
  for (const name of adds ? names : []) checkServiceName(name);
  const found = adds ? await findServices(connection, names) : new Map<string, never>();
  const values = await readValues(connection, accounts, ALLOWED_TO_DELEGATE_TO);
  const changes: AttributeChange[] = [];
  const warnings = adds ? names.flatMap((name) => nameWarnings(connection, name, found)) : [];
  for (const account of accounts) {
    const before = values.get(account.sid) ?? [];
    const after = edited(before, edit.kind, names);
    const change = { target: account, attribute: ALLOWED_TO_DELEGATE_TO, before, after };
    const changed = isChange({ ...change, sentences: [] });
    const sentences = changed ? await changeWords(connection, change) : [];
    changes.push({ ...change, sentences });
    if (changed && adds) warnings.push(...middleWarnings(account));
  }
  return { changes, warnings };
}

/** The lists of many middles, with whoever has each name. */
export async function readServices(
  connection: DomainConnection,
  accounts: readonly Account[],
): Promise<readonly ListedMiddle[]> {
  const values = await readValues(connection, accounts, ALLOWED_TO_DELEGATE_TO);
  const lists = accounts.map(
    (account) => [account, (values.get(account.sid) ?? []).map(fromUtf8)] as const,
  );
  const found = await findServices(
    connection,
    lists.flatMap(([, services]) => services),
  );
  return lists.map(([account, services]) => ({
    account,
    services: services
      .toSorted((a, b) => a.localeCompare(b))
      .map((service) => ({ service, holders: holdersOf(found, service) })),
    protocolTransition: hasControl(account.userAccountControl, 'TRUSTED_TO_AUTH_FOR_DELEGATION'),
    unconstrained: hasControl(account.userAccountControl, 'TRUSTED_FOR_DELEGATION'),
  }));
}

/** `class/host`, `class/host:port`, `class/host:port/name` (MS-ADTS 2.2.21). */
const SERVICE_NAME = /^[^/\s]+\/[^/\s]+(?:\/[^/]+)?$/;

function checkServiceName(name: string): void {
  const detail = { argument: '--service', subject: name };
  if (!SERVICE_NAME.test(name)) {
    const message = `"${name}" is no service principal name; one looks like cifs/host.contoso.com`;
    throw new AdminError('usage', message, detail);
  }
  if (/^(?:krbtgt|kadmin)\//i.test(name)) {
    const message = `"${name}" must be on no list: whoever may act for users to it owns the domain`;
    throw new AdminError('usage', message, detail);
  }
}

function edited(
  before: readonly Uint8Array[],
  kind: ServicesEdit['kind'],
  names: readonly string[],
): readonly Uint8Array[] {
  const wanted = new Map(names.map((name) => [name.toLowerCase(), name]));
  const isNamed = (value: Uint8Array): boolean => wanted.has(fromUtf8(value).toLowerCase());
  const present = new Set(before.map((value) => fromUtf8(value).toLowerCase()));
  const missing = [...wanted].filter(([key]) => !present.has(key)).map(([, name]) => utf8(name));
  switch (kind) {
    case 'add':
      return [...before, ...missing];
    case 'remove':
      return before.filter((value) => !isNamed(value));
    case 'set':
      return [...before.filter(isNamed), ...missing];
    case 'clear':
      return [];
  }
}

function nameWarnings(
  { domain }: DomainConnection,
  name: string,
  found: FoundServices,
): readonly string[] {
  const holders = found.get(name.toLowerCase()) ?? [];
  const [first, second] = holders;
  if (first === undefined) {
    return [
      `no account in ${domain.dnsName} has ${name}: whoever gives the name to an account makes ` +
        'that the target',
    ];
  }
  if (second !== undefined) {
    const names = holders.map((holder) => holder.name).join(' and ');
    return [`${names} both have ${name}: no ticket is issued for it`];
  }
  if (!first.isController) return [];
  return [`${first.name} is a domain controller: whoever controls a middle controls the domain`];
}

function middleWarnings(account: Account): readonly string[] {
  if (isKrbtgt(account)) return [`${account.name} is the key of the domain, and no middle`];
  if (hasControl(account.userAccountControl, 'TRUSTED_FOR_DELEGATION')) {
    return [
      `${account.name} is trusted for delegation to any service: the list is of no effect until ` +
        `doublehop flags clear unconstrained --account ${account.name}`,
    ];
  }
  if (account.servicePrincipalNames.length > 0) return [];
  return [`${account.name} has no service principal name, so that nobody gets a ticket to it`];
}

function holdersOf(found: FoundServices, service: string): readonly string[] {
  return (found.get(service.toLowerCase()) ?? []).map(({ name }) => name);
}

/** Each name once, case aside. */
function distinct(names: readonly string[]): readonly string[] {
  return [...new Map(names.map((name) => [name.trim().toLowerCase(), name.trim()])).values()];
}
