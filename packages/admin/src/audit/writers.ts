import type { Token } from '@doublehop/security/access-check';
import { type Ace, AceFlag, AceType } from '@doublehop/security/ace';
import { FULL_CONTROL, mapGenericRights, Right } from '@doublehop/security/access-mask';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import type { Guid } from '@doublehop/security/guid';
import { type ObjectRights, objectRights } from '@doublehop/security/object-access';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import type { AccountKind } from '../account.ts';
import type { DescriptorClass } from './collect.ts';
import { acesOf } from './lists.ts';
import type { Principals } from './principals.ts';

/** schemaIDGUID of msDS-AllowedToActOnBehalfOfOtherIdentity (MS-ADA2 2.218). */
const ALLOWED_TO_ACT_GUID: Guid = '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79';

/** The property set User-Account-Restrictions, to which the attribute belongs (MS-ADA3 2.343). */
const ACCOUNT_RESTRICTIONS_GUID: Guid = '4c164200-20c0-11d0-a768-00aa006e0529';

/** schemaIDGUIDs of the classes that carry the attribute: roots of the object type tree. */
const CLASS_GUIDS: Readonly<Partial<Record<AccountKind, Guid>>> = {
  computer: 'bf967a86-0de6-11d0-a285-00aa003049e2',
  user: 'bf967aba-0de6-11d0-a285-00aa003049e2',
  gMSA: '7b8b558a-93a5-4af7-adca-c017e67f1057',
  MSA: 'ce206244-5827-4a86-ba1c-1c0c386c1b64',
};

/** How somebody can write the attribute; the names are those of BloodHound's edges. */
export type WriterWay =
  | 'GenericAll'
  | 'GenericWrite'
  | 'WriteAccountRestrictions'
  | 'AddAllowedToAct'
  | 'WriteDacl'
  | 'WriteOwner'
  | 'Owns';

/** Somebody who can write, or come to write, who may act for users to an account. */
export interface Writer {
  readonly sid: Sid;
  readonly ways: readonly WriterWay[];
  /** The entry that gives the first of these; undefined: by owning, or without an access list. */
  readonly ace: Ace | undefined;
}

/** What writing is judged with. */
export interface WriterContext {
  readonly principals: Principals;
  /** BlockOwnerImplicitRights (MS-ADTS 6.1.3.4). */
  readonly blockOwner: boolean;
}

/**
 * Who may write the list of an account with this descriptor (MS-ADTS 5.1.3.3.3): the attribute, its
 * property set, every property, the access list, the owner. Denials are weighed first, those of
 * groups too. SELF stands for the account itself and is told as such.
 */
export async function writersOf(
  class_: DescriptorClass,
  context: WriterContext,
): Promise<readonly Writer[]> {
  const { descriptor, kind } = class_;
  if (descriptor === 'unparsable') return [];
  const { dacl, owner } = descriptor;
  if (dacl === undefined || dacl === 'null') {
    return [{ sid: wellKnown.everyone, ways: ['GenericAll'], ace: undefined }];
  }
  const mapped = withoutGenericRights(descriptor);
  const aces = acesOf(mapped);
  const way = wayTo(kind);
  const candidates = new Set(aces.filter((ace) => mayGive(ace, way)).map(({ sid }) => sid));
  if (owner !== undefined) candidates.add(owner);
  const writers: Writer[] = [];
  const blockOwner = context.blockOwner && kind === 'computer';
  for (const sid of candidates) {
    if (sid === wellKnown.ownerRights || sid === wellKnown.creatorOwner) continue;
    const ways = await waysOf(sid, { ...context, mapped, aces, way, blockOwner });
    if (ways.length === 0) continue;
    writers.push({ sid, ways, ace: aces.find((ace) => ace.sid === sid && mayGive(ace, way)) });
  }
  return writers;
}

