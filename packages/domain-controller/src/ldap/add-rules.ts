import { defaultPrimaryGroup } from '@doublehop/directory/account-types';
import type { Directory } from '@doublehop/directory/directory';
import type { AttributeInput, Entry, Value } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import type { ClassType } from '@doublehop/directory/schema/schema';
import type { DirectoryWriter } from '@doublehop/directory/writer';
import { fileTimeOf } from '@doublehop/security/filetime';
import { checkedControl, isCriticalKind } from './access/account-control.ts';
import { mayDo } from './access/access.ts';
import { ControlRight } from './access/guids.ts';
import { isHeuristics, readHeuristics } from './access/heuristics.ts';
import { hasPrivilege } from './access/privileges.ts';
import {
  checkDollar,
  checkGroupType,
  checkNameLength,
  checkPasswordTime,
  checkRoleOwner,
  refuseHeuristics,
  refuseNewPrimaryGroup,
  refuseOwned,
  samKind,
} from './access/sam-rules.ts';
import { checkSpns } from './access/spn-rules.ts';
import type { Subject } from './access/subject.ts';
import type { LdapContext } from './context.ts';
import { SdFlag } from './descriptors.ts';
import { accessDenied } from './failures.ts';
import { permitMachine } from './machine-quota.ts';
import { checkOwner, demandDelegation } from './write-access.ts';

/** An entry that somebody wants to add. */
export interface NewEntry {
  readonly dn: string;
  /** The name of what it is to be below. */
  readonly parentDn: string;
  readonly type: ClassType;
  readonly classes: readonly string[];
  /** Attributes by their name in the schema; no password among them. */
  readonly values: Readonly<Record<string, readonly Value[]>>;
  readonly password: string | undefined;
}

/** An entry that may be added, and how. */
export interface Permitted {
  readonly values: Readonly<Record<string, readonly Value[]>>;
  /** By SeMachineAccountPrivilege, not by a right. */
  readonly byQuota: boolean;
  /** What the system sets besides. */
  readonly system: AttributeInput;
}

/** Where the rules read: the directory before the unit, the writer in it. */
export type AddSource = Pick<Directory | DirectoryWriter, 'find' | 'view'>;

/**
 * Whether the subject may add the entry (MS-ADTS 3.1.1.5.2.1, 3.1.1.5.2.2), and with which values;
 * undefined where there is nothing to add it to. Throws what the directory answers.
 */
export function permitAdd(
  context: LdapContext,
  subject: Subject,
  source: AddSource,
  entry: NewEntry,
): Permitted | undefined {
  const parent = source.find(entry.parentDn);
  if (parent === undefined) return undefined;
  refuseSystemClass(subject, entry.type);
  const byQuota = !mayDo(subject, parent, { kind: 'create', type: entry.type });
  if (byQuota) permitMachine(context, subject, source, parent, entry);
  checkAttributes(subject, source, entry);
  const { schema } = subject.decisions;
  const kind = samKind(schema, entry.type);
  const after = (name: string): string[] => textsOf(entry.values[name]);
  if (!after('dSHeuristics').every(isHeuristics)) refuseHeuristics();
  checkSpns(context, subject, undefined, after);
  checkRoleOwner(subject, after('fSMORoleOwner'));
  if (kind === 'group') {
    const [type] = after('groupType');
    if (type !== undefined) checkGroupType(undefined, Number(type) >>> 0);
  }
  if (kind !== 'user') return { values: entry.values, byQuota, system: {} };
  return { ...accountOf(context, subject, source, entry), byQuota };
}

/** Classes of the local security authority are made by its own protocols (MS-ADTS 3.1.1.5.2.2). */
function refuseSystemClass({ decisions: { schema } }: Subject, type: ClassType): void {
  const isLsa = schema.isKindOf(type, 'secret') || schema.isKindOf(type, 'trustedDomain');
  if (!type.systemOnly && !isLsa) return;
  throw new DirectoryError('unwillingToPerform', `a ${type.name} is made by the system alone`, {
    win32: CANT_ADD_SYSTEM_ONLY,
  });
}

