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
import { accountSid } from '@doublehop/security/pac/token';
import { domainOf, ridOf, type Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { decodeDer } from '@doublehop/wire/der';
import type { KdcContext } from '../context.ts';
import { isKrbtgt } from '../issue.ts';
import type { KdcCall } from '../request.ts';
import type { TicketPac } from '../ticket-pac.ts';
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
 * A client's PAC for a service: with the resource groups of the client, which no TGT has (MS-KILE
 * 3.3.5.7.3); and where the service supports compound identity and the device is known, what the
 * device's TGT says of it (MS-KILE 3.3.5.7.4). `client` is undefined where its groups are in.
 */
export function servicePac(
  pac: TicketPac,
  client: Account | undefined,
  server: Account,
  call: KdcCall,
  context: KdcContext,
): readonly PacBuffer[] {
  if (isKrbtgt(server)) return pac.buffers;
  const device = compoundDevice(server, call, context);
  if (device === undefined) return withGroups(pac, client, server);
  const grouped = client === undefined ? pac.logonInfo() : groupedLogon(pac, client, server);
  const kept = pac.buffers.filter(({ type }) => !REPLACED.includes(type));
  const claims = device.pac.buffer(PacType.clientClaims);
  return [
    { type: PacType.logonInfo, data: encodeLogonInfo(compoundedLogon(grouped)) },
    ...kept,
    { type: PacType.deviceInfo, data: encodeDeviceInfo(deviceInfo(device)) },
    ...(claims === undefined ? [] : [{ type: PacType.deviceClaims, data: claims }]),
  ];
}

/** Most accounts have no resource groups: their PAC goes on as it is. */
function withGroups(
  pac: TicketPac,
  client: Account | undefined,
  server: Account,
): readonly PacBuffer[] {
  if (client === undefined || client.resourceGroups.length === 0) return pac.buffers;
  const data = encodeLogonInfo(groupedLogon(pac, client, server));
  return pac.buffers.map((buffer) =>
    buffer.type === PacType.logonInfo ? { type: buffer.type, data } : buffer,
  );
}

/** Bit 19 of msDS-SupportedEncryptionTypes: no resource SID compression (MS-KILE 2.2.7). */
const COMPRESSION_DISABLED = 0x0008_0000;

function groupedLogon(pac: TicketPac, client: Account, server: Account): LogonInfo {
  const info = pac.logonInfo();
  const { resourceGroups: groups } = client;
  if (groups.length === 0) return info;
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
    resourceGroupDomainSid: domainOf(client.sid),
    resourceGroups: groups.map(({ rid, attributes }) => ({ rid, attributes })),
  };
}

/** The device that a service wants to know of; undefined where it does not, or nobody knows it. */
function compoundDevice(
  server: Account,
  call: KdcCall,
  { settings, accounts }: KdcContext,
): { readonly pac: TicketPac; readonly account: Account | undefined } | undefined {
  const supported = (server.supportedEncryptionTypes ?? 0) & COMPOUND_IDENTITY_SUPPORTED;
  if (supported === 0 || settings.claims === 'off') return undefined;
  const pac = deviceOf(call);
  if (pac === undefined) return undefined;
  return { pac, account: accounts.bySid(accountSid(pac.logonInfo())) };
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
function deviceInfo({
  pac,
  account,
}: {
  readonly pac: TicketPac;
  readonly account: Account | undefined;
}): DeviceInfo {
  const info = pac.logonInfo();
  const byDomain = new Map<Sid, { rid: number; attributes: number }[]>();
  const { resourceGroupDomainSid, resourceGroups, extraSids } = info;
  if (resourceGroupDomainSid !== null && resourceGroups.length > 0) {
    byDomain.set(resourceGroupDomainSid, [...resourceGroups]);
  } else if (account !== undefined && account.resourceGroups.length > 0) {
    const own = account.resourceGroups.map(({ rid, attributes }) => ({ rid, attributes }));
    byDomain.set(domainOf(account.sid), own);
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
