import { fileTimeOf } from '@doublehop/security/filetime';
import type { Entry, Modification, Value } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import { ridOf } from '@doublehop/security/sid';
import { checkedControl, isCriticalKind } from './access/account-control.ts';
import { mayDo } from './access/access.ts';
import { ControlRight } from './access/guids.ts';
import { isHeuristics } from './access/heuristics.ts';
import {
  checkDescriptions,
  checkDollar,
  checkGroupType,
  checkNameLength,
  checkPasswordTime,
  checkPrimaryGroup,
  checkRoleOwner,
  refuseHeuristics,
  refuseOwned,
  refuseRemoval,
  samKind,
  type SamKind,
  valuesAfter,
} from './access/sam-rules.ts';
import { checkSpns } from './access/spn-rules.ts';
import type { Subject } from './access/subject.ts';
import type { LdapContext } from './context.ts';
import { accessDenied } from './failures.ts';

/** Changes that follow from those that a client makes. */
export interface Consequences {
  /** Made together with the client's own. */
  readonly more: readonly Modification[];
  /** Made by the system, of attributes that clients do not write. */
  readonly system: readonly Modification[];
}

/** What the rules look at. */
interface Changed {
  readonly subject: Subject;
  readonly entry: Entry;
  readonly kind: SamKind;
  readonly computer: boolean;
  readonly changes: readonly Modification[];
  /** Whether an attribute is among those changed, by its name in the schema. */
  readonly touches: (name: string) => boolean;
  /** The text values that an attribute is going to have. */
  readonly after: (name: string) => readonly string[];
  /** Whether the account has a password, or gets one. */
  readonly hasPassword: boolean;
}

/**
 * The rules for changes of accounts, groups and the few settings that have any (MS-ADTS
 * 3.1.1.5.3.2; MS-SAMR 3.1.1.6, 3.1.1.8), once it is known that the subject may write the
 * attributes. Returns what follows from the changes; throws what the directory answers.
 */
export function applyRules(
  context: LdapContext,
  subject: Subject,
  entry: Entry,
  changes: readonly Modification[],
  setsPassword: boolean,
): Consequences {
  const changed = describe(context, subject, entry, changes, setsPassword);
  for (const { attribute } of changes) refuseOwned(changed.kind, attribute);
  const { touches, after } = changed;
  if (touches('description')) checkDescriptions(changed.kind, after('description').length);
  if (touches('dSHeuristics') && !after('dSHeuristics').every(isHeuristics)) refuseHeuristics();
  if (touches('servicePrincipalName')) checkSpns(context, subject, entry, after);
  if (touches('fSMORoleOwner')) checkRole(changed);
  if (touches('member')) refusePrimaryMembers(changed);
  if (changed.kind === 'group') {
    checkName(changed);
    if (touches('groupType')) checkType(changed);
  }
  if (changed.kind !== 'user') return { more: [], system: [] };
  const consequences = followControl(context, changed);
  checkName(changed);
  refuseEmptied(changed);
  if (touches('primaryGroupID')) checkPrimary(changed);
  if (touches('pwdLastSet')) demandPasswordTime(changed);
  const { more, system } = withUnlock(changed, consequences);
  const spns = followNames(changed);
  if (spns === undefined) return { more, system };
  const given = (name: string) => (name === 'servicePrincipalName' ? spns : after(name));
  checkSpns(context, subject, entry, given);
  return { more: [...more, replace('servicePrincipalName', ...spns)], system };
}

/** Which attributes of accounts are not taken away by an empty replacement (MS-SAMR 3.1.1.6). */
const LASTING = ['accountExpires', 'codePage', 'countryCode'];

function refuseEmptied({ touches, after }: Changed): void {
  for (const name of LASTING) {
    if (touches(name) && after(name).length === 0) throw refuseRemoval(name);
  }
}

/** A role is given up by a deletion, not by an empty replacement. */
function checkRole({ subject, changes, after }: Changed): void {
  checkRoleOwner(subject, after('fSMORoleOwner'));
  const isEmptied = changes.some(
    ({ operation, attribute, values }) =>
      operation === 'replace' && values.length === 0 && attribute === 'fSMORoleOwner',
  );
  if (isEmptied) throw refuseRemoval('fSMORoleOwner');
}

