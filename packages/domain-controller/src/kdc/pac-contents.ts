import { Buffer } from 'node:buffer';
import { hasControl } from '@doublehop/delegation/account-control';
import type { Account } from '@doublehop/directory/account';
import { type FileTime, fileTimeOf, NEVER } from '@doublehop/security/filetime';
import { encodePacAttributes, PacAttribute } from '@doublehop/security/pac/attributes';
import { encodeClientInfo } from '@doublehop/security/pac/client-info';
import { USUAL_GROUP_ATTRIBUTES, UserFlag } from '@doublehop/security/pac/logon-info';
import {
  LOGON_TIME_AT,
  LogonInfoTemplate,
  type SharedLogonInfo,
} from '@doublehop/security/pac/logon-info-template';
import { type PacBuffer, PacType } from '@doublehop/security/pac/pac';
import { encodeRequesterSid } from '@doublehop/security/pac/requester-sid';
import { encodeUpnDnsInfo } from '@doublehop/security/pac/upn-dns-info';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { plain } from '@doublehop/wire/bytes';
import { samUserAccountControl } from './sam-account-control.ts';
import type { KdcDomain } from './names.ts';
import type { KdcSettings } from './settings.ts';

/**
 * What a PAC is for: a ticket that the account itself got by authentication, or evidence that a
 * service asserted (MS-SFU 3.2.5.1.2, MS-KILE 3.3.5.3).
 */
export type PacUse = 'by-itself' | 'by-service';

const ASSERTED_SIDS: Readonly<Record<PacUse, Sid>> = {
  'by-itself': 'S-1-18-1',
  'by-service': 'S-1-18-2',
};

/** Parts of a PAC that depend on the account alone. */
interface AccountBuffers {
  readonly logonInfo: Partial<Record<PacUse, Uint8Array>>;
  readonly upnDnsInfo: PacBuffer;
  readonly requesterSid: PacBuffer;
}

/** What accounts in the same groups have in common, for one of the uses. */
interface KeptTemplate {
  readonly extraSids: readonly Sid[];
  readonly template: LogonInfoTemplate;
}

/**
 * Builds the unsigned buffers of PACs. What an account's groups say is encoded once for all that
 * are in the same ones. What depends on the account alone is kept, from its second ticket on, for
 * as long as the directory keeps the account unchanged.
 */
