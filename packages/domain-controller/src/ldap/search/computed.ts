import { LdapError } from '@doublehop/ldap/errors';
import { accessCheck } from '@doublehop/security/access-check';
import { Right } from '@doublehop/security/access-mask';
import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import type { Account } from '@doublehop/directory/account';
import type { Entry, Value } from '@doublehop/directory/entry';
import { decodeDescriptor } from '@doublehop/security/descriptor';
import { fileTimeOf, millisecondsOf } from '@doublehop/security/filetime';
import { isManaged, managedPasswordValue } from '../../accounts/managed/passwords.ts';
import { PasswordPolicies } from '../../accounts/policies.ts';
import { effectiveRights } from '../access/access.ts';
import type { Subject } from '../access/subject.ts';
import type { LdapContext } from '../context.ts';
import { ALL_PARTS } from '../descriptors.ts';

/** Computes an attribute of an entry; undefined: it is no such attribute. */
export type Computer = (entry: Entry, attribute: string) => readonly Value[] | undefined;

/** Makes computers for clients; `confidential`: nobody else reads what is sent. */
export type Computation = (subject: Subject, confidential: boolean) => Computer;

/** Attributes that tell of rights: everybody may ask for the own ones (MS-ADTS 3.1.1.4.4). */
export const OWN_RIGHTS: ReadonlySet<string> = new Set([
  'allowedAttributesEffective',
  'allowedChildClassesEffective',
  'sDRightsEffective',
]);

const { DONT_EXPIRE_PASSWORD, SMARTCARD_REQUIRED } = ACCOUNT_CONTROL;
const MACHINE =
  ACCOUNT_CONTROL.WORKSTATION_TRUST_ACCOUNT |
  ACCOUNT_CONTROL.SERVER_TRUST_ACCOUNT |
  ACCOUNT_CONTROL.INTERDOMAIN_TRUST_ACCOUNT;
const UNEXPIRING = MACHINE | DONT_EXPIRE_PASSWORD | SMARTCARD_REQUIRED;

/** Bits of msDS-User-Account-Control-Computed (MS-ADTS 3.1.1.4.5.17). */
const LOCKED = 0x10;
const PASSWORD_EXPIRED = 0x80_0000;

const NEVER = 0x7fff_ffff_ffff_ffffn;

/** The constructed attributes that depend on who asks, or on the time (MS-ADTS 3.1.1.4.5). */
export function computation(context: LdapContext): Computation {
  const policies = new PasswordPolicies(context.directory);
  const { accounts, clock } = context;
  const accountOf = ({ sid }: Entry): Account | undefined =>
    sid === undefined ? undefined : accounts.bySid(sid);
  return (subject, confidential) => (entry, attribute) => {
    switch (attribute) {
      case 'sDRightsEffective':
        return descriptorRights(context, subject, entry);
      case 'allowedAttributesEffective':
        return writable(context, subject, entry);
      case 'allowedChildClassesEffective':
        return creatable(context, subject, entry);
      case 'entryTTL':
        return timeLeft(entry, clock());
      case 'msDS-User-Account-Control-Computed': {
        const account = accountOf(entry);
        return account === undefined ? [] : [String(stateOf(policies, account, entry, clock()))];
      }
      case 'msDS-UserPasswordExpiryTimeComputed': {
        const account = accountOf(entry);
        return account === undefined ? [] : [expiryOf(policies, account).toString()];
      }
      case 'msDS-ManagedPassword':
        return passwordOf(context, subject, entry, confidential);
      default:
        return undefined;
    }
  };
}

/**
 * MS-ADTS 3.1.1.4.5.39: for whom msDS-GroupMSAMembership lets read it. Throws operationsError where
 * others could read along.
 */
function passwordOf(
  { directory, clock }: LdapContext,
  { token }: Subject,
  entry: Entry,
  confidential: boolean,
): Value[] {
  if (!isManaged(entry)) return [];
  if (!confidential) {
    const text = '00002149: SvcErr: DSID-00000000, problem 5012 (DIR_ERROR), data 0';
    throw new LdapError('operationsError', `${text} (ERROR_DS_CONFIDENTIALITY_REQUIRED)`);
  }
  const [readers] = entry.values('msDS-GroupMSAMembership');
  if (!(readers instanceof Uint8Array)) return [];
  const mayRead = accessCheck(decodeDescriptor(readers), token, Right.readProperty).granted;
  const value = mayRead ? managedPasswordValue(directory, entry, clock()) : undefined;
  return value === undefined ? [] : [value];
}

