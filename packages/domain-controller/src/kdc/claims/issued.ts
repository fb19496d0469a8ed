import type { Account, AccountGroup } from '@doublehop/directory/account';
import { PacOption } from '@doublehop/kerberos/iana/flags';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { findPadata } from '@doublehop/kerberos/messages/common';
import { PaPacOptions } from '@doublehop/kerberos/messages/padata';
import { encodeDeviceInfo, type DeviceInfo } from '@doublehop/security/pac/device-info';
import {
  decodeLogonInfo,
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
import { freshPac, type TicketPac } from '../ticket-pac.ts';
import { deviceOf } from './device.ts';

/**
 * PAC_CLIENT_CLAIMS_INFO (MS-KILE 3.3.5.6.4.6). Windows gives claims to those too who do not ask
 * for them; who asks and has none gets an empty buffer. A later ticket takes it over as it is.
 */
export function clientClaims(account: Account, call: KdcCall, context: KdcContext): PacBuffer[] {
  if (context.settings.claims === 'off') return [];
  const data = context.claims?.of(account) ?? NONE;
  return data.length > 0 || asksForClaims(call) ? [{ type: PacType.clientClaims, data }] : [];
}

const NONE = new Uint8Array();

/** PA-PAC-OPTIONS, bit 0 (MS-KILE 2.2.10). */
function asksForClaims({ req }: KdcCall): boolean {
  const padata = findPadata(req.padata, PaType.PAC_OPTIONS);
  return padata !== undefined && (decodeDer(PaPacOptions, padata).flags & PacOption.CLAIMS) !== 0;
}

/** Bit 17 of msDS-SupportedEncryptionTypes: compound identity is understood (MS-KILE 2.2.7). */
const COMPOUND_IDENTITY_SUPPORTED = 0x0002_0000;

/**
 * A client's PAC for a service: with the resource groups of the client where it comes from a TGT,
 * which has none (MS-KILE 3.3.5.7.3); and where the service supports compound identity and the
 * device is known, what the device's TGT says of it (MS-KILE 3.3.5.7.4).
 */
export function servicePac(
  pac: TicketPac,
  server: Account,
  call: KdcCall,
  context: KdcContext,
): readonly PacBuffer[] {
  if (isKrbtgt(server)) return pac.buffers;
  const grouped = withGroups(pac, server, context);
  // A device that is in the PAC stays there; its claims alone say nothing. Windows adds no other.
  if (pac.buffer(PacType.deviceInfo) !== undefined) return grouped;
  if (pac.buffer(PacType.deviceClaims) !== undefined) {
    return grouped.filter(({ type }) => type !== PacType.deviceClaims);
  }
  const device = compoundDevice(server, call, context);
  if (device === undefined) return grouped;
  const claims = device.buffer(PacType.clientClaims);
  return [
    ...grouped.map(compounded),
    { type: PacType.deviceInfo, data: encodeDeviceInfo(deviceInfo(device, context)) },
    ...(claims === undefined ? [] : [{ type: PacType.deviceClaims, data: claims }]),
  ];
}

/** What was just written of an account, for a server: a service gets the resource groups too. */
export function ownPac(
  buffers: readonly PacBuffer[],
  account: Account,
  server: Account,
  context: KdcContext,
): readonly PacBuffer[] {
  if (isKrbtgt(server) || account.resourceGroups.length === 0) return buffers;
  return withGroups(freshPac(buffers), server, context);
}

/** A PAC with resource groups. Most accounts have none: theirs goes on as it is. */
function withGroups(
  pac: TicketPac,
  server: Account,
  { accounts }: KdcContext,
): readonly PacBuffer[] {
  if (!pac.isOfTgt) return pac.buffers;
  const groups = pac.resourceGroups(accounts);
  if (groups.length === 0 && !pac.hasResourceGroups) return pac.buffers;
  const data = encodeLogonInfo(groupedLogon(pac.logonInfo(), groups, server));
  return pac.buffers.map((buffer) =>
    buffer.type === PacType.logonInfo ? { type: buffer.type, data } : buffer,
  );
}

/** Bit 19 of msDS-SupportedEncryptionTypes: no resource SID compression (MS-KILE 2.2.7). */
const COMPRESSION_DISABLED = 0x0008_0000;

function groupedLogon(
  info: LogonInfo,
  groups: readonly AccountGroup[],
  server: Account,
): LogonInfo {
  const [first] = groups;
  if (first === undefined) return info;
  if (((server.supportedEncryptionTypes ?? 0) & COMPRESSION_DISABLED) !== 0) {
    const extraSids = groups.map(({ sid, attributes }) => ({ sid, attributes }));
    return {
      ...info,
      userFlags: info.userFlags | UserFlag.extraSids,
      extraSids: [...info.extraSids, ...extraSids],
    };
  }
  return {
    ...info,
    userFlags: info.userFlags | UserFlag.resourceGroups,
    resourceGroupDomainSid: domainOf(first.sid),
    resourceGroups: groups.map(({ rid, attributes }) => ({ rid, attributes })),
  };
}

/** The device that a service wants to know of; undefined where it does not, or nobody knows it. */
function compoundDevice(
  server: Account,
  call: KdcCall,
  { settings }: KdcContext,
): TicketPac | undefined {
  const supported = (server.supportedEncryptionTypes ?? 0) & COMPOUND_IDENTITY_SUPPORTED;
  return supported === 0 || settings.claims === 'off' ? undefined : deviceOf(call);
}

function compounded(buffer: PacBuffer): PacBuffer {
  if (buffer.type !== PacType.logonInfo) return buffer;
  const info = compoundedLogon(decodeLogonInfo(buffer.data));
  return { type: buffer.type, data: encodeLogonInfo(info) };
}

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
function deviceInfo(pac: TicketPac, { accounts }: KdcContext): DeviceInfo {
  const info = pac.logonInfo();
  const byDomain = new Map<Sid, { rid: number; attributes: number }[]>();
  for (const { sid, rid, attributes } of pac.resourceGroups(accounts)) {
    addTo(byDomain, domainOf(sid), { rid, attributes });
  }
  const elsewhere: SidAndAttributes[] = [];
  for (const extra of info.extraSids) {
    const domain = accountDomainOf(extra.sid);
    if (domain === undefined) {
      elsewhere.push(extra);
      continue;
    }
    addTo(byDomain, domain, { rid: ridOf(extra.sid), attributes: extra.attributes });
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

function addTo<T>(lists: Map<Sid, T[]>, domain: Sid, item: T): void {
  const list = lists.get(domain);
  if (list === undefined) lists.set(domain, [item]);
  else list.push(item);
}

/** The domain of a SID of the form S-1-5-21-a-b-c-rid. */
function accountDomainOf(sid: Sid): Sid | undefined {
  return ACCOUNT.test(sid) ? domainOf(sid) : undefined;
}

const ACCOUNT = /^S-1-5-21(?:-\d+){4}$/;
