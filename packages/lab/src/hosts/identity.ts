import type { Key } from '@doublehop/crypto/key';
import type { ServiceKeys } from '@doublehop/kerberos/gss/service-keys';
import type { NegotiateIdentity } from '@doublehop/kerberos/http/negotiate-server';
import { Ticket } from '@doublehop/kerberos/messages/ticket';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { SecurityError } from '@doublehop/security/errors';
import { decodeDelegationInfo } from '@doublehop/security/pac/delegation-info';
import { decodeLogonInfo } from '@doublehop/security/pac/logon-info';
import { decodePac, type Pac, PacType, pacBuffer } from '@doublehop/security/pac/pac';
import { accountSid, sidsOf } from '@doublehop/security/pac/token';
import { verifyServicePac } from '@doublehop/security/pac/verify';
import type { Sid } from '@doublehop/security/sid';
import { decodeDer } from '@doublehop/wire/der';
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

/**
 * The identity in a ticket whose PAC this host's key has signed (MS-PAC 2.8.1): the KDC made it,
 * and nobody changed it since. Throws LabError `identity`.
 */
export function identityOf(
  { principal, server, pac: bytes, ticket }: NegotiateIdentity,
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
