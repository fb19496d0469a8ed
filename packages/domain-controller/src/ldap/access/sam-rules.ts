import type { Entry, Modification, Value } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import type { ClassType, Schema } from '@doublehop/directory/schema/schema';
import { LdapError } from '@doublehop/ldap/errors';
import { needsDollar } from './account-control.ts';
import type { Subject } from './subject.ts';

/** ERROR_DS_ATTRIBUTE_OWNED_BY_SAM, ERROR_DS_ILLEGAL_MOD_OPERATION, ERROR_DS_… (MS-ERREF 2.2). */
const OWNED_BY_SAM = 0x209a;
const ILLEGAL_MODIFICATION = 0x2077;
const CONSTRAINT = 0x20b6;
const SINGLE_VALUE = 0x2081;

/** What an account database computes itself (MS-ADTS 3.1.1.5.2.2, 3.1.1.5.3.2). */
const OWNED_OF_USERS: ReadonlySet<string> = new Set([
  'badpasswordtime',
  'badpwdcount',
  'dbcspwd',
  'iscriticalsystemobject',
  'lastlogoff',
  'lastlogon',
  'lastlogontimestamp',
  'lmpwdhistory',
  'logoncount',
  'memberof',
  'msds-user-account-control-computed',
  'ntpwdhistory',
  'objectsid',
  'rid',
  'samaccounttype',
  'supplementalcredentials',
]);
const OWNED_OF_GROUPS: ReadonlySet<string> = new Set([
  'iscriticalsystemobject',
  'memberof',
  'objectsid',
  'rid',
  'samaccounttype',
  'userpassword',
]);
const OWNED_OF_OTHERS: ReadonlySet<string> = new Set([
  'iscriticalsystemobject',
  'lmpwdhistory',
  'ntpwdhistory',
  'objectsid',
  'samaccountname',
  'samaccounttype',
  'supplementalcredentials',
  'unicodepwd',
]);

/** Which of an account database's kinds a class is. */
export type SamKind = 'user' | 'group' | 'domain' | undefined;

/** The kind of a class, its subclasses included (MS-ADTS 3.1.1.5.2.3). */
export function samKind(schema: Schema, type: ClassType): SamKind {
  if (schema.isKindOf(type, 'user')) return 'user';
  if (schema.isKindOf(type, 'group')) return 'group';
  return schema.isKindOf(type, 'samDomain') || schema.isKindOf(type, 'samServer')
    ? 'domain'
    : undefined;
}

/** Refuses attributes that clients neither add nor modify on entries of a kind. */
export function refuseOwned(kind: SamKind, name: string): void {
  const lower = name.toLowerCase();
  const owned =
    kind === 'user'
      ? OWNED_OF_USERS
      : kind === 'group'
        ? OWNED_OF_GROUPS
        : kind === 'domain'
          ? new Set<string>()
          : OWNED_OF_OTHERS;
  if (!owned.has(lower)) return;
  const win32 = kind === undefined ? ILLEGAL_MODIFICATION : OWNED_BY_SAM;
  throw new DirectoryError('unwillingToPerform', `${name} is the account database's own`, {
    attribute: name,
    win32,
  });
}

/**
 * The name of a machine ends in one `$` (CVE-2021-42278; MS-SAMR 3.1.1.6); administrators are not
 * bound by it.
 */
export function checkDollar(
  { administrator }: Subject,
  name: string,
  control: number,
  computer: boolean,
): void {
  if (administrator || !needsDollar(control, computer)) return;
  if (/[^$]\$$/.test(name)) return;
  throw illegal('sAMAccountName', 'ends in one $ where the account is a machine');
}

/** Names of users that log on have at most so many characters (MS-SAMR 3.1.1.6). */
const MAX_USER_NAME = 20;

/** ERROR_INVALID_ACCOUNT_NAME, under a result that the directory itself never has. */
export function checkNameLength(name: string, computer: boolean): void {
  if (computer || name.length <= MAX_USER_NAME) return;
  throw new LdapError('other', '00000523: SysErr: DSID-00000000 (sAMAccountName is too long)');
}

