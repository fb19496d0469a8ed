import { aceEffect, isAllow } from '@doublehop/delegation/ace-effect';
import { listGrants } from '@doublehop/delegation/grants';
import { type Lint, lintDescriptor } from '@doublehop/delegation/lint';
import { checkGrant, rbcdToken } from '@doublehop/delegation/rbcd';
import type { Ace, SecurityDescriptor } from '@doublehop/security/descriptor';
import type { Sid } from '@doublehop/security/sid';
import type { AuditList } from './collect.ts';
import type { AuditPrincipal, Members, Principals } from './principals.ts';
import { isEverybody } from './principals.ts';

/** Somebody whom a list really lets act. */
export interface ListedMiddle {
  readonly principal: AuditPrincipal;
  /** The ACE carries a condition that the directory alone cannot settle: claims, devices. */
  readonly isConditional: boolean;
  /** Of a group: who is in it. */
  readonly members: Members | undefined;
}

/** A list as a KDC would take it, with what is odd about it. */
export interface JudgedList {
  readonly descriptor: SecurityDescriptor | 'unparsable';
  readonly middles: readonly ListedMiddle[];
  readonly lints: readonly Lint[];
  /** Allowed by an entry, and refused all the same: a group that they are in is denied. */
  readonly deniedByGroup: readonly Sid[];
}

/** SIDs of every entry of these lists. */
export function* sidsOfLists(lists: Iterable<AuditList>): Generator<Sid> {
  for (const { descriptor } of lists) for (const { sid } of acesOf(descriptor)) yield sid;
}

/** Judges a list once for all accounts that have it; its SIDs must have been looked up. */
export async function judgeList(
  { descriptor }: AuditList,
  principals: Principals,
): Promise<JudgedList> {
  const lints = lintDescriptor(descriptor);
  if (descriptor === 'unparsable') return { descriptor, middles: [], lints, deniedByGroup: [] };
  const middles: ListedMiddle[] = [];
  const deniedByGroup: Sid[] = [];
  for (const grant of listGrants(descriptor)) {
    const principal = principals.get(grant.sid);
    const verdict = await mayAct(descriptor, grant, { principal, principals });
    if (verdict === 'no') {
      if (!grant.conditional) deniedByGroup.push(grant.sid);
      continue;
    }
    const expand = principal.kind === 'group' && !isEverybody(grant.sid);
    const members = expand ? await principals.membersOf(principal) : undefined;
    middles.push({ principal, isConditional: verdict === 'perhaps', members });
  }
  return { descriptor, middles, lints, deniedByGroup };
}

/** Asks as a KDC does, with the principal's groups, where its own entry is not all there is. */
async function mayAct(
  descriptor: SecurityDescriptor,
  grant: { readonly sid: Sid; readonly conditional: boolean },
  who: { readonly principal: AuditPrincipal; readonly principals: Principals },
): Promise<'yes' | 'no' | 'perhaps'> {
  const aces = acesOf(descriptor);
  const denials = aces.some((ace) => !isAllow(ace) && aceEffect(ace).startsWith('denies'));
  if (!denials && !grant.conditional) return 'yes';
  const groups = await who.principals.groupsOf(who.principal);
  if (checkGrant(descriptor, rbcdToken([grant.sid, ...groups])).granted) return 'yes';
  return grant.conditional ? 'perhaps' : 'no';
}

/** The entries of a descriptor's DACL. */
export function acesOf(descriptor: SecurityDescriptor | 'unparsable'): readonly Ace[] {
  if (descriptor === 'unparsable') return [];
  const { dacl } = descriptor;
  return dacl === undefined || dacl === 'null' ? [] : dacl.aces;
}