/**
 * MS-ADTS 3.1.1.4.5.4. Of a computer, Windows tells it only to who may write every part of the
 * descriptor, since rights of owners of computers can be blocked (CVE-2021-42291).
 */
function descriptorRights({ directory }: LdapContext, subject: Subject, entry: Entry): Value[] {
  const { descriptor } = effectiveRights(subject, entry);
  const { schema } = directory;
  const type = schema.classType(entry.structuralClass);
  const isComputer = type !== undefined && schema.isKindOf(type, 'computer');
  return isComputer && descriptor !== ALL_PARTS ? [] : [String(descriptor)];
}

/** MS-ADTS 3.1.1.4.5.7. */
function writable({ directory }: LdapContext, subject: Subject, entry: Entry): Value[] {
  const { mayWrite } = effectiveRights(subject, entry);
  return entry.values('allowedAttributes').filter((name) => {
    const type = typeof name === 'string' ? directory.schema.attribute(name) : undefined;
    if (type === undefined || type.backLink) return false;
    return (!type.constructed || type.name === 'entryTTL') && mayWrite(type);
  });
}

/** MS-ADTS 3.1.1.4.5.5: no accounts in the configuration and the schema. */
function creatable({ directory, domain }: LdapContext, subject: Subject, entry: Entry): Value[] {
  const { schema } = directory;
  const { mayCreate } = effectiveRights(subject, entry);
  const noAccounts = entry.dn.toLowerCase().endsWith(domain.configurationDn.toLowerCase());
  return entry.values('allowedChildClasses').filter((name) => {
    const type = typeof name === 'string' ? schema.classType(name) : undefined;
    if (type === undefined || !mayCreate(type)) return false;
    return !noAccounts || !SAM_CLASSES.some((kind) => schema.isKindOf(type, kind));
  });
}

const SAM_CLASSES = ['builtinDomain', 'samServer', 'samDomain', 'group', 'user'] as const;

/** MS-ADTS 3.1.1.4.5.12: seconds until a dynamic entry is gone. */
function timeLeft(entry: Entry, now: number): Value[] {
  const end = entry.text('msDS-Entry-Time-To-Die');
  const match = end === undefined ? null : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(end);
  if (match === null) return [];
  const [year = 0, month = 1, ...rest] = match.slice(1).map(Number);
  const seconds = Math.floor((Date.UTC(year, month - 1, ...rest) - now) / 1000);
  return [String(Math.min(Math.max(seconds, 0), 0xffff_ffff))];
}

/** MS-ADTS 3.1.1.4.5.17. */
function stateOf(policies: PasswordPolicies, account: Account, entry: Entry, now: number): number {
  const { userAccountControl } = account;
  const { lockoutDuration } = policies.policyOf(account);
  const lockoutTime = BigInt(entry.text('lockoutTime') ?? '0');
  const isMachine = (userAccountControl & MACHINE) !== 0;
  const until = millisecondsOf(lockoutTime) + lockoutDuration;
  const locked = !isMachine && lockoutTime !== 0n && until > now;
  const expired = millisecondsOf(expiryOf(policies, account)) <= now;
  return (locked ? LOCKED : 0) | (expired ? PASSWORD_EXPIRED : 0);
}

/** MS-ADTS 3.1.1.4.5.33: a Windows file time; 0 where the password has to be set first. */
function expiryOf(policies: PasswordPolicies, account: Account): bigint {
  if ((account.userAccountControl & UNEXPIRING) !== 0) return NEVER;
  if (account.pwdLastSet === 0n) return 0n;
  const { maxAge } = policies.policyOf(account);
  if (!Number.isFinite(maxAge)) return NEVER;
  return account.pwdLastSet + (fileTimeOf(maxAge) - fileTimeOf(0));
}
