import { isIPv4 } from 'node:net';
import { hasControl } from '@doublehop/delegation/account-control';
import type { Account } from '@doublehop/directory/account';
import type { Guid } from '@doublehop/security/guid';
import { DsFlag, NetlogonOpcode, NetlogonVersion } from '@doublehop/security/netlogon/flags';
import {
  encodeNetlogonResponse,
  type NetlogonResponse,
} from '@doublehop/security/netlogon/response';
import type { SearchRequest, ServerEntry } from '@doublehop/ldap/server/handler';
import { WireError } from '@doublehop/wire/errors';
import type { LdapContext } from '../ldap/context.ts';
import { type NetlogonPing, readPing } from './ping-filter.ts';

/** What a ping is answered with: parts of what the LDAP service works with. */
export type PingContext = Pick<LdapContext, 'accounts' | 'directory' | 'domain'>;

/** Whether a search of the rootDSE is a ping: it names the attribute (MS-ADTS 6.3.3). */
export function isPing({ attributes }: Pick<SearchRequest, 'attributes'>): boolean {
  return attributes.some((name) => name.toLowerCase() === 'netlogon');
}

/** The rootDSE as a ping sees it, with that attribute alone; undefined where there is no answer. */
export function pingEntry(
  context: PingContext,
  request: Pick<SearchRequest, 'filter'>,
  address: string,
): ServerEntry | undefined {
  const value = answerPing(context, request, address);
  if (value === undefined) return undefined;
  return { kind: 'entry', dn: '', attributes: [{ type: 'Netlogon', values: [value] }] };
}

/**
 * The value of the attribute `netlogon` (MS-ADTS 6.3.3.2), or undefined where the filter is not
 * valid or asks for a domain that is not here. `address` is the controller's for its client.
 */
export function answerPing(
  context: PingContext,
  { filter }: Pick<SearchRequest, 'filter'>,
  address: string,
): Uint8Array | undefined {
  const ping = readPing(filter);
  if (ping === undefined) return undefined;
  context.directory.refresh();
  const { guid } = context.directory.get(context.domain.dn);
  if (!isForUs(ping, guid, context)) return undefined;
  const known = ping.user === '' || isKnown(ping, context);
  const response = responseTo(ping, { guid, known, address }, context);
  try {
    return encodeNetlogonResponse(response);
  } catch (error) {
    // A name that cannot be compressed makes the filter invalid (MS-ADTS 6.3.7).
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/**
 * Where a client names the domain by GUID and by name, one of them suffices, as Windows has it: it
 * looks for a context by each, and goes on with whichever it found.
 */
function isForUs(ping: NetlogonPing, guid: Guid, { domain }: PingContext): boolean {
  const { dnsDomain, domainGuid, domainSid } = ping;
  if (domainSid !== undefined && domainSid !== domain.sid) return false;
  if (dnsDomain === undefined && domainGuid === undefined) return true;
  const wanted = dnsDomain?.toLowerCase().replace(/\.$/, '');
  return wanted === domain.dnsName.toLowerCase() || domainGuid === guid;
}

/** Kinds of accounts in userAccountControl, and their bits in AAC (MS-SAMR 2.2.1.12, 2.2.1.13). */
const KINDS = [
  ['NORMAL_ACCOUNT', 0x10],
  ['INTERDOMAIN_TRUST_ACCOUNT', 0x40],
  ['WORKSTATION_TRUST_ACCOUNT', 0x80],
  ['SERVER_TRUST_ACCOUNT', 0x100],
] as const;

function isKnown({ user, accountControl }: NetlogonPing, { accounts }: PingContext): boolean {
  accounts.refresh();
  const account = accounts.byName(user);
  if (account?.samAccountName.toLowerCase() !== user.toLowerCase()) return false;
  return isOfKind(account, accountControl);
}

function isOfKind({ userAccountControl }: Account, wanted: number): boolean {
  if (hasControl(userAccountControl, 'ACCOUNTDISABLE')) return false;
  return KINDS.some(([kind, bit]) => hasControl(userAccountControl, kind) && (wanted & bit) !== 0);
}

/** The only site (MS-ADTS 6.1.1.2.2.1): controller and clients are in it. */
const SITE = 'Default-First-Site-Name';

/** The one controller: it has every role of the domain, and no time or web service beside it. */
const FLAGS =
  DsFlag.PDC |
  DsFlag.GC |
  DsFlag.LDAP |
  DsFlag.DS |
  DsFlag.KDC |
  DsFlag.CLOSEST |
  DsFlag.WRITABLE |
  DsFlag.FULL_SECRET_DOMAIN_6 |
  DsFlag.DS_8 |
  DsFlag.DS_9 |
  DsFlag.DS_10;

interface PingFacts {
  readonly guid: Guid;
  readonly known: boolean;
  readonly address: string;
}

function responseTo(
  { version, user }: NetlogonPing,
  { guid, known, address }: PingFacts,
  { domain }: PingContext,
): NetlogonResponse {
  const { dnsName, netbiosName, controller } = domain;
  const dnsHostName = `${controller.toLowerCase()}.${dnsName}`;
  const names = { domainGuid: guid, dnsForestName: dnsName, dnsDomainName: dnsName, dnsHostName };
  const own = isIPv4(address) ? address : '127.0.0.1';
  if ((version & (NetlogonVersion.V5EX | NetlogonVersion.V5EX_WITH_IP)) !== 0) {
    const withIp = (version & NetlogonVersion.V5EX_WITH_IP) !== 0;
    return {
      kind: 'v5ex',
      opcode: known
        ? NetlogonOpcode.LOGON_SAM_LOGON_RESPONSE_EX
        : NetlogonOpcode.LOGON_SAM_USER_UNKNOWN_EX,
      flags: FLAGS,
      ...names,
      netbiosDomainName: netbiosName,
      netbiosComputerName: controller,
      userName: user,
      dcSiteName: SITE,
      clientSiteName: SITE,
      ...(withIp ? { address: own } : {}),
    };
  }
  const head = {
    opcode: known ? NetlogonOpcode.LOGON_SAM_LOGON_RESPONSE : NetlogonOpcode.LOGON_SAM_USER_UNKNOWN,
    logonServer: `\\\\${controller}`,
    userName: user,
    domainName: netbiosName,
  };
  if ((version & NetlogonVersion.V5) === 0) return { kind: 'nt40', ...head };
  return { kind: 'v5', ...head, ...names, address: own, flags: DsFlag.PDC | DsFlag.DS };
}
