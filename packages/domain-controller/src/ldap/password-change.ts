import type { Account, AccountKey } from '@doublehop/directory/account';
import { DirectoryError } from '@doublehop/directory/errors';
import type { Change } from '@doublehop/ldap/server/handler';
import { fromUtf8 } from '@doublehop/wire/bytes';
import { checkPassword, type PasswordViolation } from '../accounts/password-policy.ts';
import { passwordKeys, saltOf, saltSubject } from '../directory-keys.ts';
import { MAX_PASSWORD } from '../limits.ts';
import { mayDo } from './access/access.ts';
import type { Caller, LdapContext, Session } from './context.ts';
import { accessDenied, passwordConstraint, passwordRefused } from './failures.ts';
import {
  ACCOUNT_LOCKED,
  GEN_FAILURE,
  INVALID_PASSWORD,
  PASSWORD_RESTRICTION,
} from './unicode-pwd.ts';
import { readUnicodePwd } from './unicode-pwd.ts';
import { isPassword } from './verify-password.ts';

/** One change of an attribute that stands for the password. */
export interface PasswordEdit {
  readonly attribute: 'unicodePwd' | 'userPassword';
  readonly change: Change;
}

/** A new password, and the old one where its owner changes it (MS-ADTS 3.1.1.3.1.5.1). */
interface PasswordChange {
  readonly next: string;
  readonly old: string | undefined;
}

/** What the shape of a request asks for: the right comes first, then what is wrong with it. */
interface Plan {
  readonly right: 'resetPassword' | 'changePassword' | undefined;
  /** How lacking the right is answered: Windows has two ways. */
  readonly denied: () => Error;
  readonly read: () => PasswordChange;
}

/** The keys of a new password and whose they are. */
export interface NewKeys {
  readonly id: number;
  readonly keys: readonly AccountKey[];
  /** Passwords that the account's policy remembers; absent where none counts. */
  readonly historyLength?: number;
}

/**
 * Keys of a new password, once the caller has proved that it may set it: `replace` sets a password
 * (User-Force-Change-Password), `delete` of the old and `add` of the new one changes it
 * (User-Change-Password), over a connection that is sealed or under TLS. The password policy is
 * kept. Nothing is derived before all that.
 */
export async function newKeys(
  context: LdapContext,
  session: Session,
  caller: Caller,
  object: string,
  edits: readonly PasswordEdit[],
): Promise<NewKeys> {
  if (!session.confidential) throw passwordRefused(GEN_FAILURE);
  const { directory, accounts, domain, settings } = context;
  directory.refresh();
  accounts.refresh();
  const entry = directory.get(object);
  const plan = planOf(edits);
  if (plan.right !== undefined && !mayDo(caller, entry, { kind: plan.right })) throw plan.denied();
  const change = plan.read();
  const account = entry.sid === undefined ? undefined : accounts.bySid(entry.sid);
  if (account === undefined) throw new DirectoryError('objectClassViolation', 'not an account');
  if (change.old !== undefined) await checkOld(context, account, change.old);
  await checkPolicy(context, account, change);
  const salt = saltOf(domain, saltSubject(entry));
  const keys = await passwordKeys(change.next, salt, settings.encryptionTypes);
  const policy = settings.lockouts?.policyOf(account);
  if (policy === undefined) return { id: entry.id, keys };
  return { id: entry.id, keys, historyLength: policy.historyLength };
}

/** The password in a value of either attribute; throws what is answered for others. */
export function readPassword(attribute: PasswordEdit['attribute'], value: Uint8Array): string {
  if (attribute === 'unicodePwd') return readUnicodePwd(value);
  const text = value.length <= MAX_PASSWORD * 4 ? fromUtf8(value) : '';
  if (text === '' || text.length > MAX_PASSWORD) throw passwordRefused(PASSWORD_RESTRICTION);
  return text;
}