/** What fSMORoleOwner names is a controller's settings (MS-ADTS 3.1.1.5.3.1.2). */
export function checkRoleOwner({ decisions }: Subject, values: readonly string[]): void {
  for (const value of values) {
    if (decisions.source.find(value)?.structuralClass === 'nTDSDSA') continue;
    throw illegal('fSMORoleOwner', 'names the settings of a controller');
  }
}

/** pwdLastSet takes 0 and -1 (MS-SAMR 3.1.1.8.8): no other time is ever chosen. */
export function checkPasswordTime(time: string): void {
  if (time === '0' || time === '-1') return;
  throw new LdapError('other', '00000057: SysErr: DSID-00000000 (pwdLastSet takes 0 and -1)');
}

/** Bits of groupType (MS-ADTS 2.2.12). */
const Group = { builtin: 1, account: 2, resource: 4, universal: 8, security: 0x8000_0000 } as const;
const SCOPES = Group.account | Group.resource | Group.universal;

/**
 * groupType of a new group, or its change: of one scope, and between global and domain-local only
 * by way of universal (MS-SAMR 3.1.1.6, 3.1.1.8.1).
 */
export function checkGroupType(old: number | undefined, next: number): void {
  const scope = next & SCOPES;
  const known = (next & ~(SCOPES | Group.security)) === 0 && (scope & (scope - 1)) === 0;
  const was = (old ?? 0) & SCOPES;
  const leap = (was | scope) === (Group.account | Group.resource);
  if (known && scope !== 0 && !leap) return;
  throw illegal('groupType', 'is none that the group can have');
}

/** A new account's primary group is the one of its kind (MS-SAMR 3.1.1.8.1). */
export function refuseNewPrimaryGroup(given: number, usual: number): void {
  if (given === usual) return;
  throw illegal('primaryGroupID', 'of a new account is that of its kind');
}

/** primaryGroupID of a domain controller is fixed (MS-SAMR 3.1.1.6). */
export function checkPrimaryGroup(control: number, rid: number): void {
  const server = (control & 0x2000) !== 0 && rid !== 516;
  const readOnly = (control & 0x400_0000) !== 0 && rid !== 521;
  if (server || readOnly) throw illegal('primaryGroupID', 'of a controller is fixed');
}

/** Entries of the account database have one description (MS-ADTS 3.1.1.5.3.2). */
export function checkDescriptions(kind: SamKind, count: number): void {
  if (kind === undefined || count <= 1) return;
  const win32 = SINGLE_VALUE;
  throw new DirectoryError('attributeOrValueExists', 'description has one value', { win32 });
}

/** Attributes of accounts that may be changed but not taken away. */
export function refuseRemoval(name: string): DirectoryError {
  return illegal(name, 'is not removed');
}

/** Whether a value of dSHeuristics may be stored (MS-ADTS 3.1.1.5.3.2). */
export function refuseHeuristics(): never {
  const win32 = CONSTRAINT;
  throw new DirectoryError('constraintViolation', 'dSHeuristics counts its tens', { win32 });
}

/**
 * The values of an attribute after some modifications, as far as they can be told before they are
 * made: for rules about what is to become of an entry.
 */
export function valuesAfter(
  entry: Entry | undefined,
  changes: readonly Modification[],
  name: string,
): readonly Value[] {
  const lower = name.toLowerCase();
  let values = entry?.values(name) ?? [];
  for (const { operation, attribute, values: given } of changes) {
    if (attribute.toLowerCase() !== lower) continue;
    if (operation === 'add') values = [...values, ...given];
    else if (operation === 'replace') values = given;
    else values = given.length === 0 ? [] : values.filter((one) => !given.some(same(one)));
  }
  return values;
}

function same(one: Value): (other: Value) => boolean {
  const key = (value: Value): string =>
    typeof value === 'string' ? value.toLowerCase() : Buffer.from(value).toString('latin1');
  const wanted = key(one);
  return (other) => key(other) === wanted;
}

function illegal(attribute: string, what: string): DirectoryError {
  const win32 = ILLEGAL_MODIFICATION;
  return new DirectoryError('unwillingToPerform', `${attribute} ${what}`, { attribute, win32 });
}
