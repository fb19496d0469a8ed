import type { Key } from '@doublehop/crypto/key';
import type { HeaderFacts, PacFact, SignatureFault } from '@doublehop/delegation/facts';
import type { Account, AccountGroup } from '@doublehop/directory/account';
import type { Expansion } from '@doublehop/directory/account-groups';
import { EncTicketPart } from '@doublehop/kerberos/messages/ticket';
import type { Token } from '@doublehop/security/access-check';
import { SecurityError } from '@doublehop/security/errors';
import { fileTimeOf } from '@doublehop/security/filetime';
import { decodePacAttributes } from '@doublehop/security/pac/attributes';
import { type ClientInfo, decodeClientInfo } from '@doublehop/security/pac/client-info';
import { decodeLogonInfo, type LogonInfo, UserFlag } from '@doublehop/security/pac/logon-info';
import {
  decodePac,
  type Pac,
  pacBuffer,
  type PacBuffer,
  PacType,
} from '@doublehop/security/pac/pac';
import { decodeRequesterSid } from '@doublehop/security/pac/requester-sid';
import { accountSid, tokenOf } from '@doublehop/security/pac/token';
import {
  type SignatureResult,
  verifyServiceTicketPac,
  verifyTgtPac,
} from '@doublehop/security/pac/verify';
import { type Sid, withRid } from '@doublehop/security/sid';
import { encodeDer } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import { findPac, type FoundPac } from './authorization-data.ts';
import type { AccountSource } from './names.ts';

interface Buffers {
  readonly buffers: readonly PacBuffer[];
}

/** The PAC of a ticket as the KDC found it; it answers nothing unless `fact` is `valid`. */
export class TicketPac {
  readonly fact: PacFact;
  readonly #pac: Buffers | undefined;
  // A TGT's PAC is asked the same with each request of its client.
  #logonInfo: LogonInfo | undefined;
  #token: Token | undefined;
  #clientInfo: ClientInfo | undefined;
  #requesterSid: Sid | undefined;
  #resourceGroups = false;
  #accountSid: Sid | undefined;
  #expansion: { readonly account: Account | undefined; readonly made: Expansion } | undefined;
  readonly #granting: boolean;

  /** `granting`: of a TGT, whose resource groups do not count (MS-KILE 3.3.5.7.3). */
  constructor(fact: PacFact, pac: Buffers | undefined, granting = false) {
    this.fact = fact;
    this.#pac = pac;
    this.#granting = granting;
  }

  /** Number of the read-only controller that signed it; this controller trusts none. */
  readonly rodc = 0;

  /** Buffers in the order in which they came; none if there is no PAC. */
  get buffers(): readonly PacBuffer[] {
    return this.#pac?.buffers ?? [];
  }

  /** The contents of one buffer. */
  buffer(type: number): Uint8Array | undefined {
    return this.#pac?.buffers.find((buffer) => buffer.type === type)?.data;
  }

  /** Whether PAC_CLIENT_INFO is of this name and authtime in seconds (MS-PAC 2.7). */
  names(name: string, authtime: number): boolean {
    if (this.#clientInfo === undefined) {
      const data = this.buffer(PacType.clientInfo);
      if (data === undefined) return false;
      this.#clientInfo = decodeClientInfo(data);
    }
    const info = this.#clientInfo;
    return info.name === name && info.authTime === fileTimeOf(authtime * 1000);
  }

  /**
   * Whether there is PAC_REQUESTER (MS-PAC 2.15). Whose SID it is, is asked of the account that the
   * client's name means; the rest of the PAC need not agree, as on Windows.
   */
  get requester(): HeaderFacts['requester'] {
    return this.requesterSid() === undefined ? 'absent' : 'matches';
  }

  /** The SID that PAC_REQUESTER names. */
  requesterSid(): Sid | undefined {
    if (this.#requesterSid === undefined) {
      const data = this.buffer(PacType.requesterSid);
      if (data !== undefined) this.#requesterSid = decodeRequesterSid(data);
    }
    return this.#requesterSid;
  }

  /** Whether service tickets made from this TGT have a PAC: not if its client declined one. */
  get wanted(): boolean {
    const data = this.buffer(PacType.attributes);
    return data === undefined || decodePacAttributes(data) !== 0;
  }

  /** KERB_VALIDATION_INFO; throws SecurityError where there is none. */
  logonInfo(): LogonInfo {
    if (this.#logonInfo === undefined) {
      const info = decodeLogonInfo(this.buffer(PacType.logonInfo) ?? new Uint8Array());
      this.#resourceGroups = info.resourceGroupDomainSid !== null;
      this.#logonInfo = this.#granting ? withoutResourceGroups(info) : info;
    }
    return this.#logonInfo;
  }

  /** Whether it is of a TGT, or made as one is. */
  get isOfTgt(): boolean {
    return this.#granting;
  }

