import type { Account } from '@doublehop/directory/account';
import { PacOption } from '@doublehop/kerberos/iana/flags';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { findPadata } from '@doublehop/kerberos/messages/common';
import { PaPacOptions } from '@doublehop/kerberos/messages/padata';
import { encodeDeviceInfo, type DeviceInfo } from '@doublehop/security/pac/device-info';
import {
  encodeLogonInfo,
  type LogonInfo,
  type SidAndAttributes,
  USUAL_GROUP_ATTRIBUTES,
  UserFlag,
} from '@doublehop/security/pac/logon-info';
import { type PacBuffer, PacType } from '@doublehop/security/pac/pac';
import { domainOf, ridOf, type Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { decodeDer } from '@doublehop/wire/der';
import type { KdcContext } from '../context.ts';
import { isKrbtgt } from '../issue.ts';
import type { KdcCall } from '../request.ts';
import type { TicketPac } from '../ticket-pac.ts';
import { deviceOf } from './device.ts';

/**
 * PAC_CLIENT_CLAIMS_INFO for a client that asks for claims (MS-KILE 3.3.5.6.4.6), empty where the
 * account has none. A later ticket takes the buffer over as it is.
 */
export function clientClaims(account: Account, call: KdcCall, context: KdcContext): PacBuffer[] {
  if (context.settings.claims === 'off' || !asksForClaims(call)) return [];
  const data = context.claims?.of(account) ?? new Uint8Array();
  return [{ type: PacType.clientClaims, data }];
}

/** PA-PAC-OPTIONS, bit 0 (MS-KILE 2.2.10). */
function asksForClaims({ req }: KdcCall): boolean {
  const padata = findPadata(req.padata, PaType.PAC_OPTIONS);
  return padata !== undefined && (decodeDer(PaPacOptions, padata).flags & PacOption.CLAIMS) !== 0;
}

/** Bit 17 of msDS-SupportedEncryptionTypes: the service supports compound identity (MS-KILE 2.2.7). */
const COMPOUND_IDENTITY_SUPPORTED = 0x0002_0000;

/**
 * A client's PAC for a service that supports compound identity, where the device is known: what
 * the device's TGT says of it goes with what the client's says (MS-KILE 3.3.5.7.4).
 */
export function compounded(
  pac: TicketPac,
  server: Account,
  call: KdcCall,
  { settings }: KdcContext,
): readonly PacBuffer[] {
  const supported = (server.supportedEncryptionTypes ?? 0) & COMPOUND_IDENTITY_SUPPORTED;
  if (supported === 0 || settings.claims === 'off' || isKrbtgt(server)) return pac.buffers;
  const device = deviceOf(call);
  if (device === undefined) return pac.buffers;
  const kept = pac.buffers.filter(({ type }) => !REPLACED.includes(type));
  const claims = device.buffer(PacType.clientClaims);
  return [
    { type: PacType.logonInfo, data: encodeLogonInfo(compoundedLogon(pac.logonInfo())) },
    ...kept,
    { type: PacType.deviceInfo, data: encodeDeviceInfo(deviceInfo(device.logonInfo())) },
    ...(claims === undefined ? [] : [{ type: PacType.deviceClaims, data: claims }]),
  ];
}

const REPLACED: readonly number[] = [PacType.logonInfo, PacType.deviceInfo, PacType.deviceClaims];

/** The Compounded Authentication SID tells services that the device is in the PAC. */
function compoundedLogon(info: LogonInfo): LogonInfo {
  const sid = wellKnown.compoundedAuthentication;
  const others = info.extraSids.filter((extra) => extra.sid !== sid);
  return {
    ...info,
    userFlags: info.userFlags | UserFlag.extraSids,
    extraSids: [...others, { sid, attributes: USUAL_GROUP_ATTRIBUTES }],
  };
}

/** PAC_DEVICE_INFO of a device (MS-PAC 2.12): groups of domains stand apart from other SIDs. */
function deviceInfo(info: LogonInfo): DeviceInfo {
  const byDomain = new Map<Sid, { rid: number; attributes: number }[]>();
  const { resourceGroupDomainSid, resourceGroups, extraSids } = info;
  if (resourceGroupDomainSid !== null && resourceGroups.length > 0) {
    byDomain.set(resourceGroupDomainSid, [...resourceGroups]);
  }
  const elsewhere: SidAndAttributes[] = [];
  for (const extra of extraSids) {
    const domain = accountDomainOf(extra.sid);
    if (domain === undefined) {
      elsewhere.push(extra);
      continue;
    }
    const groups = byDomain.get(domain) ?? [];
    groups.push({ rid: ridOf(extra.sid), attributes: extra.attributes });
    byDomain.set(domain, groups);
  }
  return {
    userId: info.userId,
    primaryGroupId: info.primaryGroupId,
    accountDomainId: info.logonDomainId ?? wellKnown.nobody,
    groups: info.groups,
    extraSids: elsewhere,
    domainGroups: Array.from(byDomain, ([domain, groups]) => ({ domain, groups })),
  };
}

/** The domain of a SID of the form S-1-5-21-a-b-c-rid. */
function accountDomainOf(sid: Sid): Sid | undefined {
  return ACCOUNT.test(sid) ? domainOf(sid) : undefined;
}

const ACCOUNT = /^S-1-5-21(?:-\d+){4}$/;
