import { hasControl } from '@doublehop/delegation/account-control';
import type { Account } from '@doublehop/directory/account';
import { KdcOption } from '@doublehop/kerberos/iana/flags';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { isTicketGrantingService, type PrincipalName } from '@doublehop/kerberos/names';
import { Refused } from '../errors.ts';
import type { KdcContext } from './context.ts';
import { isKrbtgt } from './issue.ts';
import { findServer, isOurRealm } from './names.ts';
import type { KdcCall } from './request.ts';

/**
 * The server's account, if tickets to it may be issued: by either exchange, since a client may ask
 * for any service in an AS-REQ (RFC 4120 §3.1.1). krbtgt is named by the realm's DNS name in upper
 * case where the client lets us choose, else as it was asked for (RFC 6806 §6).
 */
export function requireServer(
  { body, record }: KdcCall,
  { accounts, domain }: KdcContext,
): NamedServer {
  const { sname, realm } = body;
  if (sname === undefined || !isOurRealm(domain, realm)) {
    throw new Refused('KDC_ERR_S_PRINCIPAL_UNKNOWN', 'server-elsewhere');
  }
  const server = findServer(accounts, domain, sname);
  if (server === undefined) throw new Refused('KDC_ERR_S_PRINCIPAL_UNKNOWN', 'server-unknown');
  record.server = server;
  const canonicalize = (body.kdcOptions & KdcOption.CANONICALIZE) !== 0;
  // An AS-REQ gets both names made canonical.
  const renames = canonicalize && record.kind === 'as';
  if (isKrbtgt(server)) {
    const renamed = canonicalize && isTicketGrantingService(sname);
    const nameString = renamed ? ['krbtgt', domain.realm] : sname.nameString;
    return { server, sname: { nameType: sname.nameType, nameString } };
  }
  if (hasControl(server.userAccountControl, 'ACCOUNTDISABLE')) {
    throw new Refused('KDC_ERR_S_PRINCIPAL_UNKNOWN', 'server-disabled');
  }
  // A password is no service key: it could be guessed from the ticket (MS-KILE 3.3.5.7).
  const inSessionKey = (body.kdcOptions & KdcOption.ENC_TKT_IN_SKEY) !== 0;
  if (!inSessionKey && server.kind === 'user' && server.servicePrincipalNames.length === 0) {
    throw new Refused('KDC_ERR_MUST_USE_USER2USER', 'server-is-a-user');
  }
  return { server, sname: renames ? principalOf(server) : sname };
}

function principalOf({ samAccountName }: Account): PrincipalName {
  return { nameType: NameType.PRINCIPAL, nameString: [samAccountName] };
}

/** The server's account and the name of it in the ticket. */
export interface NamedServer {
  readonly server: Account;
  readonly sname: PrincipalName;
}