function describe(
  { accounts }: LdapContext,
  subject: Subject,
  entry: Entry,
  changes: readonly Modification[],
  setsPassword: boolean,
): Changed {
  const { schema } = subject.decisions;
  const type = schema.classType(entry.structuralClass);
  const names = new Set(changes.map((one) => schema.attribute(one.attribute)?.name ?? ''));
  return {
    subject,
    entry,
    changes,
    kind: type === undefined ? undefined : samKind(schema, type),
    computer: type !== undefined && schema.isKindOf(type, 'computer'),
    touches: (name) => names.has(name),
    after: (name) => texts(valuesAfter(entry, changes, name)),
    // Few changes ask for it, and to look the account up costs as much as a change.
    get hasPassword() {
      if (setsPassword || entry.sid === undefined) return setsPassword;
      return accounts.bySid(entry.sid)?.keys !== undefined;
    },
  };
}

function texts(values: readonly Value[]): string[] {
  return values.filter((value) => typeof value === 'string');
}

function checkName({ touches, after, subject, kind, computer, entry }: Changed): void {
  if (!touches('sAMAccountName')) return;
  const [name] = after('sAMAccountName');
  if (name === undefined) throw refuseRemoval('sAMAccountName');
  if (kind === 'user') checkNameLength(name, computer);
  const isKrbtgt = entry.sid !== undefined && ridOf(entry.sid) === KRBTGT;
  if (isKrbtgt && name !== 'krbtgt') throw refuseRemoval('sAMAccountName');
  checkDollar(subject, name, Number(after('userAccountControl')[0] ?? '0'), computer);
}

const KRBTGT = 502;

function checkType({ after, entry }: Changed): void {
  const [type] = after('groupType');
  if (type === undefined) throw refuseRemoval('groupType');
  checkGroupType(Number(entry.text('groupType') ?? '0') >>> 0, Number(type) >>> 0);
}

/** Nobody is added to the group that is the own primary one (MS-SAMR 3.1.1.8.2). */
function refusePrimaryMembers({ changes, entry, subject }: Changed): void {
  const { source } = subject.decisions;
  if (entry.sid === undefined) return;
  const rid = String(ridOf(entry.sid));
  for (const { operation, attribute, values } of changes) {
    if (attribute !== 'member') continue;
    for (const value of texts(values)) {
      const named = source.find(value);
      // By its SID somebody of another domain may be meant; the directory decides.
      if (named === undefined && (operation === 'delete' || !BY_SID.test(value))) {
        throw noMember(operation);
      }
      if (operation === 'delete') continue;
      if (named?.text('primaryGroupID') !== rid) continue;
      const win32 = MEMBER_IN_GROUP;
      throw new DirectoryError('entryAlreadyExists', 'a member by its primary group', { win32 });
    }
  }
}

const BY_SID = /^<SID=/i;

function noMember(operation: Modification['operation']): DirectoryError {
  return operation === 'delete'
    ? new DirectoryError('unwillingToPerform', 'no such member', { win32: MEMBER_NOT_IN_GROUP })
    : new DirectoryError('noSuchObject', 'no such member', { win32: NO_SUCH_OBJECT });
}

/** ERROR_DS_NO_SUCH_OBJECT, ERROR_MEMBER_NOT_IN_GROUP, ERROR_MEMBER_IN_GROUP. */
const NO_SUCH_OBJECT = 0x2030;
const MEMBER_NOT_IN_GROUP = 0x561;
const MEMBER_IN_GROUP = 0x562;

function checkPrimary({ after }: Changed): void {
  const [rid] = after('primaryGroupID');
  if (rid === undefined) throw refuseRemoval('primaryGroupID');
  checkPrimaryGroup(Number(after('userAccountControl')[0] ?? '0'), Number(rid));
}

