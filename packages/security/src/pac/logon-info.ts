import {
  conformantArray,
  decodeNdr,
  encodeNdr,
  filetime,
  fixedBytes,
  mapped,
  type NdrType,
  type NdrValue,
  pointer,
  rpcSid,
  struct,
  u16,
  u32,
  unicodeString,
} from '@doublehop/wire/ndr';
import { SecurityError } from '../errors.ts';
import type { FileTime } from '../filetime.ts';
import { MAX_PAC_LIST } from '../limits.ts';
import { type Sid, decodeSid, encodeSid } from '../sid.ts';
import { readingNdr } from './ndr-fault.ts';

/** Attributes of a group (MS-PAC 2.2.1): bits A, B, C, D and E of the table there. */
export const GroupAttribute = {
  mandatory: 0x0000_0001,
  enabledByDefault: 0x0000_0002,
  enabled: 0x0000_0004,
  owner: 0x0000_0008,
  resource: 0x2000_0000,
} as const;

/** What Windows writes for a global or universal group. */
export const USUAL_GROUP_ATTRIBUTES = 7;

/** Bits of `userFlags` (MS-PAC 2.5). */
export const UserFlag = {
  guest: 0x0001,
  noEncryption: 0x0002,
  extraSids: 0x0020,
  subAuth: 0x0040,
  machineAccount: 0x0080,
  ntlmV2: 0x0100,
  resourceGroups: 0x0200,
  profilePath: 0x0400,
} as const;

/** GROUP_MEMBERSHIP (MS-PAC 2.2.2): a group of the domain that goes with it. */
export interface GroupMembership {
  readonly rid: number;
  /** Bits of `GroupAttribute`. */
  readonly attributes: number;
}

/** KERB_SID_AND_ATTRIBUTES (MS-PAC 2.2.1). */
export interface SidAndAttributes {
  readonly sid: Sid;
  /** Bits of `GroupAttribute`. */
  readonly attributes: number;
}

/** KERB_VALIDATION_INFO (MS-PAC 2.5): buffer 1 of a PAC. Times are FILETIMEs. */
export interface LogonInfo {
  readonly logonTime: FileTime;
  readonly logoffTime: FileTime;
  readonly kickOffTime: FileTime;
  readonly passwordLastSet: FileTime;
  readonly passwordCanChange: FileTime;
  readonly passwordMustChange: FileTime;
  /** sAMAccountName. */
  readonly effectiveName: string;
  readonly fullName: string;
  readonly logonScript: string;
  readonly profilePath: string;
  readonly homeDirectory: string;
  readonly homeDirectoryDrive: string;
  readonly logonCount: number;
  readonly badPasswordCount: number;
  /** Relative identifier of the account; 0: the first extra SID is the account. */
  readonly userId: number;
  readonly primaryGroupId: number;
  /** Groups of the account's domain. */
  readonly groups: readonly GroupMembership[];
  /** Bits of `UserFlag`. */
  readonly userFlags: number;
  /** 16 bytes, zero for Kerberos. */
  readonly userSessionKey: Uint8Array;
  /** NetBIOS name of the domain controller that authenticated the account. */
  readonly logonServer: string;
  /** NetBIOS name of the account's domain. */
  readonly logonDomainName: string;
  /** SID of the account's domain; null only when `userId` is 0. */
  readonly logonDomainId: Sid | null;
  /** Account control bits as MS-SAMR 2.2.1.12 numbers them, not those of the directory. */
  readonly userAccountControl: number;
  readonly subAuthStatus: number;
  readonly lastSuccessfulLogon: FileTime;
  readonly lastFailedLogon: FileTime;
  readonly failedLogonCount: number;
  /** Groups of other domains and well-known SIDs. */
  readonly extraSids: readonly SidAndAttributes[];
  /** SID of the domain of `resourceGroups`; null when there are none. */
  readonly resourceGroupDomainSid: Sid | null;
  readonly resourceGroups: readonly GroupMembership[];
}

