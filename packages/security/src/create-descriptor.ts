import { FULL_CONTROL, mapGenericRights } from './access-mask.ts';
import { type Ace, AceFlag, AceType, buildAce, isObjectType, isOpaqueType } from './ace.ts';
import { type Acl, AclRevision, Control, type SecurityDescriptor } from './descriptor.ts';
import type { Guid } from './guid.ts';
import type { Sid } from './sid.ts';
import { wellKnown } from './well-known-sids.ts';

/** What a descriptor of a directory object is made from (MS-ADTS 6.1.3). */
export interface DescriptorParts {
  /** Of the object above; absent for the head of a naming context, which inherits nothing. */
  readonly parent?: SecurityDescriptor | undefined;
  /**
   * What was given for the object, its class's default, or its present descriptor: its explicit
   * ACEs count, inherited ones are made anew. Absent: only what is inherited.
   */
  readonly creator?: SecurityDescriptor | undefined;
  /**
   * The schemaIDGUIDs of the most specific class and of dynamic auxiliary classes: inherited
   * object ACEs for other classes are handed on, but are not in effect.
   */
  readonly objectTypes: ReadonlySet<Guid>;
  /** Owner and group where the creator's descriptor names none. */
  readonly owner: Sid;
  readonly group: Sid;
}

/**
 * The descriptor of a directory object: MS-DTYP 2.5.3.4.1 (CreateSecurityDescriptor) as MS-ADTS
 * 6.1.3 calls it, for containers, with automatic inheritance and the rights of directory objects.
 * It differs from that pseudocode where Windows does: an inherited ACE in effect that needs no
 * substitution is handed on as it is, not as two; one about another class is kept for those below.
 */
export function createDescriptor(parts: DescriptorParts): SecurityDescriptor {
  const { parent, creator } = parts;
  const owner = creator?.owner ?? parts.owner;
  const group = creator?.group ?? parts.group;
  const subject: Subject = { owner, group, objectTypes: parts.objectTypes };
  const given = creator?.control ?? 0;
  const dacl = mergeLists(
    parent?.dacl,
    creator?.dacl,
    (given & Control.daclProtected) !== 0,
    subject,
  );
  const sacl = mergeLists(
    parent?.sacl,
    creator?.sacl,
    (given & Control.saclProtected) !== 0,
    subject,
  );
  let control = Control.selfRelative | Control.daclPresent | (given & KEPT_CONTROL);
  if (dacl.inherits) control |= Control.daclAutoInherited;
  if (sacl.inherits) control |= Control.saclAutoInherited;
  const hasSacl = sacl.inherits || (creator?.sacl !== undefined && creator.sacl !== 'null');
  if (hasSacl) control |= Control.saclPresent;
  return {
    control,
    ...((control & Control.rmControlValid) === 0
      ? {}
      : { rmControl: (creator?.rmControl ?? 0) & PRIVATE_OBJECT }),
    owner,
    group,
    dacl: directoryAcl(dacl.aces ?? defaultAces(owner)),
    ...(hasSacl ? { sacl: directoryAcl(sacl.aces ?? []) } : {}),
  };
}

/** Control bits that are taken over from what was given; AUTO_INHERITED too, as Windows does. */
const KEPT_CONTROL =
  Control.daclProtected |
  Control.saclProtected |
  Control.daclAutoInherited |
  Control.saclAutoInherited |
  Control.daclAutoInheritRequired |
  Control.saclAutoInheritRequired |
  Control.rmControlValid;

/** SECURITY_PRIVATE_OBJECT, the one resource manager bit that is kept (MS-ADTS 6.1.3.3). */
const PRIVATE_OBJECT = 1;

/** The flags that say which objects below inherit an ACE, and whether it is in effect here. */
const INHERITANCE =
  AceFlag.objectInherit |
  AceFlag.containerInherit |
  AceFlag.noPropagate |
  AceFlag.inheritOnly |
  AceFlag.inherited;

/** The object that a descriptor is made for. */
interface Subject {
  readonly owner: Sid;
  readonly group: Sid;
  readonly objectTypes: ReadonlySet<Guid>;
}

interface Merged {
  /** Undefined where nothing was given and nothing is inherited. */
  readonly aces: readonly Ace[] | undefined;
  readonly inherits: boolean;
}

/** MS-DTYP 2.5.3.4.2 (ComputeACL), the same for both lists. */
function mergeLists(
  parent: Acl | 'null' | undefined,
  creator: Acl | 'null' | undefined,
  isProtected: boolean,
  subject: Subject,
): Merged {
  const above = parent === undefined || parent === 'null' || isProtected ? [] : parent.aces;
  const inherited = above.flatMap((ace) => inheritedAces(ace, subject));
  const given = creator === undefined || creator === 'null' ? undefined : creator.aces;
  const explicit = (given ?? []).flatMap((ace) => explicitAces(ace, isProtected, subject));
  const inherits = inherited.length > 0;
  if (given === undefined && !inherits) return { aces: undefined, inherits };
  return { aces: [...inOrder(explicit), ...sorted(inherited)], inherits };
}

/** What becomes of an ACE of the parent (MS-DTYP 2.5.3.4.4, 2.5.3.4.7). */
function inheritedAces(ace: Ace, subject: Subject): Ace[] {
  const isInheritable = (ace.flags & AceFlag.containerInherit) !== 0;
  if (!isInheritable && (ace.flags & AceFlag.objectInherit) === 0) return [];
  const { inheritedObjectType } = ace;
  const concerns =
    inheritedObjectType === undefined || subject.objectTypes.has(inheritedObjectType);
  const applies = isInheritable && concerns;
  const isLast = (ace.flags & AceFlag.noPropagate) !== 0;
  if (isLast) return applies ? [inEffect(ace, AceFlag.inherited, subject)] : [];
  if (!applies) return [withFlags(ace, ace.flags | AceFlag.inherited | AceFlag.inheritOnly)];
  if (!needsSubstitution(ace)) {
    return [withFlags(ace, (ace.flags & ~AceFlag.inheritOnly) | AceFlag.inherited)];
  }
  return [
    inEffect(ace, AceFlag.inherited, subject),
    withFlags(ace, ace.flags | AceFlag.inherited | AceFlag.inheritOnly),
  ];
}

