import { CryptoError } from '@doublehop/crypto/errors';
import type { Key } from '@doublehop/crypto/key';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { findAuthorizationData } from '@doublehop/kerberos/gss/authorization-data';
import type { ServiceKeys } from '@doublehop/kerberos/gss/service-keys';
import type { NegotiateIdentity } from '@doublehop/kerberos/http/negotiate-server';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { AdType } from '@doublehop/kerberos/iana/padata-types';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { SecurityError } from '@doublehop/security/errors';
import { decodeDelegationInfo } from '@doublehop/security/pac/delegation-info';
import { decodeLogonInfo } from '@doublehop/security/pac/logon-info';
import { decodePac, type Pac, PacType, pacBuffer } from '@doublehop/security/pac/pac';
import { accountSid, sidsOf } from '@doublehop/security/pac/token';
import { verifyServicePac } from '@doublehop/security/pac/verify';
import type { Sid } from '@doublehop/security/sid';
import { plain } from '@doublehop/wire/bytes';
import { decodeDer } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import { LabError } from '../errors.ts';

/** Who somebody is to a Windows service: what the PAC of the ticket says. */
export interface UserIdentity {
  /** `CONTOSO\alice`. */
  readonly user: string;
  /** `alice@CONTOSO.COM`, as the ticket names the client. */
  readonly principal: string;
  readonly sid: Sid;
  /** SIDs of the groups, those of other domains and asserted identities too. */
  readonly groups: readonly Sid[];
  /** Middles that the user came through, oldest first: `HTTP/serverb.contoso.com@CONTOSO.COM`. */
  readonly via: readonly string[];
}

/** What of an authenticated caller tells who it is. */
export type Identified = Pick<NegotiateIdentity, 'principal' | 'server' | 'pac' | 'ticket'>;

/**
 * The identity in a ticket to this host that the host itself got for somebody who logged on here.
 * Throws LabError `identity`.
 */
export function identityOfOwnTicket(
  { ticket, client: principal, server }: Pick<Credentials, 'ticket' | 'client' | 'server'>,
  keys: ServiceKeys,
): UserIdentity {
  const { etype, kvno, cipher } = decodeDer(Ticket, ticket).encPart;
  for (const key of listed(keys(server, etype, kvno))) {
    const part = opened(key, cipher);
    if (part === undefined) continue;
    const pac = findAuthorizationData(part.authorizationData, AdType.WIN2K_PAC)?.slice();
    return identityOf({ principal, server, pac, ticket }, keys);
  }
  throw new LabError('identity', `no key of this host opens a ticket to ${server.realm}`);
}

function opened(key: Key, cipher: Uint8Array): EncTicketPart | undefined {
  try {
    return decodeDer(EncTicketPart, plain(key.decrypt(KeyUsage.TICKET, cipher)));
  } catch (error) {
    if (error instanceof CryptoError || error instanceof WireError) return undefined;
    throw error;
  }
}

/**
 * The identity in a ticket whose PAC this host's key has signed (MS-PAC 2.8.1): the KDC made it,
 * and nobody changed it since. Throws LabError `identity`.
 */
export function identityOf(
  { principal, server, pac: bytes, ticket }: Identified,
  keys: ServiceKeys,
): UserIdentity {
  const { etype, kvno } = decodeDer(Ticket, ticket).encPart;
  if (bytes === undefined) throw new LabError('identity', 'the ticket has no PAC');
  try {
    const pac = decodePac(bytes);
    // The key that opened the ticket is one of those that were tried for it.
    const candidates = listed(keys(server, etype, kvno));
    if (!candidates.some((key) => verifyServicePac(pac, key).valid)) {
      throw new LabError('identity', "the PAC does not have this host's signature");
    }
    return { principal: formatPrincipal(principal), ...described(pac) };
  } catch (cause) {
    if (!(cause instanceof SecurityError)) throw cause;
    throw new LabError('identity', `the PAC cannot be read: ${cause.message}`, { cause });
  }
}

function described(pac: Pac): Omit<UserIdentity, 'principal'> {
  const logonInfo = pacBuffer(pac, PacType.logonInfo);
  if (logonInfo === undefined) throw new LabError('identity', 'the PAC names no account');
  const info = decodeLogonInfo(logonInfo);
  const delegation = pacBuffer(pac, PacType.delegationInfo);
  const sid = accountSid(info);
  return {
    user: `${info.logonDomainName}\\${info.effectiveName}`,
    sid,
    groups: [...sidsOf(info)].filter((one) => one !== sid),
    via: delegation === undefined ? [] : decodeDelegationInfo(delegation).transitedServices,
  };
}

function listed(keys: Key | readonly Key[] | undefined): readonly Key[] {
  if (keys === undefined) return [];
  return Array.isArray(keys) ? keys : [keys as Key];
}
