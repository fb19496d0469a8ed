import { valuesOf } from '@doublehop/ldap/client/entry';
import type { ClientChange } from '@doublehop/ldap/client/types';
import { LdapError } from '@doublehop/ldap/errors';
import { isLost } from '../connect/failure.ts';
import type { DomainConnection } from '../connection.ts';
import { firstEntries } from '../directory-client.ts';
import { AdminError } from '../errors.ts';
import { type AttributeChange, sameValues, without } from './change.ts';
import { deniedAdvice, differenceOf, subjectOf } from './words.ts';

/**
 * Writes one change: values that were read are deleted and others added in one modify, so that a
 * change by somebody else since then is refused and not overwritten (RFC 4511 §4.6: all or
 * nothing). Nothing is sent where there is no difference.
 *
 * Throws AdminError `changed-since` with what was changed, `access-denied`, `unreachable` where it
 * is not known whether the change was made, `directory`.
 */
export async function writeChange(
  connection: DomainConnection,
  change: AttributeChange,
): Promise<void> {
  const modifications = modificationsOf(change);
  if (modifications.length === 0) return;
  try {
    await connection.client.modify(change.target.dn, modifications);
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
    throw await writeFailure(connection, change, error);
  }
}

/** The values as they stand now. Throws what LDAP throws, `noSuchObject` among it. */
export async function readAttribute(
  { client }: DomainConnection,
  dn: string,
  attribute: string,
): Promise<readonly Uint8Array[]> {
  const search = client.search({ base: dn, scope: 'base', attributes: [attribute] });
  const [entry] = await firstEntries(search, 1);
  return entry === undefined ? [] : valuesOf(entry, attribute);
}

/** What deletes the values that were read, and adds the others. */
export function modificationsOf({
  attribute,
  before,
  after,
}: Pick<AttributeChange, 'attribute' | 'before' | 'after'>): readonly ClientChange[] {
  const gone = without(before, after);
  const come = without(after, before);
  const modifications: ClientChange[] = [];
  if (gone.length > 0) modifications.push({ operation: 'delete', attribute, values: gone });
  if (come.length > 0) modifications.push({ operation: 'add', attribute, values: come });
  return modifications;
}

/** Codes with which servers refuse a deletion or addition that does not fit what stands there. */
const MISFIT: ReadonlySet<string> = new Set([
  'noSuchAttribute',
  'attributeOrValueExists',
  'constraintViolation',
]);

async function writeFailure(
  connection: DomainConnection,
  change: AttributeChange,
  error: LdapError,
): Promise<AdminError> {
  const { target, attribute } = change;
  const detail = { subject: target.dn, cause: error };
  if (error.code === 'noSuchObject') {
    const message = `${target.name} is gone: somebody deleted or moved it; nothing was written`;
    return new AdminError('changed-since', message, detail);
  }
  const now = MISFIT.has(error.code) ? await changedSince(connection, change) : undefined;
  if (now !== undefined) {
    const what = await differenceOf(connection, attribute, { before: change.before, after: now });
    const message =
      `somebody else changed ${subjectOf(attribute)} of ${target.name} in the meantime` +
      `${what === '' ? '' : ` (${what})`}; nothing was written: run the command again`;
    return new AdminError('changed-since', message, detail);
  }
  if (isLost(error)) {
    const message =
      `the connection broke while ${target.name} was written (${error.message}): it may or may ` +
      'not have been changed';
    return new AdminError('unreachable', message, detail);
  }
  if (error.code === 'insufficientAccessRights') {
    const message = `you may not write ${attribute} of ${target.name}; ${deniedAdvice(change)}`;
    return new AdminError('access-denied', message, detail);
  }
  const hint = SYSTEM_ONLY.test(error.message) ? `; ${SAMBA_HINT}` : '';
  const message = `the directory refused to write ${target.name}: ${error.code}: ${error.message}`;
  return new AdminError('directory', `${message}${hint}`, detail);
}

/** What Samba says of an attribute that is systemOnly, where Windows takes the write. */
const SYSTEM_ONLY = /can only be modified as system/i;

const SAMBA_HINT =
  'a Samba controller does not take this over LDAP: run samba-tool delegation add-principal on it';

/** What stands there now, where that is not what was read before. */
async function changedSince(
  connection: DomainConnection,
  { target, attribute, before }: AttributeChange,
): Promise<readonly Uint8Array[] | undefined> {
  try {
    const now = await readAttribute(connection, target.dn, attribute);
    return sameValues(now, before) ? undefined : now;
  } catch (error) {
    if (error instanceof LdapError) return undefined;
    throw error;
  }
}