/** What becomes of an ACE that was given for the object (MS-DTYP 2.5.3.4.5 to 2.5.3.4.7). */
function explicitAces(given: Ace, isProtected: boolean, subject: Subject): Ace[] {
  const isInherited = (given.flags & AceFlag.inherited) !== 0;
  // With inheritance broken, what was inherited is kept as the object's own.
  if (isInherited && !isProtected) return [];
  const ace = isInherited ? withFlags(given, given.flags & ~AceFlag.inherited) : given;
  const goesOn = (ace.flags & (AceFlag.containerInherit | AceFlag.objectInherit)) !== 0;
  if ((ace.flags & AceFlag.inheritOnly) !== 0) return goesOn ? [ace] : [];
  if (!needsSubstitution(ace)) return [ace];
  const effective = substituted(ace, 0, subject, ace.inheritedObjectType);
  if (!goesOn) return [effective];
  return [withFlags(ace, ace.flags | AceFlag.inheritOnly), effective];
}

/** Whether rights or trustee stand for others, which differ from object to object. */
function needsSubstitution(ace: Ace): boolean {
  if (!isAccessAce(ace)) return false;
  const isCreator = ace.sid === wellKnown.creatorOwner || ace.sid === wellKnown.creatorGroup;
  return isCreator || mapGenericRights(ace.mask) !== ace.mask;
}

/** Labels, attributes and policies have no rights in their masks. */
function isAccessAce(ace: Ace): boolean {
  return !isOpaqueType(ace.type) && ace.type < AceType.mandatoryLabel;
}

/** An inherited ACE as it is in effect on one object and on no other. */
function inEffect(ace: Ace, flags: number, subject: Subject): Ace {
  return isAccessAce(ace)
    ? substituted(ace, flags, subject, undefined)
    : withFlags(ace, (ace.flags & ~INHERITANCE) | flags);
}

function substituted(
  ace: Ace,
  flags: number,
  { owner, group }: Subject,
  inheritedObjectType: Guid | undefined,
): Ace {
  const { objectType, applicationData } = ace;
  const isPlain = objectType === undefined && inheritedObjectType === undefined;
  let { sid } = ace;
  if (sid === wellKnown.creatorOwner) sid = owner;
  if (sid === wellKnown.creatorGroup) sid = group;
  return buildAce({
    type: isPlain ? (PLAIN_TYPES.get(ace.type) ?? ace.type) : ace.type,
    flags: (ace.flags & ~INHERITANCE) | flags,
    mask: mapGenericRights(ace.mask),
    sid,
    ...(objectType === undefined ? {} : { objectType }),
    ...(inheritedObjectType === undefined ? {} : { inheritedObjectType }),
    ...(applicationData === undefined ? {} : { applicationData }),
  });
}

/** What an object ACE is once it names no object. */
const PLAIN_TYPES: ReadonlyMap<number, number> = new Map([
  [AceType.allowedObject, AceType.allowed],
  [AceType.deniedObject, AceType.denied],
  [AceType.auditObject, AceType.audit],
  [AceType.alarmObject, AceType.alarm],
  [AceType.allowedCallbackObject, AceType.allowedCallback],
  [AceType.deniedCallbackObject, AceType.deniedCallback],
  [AceType.auditCallbackObject, AceType.auditCallback],
  [AceType.alarmCallbackObject, AceType.alarmCallback],
]);

function withFlags(ace: Ace, flags: number): Ace {
  if (flags === ace.flags) return ace;
  const raw = new Uint8Array(ace.raw);
  raw[1] = flags;
  return { ...ace, flags, raw };
}

/**
 * Explicit ACEs sorted as MS-ADTS 6.1.3.1 has it, if they are in canonical order (MS-DTYP 2.4.5);
 * an order that somebody chose means something, and stays.
 */
function inOrder(aces: readonly Ace[]): readonly Ace[] {
  const firstAllowed = aces.findIndex((ace) => !isDenied(ace));
  const isCanonical = firstAllowed < 0 || !aces.slice(firstAllowed).some(isDenied);
  return isCanonical ? sorted(aces) : aces;
}

/** MS-ADTS 6.1.3.1: denied before allowed, regular before object ACEs, then by their octets. */
function sorted(aces: readonly Ace[]): Ace[] {
  const rank = (ace: Ace): number => (isDenied(ace) ? 0 : 2) + (isObjectType(ace.type) ? 1 : 0);
  return aces.toSorted((a, b) => rank(a) - rank(b) || Buffer.compare(a.raw, b.raw));
}

function isDenied({ type }: Ace): boolean {
  switch (type) {
    case AceType.denied:
    case AceType.deniedObject:
    case AceType.deniedCallback:
    case AceType.deniedCallbackObject:
      return true;
    default:
      return false;
  }
}

/** The default list of a token (MS-DTYP 2.5.3.4.2), where a class and the parent give nothing. */
function defaultAces(owner: Sid): Ace[] {
  return [...new Set([owner, wellKnown.localSystem])].map((sid) =>
    buildAce({ type: AceType.allowed, mask: FULL_CONTROL, sid }),
  );
}

/** Lists of the directory have its revision, whatever ACEs are in them. */
function directoryAcl(aces: readonly Ace[]): Acl {
  return { revision: AclRevision.directory, aces };
}