/** Reads buffer 1; throws SecurityError for whatever is wrong with it. */
export function decodeLogonInfo(data: Uint8Array): LogonInfo {
  return readingNdr('logon-info', () => fromWire(decodeNdr(validationInfo, data)));
}

/** Writes buffer 1 as Windows lays it out: lists without entries are NULL. */
export function encodeLogonInfo(info: LogonInfo): Uint8Array {
  return encodeNdr(validationInfo, toWire(info));
}

const sid: NdrType<Sid> = mapped(rpcSid, decodeSid, encodeSid);

const groupMembership = struct({ rid: u32, attributes: u32 });
const groupList = pointer(conformantArray(groupMembership, MAX_PAC_LIST));
const sidAndAttributes = struct({ sid: pointer(sid), attributes: u32 });
const sidList = pointer(conformantArray(sidAndAttributes, MAX_PAC_LIST));

/** A string whose buffer is as long as the text. */
const text = unicodeString(0);
/** A string with room for a terminator, as Windows writes the two names of the domain. */
const roomyText = unicodeString(1);

const validationInfo = struct({
  logonTime: filetime,
  logoffTime: filetime,
  kickOffTime: filetime,
  passwordLastSet: filetime,
  passwordCanChange: filetime,
  passwordMustChange: filetime,
  effectiveName: text,
  fullName: text,
  logonScript: text,
  profilePath: text,
  homeDirectory: text,
  homeDirectoryDrive: text,
  logonCount: u16,
  badPasswordCount: u16,
  userId: u32,
  primaryGroupId: u32,
  groupCount: u32,
  groupIds: groupList,
  userFlags: u32,
  userSessionKey: fixedBytes(16),
  logonServer: roomyText,
  logonDomainName: roomyText,
  logonDomainId: pointer(sid),
  reserved1Low: u32,
  reserved1High: u32,
  userAccountControl: u32,
  subAuthStatus: u32,
  lastSuccessfulLogon: filetime,
  lastFailedLogon: filetime,
  failedLogonCount: u32,
  reserved3: u32,
  sidCount: u32,
  extraSids: sidList,
  resourceGroupDomainSid: pointer(sid),
  resourceGroupCount: u32,
  resourceGroupIds: groupList,
});

type ValidationInfo = NdrValue<typeof validationInfo>;

function fromWire(wire: ValidationInfo): LogonInfo {
  const {
    groupCount,
    groupIds,
    reserved1Low: _low,
    reserved1High: _high,
    reserved3: _reserved,
    sidCount,
    extraSids,
    resourceGroupCount,
    resourceGroupIds,
    ...same
  } = wire;
  return {
    ...same,
    groups: listOf(groupIds, groupCount),
    extraSids: listOf(extraSids, sidCount).map(withSid),
    resourceGroups: listOf(resourceGroupIds, resourceGroupCount),
  };
}

function toWire(info: LogonInfo): ValidationInfo {
  const { groups, extraSids, resourceGroups, ...same } = info;
  return {
    ...same,
    groupCount: groups.length,
    groupIds: groups.length === 0 ? null : groups,
    reserved1Low: 0,
    reserved1High: 0,
    reserved3: 0,
    sidCount: extraSids.length,
    extraSids: extraSids.length === 0 ? null : extraSids,
    resourceGroupCount: resourceGroups.length,
    resourceGroupIds: resourceGroups.length === 0 ? null : resourceGroups,
  };
}

/** A list behind a pointer; its count stands apart from it in the structure and must agree. */
function listOf<T>(list: readonly T[] | null, count: number): readonly T[] {
  if ((list?.length ?? 0) !== count) {
    throw new SecurityError('length', 'logon-info', `a list does not have ${count} entries`);
  }
  return list ?? [];
}

function withSid(entry: NdrValue<typeof sidAndAttributes>): SidAndAttributes {
  if (entry.sid === null) throw new SecurityError('value', 'logon-info', 'an extra SID is NULL');
  return { sid: entry.sid, attributes: entry.attributes };
}
