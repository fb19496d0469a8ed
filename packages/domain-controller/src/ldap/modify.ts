import type { Entry, Modification, Value } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import type { DirectoryWriter } from '@doublehop/directory/writer';
import { findControl, hasControl, sdFlags } from '@doublehop/ldap/controls';
import type { Control } from '@doublehop/ldap/messages/common';
import { CONTROLS } from '@doublehop/ldap/oids';
import type { Change, ModifyRequest } from '@doublehop/ldap/server/handler';
import { type PasswordOptions, storeKeys } from '../directory-keys.ts';
import { readHeuristics, type Heuristics } from './access/heuristics.ts';
import { creatorOf } from './access/owners.ts';
import { within } from './access/subject.ts';
import { type Caller, clientOf, type LdapContext, type Session } from './context.ts';
import { ALL_PARTS, mergedDescriptor } from './descriptors.ts';
import { inputValues, passwordAttribute, updatedAttribute } from './input.ts';
import { applyRules, atPresent } from './modify-rules.ts';
import { type NewKeys, newKeys, type PasswordEdit } from './password-change.ts';
import { showsDeleted } from './tombstones.ts';
import { demandChanges } from './write-access.ts';

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
  const caller = clientOf(context, session);
  const { directory, domain } = context;
  const heuristics = readHeuristics(directory, domain.configurationDn);
  const { ordinary, passwords } = readChanges(context, changes, heuristics);
  // The control with no part named means every part (MS-ADTS 3.1.1.3.4.1.11).
  const flags = (findControl(controls, sdFlags)?.flags ?? ALL_PARTS) || ALL_PARTS;
  if (changes.length === 0) {
    throw new DirectoryError('unwillingToPerform', 'a modification changes something');
  }
  const secret =
    passwords.length === 0 ? undefined : await newKeys(context, session, caller, object, passwords);
  const permissive = heuristics.permissiveModify || hasControl(controls, CONTROLS.permissiveModify);
  await directory.write((writer) => {
    // Who may set the password was asked of this very entry; the name may mean another one by now.
    if (secret !== undefined) storeKeys(writer, { id: secret.id }, secret.keys, lengthOf(secret));
    if (secret !== undefined && ordinary.length === 0) return;
    const setsPassword = secret !== undefined;
    const manner = { flags, permissive, setsPassword, deleted: showsDeleted(controls) };
    change(context, caller, writer, object, ordinary, manner);
  });
}

function lengthOf({ historyLength }: NewKeys): PasswordOptions {
  return historyLength === undefined ? {} : { historyLength };
}

/** How a modification is made. */
interface Manner {
  /** Parts of a descriptor that are written, as bits of `SdFlag`. */
  readonly flags: number;
  readonly permissive: boolean;
  readonly setsPassword: boolean;
  /** Whether deleted entries are among those named. */
  readonly deleted: boolean;
}

function change(
  context: LdapContext,
  caller: Caller,
  writer: DirectoryWriter,
  object: string,
  changes: readonly Modification[],
  { flags, permissive, setsPassword, deleted }: Manner,
): void {
  // Of deleted entries only the descriptor is changed (MS-ADTS 3.1.1.5.3.2).
  const isDescriptor = changes.every(({ attribute }) => attribute === 'nTSecurityDescriptor');
  const entry = writer.find(object, { deleted: deleted && isDescriptor });
  if (entry === undefined) {
    // The directory says how far the name leads.
    writer.modify(object, changes);
    return;
  }
  const subject = within(caller, writer);
  demandChanges(subject, entry, changes, flags);
  const { more, system } = applyRules(context, subject, entry, changes, setsPassword);
  const now = context.clock();
  const resolved = [...changes, ...more].map((one) =>
    resolve(atPresent(one, entry, now), entry, flags),
  );
  const creator = creatorOf(subject, entry.dn);
  writer.modify({ id: entry.id }, resolved, { permissive, creator });
  if (system.length > 0) writer.modify({ id: entry.id }, system, { system: true });
}

interface ReadChanges {
  readonly ordinary: readonly Modification[];
  readonly passwords: readonly PasswordEdit[];
}

function readChanges(
  { directory }: LdapContext,
  changes: readonly Change[],
  { userPassword }: Heuristics,
): ReadChanges {
  const ordinary: Modification[] = [];
  const passwords: PasswordEdit[] = [];
  for (const one of changes) {
    const { type, values } = one.modification;
    const attribute = updatedAttribute(directory.schema, type);
    if (one.operation === 'add' && values.length === 0) {
      throw new DirectoryError('constraintViolation', `${attribute} is given no value to add`);
    }
    const password = passwordAttribute(attribute, userPassword);
    if (password !== undefined) {
      passwords.push({ attribute: password, change: one });
      continue;
    }
    const input = inputValues(directory.schema, attribute, values);
    ordinary.push({ operation: one.operation, attribute, values: input });
  }
  return { ordinary, passwords };
}

/** Parts of a descriptor that are not written stay as they are. */
function resolve(one: Modification, entry: Entry, flags: number): Modification {
  if (one.attribute.toLowerCase() !== 'ntsecuritydescriptor') return one;
  if (one.values.length === 0 && one.operation === 'add') return one;
  if (one.values.length === 0) {
    throw new DirectoryError('unwillingToPerform', 'every entry has a descriptor');
  }
  const present = entry.bytes(one.attribute);
  const merged = (value: Value): Value =>
    typeof value === 'string' ? value : mergedDescriptor(present, value, flags);
  return { ...one, values: one.values.map(merged) };
}
