import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import { textOf, textsOf, valuesOf } from '@doublehop/ldap/client/entry';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import { decodeGuid, type Guid } from '@doublehop/security/guid';
import { decodeSid, ridOf, type Sid } from '@doublehop/security/sid';
import { DomainRid } from '@doublehop/security/well-known-sids';
import { AdminError } from './errors.ts';

/** msDS-AllowedToActOnBehalfOfOtherIdentity (MS-ADA2 2.218): who may act for users to a target. */
export const ALLOWED_TO_ACT = 'msDS-AllowedToActOnBehalfOfOtherIdentity';

/** What is read of every account. */
export const ACCOUNT_ATTRIBUTES: readonly string[] = [
  'objectClass',
  'objectSid',
  'objectGUID',
  'sAMAccountName',
  'userAccountControl',
  'dNSHostName',
  'servicePrincipalName',
  ALLOWED_TO_ACT,
];

/** What an account is, in the words of administrators. */
export type AccountKind = 'computer' | 'user' | 'gMSA' | 'MSA' | 'group' | 'other';

/** Whoever can be named in a descriptor. */
export interface Principal {
  readonly sid: Sid;
  /** sAMAccountName; the SID where no account of the domain has it. */
  readonly name: string;
  /** Absent where the SID is of no account of the domain. */
  readonly dn?: string | undefined;
  readonly kind?: AccountKind | undefined;
}

/** An account as it stands in the directory. */
export interface Account extends Principal {
  readonly dn: string;
  readonly kind: AccountKind;
  readonly guid: Guid | undefined;
  readonly userAccountControl: number;
  readonly dnsHostName: string | undefined;
  readonly servicePrincipalNames: readonly string[];
  /** The value of ALLOWED_TO_ACT, octet for octet; undefined where the attribute is absent. */
  readonly allowedToAct: Uint8Array | undefined;
}

/**
 * The account in an entry. Throws AdminError `wrong-kind` for an entry without a SID, as folders
 * have none, and `directory` for one that breaks the schema.
 */
export function accountOf(entry: ClientEntry): Account {
  const [sid] = valuesOf(entry, 'objectSid');
  const name = textOf(entry, 'sAMAccountName');
  const kind = kindOf(textsOf(entry, 'objectClass'));
  if (sid === undefined) {
    const what = textsOf(entry, 'objectClass').at(-1) ?? 'entry without a class';
    throw new AdminError('wrong-kind', `${entry.dn} is no account but ${withArticle(what)}`, {
      subject: entry.dn,
    });
  }
  const [guid] = valuesOf(entry, 'objectGUID');
  const decoded = decodeSid(sid);
  return {
    dn: entry.dn,
    sid: decoded,
    name: name ?? decoded,
    kind,
    guid: guid === undefined ? undefined : decodeGuid(guid),
    userAccountControl: Number(textOf(entry, 'userAccountControl') ?? '0') | 0,
    dnsHostName: textOf(entry, 'dNSHostName'),
    servicePrincipalNames: textsOf(entry, 'servicePrincipalName'),
    allowedToAct: valuesOf(entry, ALLOWED_TO_ACT)[0],
  };
}

/** Whether an account is a domain controller, read-only ones included (MS-ADTS 2.2.16). */
export function isDomainController({ userAccountControl }: Account): boolean {
  const bits = ACCOUNT_CONTROL.SERVER_TRUST_ACCOUNT | ACCOUNT_CONTROL.PARTIAL_SECRETS_ACCOUNT;
  return (userAccountControl & bits) !== 0;
}

/** Whether an account is the domain's krbtgt, or that of a read-only controller (`krbtgt_1234`). */
export function isKrbtgt({ sid, name }: Account): boolean {
  return ridOf(sid) === DomainRid.krbtgt || /^krbtgt(?:_\d+)?$/i.test(name);
}

/** `a computer`, `an organizationalUnit`. */
export function withArticle(noun: string): string {
  return `${/^[aeio]/i.test(noun) ? 'an' : 'a'} ${noun}`;
}

/** What an account is, by its object classes. */
export function kindOf(classes: readonly string[]): AccountKind {
  const found = new Set(classes.map((name) => name.toLowerCase()));
  if (found.has('msds-groupmanagedserviceaccount')) return 'gMSA';
  if (found.has('msds-managedserviceaccount')) return 'MSA';
  if (found.has('computer')) return 'computer';
  if (found.has('user') || found.has('inetorgperson')) return 'user';
  return found.has('group') ? 'group' : 'other';
}