  /** Whether there are resource groups in it, which no service gets from a TGT. */
  get hasResourceGroups(): boolean {
    this.logonInfo();
    return this.#resourceGroups;
  }

  /** The client to an access check, with its resource groups: they are not in TGTs. */
  groupedToken(accounts: AccountSource): Token {
    const groups = this.resourceGroups(accounts);
    const token = this.token();
    if (groups.length === 0) return token;
    return { ...token, sids: new Set([...token.sids, ...groups.map(({ sid }) => sid)]) };
  }

  /**
   * The domain-local groups of who a TGT is about, by the groups that it names and those that the
   * account is in itself (MS-KILE 3.3.5.7.3). Worked out once for a ticket that is kept.
   */
  resourceGroups(accounts: AccountSource): readonly AccountGroup[] {
    const sid = (this.#accountSid ??= accountSid(this.logonInfo()));
    const account = accounts.bySid(sid);
    if (accounts.expand === undefined) return account?.resourceGroups ?? [];
    const known = this.#expansion;
    if (known !== undefined && known.account === account && known.made.isCurrent) {
      return known.made.groups;
    }
    const groups = groupSids(this.logonInfo());
    const made = accounts.expand(account, account === undefined ? [sid, ...groups] : groups);
    this.#expansion = { account, made };
    return made.groups;
  }

  /** Who the client is to an access check. */
  token(): Token {
    this.#token ??= tokenOf(this.logonInfo(), this.buffer(PacType.clientClaims));
    return this.#token;
  }
}

/** SIDs of groups that entries can have: those of domains, but for S-1-5-21-0-0-0. */
function groupSids(info: LogonInfo): Sid[] {
  const { logonDomainId: domain, primaryGroupId, groups, extraSids } = info;
  const own = domain === null ? [] : groups.map(({ rid }) => withRid(domain, rid));
  const primary = domain === null ? [] : [withRid(domain, primaryGroupId)];
  const extra = extraSids.map(({ sid }) => sid).filter((sid) => OF_DOMAIN.test(sid));
  return [...new Set([...primary, ...own, ...extra])];
}

const OF_DOMAIN = /^S-1-5-21-(?!0-0-0-)/;

function withoutResourceGroups(info: LogonInfo): LogonInfo {
  if (info.resourceGroups.length === 0 && info.resourceGroupDomainSid === null) return info;
  const userFlags = info.userFlags & ~UserFlag.resourceGroups;
  return { ...info, userFlags, resourceGroupDomainSid: null, resourceGroups: [] };
}

/** A PAC that is being made of what a TGT would say. */
export function freshPac(buffers: readonly PacBuffer[]): TicketPac {
  return new TicketPac('valid', { buffers }, true);
}

/** The PAC of a TGT: its server signature counts (MS-KILE 3.3.5.7); the other one is there. */
export function readTgtPac(part: EncTicketPart, key: Key): TicketPac {
  return readPac(
    part,
    (pac) => {
      const { server } = verifyTgtPac(pac, key);
      if (server !== 'valid') return { signature: 'server', fault: faultOf(server) };
      const signed = pacBuffer(pac, PacType.kdcChecksum) !== undefined;
      return signed ? 'valid' : { signature: 'kdc', fault: 'absent' };
    },
    true,
  );
}

/** The PAC of a service ticket that is shown to the KDC: all signatures (MS-SFU 3.2.5.2.2). */
export function readEvidencePac(
  part: EncTicketPart,
  serverKey: Key,
  kdcKeys: readonly Key[],
): TicketPac {
  return readPac(part, (pac, found) => {
    const encTicketPart = encodeDer(EncTicketPart, { ...part, authorizationData: found.blanked });
    const verified = verifyServiceTicketPac(pac, { serverKey, kdcKeys, encTicketPart });
    for (const signature of ['server', 'kdc', 'ticket', 'full'] as const) {
      const result = verified[signature];
      if (result !== 'valid') return { signature, fault: faultOf(result) };
    }
    return 'valid';
  });
}

function readPac(
  part: EncTicketPart,
  verify: (pac: Pac, found: FoundPac) => PacFact,
  granting = false,
): TicketPac {
  try {
    const found = findPac(part.authorizationData);
    if (found === undefined) return new TicketPac('absent', undefined);
    const pac = decodePac(found.bytes);
    return new TicketPac(verify(pac, found), pac, granting);
  } catch (error) {
    if (error instanceof SecurityError || error instanceof WireError) {
      return new TicketPac('malformed', undefined);
    }
    throw error;
  }
}

function faultOf(result: Exclude<SignatureResult, 'valid'>): SignatureFault {
  switch (result) {
    case 'missing':
      return 'absent';
    case 'mismatch':
      return 'invalid';
    case 'unkeyed':
      return 'unkeyed';
    case 'unsupported-type':
    case 'unchecked':
      return 'unsupported';
  }
}
