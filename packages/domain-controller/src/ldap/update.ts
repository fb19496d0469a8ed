import { setImmediate } from 'node:timers/promises';
import { parseDn } from '@doublehop/directory/dn';
import type { Entry } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import type { DirectoryWriter } from '@doublehop/directory/writer';
import { hasControl } from '@doublehop/ldap/controls';
import type { Control } from '@doublehop/ldap/messages/common';
import { CONTROLS } from '@doublehop/ldap/oids';
import { LdapError } from '@doublehop/ldap/errors';
import type { ModifyDnRequest } from '@doublehop/ldap/server/handler';
import { ridOf } from '@doublehop/security/sid';
import { MAX_TREE_DELETE, SEARCH_PAUSE, TREE_DELETE_UNIT } from '../limits.ts';
import { mayDo } from './access/access.ts';
import type { EntrySource } from './access/heuristics.ts';
import { type Subject, within } from './access/subject.ts';
import { type Caller, clientOf, type LdapContext, type Session } from './context.ts';
import { accessDenied } from './failures.ts';
import { demand } from './write-access.ts';

/** Removes an entry, with the tree control all below it (MS-ADTS 3.1.1.5.5). */
export async function remove(
  context: LdapContext,
  session: Session,
  dn: string,
  controls: readonly Control[],
): Promise<void> {
  const { directory } = context;
  const caller = clientOf(context, session);
  const subtree = hasControl(controls, CONTROLS.treeDelete);
  const deleted = hasControl(controls, CONTROLS.showDeleted);
  await refusePrimary(context, caller, dn);
  const top = subtree ? directory.find(dn) : undefined;
  if (top !== undefined) {
    await removeTree(context, caller, top.id);
    return;
  }
  await directory.write((writer) => {
    const subject = within(caller, writer);
    const entry = writer.find(dn, { deleted });
    if (entry !== undefined) {
      demandDelete(subject, writer, entry);
      refuseBuiltIn(subject, entry);
    }
    writer.remove(dn, { deleted });
  });
}

/**
 * Removes a tree, with turns for others in between; a larger one than `MAX_TREE_DELETE` is not
 * finished by one request (MS-ADTS 3.1.1.5.5.7).
 */
async function removeTree({ directory }: LdapContext, caller: Caller, id: number): Promise<void> {
  for (let removed = 0; removed < MAX_TREE_DELETE; removed += TREE_DELETE_UNIT) {
    const work = (writer: DirectoryWriter): boolean => {
      const subject = within(caller, writer);
      const entry = writer.find({ id });
      // With DELETE_TREE nothing is asked of what is below (MS-ADTS 3.1.1.5.5.7.1).
      if (entry !== undefined) {
        demand(subject, entry, { kind: 'deleteTree' });
        refuseBuiltIn(subject, entry);
      }
      return writer.removeTree({ id }, TREE_DELETE_UNIT);
    };
    // Each unit of work goes on where the one before it has come to.
    // oxlint-disable-next-line no-await-in-loop
    if (await directory.write(work)) return;
    // oxlint-disable-next-line no-await-in-loop
    await setImmediate();
  }
  const why = 'the tree deletion is not finished; ask again';
  throw new DirectoryError('adminLimitExceeded', why, { win32: TREE_DELETE_NOT_FINISHED });
}

/** ERROR_DS_TREE_DELETE_NOT_FINISHED. */
const TREE_DELETE_NOT_FINISHED = 0x20cd;

