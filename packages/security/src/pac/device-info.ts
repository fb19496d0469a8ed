import {
  conformantArray,
  decodeNdr,
  encodeNdr,
  mapped,
  type NdrType,
  type NdrValue,
  pointer,
  rpcSid,
  struct,
  u32,
} from '@doublehop/wire/ndr';
import { SecurityError } from '../errors.ts';
import { MAX_PAC_LIST } from '../limits.ts';
import { decodeSid, encodeSid, type Sid, withRid } from '../sid.ts';
import type { GroupMembership, SidAndAttributes } from './logon-info.ts';
import { readingNdr } from './ndr-fault.ts';

/** DOMAIN_GROUP_MEMBERSHIP (MS-PAC 2.2.3): groups of one domain. */
export interface DomainGroups {
  readonly domain: Sid;
  readonly groups: readonly GroupMembership[];
}

/** PAC_DEVICE_INFO (MS-PAC 2.12): buffer 14, the account and groups of the client's device. */
export interface DeviceInfo {
  /** Relative identifier of the device's account. */
  readonly userId: number;
  readonly primaryGroupId: number;
  /** SID of the domain of the account and of `groups`. */
  readonly accountDomainId: Sid;
  readonly groups: readonly GroupMembership[];
  /** Groups of no domain and well-known SIDs. */
  readonly extraSids: readonly SidAndAttributes[];
  readonly domainGroups: readonly DomainGroups[];
}

/** Reads buffer 14; throws SecurityError for whatever is wrong with it. */
export function decodeDeviceInfo(data: Uint8Array): DeviceInfo {
  return readingNdr('device-info', () => fromWire(decodeNdr(deviceInfo, data)));
}

/** Writes buffer 14; lists without entries are NULL. */
export function encodeDeviceInfo(info: DeviceInfo): Uint8Array {
  return encodeNdr(deviceInfo, toWire(info));
}

/** Every SID of the device: its own and those of its groups. */
export function deviceSids(info: DeviceInfo): Set<Sid> {
  const { accountDomainId: domain } = info;
  const sids = new Set<Sid>([withRid(domain, info.userId), withRid(domain, info.primaryGroupId)]);
  for (const { rid } of info.groups) sids.add(withRid(domain, rid));
  for (const { sid } of info.extraSids) sids.add(sid);
  for (const { domain: other, groups } of info.domainGroups) {
    for (const { rid } of groups) sids.add(withRid(other, rid));
  }
  return sids;
}

const sidType: NdrType<Sid> = mapped(rpcSid, decodeSid, encodeSid);
const groupList = pointer(conformantArray(struct({ rid: u32, attributes: u32 }), MAX_PAC_LIST));
const sidAndAttributes = struct({ sid: pointer(sidType), attributes: u32 });
const domainGroup = struct({ domain: pointer(sidType), count: u32, groups: groupList });

const deviceInfo = struct({
  userId: u32,
  primaryGroupId: u32,
  accountDomainId: pointer(sidType),
  groupCount: u32,
  groups: groupList,
  sidCount: u32,
  extraSids: pointer(conformantArray(sidAndAttributes, MAX_PAC_LIST)),
  domainGroupCount: u32,
  domainGroups: pointer(conformantArray(domainGroup, MAX_PAC_LIST)),
});

type Wire = NdrValue<typeof deviceInfo>;

function fromWire(wire: Wire): DeviceInfo {
  const { userId, primaryGroupId } = wire;
  return {
    userId,
    primaryGroupId,
    accountDomainId: present(wire.accountDomainId),
    groups: listOf(wire.groups, wire.groupCount),
    extraSids: listOf(wire.extraSids, wire.sidCount).map(({ sid, attributes }) => ({
      sid: present(sid),
      attributes,
    })),
    domainGroups: listOf(wire.domainGroups, wire.domainGroupCount).map(
      ({ domain, count, groups }) => ({ domain: present(domain), groups: listOf(groups, count) }),
    ),
  };
}

function toWire(info: DeviceInfo): Wire {
  const { groups, extraSids, domainGroups, ...same } = info;
  return {
    ...same,
    groupCount: groups.length,
    groups: orNull(groups),
    sidCount: extraSids.length,
    extraSids: orNull(extraSids),
    domainGroupCount: domainGroups.length,
    domainGroups: orNull(
      domainGroups.map(({ domain, groups: own }) => ({
        domain,
        count: own.length,
        groups: orNull(own),
      })),
    ),
  };
}

function orNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}

function present(sid: Sid | null): Sid {
  if (sid === null) throw new SecurityError('value', 'device-info', 'a SID is NULL');
  return sid;
}

/** A list behind a pointer; its count stands apart from it and must agree. */
function listOf<T>(list: readonly T[] | null, count: number): readonly T[] {
  if ((list?.length ?? 0) !== count) {
    throw new SecurityError('length', 'device-info', `a list does not have ${count} entries`);
  }
  return list ?? [];
}
