import type { Key } from '@doublehop/crypto/key';
import type { HeaderFacts, PacFact, SignatureFault } from '@doublehop/delegation/facts';
import { EncTicketPart } from '@doublehop/kerberos/messages/ticket';
import type { Token } from '@doublehop/security/access-check';
import { SecurityError } from '@doublehop/security/errors';
import { fileTimeOf } from '@doublehop/security/filetime';
import { decodePacAttributes } from '@doublehop/security/pac/attributes';
import { type ClientInfo, decodeClientInfo } from '@doublehop/security/pac/client-info';
import { decodeLogonInfo, type LogonInfo } from '@doublehop/security/pac/logon-info';
import {
  decodePac,
  type Pac,
  pacBuffer,
  type PacBuffer,
  PacType,
} from '@doublehop/security/pac/pac';
import { decodeRequesterSid } from '@doublehop/security/pac/requester-sid';
import { tokenOf } from '@doublehop/security/pac/token';
import {
  type SignatureResult,
  verifyServiceTicketPac,
  verifyTgtPac,
} from '@doublehop/security/pac/verify';
import type { Sid } from '@doublehop/security/sid';
import { encodeDer } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import { findPac, type FoundPac } from './authorization-data.ts';

/** The PAC of a ticket as the KDC found it; it answers nothing unless `fact` is `valid`. */
export class TicketPac {
  readonly fact: PacFact;
  readonly #pac: Pac | undefined;
  // A TGT's PAC is asked the same with each request of its client.
  #logonInfo: LogonInfo | undefined;
  #token: Token | undefined;
  #clientInfo: ClientInfo | undefined;
  #requesterSid: Sid | undefined;

  constructor(fact: PacFact, pac: Pac | undefined) {
    this.fact = fact;
    this.#pac = pac;
  }

  /** Number of the read-only controller that signed it; this controller trusts none. */
  readonly rodc = 0;

  /** Buffers in the order in which they came; none if there is no PAC. */
  get buffers(): readonly PacBuffer[] {
    return this.#pac?.buffers ?? [];
  }

  /** The contents of one buffer. */
  buffer(type: number): Uint8Array | undefined {
    return this.#pac === undefined ? undefined : pacBuffer(this.#pac, type);
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
    this.#logonInfo ??= decodeLogonInfo(this.buffer(PacType.logonInfo) ?? new Uint8Array());
    return this.#logonInfo;
  }

  /** Who the client is to an access check. */
  token(): Token {
    this.#token ??= tokenOf(this.logonInfo(), this.buffer(PacType.clientClaims));
    return this.#token;
  }
}

/** Who the client of a PAC that is just being made is to an access check. */
export function tokenOfPac(buffers: readonly PacBuffer[]): Token {
  const data = (wanted: number): Uint8Array | undefined =>
    buffers.find(({ type }) => type === wanted)?.data;
  const info = decodeLogonInfo(data(PacType.logonInfo) ?? new Uint8Array());
  return tokenOf(info, data(PacType.clientClaims));
}

/** The PAC of a TGT: its server signature counts (MS-KILE 3.3.5.7); the other one is there. */
export function readTgtPac(part: EncTicketPart, key: Key): TicketPac {
  return readPac(part, (pac) => {
    const { server } = verifyTgtPac(pac, key);
    if (server !== 'valid') return { signature: 'server', fault: faultOf(server) };
    const signed = pacBuffer(pac, PacType.kdcChecksum) !== undefined;
    return signed ? 'valid' : { signature: 'kdc', fault: 'absent' };
  });
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

function readPac(part: EncTicketPart, verify: (pac: Pac, found: FoundPac) => PacFact): TicketPac {
  try {
    const found = findPac(part.authorizationData);
    if (found === undefined) return new TicketPac('absent', undefined);
    const pac = decodePac(found.bytes);
    return new TicketPac(verify(pac, found), pac);
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
