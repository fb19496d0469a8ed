import { GroupAttribute, USUAL_GROUP_ATTRIBUTES } from '@doublehop/security/pac/logon-info';
import { domainOf, ridOf, type Sid } from '@doublehop/security/sid';
import { DomainRid } from '@doublehop/security/well-known-sids';
import type { Account, AccountGroup } from './account.ts';
import { type Change, ChangeFlag } from './changes.ts';
import {
  closureOf,
  GroupCache,
  type GroupMembership,
  GroupType,
  holderOf,
  nodeOf,
  primaryGroup,
} from './groups.ts';
import type { KnownAttributes } from './known-attributes.ts';
import type { View } from './view.ts';

/** The groups of an account as a PAC has them (MS-KILE 3.3.5.7.3; MS-PAC 2.5). */
export type SortedGroups = Pick<
  Account,
  'groups' | 'resourceGroups' | 'builtinGroups' | 'extraSids' | 'protectedUser'
>;

/** What accounts with the same direct groups have in common; good while it says so. */
export interface Closure extends SortedGroups {
  readonly isCurrent: boolean;
}

/** The direct groups of an account. */
export interface DirectGroups {
  /** SID of the account's domain, in which its primary group is. */
  readonly domain: Sid;
  readonly primaryGroupRid: number;
  /** Entries whose `member` names the account. */
  readonly ids: readonly number[];
}

/** The domain-local groups of some SIDs; good while it says so. */
export interface Expansion {
  readonly groups: readonly AccountGroup[];
  readonly isCurrent: boolean;
}

/** SE_GROUP_RESOURCE besides (MS-PAC 2.2.1). */
const RESOURCE_ATTRIBUTES = GroupAttribute.resource | USUAL_GROUP_ATTRIBUTES;

/** What is kept of a walk through groups. */
interface Kept {
  isCurrent: boolean;
  /** Every entry that was looked at on the way. */
  readonly sources: ReadonlySet<number>;
  /** Every SID from which it started was somebody's: the primary group's, those of a PAC. */
  readonly isComplete: boolean;
}

interface KeptClosure extends SortedGroups, Kept {}
interface KeptExpansion extends Expansion, Kept {
  isCurrent: boolean;
}

/**
 * Nested groups, worked out once for all accounts that are in the same ones: most accounts of a
 * domain share a few closures. A change of a group ends those that it is in, and no other.
 */
export class AccountGroups {
  readonly #known: KnownAttributes;
  readonly #size: number;
  readonly #groups = new GroupCache();
  readonly #closures = new Map<string, KeptClosure>();
  readonly #expansions = new Map<string, KeptExpansion>();

  /** `size`: most closures kept; beyond, all start afresh. */
  constructor(known: KnownAttributes, size: number) {
    this.#known = known;
    this.#size = size;
  }

  of(view: View, direct: DirectGroups): Closure {
    const { domain, primaryGroupRid, ids } = direct;
    const key = `${domain}-${primaryGroupRid} ${ids.join(' ')}`;
    let closure = this.#closures.get(key);
    if (closure === undefined) {
      if (this.#closures.size >= this.#size) this.clear();
      closure = this.#make(view, direct);
      this.#closures.set(key, closure);
    }
    return closure;
  }

  /**
   * Domain-local groups in which the groups `ids` or holders of `sids` are, through other
   * domain-local groups too: what is said of an account in a domain whose tickets name it by SIDs
   * (MS-KILE 3.3.5.7.3). Of `ids` themselves, those that are domain-local.
   */
  expand(view: View, ids: readonly number[], sids: readonly Sid[]): Expansion {
    const key = `${ids.join(' ')} ${sids.join(' ')}`;
    let expansion = this.#expansions.get(key);
    if (expansion === undefined) {
      if (this.#expansions.size >= this.#size) this.clear();
      expansion = this.#expand(view, ids, sids);
      this.#expansions.set(key, expansion);
    }
    return expansion;
  }

  /** Ends what a change has made wrong. */
  drop(changes: readonly Change[]): void {
    const groups: number[] = [];
    let names = false;
    for (const { id, flags } of changes) {
      names ||= (flags & ChangeFlag.names) !== 0;
      if (this.#groups.nodes.delete(id)) groups.push(id);
    }
    // Another SID may now lead to a primary group.
    if (names) this.#groups.bySid.clear();
    if (!names && groups.length === 0) return;
    end(this.#closures, groups, names);
    end(this.#expansions, groups, names);
  }

  clear(): void {
    for (const closure of this.#closures.values()) closure.isCurrent = false;
    this.#closures.clear();
    for (const expansion of this.#expansions.values()) expansion.isCurrent = false;
    this.#expansions.clear();
    this.#groups.clear();
  }

  #make(view: View, { domain, primaryGroupRid, ids }: DirectGroups): KeptClosure {
    const known = this.#known;
    const primary = primaryGroup(view, known, domain, primaryGroupRid, this.#groups);
    const start = primary === undefined ? ids : [...ids, primary];
    const { found, seen } = closureOf(view, known, start, this.#groups);
    const sorted = sortGroups(domain, found);
    return { ...sorted, isCurrent: true, sources: seen, isComplete: primary !== undefined };
  }

  #expand(view: View, ids: readonly number[], sids: readonly Sid[]): KeptExpansion {
    const known = this.#known;
    const named = sids.flatMap((sid) => holderOf(view, known, sid, this.#groups) ?? []);
    const start = named.flatMap((id) => nodeOf(view, known, id, this.#groups).above);
    const isWanted = ({ type }: GroupMembership): boolean =>
      (type & GroupType.domainLocal) !== 0 && (type & GroupType.builtin) === 0;
    const { found, seen } = closureOf(view, known, [...ids, ...start], this.#groups, isWanted);
    return {
      groups: found.map(({ sid }) => ({ sid, rid: ridOf(sid), attributes: RESOURCE_ATTRIBUTES })),
      isCurrent: true,
      sources: new Set([...seen, ...named]),
      isComplete: named.length === sids.length,
    };
  }
}

/** Ends what was made of one of these entries; where names changed, what lacked somebody too. */
function end(kept: Map<string, Kept>, ids: readonly number[], names: boolean): void {
  for (const [key, each] of kept) {
    const isHit = ids.some((id) => each.sources.has(id));
    if (!isHit && (each.isComplete || !names)) continue;
    each.isCurrent = false;
    kept.delete(key);
  }
}

function sortGroups(domain: Sid, memberships: readonly GroupMembership[]): SortedGroups {
  const groups: AccountGroup[] = [];
  const resourceGroups: AccountGroup[] = [];
  const builtinGroups: Sid[] = [];
  const extraSids: Sid[] = [];
  let protectedUser = false;
  for (const { sid, type } of memberships) {
    if ((type & GroupType.builtin) !== 0) builtinGroups.push(sid);
    else if (domainOf(sid) !== domain) extraSids.push(sid);
    else if ((type & GroupType.domainLocal) !== 0) {
      resourceGroups.push({ sid, rid: ridOf(sid), attributes: RESOURCE_ATTRIBUTES });
    } else groups.push({ sid, rid: ridOf(sid), attributes: USUAL_GROUP_ATTRIBUTES });
    protectedUser ||= domainOf(sid) === domain && ridOf(sid) === DomainRid.protectedUsers;
  }
  return { groups, resourceGroups, builtinGroups, extraSids, protectedUser };
}
