import type { Token } from '../access-check.ts';
import type { Claims } from '../claims.ts';
import { SecurityError } from '../errors.ts';
import { type Sid, withRid } from '../sid.ts';
import { wellKnown } from '../well-known-sids.ts';
import { claimsOfSet, decodeClaimsInfo } from './claims-info.ts';
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
 * `clientClaims` is PAC_CLIENT_CLAIMS_INFO where the PAC has it: what `@User.` asks about.
 */
export function tokenOf(info: LogonInfo, clientClaims?: Uint8Array): Token {
  const sids = sidsOf(info);
  sids.add(wellKnown.everyone);
  sids.add(wellKnown.authenticatedUsers);
  // Claims count for whom the KDC's Claims Valid is in the PAC (MS-DTYP 2.4.2.4).
  if (clientClaims === undefined || !sids.has(wellKnown.claimsValid)) return { sids };
  return { sids, claims: claimsFrom(clientClaims) };
}

/**
 * The token of somebody who asks from a device that is known: by the TGT with which the request
 * was armored (MS-KILE 3.3.5.7.4). What the device's own TGT says of it becomes what
 * `@Device.` and `Device_Member_of` ask about. It does not make the asker a member of Compounded
 * Authentication: only PACs that are compounded are.
 */
export function onDevice(client: Token, device: Token): Token {
  const { sids, claims } = device;
  return { ...client, device: claims === undefined ? { sids } : { sids, claims } };
}

function claimsFrom(data: Uint8Array): Claims {
  return claimsOfSet(decodeClaimsInfo(data));
}

function addGroups(sids: Set<Sid>, domain: Sid | null, groups: readonly GroupMembership[]): void {
  if (domain === null) return;
  for (const { rid } of groups) sids.add(withRid(domain, rid));
}
