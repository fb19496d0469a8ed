import { hasControl } from '@doublehop/delegation/account-control';
import type { Account } from '@doublehop/directory/account';
import type { Expansion } from '@doublehop/directory/account-groups';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { isTicketGrantingService, type PrincipalName } from '@doublehop/kerberos/names';
import type { Sid } from '@doublehop/security/sid';
import { Refused } from '../errors.ts';

/** Where accounts are looked up: the directory's cached view. */
export interface AccountSource {
  /** Later look-ups see what is committed now. */
  refresh(): void;
  bySpn(spn: string): Account | undefined;
  byName(name: string): Account | undefined;
  bySid(sid: Sid): Account | undefined;
  /** By a value of altSecurityIdentities; absent where there are none. */
  byAltSecurityIdentity?(value: string): Account | 'ambiguous' | undefined;
  /**
   * The domain-local groups of an account and of SIDs; absent where an account's own groups are
   * all that is known.
   */
  expand?(account: Account | undefined, sids: readonly Sid[]): Expansion;
}

/** The names of the domain that a KDC serves. */
export interface KdcDomain {
  /** `CONTOSO.COM`. */
  readonly realm: string;
  readonly dnsName: string;
  readonly netbiosName: string;
  readonly sid: Sid;
  /** NetBIOS name of this controller, as PACs name it: `DC`. */
  readonly controller: string;
}

/** Whether a realm is this one: by DNS or NetBIOS name of any case (MS-KILE 3.3.5.6.1). */
export function isOurRealm(domain: KdcDomain, realm: string): boolean {
  if (realm === domain.realm) return true;
  const upper = realm.toUpperCase();
  return upper === domain.realm || upper === domain.netbiosName.toUpperCase();
}

/** Whether a name is this realm's ticket-granting service. */
export function isOurTgs(domain: KdcDomain, name: PrincipalName): boolean {
  return isTicketGrantingService(name) && isOurRealm(domain, name.nameString[1] ?? '');
}

/**
 * The account of a client (MS-KILE 3.3.5.6.1): a name of one component is a sAMAccountName, with
 * or without the `$` of a computer, or else a UPN without its suffix; an enterprise name is a UPN,
 * or `name@realm` of this realm. A name with several components is the account's if it is its UPN;
 * an SPN does not log on.
 */
export function findClient(
  accounts: AccountSource,
  domain: KdcDomain,
  name: PrincipalName,
): Account | undefined {
  const text = nameInDomain(domain, name);
  if (text === '') return undefined;
  if (name.nameType === NameType.ENTERPRISE) return accounts.byName(text);
  const own = accounts.byName(text);
  if (name.nameString.length === 1 && (own !== undefined || text.includes('@'))) return own;
  const account = own ?? accounts.byName(`${text}@${domain.dnsName}`);
  if (name.nameString.length === 1) return account;
  const upn = account?.userPrincipalName?.toLowerCase();
  return upn === `${text}@${domain.dnsName}`.toLowerCase() || upn === text.toLowerCase()
    ? account
    : undefined;
}

/**
 * The account of a client by the name that it has elsewhere: altSecurityIdentities
 * `Kerberos:name@realm`. Only for a request that proves no key yet (MS-KILE 3.3.5.6.1, steps 4 and
 * 6): whoever is found so learns which name to log on with.
 */
export function findClientElsewhere(
  accounts: AccountSource,
  domain: KdcDomain,
  name: PrincipalName,
): Account | undefined {
  const text = name.nameString.join('/');
  if (text === '' || accounts.byAltSecurityIdentity === undefined) return undefined;
  const full = text.includes('@') ? text : `${text}@${domain.dnsName}`;
  const found = accounts.byAltSecurityIdentity(`Kerberos:${full}`);
  if (found === 'ambiguous') throw new Refused('KDC_ERR_PRINCIPAL_NOT_UNIQUE', 'client-ambiguous');
  return found;
}

/**
 * The account of a server: krbtgt of this realm; `class/host` through SPNs and their mappings; a
 * single name as a sAMAccountName, also `DOMAIN\account` of the type for it; an enterprise name as
 * a UPN or SPN (MS-KILE 3.3.5.6.1).
 */
export function findServer(
  accounts: AccountSource,
  domain: KdcDomain,
  name: PrincipalName,
): Account | undefined {
  if (isTicketGrantingService(name)) {
    return isOurTgs(domain, name) ? accounts.byName('krbtgt') : undefined;
  }
  const text = nameInDomain(domain, name);
  if (text === '') return undefined;
  if (name.nameString.length > 1) return bySpn(accounts, domain, text);
  const own = accounts.byName(text);
  return own ?? (text.includes('/') ? bySpn(accounts, domain, text) : undefined);
}

/**
 * The components joined; of KRB_NT_MS_PRINCIPAL, `DOMAIN\account` by DNS or NetBIOS name of the
 * domain, the account's part, and nothing for the account of another domain.
 */
function nameInDomain(domain: KdcDomain, { nameType, nameString }: PrincipalName): string {
  const text = nameString.join('/');
  const separator = nameType === NameType.MS_PRINCIPAL ? text.indexOf('\\') : -1;
  if (separator < 0) return text;
  return isOurRealm(domain, text.slice(0, separator)) ? text.slice(separator + 1) : '';
}

/**
 * An SPN may carry its realm behind an `@`, which does not distinguish, or in a third component:
 * then it is a controller's (MS-KILE 3.1.5.11, MS-DRSR 2.2.4.2; `ldap/dc.corp.example/CORP`).
 */
function bySpn(accounts: AccountSource, domain: KdcDomain, spn: string): Account | undefined {
  const at = spn.lastIndexOf('@');
  const name = at > 0 && isOurRealm(domain, spn.slice(at + 1)) ? spn.slice(0, at) : spn;
  const third = name.indexOf('/', name.indexOf('/') + 1);
  if (third < 0 || !isOurRealm(domain, name.slice(third + 1))) return accounts.bySpn(name);
  const account = accounts.bySpn(name) ?? accounts.bySpn(name.slice(0, third));
  return account !== undefined && isController(account) ? account : undefined;
}

function isController({ userAccountControl }: Account): boolean {
  return (
    hasControl(userAccountControl, 'SERVER_TRUST_ACCOUNT') ||
    hasControl(userAccountControl, 'PARTIAL_SECRETS_ACCOUNT')
  );
}