/** The candidates whose names are wanted: everybody in entries that may give the right. */
export function* sidsOfDescriptors(classes: Iterable<DescriptorClass>): Generator<Sid> {
  for (const { descriptor, kind } of classes) {
    if (descriptor === 'unparsable') continue;
    const way = wayTo(kind);
    if (descriptor.owner !== undefined) yield descriptor.owner;
    for (const ace of acesOf(withoutGenericRights(descriptor))) {
      if (mayGive(ace, way)) yield ace.sid;
    }
  }
}

interface Question {
  readonly mapped: SecurityDescriptor;
  readonly aces: readonly Ace[];
  readonly way: readonly Guid[];
  readonly blockOwner: boolean;
  readonly principals: Principals;
}

async function waysOf(sid: Sid, question: Question): Promise<readonly WriterWay[]> {
  const { mapped, aces, principals } = question;
  const own = waysOfToken(tokenOf(sid, []), question);
  const denials = aces.some((ace) => isDeny(ace) && (ace.mask & WRITES) !== 0);
  if (own.length === 0 || !denials || sid === wellKnown.principalSelf) return own;
  const groups = await principals.groupsOf(principals.get(sid));
  if (groups.size === 0) return own;
  // A right that a group gives is told of the group; what counts here is what a group denies.
  const withGroups = new Set(waysOfToken(tokenOf(sid, groups), { ...question, mapped }));
  return own.filter((way) => withGroups.has(way));
}

function waysOfToken(token: Token, { mapped, way, blockOwner }: Question): readonly WriterWay[] {
  const self = wellKnown.principalSelf;
  const rights = objectRights(mapped, token, { self, blockOwner });
  const ways = writeWays(rights, way);
  if (rights.hasExplicitly(Right.writeDac)) ways.push('WriteDacl');
  if (rights.has(Right.writeOwner)) ways.push('WriteOwner');
  const owns = rights.has(Right.writeDac) && !rights.hasExplicitly(Right.writeDac);
  if (owns) ways.push('Owns');
  return ways;
}

function writeWays(rights: ObjectRights, way: readonly Guid[]): WriterWay[] {
  if (!rights.has(Right.writeProperty, way)) return [];
  if (rights.has(FULL_CONTROL)) return ['GenericAll'];
  if (rights.has(Right.writeProperty)) return ['GenericWrite'];
  const throughSet = way.slice(1);
  return [
    rights.has(Right.writeProperty, throughSet) ? 'WriteAccountRestrictions' : 'AddAllowedToAct',
  ];
}

/** From the attribute to the root: attribute, property set, class. */
function wayTo(kind: AccountKind): readonly Guid[] {
  const root = CLASS_GUIDS[kind];
  const way = [ALLOWED_TO_ACT_GUID, ACCOUNT_RESTRICTIONS_GUID];
  return root === undefined ? way : [...way, root];
}

const WRITES = Right.writeProperty | Right.writeDac | Right.writeOwner;

function mayGive(ace: Ace, way: readonly Guid[]): boolean {
  if ((ace.flags & AceFlag.inheritOnly) !== 0 || isDeny(ace)) return false;
  if ((ace.mask & WRITES) === 0) return false;
  return ace.objectType === undefined || way.includes(ace.objectType);
}

function isDeny({ type }: Ace): boolean {
  return (
    type === AceType.denied ||
    type === AceType.deniedObject ||
    type === AceType.deniedCallback ||
    type === AceType.deniedCallbackObject
  );
}

function tokenOf(sid: Sid, groups: Iterable<Sid>): Token {
  const sids = new Set<Sid>([sid, ...groups]);
  if (sid !== wellKnown.anonymous) sids.add(wellKnown.everyone).add(wellKnown.authenticatedUsers);
  return { sids };
}

/** Descriptors of objects hold specific rights; where one does not, it means what it says. */
function withoutGenericRights(descriptor: SecurityDescriptor): SecurityDescriptor {
  const { dacl } = descriptor;
  if (dacl === undefined || dacl === 'null') return descriptor;
  const aces = dacl.aces.map((ace) => ({ ...ace, mask: mapGenericRights(ace.mask) }));
  return { ...descriptor, dacl: { ...dacl, aces } };
}
