import { Key } from '@doublehop/crypto/key';
import { CryptoError } from '@doublehop/crypto/errors';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { findAuthorizationData } from '@doublehop/kerberos/gss/authorization-data';
import { flagNames, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { AdType } from '@doublehop/kerberos/iana/padata-types';
import type { KeytabEntry } from '@doublehop/kerberos/keytab';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { SecurityError } from '@doublehop/security/errors';
import { decodeDelegationInfo } from '@doublehop/security/pac/delegation-info';
import { decodeLogonInfo } from '@doublehop/security/pac/logon-info';
import { decodePac, type Pac, pacBuffer, PacType } from '@doublehop/security/pac/pac';
import { accountSid, sidsOf } from '@doublehop/security/pac/token';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { decodeDer } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import { AdminError } from '../errors.ts';

/** What the target sees in a ticket. */
export interface OpenedTicket {
  /** cname and crealm: as whom the middle comes. */
  readonly client: string;
  readonly flags: readonly string[];
  /** Undefined where the ticket has no PAC. */
  readonly pac: OpenedPac | undefined;
}

/** What its PAC says (MS-PAC). */
export interface OpenedPac {
  readonly account: string;
  readonly domain: string;
  readonly sid: Sid;
  /** Account and groups. */
  readonly sids: readonly Sid[];
  /** S-1-18-1: the user logged on; S-1-18-2: a service vouched for it (MS-SFU 3.2.5.1.2). */
  readonly asserted: 'kerberos' | 'protocol-transition' | 'unknown';
  /** S4U_DELEGATION_INFO (MS-PAC 2.9): where to, and through whom, oldest first. */
  readonly delegation:
    | { readonly proxyTarget: string; readonly transited: readonly string[] }
    | undefined;
}

/**
 * Opens a ticket with a key of its server, whatever the keytab calls it: any name of an account
 * has the same keys. Throws AdminError `credentials` where none fits, `unreadable` for a PAC that
 * cannot be read.
 */
export function openServiceTicket(
  { ticket, server }: Pick<Credentials, 'ticket' | 'server'>,
  keytab: readonly KeytabEntry[],
): OpenedTicket {
  const { encPart } = decodeDer(Ticket, ticket);
  for (const { key } of keytab) {
    if (key.etype !== encPart.etype) continue;
    const part = decrypted(Key.of(key.etype, key.bytes), encPart.cipher);
    if (part !== undefined) return opened(part);
  }
  const message =
    `no key of the keytab opens the ticket for ${formatPrincipal(server)}: it is of another ` +
    'account, or older than the password';
  throw new AdminError('credentials', message, { argument: '--target-keytab' });
}

function decrypted(key: Key, cipher: Uint8Array): EncTicketPart | undefined {
  try {
    return decodeDer(EncTicketPart, key.decrypt(KeyUsage.TICKET, cipher));
  } catch (error) {
    if (error instanceof CryptoError || error instanceof WireError) return undefined;
    throw error;
  }
}

function opened({ cname, crealm, flags, authorizationData }: EncTicketPart): OpenedTicket {
  const pac = findAuthorizationData(authorizationData, AdType.WIN2K_PAC);
  return {
    client: formatPrincipal({ name: cname, realm: crealm }),
    flags: flagNames(TicketFlag, flags),
    pac: pac === undefined ? undefined : openedPac(pac),
  };
}

function openedPac(bytes: Uint8Array): OpenedPac {
  try {
    return readPac(decodePac(bytes));
  } catch (error) {
    if (!(error instanceof SecurityError)) throw error;
    const message = `the PAC of the ticket cannot be read: ${error.message}`;
    throw new AdminError('unreadable', message, { cause: error });
  }
}

function readPac(pac: Pac): OpenedPac {
  const info = decodeLogonInfo(pacBuffer(pac, PacType.logonInfo) ?? new Uint8Array());
  const sids = sidsOf(info);
  const data = pacBuffer(pac, PacType.delegationInfo);
  const delegation = data === undefined ? undefined : decodeDelegationInfo(data);
  return {
    account: info.effectiveName,
    domain: info.logonDomainName,
    sid: accountSid(info),
    sids: [...sids],
    asserted: assertedBy(sids),
    delegation: delegation && {
      proxyTarget: delegation.proxyTarget,
      transited: delegation.transitedServices,
    },
  };
}

function assertedBy(sids: ReadonlySet<Sid>): OpenedPac['asserted'] {
  if (sids.has(wellKnown.authenticationAuthorityAsserted)) return 'kerberos';
  return sids.has(wellKnown.serviceAsserted) ? 'protocol-transition' : 'unknown';
}
