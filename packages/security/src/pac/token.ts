import type { Token } from '../access-check.ts';
import { SecurityError } from '../errors.ts';
import { type Sid, withRid } from '../sid.ts';
import { wellKnown } from '../well-known-sids.ts';
import { type GroupMembership, type LogonInfo } from './logon-info.ts';

/** The SID of the account that logon information is about (MS-PAC 2.5: UserId, ExtraSids). */
export function accountSid(info: LogonInfo): Sid {
  if (info.userId !== 0 && info.logonDomainId !== null) {
    return withRid(info.logonDomainId, info.userId);
  }
  const [first] = info.extraSids;
  if (info.userId !== 0 || first === undefined) {
    throw new SecurityError('value', 'logon-info', 'names no account');
  }
  return first.sid;
}

/** Every SID that logon information gives an account: its own and those of its groups. */
export function sidsOf(info: LogonInfo): Set<Sid> {
  const sids = new Set<Sid>([accountSid(info)]);
  addGroups(sids, info.logonDomainId, [
    { rid: info.primaryGroupId, attributes: 0 },
    ...info.groups,
  ]);
  for (const { sid } of info.extraSids) sids.add(sid);
  addGroups(sids, info.resourceGroupDomainSid, info.resourceGroups);
  return sids;
}

/**
 * The token for the RBCD access check, made of the middle's own PAC (MS-SFU 3.2.5.2.3): account,
 * groups, Everyone and Authenticated Users. NETWORK (S-1-5-2) is not in it, as on Windows.
 */
export function tokenOf(info: LogonInfo): Token {
  const sids = sidsOf(info);
  sids.add(wellKnown.everyone);
  sids.add(wellKnown.authenticatedUsers);
  return { sids };
}

function addGroups(sids: Set<Sid>, domain: Sid | null, groups: readonly GroupMembership[]): void {
  if (domain === null) return;
  for (const { rid } of groups) sids.add(withRid(domain, rid));
}
