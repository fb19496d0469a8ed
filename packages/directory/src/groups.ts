import { decodeSid, domainOf, encodeSid, withRid, type Sid } from '@doublehop/security/sid';
import { MAX_CLOSURE } from './limits.ts';
import type { KnownAttributes } from './known-attributes.ts';
import type { StoredEntry } from './record.ts';
import type { View } from './view.ts';

/** Bits of groupType (MS-ADTS 2.2.12). */
export const GroupType = {
  builtin: 0x1,
  global: 0x2,
  domainLocal: 0x4,
  universal: 0x8,
  security: 0x8000_0000,
} as const;

/** A security group that an entry is in, directly or through others. */
export interface GroupMembership {
  readonly id: number;
  readonly sid: Sid;
  /** groupType as an unsigned number. */
  readonly type: number;
}

/** An entry and what it is in itself; kept by those who ask about many accounts. */
export interface GroupNode {
  /** Absent for what is no security group: it does not count, and no group leads through it. */
  readonly membership: GroupMembership | undefined;
  readonly above: readonly number[];
}

/** Groups that were looked at before. A node is good until its entry changes or its links do. */
export class GroupCache {
  readonly nodes = new Map<number, GroupNode>();
  /** Groups by their SID, as primary groups are found. */
  readonly bySid = new Map<string, number | undefined>();

  clear(): void {
    this.nodes.clear();
    this.bySid.clear();
  }
}

/**
 * The security groups of an entry, transitively, its primary group included (MS-ADTS 3.1.1.4.5.19,
 * tokenGroups). Distribution groups neither count nor lead further. A cycle ends where it closes.
 */
export function groupsOf(
  view: View,
  known: KnownAttributes,
  entry: StoredEntry,
  cache: GroupCache = new GroupCache(),
): GroupMembership[] {
  const sid = entry.bytes(known.objectSid.code);
  const rid = entry.text(known.primaryGroupId.code);
  const start = [...view.linksTo(entry, known.member.linkId ?? 0)];
  if (sid !== undefined && rid !== undefined) {
    const primary = primaryGroup(view, known, domainOf(decodeSid(sid)), Number(rid), cache);
    if (primary !== undefined) start.push(primary);
  }
  return closureOf(view, known, start, cache).found;
}

/** The entry of a primary group, to which no link leads (MS-ADA3 2.120). */
export function primaryGroup(
  view: View,
  known: KnownAttributes,
  domain: Sid,
  rid: number,
  cache: GroupCache,
): number | undefined {
  return holderOf(view, known, withRid(domain, rid), cache);
}

/** The entry that has a SID. */
export function holderOf(
  view: View,
  known: KnownAttributes,
  sid: Sid,
  cache: GroupCache,
): number | undefined {
  if (!cache.bySid.has(sid)) {
    cache.bySid.set(sid, view.onlyWithValue(known.objectSid, encodeSid(sid)));
  }
  return cache.bySid.get(sid);
}

/**
 * The security groups among some entries and, through them, above; every entry looked at. Groups
 * that are not `wanted` neither count nor lead further.
 */
export function closureOf(
  view: View,
  known: KnownAttributes,
  start: readonly number[],
  cache: GroupCache,
  wanted: (group: GroupMembership) => boolean = () => true,
): { found: GroupMembership[]; seen: ReadonlySet<number> } {
  const found: GroupMembership[] = [];
  const waiting = [...start];
  const seen = new Set<number>();
  while (waiting.length > 0 && seen.size < MAX_CLOSURE) {
    const id = waiting.pop();
    if (id === undefined || seen.has(id)) continue;
    seen.add(id);
    const { membership, above } = nodeOf(view, known, id, cache);
    if (membership === undefined || !wanted(membership)) continue;
    found.push(membership);
    waiting.push(...above);
  }
  return { found, seen };
}

/** An entry as `cache` keeps it. */
export function nodeOf(
  view: View,
  known: KnownAttributes,
  id: number,
  cache: GroupCache,
): GroupNode {
  const kept = cache.nodes.get(id);
  if (kept !== undefined) return kept;
  const group = view.entry(id);
  const membership = group === undefined ? undefined : membershipIn(known, group);
  const above = group === undefined ? [] : [...view.linksTo(group, known.member.linkId ?? 0)];
  const node: GroupNode = { membership, above };
  cache.nodes.set(id, node);
  return node;
}

function membershipIn(known: KnownAttributes, group: StoredEntry): GroupMembership | undefined {
  const type = Number(group.text(known.groupType.code) ?? '0') >>> 0;
  const sid = group.bytes(known.objectSid.code);
  if (sid === undefined || (type & GroupType.security) === 0) return undefined;
  return { id: group.id, sid: decodeSid(sid), type };
}
