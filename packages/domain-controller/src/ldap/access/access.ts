import type { Entry } from '@doublehop/directory/entry';
import { type AttributeType, type ClassType, SearchFlag } from '@doublehop/directory/schema/schema';
import { Right } from '@doublehop/security/access-mask';
import type { Guid } from '@doublehop/security/guid';
import { SdFlag } from '../descriptors.ts';
import { ControlRight, VALIDATED_WRITES } from './guids.ts';
import { readHeuristics } from './heuristics.ts';
import { hasPrivilege } from './privileges.ts';
import type { ListRight } from './decisions.ts';
import type { Subject } from './subject.ts';

/** What somebody wants to do to an entry. */
export type Wish =
  | { readonly kind: 'write'; readonly attribute: AttributeType }
  /** By the validated write of the attribute; whether its value is valid is another question. */
  | { readonly kind: 'validatedWrite'; readonly attribute: AttributeType }
  /** Use a control access right, one of `ControlRight`. */
  | { readonly kind: 'control'; readonly right: Guid }
  /** Add an entry of the class below it. */
  | { readonly kind: 'create'; readonly type: ClassType }
  | { readonly kind: 'delete' }
  /** Remove it with all that is below it. */
  | { readonly kind: 'deleteTree' }
  /** Remove an entry of the class below it. */
  | { readonly kind: 'deleteChild'; readonly type: ClassType | undefined }
  /** Write parts of its descriptor, by the bits of `SdFlag`. */
  | { readonly kind: 'writeDescriptor'; readonly flags: number }
  /** User-Force-Change-Password (MS-ADTS 5.1.3.2.1): set a password without knowing the old one. */
  | { readonly kind: 'resetPassword' }
  /** User-Change-Password: change a password that is known. */
  | { readonly kind: 'changePassword' };

/**
 * Whether the entry's descriptor, or a privilege where one counts, lets the subject do it
 * (MS-ADTS 5.1.3.3). Nobody passes by: administrators have what descriptors give their groups.
 */
export function mayDo(subject: Subject, entry: Entry, wish: Wish): boolean {
  if (wish.kind === 'writeDescriptor') return mayWriteDescriptor(subject, entry, wish.flags);
  if (wish.kind === 'write' && wish.attribute.name === DESCRIPTOR) {
    return mayWriteDescriptor(subject, entry, SdFlag.owner | SdFlag.group | SdFlag.dacl);
  }
  const { decisions } = subject;
  const rights = decisions.rightsOn(entry);
  switch (wish.kind) {
    case 'write':
      return rights.has(Right.writeProperty, decisions.wayTo(entry, wish.attribute));
    case 'validatedWrite': {
      const right = VALIDATED_WRITES.get(wish.attribute.name);
      return right !== undefined && rights.has(Right.self, [right, decisions.classOf(entry)]);
    }
    case 'control':
      return rights.has(Right.controlAccess, [wish.right, decisions.classOf(entry)]);
    case 'create':
      return rights.has(Right.createChild, [wish.type.schemaIdGuid]);
    case 'delete':
      return rights.has(Right.delete, [decisions.classOf(entry)]);
    case 'deleteTree':
      return rights.has(Right.deleteTree, [decisions.classOf(entry)]);
    case 'deleteChild':
      return rights.has(Right.deleteChild, [wish.type?.schemaIdGuid]);
    case 'resetPassword':
      return mayDo(subject, entry, {
        kind: 'control',
        right: ControlRight.userForceChangePassword,
      });
    case 'changePassword':
      return mayDo(subject, entry, { kind: 'control', right: ControlRight.userChangePassword });
  }
}

/**
 * Whether the subject may see an attribute of an entry (MS-ADTS 3.1.1.4.3, 3.1.1.4.4): one that it
 * may not is as if it were not there, in results and in filters. Of the descriptor,
 * `readableParts` says more.
 */
export function mayRead(subject: Subject, entry: Entry, attribute: AttributeType): boolean {
  if (attribute.secret) return false;
  if (attribute.name === DESCRIPTOR) return readableParts(subject, entry) !== 0;
  if (attribute.name === 'userPassword' && isPasswordName(subject)) return false;
  const confidential = (attribute.searchFlags & SearchFlag.confidential) !== 0;
  const mask = confidential ? Right.readProperty | Right.controlAccess : Right.readProperty;
  return subject.decisions.mayRead(entry, attribute, mask);
}