export class PacContents {
  readonly #domain: KdcDomain;
  /** Tells that claims of this KDC are in the PAC, or that there are none (MS-DTYP 2.4.2.4). */
  readonly #claimsValid: readonly Sid[];
  readonly #known = new WeakMap<Account, AccountBuffers | 'seen'>();
  readonly #templates: Readonly<Record<PacUse, WeakMap<Account['groups'], KeptTemplate>>> = {
    'by-itself': new WeakMap(),
    'by-service': new WeakMap(),
  };

  constructor(domain: KdcDomain, { claims }: Pick<KdcSettings, 'claims'>) {
    this.#domain = domain;
    this.#claimsValid = claims === 'off' ? [] : [wellKnown.claimsValid];
  }

  /** Buffers that say who an account is; `authtime` in seconds (MS-PAC 2.5, 2.7, 2.10). */
  identity(account: Account, clientName: string, authtime: number, use: PacUse): PacBuffer[] {
    const logonTime = fileTimeOf(authtime * 1000);
    const kept = this.#kept(account);
    const logonInfo =
      kept === undefined
        ? this.#logonInfo(account, logonTime, use)
        : this.#keptLogonInfo(kept, account, logonTime, use);
    return [
      { type: PacType.logonInfo, data: logonInfo },
      { type: PacType.clientInfo, data: clientInfo(clientName, authtime) },
      kept?.upnDnsInfo ?? this.#upnDnsInfo(account),
    ];
  }

  /** Buffers of TGTs alone: whether a PAC was asked for, and by whom (MS-PAC 2.14, 2.15). */
  ticketGranting(account: Account, requested: boolean | undefined): PacBuffer[] {
    const known = this.#known.get(account);
    const isKept = known !== undefined && known !== 'seen';
    return [pacAttributes(requested), isKept ? known.requesterSid : requesterSid(account)];
  }

  /** What is kept of an account, which is nothing when it comes for the first time. */
  #kept(account: Account): AccountBuffers | undefined {
    const known = this.#known.get(account);
    if (known === undefined) {
      this.#known.set(account, 'seen');
      return undefined;
    }
    if (known !== 'seen') return known;
    const upnDnsInfo = lasting(this.#upnDnsInfo(account));
    const kept = { logonInfo: {}, upnDnsInfo, requesterSid: requesterSid(account) };
    this.#known.set(account, kept);
    return kept;
  }

  #keptLogonInfo(
    { logonInfo }: AccountBuffers,
    account: Account,
    logonTime: FileTime,
    use: PacUse,
  ): Uint8Array {
    logonInfo[use] ??= new Uint8Array(this.#logonInfo(account, 0n, use));
    const data = Buffer.from(logonInfo[use]);
    data.writeBigUInt64LE(logonTime, LOGON_TIME_AT);
    return plain(data);
  }

  /** KERB_VALIDATION_INFO (MS-PAC 2.5, MS-KILE 3.3.5.6.4.1). */
  #logonInfo(account: Account, logonTime: FileTime, use: PacUse): Uint8Array {
    return this.#template(account, use).encode({
      logonTime,
      passwordLastSet: account.pwdLastSet,
      passwordCanChange: account.pwdLastSet,
      effectiveName: account.samAccountName,
      fullName: account.displayName ?? '',
      logonCount: account.logonCount,
      badPasswordCount: account.badPwdCount,
      userId: account.rid,
      primaryGroupId: account.primaryGroupRid,
      userAccountControl: samUserAccountControl(account.userAccountControl),
    });
  }

  /** Accounts in the same groups have the same lists, the very objects. */
  #template({ groups, extraSids }: Account, use: PacUse): LogonInfoTemplate {
    const kept = this.#templates[use].get(groups);
    if (kept?.extraSids === extraSids) return kept.template;
    const template = new LogonInfoTemplate(this.#shared(groups, extraSids, use));
    this.#templates[use].set(groups, { extraSids, template });
    return template;
  }

  #shared(groups: Account['groups'], extraSids: readonly Sid[], use: PacUse): SharedLogonInfo {
    const { controller, netbiosName, sid } = this.#domain;
    return {
      logoffTime: NEVER,
      kickOffTime: NEVER,
      passwordMustChange: NEVER,
      logonScript: '',
      profilePath: '',
      homeDirectory: '',
      homeDirectoryDrive: '',
      groups: groups.map(({ rid, attributes }) => ({ rid, attributes })),
      userFlags: UserFlag.extraSids,
      userSessionKey: new Uint8Array(16),
      logonServer: controller,
      logonDomainName: netbiosName,
      logonDomainId: sid,
      subAuthStatus: 0,
      lastSuccessfulLogon: 0n,
      lastFailedLogon: 0n,
      failedLogonCount: 0,
      extraSids: [...this.#claimsValid, ASSERTED_SIDS[use], ...extraSids].map((extra) => ({
        sid: extra,
        attributes: USUAL_GROUP_ATTRIBUTES,
      })),
      // They are added for services alone (MS-KILE 3.3.5.7.3).
      resourceGroupDomainSid: null,
      resourceGroups: [],
    };
  }

  #upnDnsInfo(account: Account): PacBuffer {
    const { dnsName, realm } = this.#domain;
    const data = encodeUpnDnsInfo({
      upn: account.userPrincipalName ?? `${account.samAccountName}@${dnsName}`,
      dnsDomainName: realm,
      upnConstructed: account.userPrincipalName === undefined,
      account: { samName: account.samAccountName, sid: account.sid },
    });
    return { type: PacType.upnDnsInfo, data };
  }
}

function requesterSid({ sid }: Account): PacBuffer {
  return { type: PacType.requesterSid, data: encodeRequesterSid(sid) };
}

/** In memory of its own: parts of Node's pool would hold on to what came and went beside them. */
function lasting({ type, data }: PacBuffer): PacBuffer {
  return { type, data: new Uint8Array(data) };
}

/** PAC_CLIENT_INFO for a name and an authtime in seconds (MS-PAC 2.7). */
export function clientInfo(name: string, authtime: number): Uint8Array {
  return encodeClientInfo({ name, authTime: fileTimeOf(authtime * 1000) });
}

/** Whether an account may be sent on by others: not sensitive, not in Protected Users. */
export function isDelegatable(account: Account, protectedUsers: boolean): boolean {
  return (
    !hasControl(account.userAccountControl, 'NOT_DELEGATED') &&
    !(protectedUsers && account.protectedUser)
  );
}

/** PAC_ATTRIBUTES_INFO: what the client said of a PAC in its AS-REQ (MS-PAC 2.14). */
function pacAttributes(requested: boolean | undefined): PacBuffer {
  const flags =
    requested === undefined ? PacAttribute.givenImplicitly : requested ? PacAttribute.requested : 0;
  return { type: PacType.attributes, data: encodePacAttributes(flags) };
}
