import type { Account } from '@doublehop/directory/account';
import type { Entry } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import { equals } from '@doublehop/ldap/filter';
import type { LdapContext } from './context.ts';

/**
 * The account that the name of a simple bind means, by the forms of MS-ADTS 5.1.1.1.1 in their
 * order: DN (`<GUID=…>` and `<SID=…>` too), UPN, `DOMAIN\name`, canonical name, `{GUID}`,
 * displayName, SPN, SPN by mapping, SID, canonical name with a line feed. Undefined where none
 * matches, or more than one does. A sAMAccountName alone is taken too, as Windows in fact does.
 */
export function findBindAccount(context: LdapContext, name: string): Account | undefined {
  const { accounts } = context;
  if (name.includes('=')) {
    const account = accounts.byDn(name);
    if (account !== undefined) return account;
  }
  if (name.includes('\\')) return byDownLevelName(context, name) ?? byEntry(context, name);
  return accounts.byName(name) ?? byEntry(context, name) ?? bySpn(context, name);
}

/** NetBIOS name of the domain before the account's; its DNS name is taken too. */
function byDownLevelName({ accounts, domain }: LdapContext, name: string): Account | undefined {
  const at = name.indexOf('\\');
  const given = name.slice(0, at).toLowerCase();
  const ours = [domain.netbiosName.toLowerCase(), domain.dnsName.toLowerCase()];
  if (!ours.includes(given)) return undefined;
  const wanted = name.slice(at + 1);
  const account = accounts.byName(wanted);
  return account?.samAccountName.toLowerCase() === wanted.toLowerCase() ? account : undefined;
}

/** Forms by which the directory finds an entry. */
function byEntry(context: LdapContext, name: string): Account | undefined {
  const entry = byCanonicalName(context, name) ?? byGuid(context, name) ?? byText(context, name);
  return entry === undefined ? undefined : context.accounts.byDn(entry.dn);
}

function bySpn({ accounts }: LdapContext, name: string): Account | undefined {
  return name.includes('/') ? accounts.bySpn(name) : undefined;
}

const GUID = /^\{([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}$/i;
const SID = /^S-1-[0-9-]+$/i;

function byGuid({ directory }: LdapContext, name: string): Entry | undefined {
  const guid = GUID.exec(name)?.[1];
  return guid === undefined ? undefined : found(() => directory.find(`<GUID=${guid}>`));
}

/** A SID, one of sIDHistory, or a display name; an ambiguous one means nobody. */
function byText(context: LdapContext, name: string): Entry | undefined {
  const { directory, domain } = context;
  if (SID.test(name)) return found(() => directory.find(`<SID=${name}>`));
  const only = found(() => {
    const filter = equals('displayName', name);
    return [...directory.search({ base: domain.dn, scope: 'subtree', filter, limit: 2 })];
  });
  return only?.length === 1 ? only[0] : undefined;
}

/** `contoso.com/Users/Alice`; the last slash may be a line feed. */
function byCanonicalName({ directory, domain }: LdapContext, name: string): Entry | undefined {
  const [head = '', ...path] = name.replace('\n', '/').split('/');
  if (path.length === 0 || head.toLowerCase() !== domain.dnsName.toLowerCase()) return undefined;
  let entry = found(() => directory.find(domain.dn));
  for (const component of path) {
    const base = entry?.dn;
    if (base === undefined) return undefined;
    entry = found(() => {
      const filter = equals('name', component);
      return [...directory.search({ base, scope: 'one', filter, limit: 2 })];
    })?.[0];
  }
  return entry;
}

/** What is no name in its form names nobody. */
function found<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof DirectoryError) return undefined;
    throw error;
  }
}
