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
  readonly entry: StoredEntry;
}

/**
 * The security groups of an entry, transitively, its primary group included (MS-ADTS 3.1.1.4.5.19,
 * tokenGroups). Distribution groups neither count nor lead further. A cycle ends where it closes.
 */
export function groupsOf(
  view: View,
  known: KnownAttributes,
  entry: StoredEntry,
): GroupMembership[] {
  const found = new Map<number, GroupMembership>();
  const memberLink = known.member.linkId ?? 0;
  const waiting: number[] = [...view.linksTo(entry, memberLink)];
  const primary = primaryGroupOf(view, known, entry);
  if (primary !== undefined) waiting.push(primary);
  while (waiting.length > 0 && found.size < MAX_CLOSURE) {
    const id = waiting.pop();
    if (id === undefined || found.has(id)) continue;
    const group = view.entry(id);
    const membership = group === undefined ? undefined : membershipIn(known, group);
    if (group === undefined || membership === undefined) continue;
    found.set(id, membership);
    for (const above of view.linksTo(group, memberLink)) waiting.push(above);
  }
  return [...found.values()];
}

/** The entry of the primary group, which no link tells (MS-ADA3 2.120). */
export function primaryGroupOf(
  view: View,
  known: KnownAttributes,
  entry: StoredEntry,
): number | undefined {
  const rid = entry.text(known.primaryGroupId.code);
  const sid = entry.bytes(known.objectSid.code);
  if (rid === undefined || sid === undefined) return undefined;
  const group = withRid(domainOf(decodeSid(sid)), Number(rid));
  return view.onlyWithValue(known.objectSid, encodeSid(group));
}

function membershipIn(known: KnownAttributes, group: StoredEntry): GroupMembership | undefined {
  const type = Number(group.text(known.groupType.code) ?? '0') >>> 0;
  const sid = group.bytes(known.objectSid.code);
  if (sid === undefined || (type & GroupType.security) === 0) return undefined;
  return { id: group.id, sid: decodeSid(sid), type, entry: group };
}
