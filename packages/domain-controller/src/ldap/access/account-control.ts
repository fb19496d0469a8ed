import type { Entry } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import { LdapError } from '@doublehop/ldap/errors';
import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import type { Guid } from '@doublehop/security/guid';
import { accessDenied } from '../failures.ts';
import { mayDo } from './access.ts';
import { ControlRight } from './guids.ts';
import { hasPrivilege } from './privileges.ts';
import type { Subject } from './subject.ts';

/** A userAccountControl that a client wants to store. */
export interface ControlWish {
  /** The present value; undefined for a new account. */
  readonly old: number | undefined;
  /** The value given; undefined where a new account is given none. */
  readonly given: number | undefined;
  /** Whether the account is a computer or of a class derived from it. */
  readonly computer: boolean;
  /** Whether the account has a password, or gets one with it. */
  readonly hasPassword: boolean;
  /** The shortest password that the policy allows. */
  readonly minLength: number;
}

const {
  ACCOUNTDISABLE,
  ENCRYPTED_TEXT_PASSWORD_ALLOWED,
  DONT_EXPIRE_PASSWORD,
  INTERDOMAIN_TRUST_ACCOUNT,
  NORMAL_ACCOUNT,
  PARTIAL_SECRETS_ACCOUNT,
  PASSWD_NOTREQD,
  SERVER_TRUST_ACCOUNT,
  TRUSTED_FOR_DELEGATION,
  TRUSTED_TO_AUTH_FOR_DELEGATION,
  WORKSTATION_TRUST_ACCOUNT,
} = ACCOUNT_CONTROL;

/** The kinds of accounts: every account is of one (MS-SAMR 3.1.1.6). */
const KINDS =
  NORMAL_ACCOUNT | INTERDOMAIN_TRUST_ACCOUNT | WORKSTATION_TRUST_ACCOUNT | SERVER_TRUST_ACCOUNT;

/** Kinds whose accounts have names that end in `$`. */
const TRUSTS = KINDS & ~NORMAL_ACCOUNT;

/** TEMP_DUPLICATE_ACCOUNT: never set (MS-SAMR 3.1.1.8.10). */
const TEMP_DUPLICATE_ACCOUNT = 0x100;
const MNS_LOGON_ACCOUNT = 0x2_0000;
const USE_AES_KEYS = 0x800_0000;

/** The bits that are stored (MS-SAMR 3.1.1.6); others are computed, or mean nothing. */
const STORED =
  KINDS |
  ACCOUNTDISABLE |
  ACCOUNT_CONTROL.HOMEDIR_REQUIRED |
  PASSWD_NOTREQD |
  ENCRYPTED_TEXT_PASSWORD_ALLOWED |
  DONT_EXPIRE_PASSWORD |
  MNS_LOGON_ACCOUNT |
  ACCOUNT_CONTROL.SMARTCARD_REQUIRED |
  TRUSTED_FOR_DELEGATION |
  ACCOUNT_CONTROL.NOT_DELEGATED |
  ACCOUNT_CONTROL.USE_DES_KEY_ONLY |
  ACCOUNT_CONTROL.DONT_REQ_PREAUTH |
  TRUSTED_TO_AUTH_FOR_DELEGATION |
  ACCOUNT_CONTROL.NO_AUTH_DATA_REQUIRED |
  PARTIAL_SECRETS_ACCOUNT |
  USE_AES_KEYS;

/** ERROR_DS_MACHINE_ACCOUNT_CREATED_PRENT4, as Windows answers for a kind of another class. */
const WRONG_CLASS = 0x20fc;
/** ERROR_PASSWORD_RESTRICTION. */
const PASSWORD_RESTRICTION = 0x52d;

/**
 * The userAccountControl to store, once it is known that the subject may set it
 * (MS-SAMR 3.1.1.6, 3.1.1.8.10; CVE-2021-42278, CVE-2021-42287). Throws `other` for bits that
 * exclude each other, objectClassViolation for a kind that is not the class's,
 * insufficientAccessRights for what takes a privilege or a control access right at the domain's
 * head, and unwillingToPerform for an open account without a password.
 */
export function checkedControl(
  subject: Subject,
  domainHead: Entry | undefined,
  wish: ControlWish,
): number {
  const { old, given, computer } = wish;
  if (given === undefined) {
    const kind = computer ? WORKSTATION_TRUST_ACCOUNT : NORMAL_ACCOUNT;
    return kind | ACCOUNTDISABLE | PASSWD_NOTREQD;
  }
  refuseCombinations(given);
  let next = given & STORED;
  if ((next & KINDS) === 0) {
    // Only a new computer is one by its class (MS-ADTS 3.1.1.5.2.2).
    next |= computer && old === undefined ? WORKSTATION_TRUST_ACCOUNT : NORMAL_ACCOUNT;
  }
  refuseCombinations(next);
  checkTrust(subject, next, old ?? 0);
  checkClass(subject, next, wish);
  checkRights(subject, domainHead, next, old ?? 0);
  const open = NORMAL_ACCOUNT === (next & (NORMAL_ACCOUNT | ACCOUNTDISABLE | PASSWD_NOTREQD));
  const wasOpen = old !== undefined && (old & (ACCOUNTDISABLE | PASSWD_NOTREQD)) === 0;
  if (open && !wasOpen && !wish.hasPassword && wish.minLength > 0) {
    const win32 = PASSWORD_RESTRICTION;
    throw new DirectoryError('unwillingToPerform', 'the account has no password', { win32 });
  }
  return next;
}