/** The parts of an entry's descriptor that the subject may read, as bits of `SdFlag`. */
export function readableParts(subject: Subject, entry: Entry): number {
  const rights = subject.decisions.rightsOn(entry);
  const read = rights.has(Right.readControl, [subject.decisions.classOf(entry)]);
  const audit = hasPrivilege(subject.token, 'SeSecurityPrivilege');
  // ACCESS_SYSTEM_SECURITY comes with the privilege alone (MS-DTYP 2.5.3.2).
  return (read ? SdFlag.owner | SdFlag.group | SdFlag.dacl : 0) | (audit ? SdFlag.sacl : 0);
}

/**
 * Whether the subject may know that an entry exists (MS-ADTS 5.1.3.3.6): the heads of naming
 * contexts always; others by LIST_CONTENTS of the parent or, in List Object mode, by LIST_OBJECT
 * of both. Searches over many entries use `visibility`, which remembers the parents.
 */
export function isVisible(subject: Subject, entry: Entry): boolean {
  return visibility(subject)(entry);
}

/** `isVisible` for one turn of one search, in which nothing changes. */
export function visibility(subject: Subject): (entry: Entry) => boolean {
  const parents = subject.decisions.containers();
  const { source, domain } = subject.decisions;
  let listObject: boolean | undefined;
  const look = (parent: Entry): ListRight => {
    const rights = subject.decisions.rightsOn(parent);
    const way = [subject.decisions.classOf(parent)];
    if (rights.has(Right.listChildren, way)) return 'children';
    listObject ??= readHeuristics(source, domain.configurationDn).listObject;
    return listObject && rights.has(Right.listObject, way) ? 'single' : 'none';
  };
  return (entry) => {
    if (entry.isContextHead || entry.parentId === 0) return true;
    let parent = parents.get(entry.parentId);
    if (parent === undefined) {
      const above = source.find({ id: entry.parentId });
      parent = above === undefined ? 'children' : look(above);
      parents.set(entry.parentId, parent);
    }
    if (parent !== 'single') return parent === 'children';
    const way = [subject.decisions.classOf(entry)];
    return subject.decisions.rightsOn(entry).has(Right.listObject, way);
  };
}

/** What the attributes allowed…Effective and sDRightsEffective tell (MS-ADTS 3.1.1.4.5.4-7). */
export interface EffectiveRights {
  /** By WRITE_PROPERTY, or by the validated write of the attribute (MS-ADTS 3.1.1.4.5.7). */
  readonly mayWrite: (attribute: AttributeType) => boolean;
  readonly mayCreate: (type: ClassType) => boolean;
  /** Parts of the descriptor that may be written: the value of sDRightsEffective. */
  readonly descriptor: number;
}

/** The rights to write that a subject has on an entry. */
export function effectiveRights(subject: Subject, entry: Entry): EffectiveRights {
  const parts = [SdFlag.owner | SdFlag.group, SdFlag.dacl, SdFlag.sacl];
  return {
    mayWrite: (attribute) =>
      mayDo(subject, entry, { kind: 'write', attribute }) ||
      mayDo(subject, entry, { kind: 'validatedWrite', attribute }),
    mayCreate: (type) => mayDo(subject, entry, { kind: 'create', type }),
    descriptor: parts
      .filter((flags) => mayWriteDescriptor(subject, entry, flags))
      .reduce((all, flags) => all | flags, 0),
  };
}

const DESCRIPTOR = 'nTSecurityDescriptor';

function isPasswordName({ decisions: { source, domain } }: Subject): boolean {
  return readHeuristics(source, domain.configurationDn).userPassword;
}

/** MS-ADTS 6.1.3.5: each part of a descriptor is under a right or privilege of its own. */
function mayWriteDescriptor(subject: Subject, entry: Entry, flags: number): boolean {
  const { decisions, token } = subject;
  const rights = decisions.rightsOn(entry);
  const way = [decisions.classOf(entry)];
  if ((flags & SdFlag.dacl) !== 0 && !rights.has(Right.writeDac, way)) return false;
  if ((flags & SdFlag.sacl) !== 0 && !hasPrivilege(token, 'SeSecurityPrivilege')) return false;
  if ((flags & (SdFlag.owner | SdFlag.group)) === 0) return true;
  return (
    rights.has(Right.writeOwner, way) ||
    hasPrivilege(token, 'SeTakeOwnershipPrivilege') ||
    maySetOwners(subject)
  );
}

/** DS-Set-Owner at the head of the naming context (MS-ADTS 6.1.3.5); there is one domain. */
function maySetOwners(subject: Subject): boolean {
  const { source, domain } = subject.decisions;
  const head = source.find(domain.dn);
  const wish = { kind: 'control', right: ControlRight.setOwner } as const;
  return head !== undefined && mayDo(subject, head, wish);
}
