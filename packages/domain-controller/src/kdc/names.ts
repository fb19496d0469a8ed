import type { Account } from '@doublehop/directory/account';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { isTicketGrantingService, type PrincipalName } from '@doublehop/kerberos/names';
import type { Sid } from '@doublehop/security/sid';

/** Where accounts are looked up: the directory's cached view. */
export interface AccountSource {
  /** Later look-ups see what is committed now. */
  refresh(): void;
  bySpn(spn: string): Account | undefined;
  byName(name: string): Account | undefined;
  bySid(sid: Sid): Account | undefined;
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
 * or without the `$` of a computer; an enterprise name is a UPN, or `name@realm` of this realm. A
 * name with several components is the account's if it is its UPN; an SPN does not log on.
 */
export function findClient(
  accounts: AccountSource,
  domain: KdcDomain,
  name: PrincipalName,
): Account | undefined {
  const text = name.nameString.join('/');
  if (text === '') return undefined;
  if (name.nameType === NameType.ENTERPRISE) return accounts.byName(text);
  const account = accounts.byName(text);
  if (name.nameString.length === 1) return account;
  const upn = account?.userPrincipalName?.toLowerCase();
  return upn === `${text}@${domain.dnsName}`.toLowerCase() || upn === text.toLowerCase()
    ? account
    : undefined;
}

/**
 * The account of a server: krbtgt of this realm; `class/host` through SPNs and their mappings; a
 * single name as a sAMAccountName; an enterprise name as a UPN or SPN (MS-KILE 3.3.5.6.1).
 */
export function findServer(
  accounts: AccountSource,
  domain: KdcDomain,
  name: PrincipalName,
): Account | undefined {
  if (isTicketGrantingService(name)) {
    return isOurTgs(domain, name) ? accounts.byName('krbtgt') : undefined;
  }
  const text = name.nameString.join('/');
  if (text === '') return undefined;
  if (name.nameString.length > 1) return accounts.bySpn(withoutRealm(domain, text));
  return accounts.byName(text) ?? (text.includes('/') ? accounts.bySpn(text) : undefined);
}

/** An SPN may carry its realm in a third component (MS-KILE 3.1.5.11): it does not distinguish. */
function withoutRealm(domain: KdcDomain, spn: string): string {
  const third = spn.indexOf('/', spn.indexOf('/') + 1);
  return third >= 0 && isOurRealm(domain, spn.slice(third + 1)) ? spn.slice(0, third) : spn;
}