/** Whether the account's name has to end in `$`, unless an administrator says otherwise. */
export function needsDollar(control: number, computer: boolean): boolean {
  return computer || (control & TRUSTS) !== 0;
}

/** isCriticalSystemObject of an account of a kind; undefined: as it is (MS-SAMR 3.1.1.8.1). */
export function isCriticalKind(control: number): boolean | undefined {
  if ((control & (SERVER_TRUST_ACCOUNT | PARTIAL_SECRETS_ACCOUNT)) !== 0) return true;
  return (control & WORKSTATION_TRUST_ACCOUNT) === 0 ? undefined : false;
}

function refuseCombinations(control: number): void {
  const kinds = control & KINDS;
  const readOnly = (control & PARTIAL_SECRETS_ACCOUNT) !== 0;
  if ((control & TEMP_DUPLICATE_ACCOUNT) !== 0) throw invalid('a local duplicate is never made');
  if ((kinds & (kinds - 1)) !== 0) throw invalid('an account is of one kind');
  if (readOnly && (control & TRUSTED_FOR_DELEGATION) !== 0) {
    throw invalid('a read-only controller is not trusted for delegation');
  }
  if (readOnly && (control & WORKSTATION_TRUST_ACCOUNT) === 0) {
    throw invalid('a read-only controller is a workstation by its kind');
  }
}

/** ERROR_INVALID_PARAMETER under a result that the directory itself never has. */
function invalid(what: string): LdapError {
  return new LdapError('other', `00000057: SysErr: DSID-00000000 (userAccountControl: ${what})`);
}

/** The kind of an account is its class's (CVE-2021-42278); only a change of kind is looked at. */
function checkClass(
  { administrator }: Subject,
  next: number,
  { old, computer }: ControlWish,
): void {
  const watched = KINDS | PARTIAL_SECRETS_ACCOUNT;
  if (old !== undefined && (old & watched) === (next & watched)) return;
  const wrong = (what: string): DirectoryError =>
    new DirectoryError('objectClassViolation', what, { win32: WRONG_CLASS });
  switch (next & KINDS) {
    case NORMAL_ACCOUNT:
      if (computer && !administrator) throw wrong('a computer is no normal account');
      return;
    case INTERDOMAIN_TRUST_ACCOUNT:
      if (computer) throw wrong('a computer is no trust');
      return;
    case WORKSTATION_TRUST_ACCOUNT: {
      const isReadOnly = (next & PARTIAL_SECRETS_ACCOUNT) !== 0;
      if (computer || (administrator && old !== undefined && !isReadOnly)) return;
      throw wrong('a workstation is a computer');
    }
    default:
      if (!computer) throw wrong('a domain controller is a computer');
  }
}

/** Control access rights at the domain's head that setting a bit takes (MS-SAMR 3.1.1.8.10). */
const RIGHTS: readonly (readonly [bit: number, right: Guid])[] = [
  [PASSWD_NOTREQD, ControlRight.passwordNotRequired],
  [DONT_EXPIRE_PASSWORD, ControlRight.unexpirePassword],
  [ENCRYPTED_TEXT_PASSWORD_ALLOWED, ControlRight.enableReversibleEncryption],
  [SERVER_TRUST_ACCOUNT, ControlRight.installReplica],
  [PARTIAL_SECRETS_ACCOUNT, ControlRight.installReplica],
];

/** To trust, and to take trust away, takes SeEnableDelegationPrivilege (MS-SAMR 3.1.1.8.10). */
function checkTrust({ token }: Subject, next: number, old: number): void {
  const delegation = TRUSTED_FOR_DELEGATION | TRUSTED_TO_AUTH_FOR_DELEGATION;
  const mayTrust = hasPrivilege(token, 'SeEnableDelegationPrivilege');
  if (((next ^ old) & delegation) !== 0 && !mayTrust) throw accessDenied();
}

function checkRights(
  subject: Subject,
  domainHead: Entry | undefined,
  next: number,
  old: number,
): void {
  const added = next & ~old;
  // Accounts of trusts are made and unmade by other protocols (MS-ADTS 6.1.6.9.7).
  if (((next ^ old) & INTERDOMAIN_TRUST_ACCOUNT) !== 0) throw accessDenied();
  const swapped =
    ((added & WORKSTATION_TRUST_ACCOUNT) !== 0 && (old & NORMAL_ACCOUNT) !== 0) ||
    ((added & NORMAL_ACCOUNT) !== 0 && (old & WORKSTATION_TRUST_ACCOUNT) !== 0);
  if (swapped && !subject.administrator) throw accessDenied();
  for (const [bit, right] of RIGHTS) {
    if ((added & bit) === 0) continue;
    const allowed =
      domainHead !== undefined && mayDo(subject, domainHead, { kind: 'control', right });
    if (!allowed) throw accessDenied();
  }
}