/** Renames or moves an entry (MS-ADTS 3.1.1.5.4.1). */
export async function rename(
  context: LdapContext,
  session: Session,
  { entry: dn, newRdn, deleteOldRdn, newSuperior }: ModifyDnRequest,
): Promise<void> {
  const { directory } = context;
  const caller = clientOf(context, session);
  // A name without a value is no worse than one that does not fit (MS-ADTS 3.1.1.5.4.1.1).
  if (/^ *[A-Za-z][A-Za-z0-9-]* *= *$/.test(newRdn)) {
    throw new DirectoryError('namingViolation', 'the new name is empty');
  }
  await directory.write((writer) => {
    const subject = within(caller, writer);
    const entry = writer.find(dn);
    if (entry !== undefined) {
      demandNames(subject, entry, newRdn);
      if (newSuperior !== undefined) demandMove(subject, writer, entry, newSuperior);
    }
    const superior = newSuperior === undefined ? {} : { newSuperior };
    writer.rename(dn, { newRdn, deleteOldRdn, ...superior });
  });
}

/** DELETE on the entry, or DELETE_CHILD on what is above it (MS-ADTS 3.1.1.5.5.4). */
function demandDelete(subject: Subject, source: EntrySource, entry: Entry): void {
  if (!mayDelete(subject, source, entry)) throw accessDenied();
}

function mayDelete(subject: Subject, source: EntrySource, entry: Entry): boolean {
  if (mayDo(subject, entry, { kind: 'delete' })) return true;
  const type = subject.decisions.schema.classType(entry.structuralClass);
  const parent = source.find({ id: entry.parentId });
  return parent !== undefined && mayDo(subject, parent, { kind: 'deleteChild', type });
}

/** Accounts that every domain has are not deleted (MS-SAMR 3.1.5.7): ERROR_SPECIAL_ACCOUNT. */
function refuseBuiltIn({ decisions: { domain } }: Subject, { sid }: Entry): void {
  if (sid?.startsWith(`${domain.sid}-`) !== true || ridOf(sid) >= FIRST_RID) return;
  throw new LdapError('other', '0000055B: SysErr: DSID-00000000 (the account is built in)');
}

/**
 * Nor are groups that are somebody's primary one: ERROR_MEMBERS_PRIMARY_GROUP. There is no index of
 * primary groups, as most accounts have the same: who may not delete it costs no search.
 */
async function refusePrimary(context: LdapContext, caller: Subject, dn: string): Promise<void> {
  const { directory, domain } = context;
  directory.refresh();
  const entry = directory.find(dn);
  if (entry?.sid === undefined || entry.structuralClass !== 'group') return;
  if (ridOf(entry.sid) < FIRST_RID || !mayDelete(caller, directory, entry)) return;
  const value = String(ridOf(entry.sid));
  const filter = { kind: 'equality', attribute: 'primaryGroupID', value } as const;
  const asked = { base: domain.dn, scope: 'subtree', filter } as const;
  for (const member of directory.searchSteps(asked, SEARCH_PAUSE)) {
    if (member === undefined) {
      await setImmediate();
      continue;
    }
    const win32 = MEMBERS_PRIMARY_GROUP;
    throw new DirectoryError('entryAlreadyExists', 'the primary group of others', { win32 });
  }
}

const MEMBERS_PRIMARY_GROUP = 0x55e;

/** The RIDs below are of accounts that the domain is made with (MS-DTYP 2.4.2.4). */
const FIRST_RID = 1000;

/** WRITE_PROPERTY on `name`, and on the attribute that names the entry (MS-ADTS 3.1.1.5.4). */
export function demandNames(subject: Subject, entry: Entry, newRdn: string): void {
  for (const name of ['name', parseDn(newRdn)[0]?.type ?? '']) {
    const attribute = subject.decisions.schema.attribute(name);
    if (attribute === undefined) throw accessDenied();
    demand(subject, entry, { kind: 'write', attribute });
  }
}

/** CREATE_CHILD at the new place, and the right to take it away from the old one. */
function demandMove(
  subject: Subject,
  writer: DirectoryWriter,
  entry: Entry,
  newSuperior: string,
): void {
  const parent = writer.find(newSuperior);
  const type = subject.decisions.schema.classType(entry.structuralClass);
  if (parent === undefined || parent.id === entry.parentId || type === undefined) return;
  demand(subject, parent, { kind: 'create', type });
  demandDelete(subject, writer, entry);
}