/** ERROR_DS_CANT_ADD_SYSTEM_ONLY, ERROR_DS_SECURITY_ILLEGAL_MODIFY. */
const CANT_ADD_SYSTEM_ONLY = 0x20a6;
const SECURITY_ILLEGAL_MODIFY = 0x20e7;

function checkAttributes(subject: Subject, source: AddSource, { type, values }: NewEntry): void {
  const kind = samKind(subject.decisions.schema, type);
  for (const [name, given] of Object.entries(values)) {
    refuseOwned(kind, name);
    refuseComputed(subject, name);
    if (name === 'msDS-AllowedToDelegateTo') demandDelegation(subject);
    if (name === 'sIDHistory') throw accessDenied();
    if (name === 'objectGUID') checkChosenGuid(subject, source);
    if (name === 'nTSecurityDescriptor') checkDescriptor(subject, given);
  }
}

/** ERROR_DS_ATT_NOT_DEF_IN_SCHEMA: what the directory computes is not known to be added. */
function refuseComputed({ decisions: { schema } }: Subject, name: string): void {
  if (schema.attribute(name)?.constructed !== true || name === 'entryTTL') return;
  throw new DirectoryError('undefinedAttributeType', `${name} is computed`, { attribute: name });
}

/** Only with fSpecifyGUIDOnAdd, and by the right Add-GUID (MS-ADTS 3.1.1.5.2.2). */
function checkChosenGuid(subject: Subject, source: AddSource): void {
  const { domain } = subject.decisions;
  const head = source.find(domain.dn);
  const wish = { kind: 'control', right: ControlRight.addGuid } as const;
  const { chooseGuid } = readHeuristics(source, domain.configurationDn);
  if (chooseGuid && head !== undefined && mayDo(subject, head, wish)) return;
  throw new DirectoryError('unwillingToPerform', 'objectGUID is the directory’s to give', {
    win32: SECURITY_ILLEGAL_MODIFY,
  });
}

/** Any descriptor may be given but for its owner and, without the privilege, its SACL. */
function checkDescriptor(subject: Subject, values: readonly Value[]): void {
  for (const value of values) {
    checkOwner(subject, value, SdFlag.owner);
    const control = typeof value === 'string' ? 0 : ((value[3] ?? 0) << 8) | (value[2] ?? 0);
    const hasSacl = (control & SACL_PRESENT) !== 0;
    if (hasSacl && !hasPrivilege(subject.token, 'SeSecurityPrivilege')) throw accessDenied();
  }
}

/** SE_SACL_PRESENT (MS-DTYP 2.4.6). */
const SACL_PRESENT = 0x10;

function accountOf(
  { settings, clock }: LdapContext,
  subject: Subject,
  source: AddSource,
  entry: NewEntry,
): Omit<Permitted, 'byQuota'> {
  const { schema, domain } = subject.decisions;
  const head: Entry | undefined = source.find(domain.dn);
  const textOf = (name: string): string | undefined => textsOf(entry.values[name])[0];
  const given = textOf('userAccountControl');
  const computer = schema.isKindOf(entry.type, 'computer');
  const control = checkedControl(subject, head, {
    old: undefined,
    given: given === undefined ? undefined : Number(given),
    computer,
    hasPassword: entry.password !== undefined,
    minLength: settings.lockouts === undefined ? 0 : Number(head?.text('minPwdLength') ?? '0'),
  });
  const name = textOf('sAMAccountName') ?? '';
  checkNameLength(name, computer);
  checkDollar(subject, name, control, computer);
  const primary = textOf('primaryGroupID');
  if (primary !== undefined) refuseNewPrimaryGroup(Number(primary), defaultPrimaryGroup(control));
  const time = textOf('pwdLastSet');
  if (time !== undefined) checkPasswordTime(time);
  const values = {
    ...entry.values,
    userAccountControl: [String(control)],
    ...(time === '-1' ? { pwdLastSet: [fileTimeOf(clock()).toString()] } : {}),
  };
  const critical = isCriticalKind(control);
  if (critical === undefined) return { values, system: {} };
  return { values, system: { isCriticalSystemObject: critical ? 'TRUE' : 'FALSE' } };
}

function textsOf(values: readonly Value[] = []): string[] {
  return values.filter((value) => typeof value === 'string');
}
