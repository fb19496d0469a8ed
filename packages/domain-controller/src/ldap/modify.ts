import type { AccountKey } from '@doublehop/directory/account';
import type { Entry, Modification, Value } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import { findControl, sdFlags } from '@doublehop/ldap/controls';
import { LdapError } from '@doublehop/ldap/errors';
import type { Control } from '@doublehop/ldap/messages/common';
import type { Change, ModifyRequest } from '@doublehop/ldap/server/handler';
import { fileTimeOf } from '@doublehop/security/filetime';
import { passwordKeys, saltOf, saltSubject, storeKeys } from '../directory-keys.ts';
import { type Caller, type LdapContext, requireCaller, type Session } from './context.ts';
import { mergedDescriptor } from './descriptors.ts';
import { accessDenied, passwordRefused } from './failures.ts';
import { inputValues, passwordAttribute, updatedAttribute } from './input.ts';
import { GEN_FAILURE, INVALID_PASSWORD, readUnicodePwd } from './unicode-pwd.ts';
import { demand } from './update.ts';
import { isPassword } from './verify-password.ts';

/**
 * Changes an entry (MS-ADTS 3.1.1.5.3): all of the changes or none, and access is checked in the
 * same unit. A change that deletes a value which is not there any more fails with noSuchAttribute:
 * that is what keeps two writers of a descriptor from undoing each other's work.
 */
export async function modify(
  context: LdapContext,
  session: Session,
  { object, changes }: ModifyRequest,
  controls: readonly Control[],
): Promise<void> {
  const caller = requireCaller(session);
  const { directory, clock } = context;
  const { ordinary, password } = readChanges(context, changes);
  const flags = findControl(controls, sdFlags)?.flags ?? ALL_PARTS;
  const secret = password && (await keysFor(context, session, caller, object, password));
  await directory.write((writer) => {
    const entry = writer.find(object);
    if (entry !== undefined) {
      for (const change of ordinary) demandWrite(context, caller, entry, change.attribute);
    }
    // Who may do it was asked of this very entry; the name may mean another one by now.
    if (secret !== undefined) storeKeys(writer, { id: secret.id }, secret.keys);
    if (secret !== undefined && ordinary.length === 0) return;
    const now = fileTimeOf(clock()).toString();
    const resolved = ordinary.map((change) => resolve(change, entry, flags, now));
    writer.modify(object, resolved);
  });
}

/** Every part of a descriptor (MS-ADTS 3.1.1.3.4.1.11). */
const ALL_PARTS = 15;

/** A new password, and the old one where its owner changes it (MS-ADTS 3.1.1.3.1.5.1). */
interface PasswordChange {
  readonly next: string;
  readonly old: string | undefined;
}

function readChanges(
  { directory }: LdapContext,
  changes: readonly Change[],
): { readonly ordinary: readonly Modification[]; readonly password: PasswordChange | undefined } {
  const ordinary: Modification[] = [];
  const secret: Change[] = [];
  for (const change of changes) {
    const { type, values } = change.modification;
    const attribute = updatedAttribute(directory.schema, type);
    if (passwordAttribute(attribute)) {
      secret.push(change);
      continue;
    }
    const input = inputValues(directory.schema, attribute, values);
    ordinary.push({ operation: change.operation, attribute, values: input });
  }
  return { ordinary, password: readPassword(secret) };
}

/** `replace` sets a password; `delete` of the old and `add` of the new one changes it. */
function readPassword(changes: readonly Change[]): PasswordChange | undefined {
  const [first, second, ...more] = changes;
  if (first === undefined) return undefined;
  const next = onlyValue(second ?? first);
  if (more.length > 0 || next === undefined) throw passwordRefused(GEN_FAILURE);
  if (second === undefined) {
    if (first.operation !== 'replace') throw passwordRefused(GEN_FAILURE);
    return { next: readUnicodePwd(next), old: undefined };
  }
  const old = onlyValue(first);
  const isChange = first.operation === 'delete' && second.operation === 'add';
  if (!isChange || old === undefined) throw passwordRefused(GEN_FAILURE);
  return { next: readUnicodePwd(next), old: readUnicodePwd(old) };
}

function onlyValue({ modification }: Change): Uint8Array | undefined {
  return modification.values.length === 1 ? modification.values[0] : undefined;
}

/** Keys of a new password, once the caller has proved that it may set it. */
async function keysFor(
  { directory, accounts, domain, settings }: LdapContext,
  session: Session,
  caller: Caller,
  object: string,
  { next, old }: PasswordChange,
): Promise<{ readonly id: number; readonly keys: readonly AccountKey[] }> {
  if (!session.confidential) throw passwordRefused(GEN_FAILURE);
  directory.refresh();
  const entry = directory.get(object);
  const account = entry.sid === undefined ? undefined : accounts.bySid(entry.sid);
  if (account === undefined) throw new DirectoryError('objectClassViolation', 'not an account');
  if (old === undefined) {
    demand(caller, entry, { kind: 'resetPassword' });
  } else {
    // AD gives User-Change-Password to everybody; here the account itself has it.
    if (caller.sid !== entry.sid && !caller.administrator) throw accessDenied();
    if (!(await isPassword(account, old))) {
      const code = INVALID_PASSWORD.toString(16).padStart(8, '0');
      throw new LdapError('constraintViolation', `${code}: AtrErr: the old password is not right`);
    }
  }
  const salt = saltOf(domain, saltSubject(entry));
  return { id: entry.id, keys: await passwordKeys(next, salt, settings.encryptionTypes) };
}

function demandWrite({ directory }: LdapContext, caller: Caller, entry: Entry, name: string): void {
  const attribute = directory.schema.attribute(name);
  if (attribute !== undefined) demand(caller, entry, { kind: 'write', attribute });
}

/** Values that depend on what is there: parts of descriptors, and the present time. */
function resolve(
  change: Modification,
  entry: Entry | undefined,
  flags: number,
  now: string,
): Modification {
  const values = (map: (value: Value) => Value) => ({ ...change, values: change.values.map(map) });
  switch (change.attribute.toLowerCase()) {
    case 'ntsecuritydescriptor': {
      const present = entry?.bytes(change.attribute);
      return values((value) =>
        typeof value === 'string' ? value : mergedDescriptor(present, value, flags),
      );
    }
    case 'pwdlastset':
      // -1 is "now", 0 "at the next logon" (MS-SAMR 3.1.1.8.8).
      return values((value) => (value === '-1' ? now : value));
    default:
      return change;
  }
}