/** pwdLastSet takes 0, and -1 by the right Unexpire-Password (MS-SAMR 3.1.1.8.8). */
function demandPasswordTime({ after, changes, subject }: Changed): void {
  if (after('pwdLastSet').length === 0) throw refuseRemoval('pwdLastSet');
  const given = changes
    .filter(({ operation, attribute }) => attribute === 'pwdLastSet' && operation !== 'delete')
    .flatMap(({ values }) => texts(values));
  given.forEach(checkPasswordTime);
  if (!given.includes('-1')) return;
  const { source, domain } = subject.decisions;
  const head = source.find(domain.dn);
  const right = ControlRight.unexpirePassword;
  if (head === undefined || !mayDo(subject, head, { kind: 'control', right })) throw accessDenied();
}

/** What a new userAccountControl brings with it (MS-SAMR 3.1.1.8.10). */
function followControl({ settings, accounts }: LdapContext, changed: Changed): Consequences {
  const { touches, after, entry, subject, computer } = changed;
  if (!touches('userAccountControl')) return { more: [], system: [] };
  const [given] = after('userAccountControl');
  if (given === undefined) throw refuseRemoval('userAccountControl');
  const old = Number(entry.text('userAccountControl') ?? '0');
  const account = entry.sid === undefined ? undefined : accounts.bySid(entry.sid);
  const policy = account === undefined ? undefined : settings.lockouts?.policyOf(account);
  const { source, domain } = subject.decisions;
  const next = checkedControl(subject, source.find(domain.dn), {
    old,
    given: Number(given),
    computer,
    hasPassword: changed.hasPassword,
    minLength: policy?.minLength ?? 0,
  });
  const critical = isCriticalKind(next);
  return {
    more: next === Number(given) ? [] : [replace('userAccountControl', String(next))],
    system:
      critical === undefined || (next & KINDS) === (old & KINDS)
        ? []
        : [replace('isCriticalSystemObject', critical ? 'TRUE' : 'FALSE')],
  };
}

/** Bits that say what an account is: normal, workstation, controller, read-only controller. */
const KINDS = 0x200 | 0x800 | 0x1000 | 0x2000 | 0x400_0000;

/** lockoutTime 0 forgets the wrong passwords (MS-SAMR 3.1.1.8.3). */
function withUnlock({ touches, after }: Changed, { more, system }: Consequences): Consequences {
  if (!touches('lockoutTime')) return { more, system };
  const [time] = after('lockoutTime');
  if (time === undefined) throw refuseRemoval('lockoutTime');
  return time === '0'
    ? { more, system: [...system, replace('badPwdCount', '0')] }
    : { more, system };
}

/**
 * The SPNs of a computer whose names are changed: parts that were an old name become the new one,
 * as in Windows; undefined where that changes none. Those given in the same request follow too.
 */
function followNames({ touches, after, entry, computer }: Changed): string[] | undefined {
  if (!computer) return undefined;
  const label = (name: string | undefined): string => name?.replace(/\$$/, '').toLowerCase() ?? '';
  const names = new Map<string, string>();
  for (const attribute of ['dNSHostName', 'sAMAccountName']) {
    const [now] = touches(attribute) ? after(attribute) : [];
    const old = label(entry.text(attribute));
    if (now === undefined || old === '' || old === label(now)) continue;
    names.set(old, now.replace(/\$$/, ''));
  }
  if (names.size === 0) return undefined;
  const present = after('servicePrincipalName');
  const next = new Map<string, string>();
  for (const spn of present) {
    const [service = '', ...parts] = spn.split('/');
    const made = [service, ...parts.map((part) => names.get(part.toLowerCase()) ?? part)].join('/');
    if (!next.has(made.toLowerCase())) next.set(made.toLowerCase(), made);
  }
  const made = [...next.values()];
  const isSame = made.length === present.length && made.every((spn) => present.includes(spn));
  return isSame ? undefined : made;
}

/**
 * Values that depend on the moment: pwdLastSet -1 is now, unless the password has been set and need
 * not be changed (MS-SAMR 3.1.1.8.8).
 */
export function atPresent(change: Modification, entry: Entry, milliseconds: number): Modification {
  if (change.attribute !== 'pwdLastSet' || change.operation === 'delete') return change;
  const present = entry.text('pwdLastSet') ?? '0';
  const time = present === '0' ? fileTimeOf(milliseconds).toString() : present;
  return { ...change, values: change.values.map((value) => (value === '-1' ? time : value)) };
}

function replace(attribute: string, ...values: string[]): Modification {
  return { operation: 'replace', attribute, values };
}