/** What is answered for a password that breaks the policy (MS-SAMR 3.1.1.7). */
export function violation(found: PasswordViolation, own: boolean): Error {
  const what = `the password is ${found}`;
  return own
    ? passwordConstraint(PASSWORD_RESTRICTION, what)
    : passwordRefused(PASSWORD_RESTRICTION, what);
}

function planOf(edits: readonly PasswordEdit[]): Plan {
  const of = (operation: Change['operation']): PasswordEdit[] =>
    edits.filter(({ change }) => change.operation === operation);
  const [deletes, adds, replaces] = [of('delete'), of('add'), of('replace')];
  const deleted = deletes.flatMap(valuesOf);
  const added = adds.flatMap(valuesOf);
  const mistake = (): never => {
    throw passwordConstraint(GEN_FAILURE, 'neither a change nor a reset');
  };
  const refusal = (): never => {
    throw passwordRefused(GEN_FAILURE);
  };
  const reset = { right: 'resetPassword', denied: accessDenied } as const;
  if (replaces.length > 0) return { ...reset, read: () => readReset(edits, replaces) };
  if (adds.length === 0) {
    const bare = deleted.length === 0 && deletes.every((one) => one.attribute === 'unicodePwd');
    return { right: undefined, denied: accessDenied, read: bare ? refusal : mistake };
  }
  if (adds.length !== deletes.length)
    return { ...reset, read: added.length === 0 ? mistake : refusal };
  const denied = (): Error => passwordConstraint(GEN_FAILURE, 'may not be changed');
  const [next, old] = [added[0], deleted[0]];
  if (added.length === 1 && deleted.length === 0) {
    // Nothing deleted and something added is a reset, for those who may (as Windows has it).
    const read = (): PasswordChange => readReset(edits, adds);
    return { right: 'resetPassword', denied, read };
  }
  if (added.length > 1 || deleted.length > 1 || next === undefined || old === undefined) {
    return { right: undefined, denied, read: mistake };
  }
  const read = (): PasswordChange => readChange(next, old);
  return { right: 'changePassword', denied, read };
}

interface EditedValue {
  readonly attribute: PasswordEdit['attribute'];
  readonly value: Uint8Array;
}

function valuesOf({ attribute, change }: PasswordEdit): EditedValue[] {
  return change.modification.values.map((value) => ({ attribute, value }));
}

function readReset(
  edits: readonly PasswordEdit[],
  replaces: readonly PasswordEdit[],
): PasswordChange {
  const values = replaces.flatMap(valuesOf);
  const last = values.at(-1);
  const several = values.some((one) => one.attribute === 'unicodePwd') && values.length > 1;
  const others = edits.flatMap(valuesOf).length > values.length;
  if (others || last === undefined || several) throw passwordRefused(GEN_FAILURE);
  return { next: readPassword(last.attribute, last.value), old: undefined };
}

/** What is malformed in a change is a constraint that it breaks; in a reset it is refused. */
function readChange(next: EditedValue, old: EditedValue): PasswordChange {
  try {
    return {
      next: readPassword(next.attribute, next.value),
      old: readPassword(old.attribute, old.value),
    };
  } catch {
    throw passwordConstraint(INVALID_PASSWORD, 'is not written as a password is');
  }
}

async function checkOld(
  { settings: { lockouts }, clock }: LdapContext,
  account: Account,
  old: string,
): Promise<void> {
  const right = await isPassword(account, old);
  if (lockouts?.isLocked(account, clock()) === true) {
    throw passwordConstraint(ACCOUNT_LOCKED, 'the account is locked');
  }
  if (right) return;
  lockouts?.noteFailure(account);
  throw passwordConstraint(INVALID_PASSWORD, 'the old password is not right');
}

async function checkPolicy(
  { settings: { lockouts }, clock }: LdapContext,
  account: Account,
  { next, old }: PasswordChange,
): Promise<void> {
  if (lockouts === undefined) return;
  const own = old !== undefined;
  const wish = { password: next, own, now: clock() };
  const found = await checkPassword(lockouts.policyOf(account), account, wish);
  if (found !== undefined) throw violation(found, own);
}
