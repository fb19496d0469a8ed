import type { ClientEntry } from '@doublehop/ldap/client/types';
import { textOf, textsOf } from '@doublehop/ldap/client/entry';
import { LdapError } from '@doublehop/ldap/errors';
import { isSid, parseSid, type Sid } from '@doublehop/security/sid';
import { ACCOUNT_ATTRIBUTES, type Account, accountOf, type Principal } from './account.ts';
import { withArticle } from './account.ts';
import type { DomainConnection } from './connection.ts';
import { firstEntries } from './directory-client.ts';
import { namesDomain } from './domain.ts';
import { AdminError } from './errors.ts';
import { IDENTITY_FORMS, type Identity, identityFilter, parseIdentity } from './identity.ts';
import { MAX_CANDIDATES } from './limits.ts';

/**
 * The account that an identity of any form means. `argument` is how the caller calls it: errors
 * begin with it. Throws AdminError `usage`, `not-found`, `ambiguous`, `wrong-kind`, `other-domain`.
 */
export async function resolveAccount(
  connection: DomainConnection,
  text: string,
  argument?: string,
): Promise<Account> {
  const identity = parseIdentity(text, argument);
  checkDomain(connection, identity, { text, argument });
  const entries =
    identity.form === 'dn'
      ? await readDn(connection, identity.dn)
      : await searchIdentity(connection, identity);
  const meant = preferred(entries, identity);
  const [entry] = meant;
  if (entry === undefined) throw notFound(connection, text, argument);
  if (meant.length > 1) throw ambiguous(connection, text, meant, argument);
  try {
    const account = accountOf(entry);
    connection.names.remember(account);
    return account;
  } catch (error) {
    if (error instanceof AdminError && argument !== undefined) {
      const { code, message, subject, cause } = error;
      throw new AdminError(code, message, { argument, subject, cause });
    }
    throw error;
  }
}

/** The computer, user or service account on which grants are kept; groups cannot have any. */
export async function resolveTarget(
  connection: DomainConnection,
  text: string,
  argument = '--target',
): Promise<Account> {
  const account = await resolveAccount(connection, text, argument);
  if (account.kind !== 'group' && account.kind !== 'other') return account;
  const what = account.kind === 'group' ? 'a group' : 'no account of a computer, user or service';
  throw new AdminError(
    'wrong-kind',
    `${account.name} is ${what}; a target is a computer, a user or a managed service account`,
    { argument, subject: text },
  );
}

/**
 * Whoever is to act for users: an account or group of this domain, or a SID as it stands: that of a
 * principal of another domain cannot be looked up here, and is written as it is.
 */
export async function resolvePrincipal(
  connection: DomainConnection,
  text: string,
  argument = '--middle',
): Promise<Principal> {
  if (!isSid(text.trim())) return await resolveAccount(connection, text, argument);
  return await resolveSid(connection, parseSid(text.trim()));
}

async function resolveSid(connection: DomainConnection, sid: Sid): Promise<Principal> {
  const found = (await connection.names.lookUp([sid])).get(sid);
  if (found?.known !== true) return { sid, name: sid };
  return { sid, name: found.name, dn: found.dn, kind: found.kind };
}

/** The part of an error that says what was asked for. */
interface Asked {
  readonly text: string;
  readonly argument: string | undefined;
}

function checkDomain(
  { domain }: DomainConnection,
  identity: Identity,
  { text, argument }: Asked,
): void {
  if (identity.form !== 'name' || identity.domain === undefined) return;
  if (namesDomain(domain, identity.domain)) return;
  throw new AdminError(
    'other-domain',
    `"${text}" is of domain ${identity.domain}, but the controller is of ${domain.netbiosName} ` +
      `(${domain.dnsName}); name a controller of ${identity.domain}, or give the SID`,
    { argument, subject: text },
  );
}

async function readDn(connection: DomainConnection, dn: string): Promise<readonly ClientEntry[]> {
  const search = connection.client.search({
    base: dn,
    scope: 'base',
    attributes: ACCOUNT_ATTRIBUTES,
  });
  try {
    return await firstEntries(search, 1);
  } catch (error) {
    if (error instanceof LdapError && NOT_THERE.has(error.code)) return [];
    throw error;
  }
}

/** A DN of another domain is answered with a referral (MS-ADTS 3.1.1.4.6). */
const NOT_THERE: ReadonlySet<string> = new Set(['noSuchObject', 'invalidDNSyntax', 'referral']);

async function searchIdentity(
  { client, domain }: DomainConnection,
  identity: Exclude<Identity, { form: 'dn' }>,
): Promise<readonly ClientEntry[]> {
  const own = identity.form !== 'upn' || namesDomain(domain, identity.domain);
  const search = client.search({
    base: domain.namingContext,
    filter: identityFilter(identity, own),
    attributes: [...ACCOUNT_ATTRIBUTES, 'userPrincipalName'],
  });
  return await firstEntries(search, MAX_CANDIDATES);
}

/** An explicit UPN or SPN beats what it may stand for otherwise. */
function preferred(entries: readonly ClientEntry[], identity: Identity): readonly ClientEntry[] {
  if (entries.length < 2) return entries;
  const exact = entries.filter((entry) => {
    if (identity.form === 'upn') {
      const upn = `${identity.name}@${identity.domain}`;
      return same(textOf(entry, 'userPrincipalName'), upn);
    }
    if (identity.form !== 'spn') return false;
    return textsOf(entry, 'servicePrincipalName').some((spn) => same(spn, identity.spn));
  });
  return exact.length > 0 ? exact : entries;
}

function same(a: string | undefined, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase();
}

function notFound({ domain }: DomainConnection, text: string, argument?: string): AdminError {
  return new AdminError(
    'not-found',
    `no account "${text}" in ${domain.dnsName}; give ${IDENTITY_FORMS}`,
    { argument, subject: text },
  );
}

function ambiguous(
  { domain }: DomainConnection,
  text: string,
  entries: readonly ClientEntry[],
  argument?: string,
): AdminError {
  const candidates = entries.map(({ dn }) => dn);
  const named = entries.map((entry) => {
    const name = textOf(entry, 'sAMAccountName') ?? entry.dn;
    const kind = textsOf(entry, 'objectClass').at(-1) ?? 'entry';
    return `${name} (${withArticle(kind)})`;
  });
  return new AdminError(
    'ambiguous',
    `"${text}" means ${named.join(' and ')} in ${domain.dnsName}; give the DN, for instance ` +
      `"${candidates[0] ?? ''}"`,
    { argument, subject: text, candidates },
  );
}
