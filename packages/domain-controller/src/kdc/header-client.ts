import { Trail } from '@doublehop/delegation/decision';
import { checkHeaderPac, type SharedCheckId } from '@doublehop/delegation/shared-checks';
import type { Account } from '@doublehop/directory/account';
import { Refused } from '../errors.ts';
import { accountState, requireUsableClient } from './account-state.ts';
import type { KdcContext } from './context.ts';
import { refusedBy } from './derived.ts';
import type { HeaderTicket } from './header-ticket.ts';
import { findClient } from './names.ts';

/**
 * The account of a TGT's client: the PAC is in order, the SID there is the account that the name
 * still means (CVE-2021-42287), and the account may be used now (MS-KILE 3.3.5.7.1). `now` in
 * milliseconds.
 */
export function requireClient(header: HeaderTicket, now: number, context: KdcContext): Account {
  const trail = new Trail<SharedCheckId>();
  if (!checkHeaderPac(header.facts(), trail)) throw refusedBy(trail.refused().refusal);
  const client = findClient(context.accounts, context.domain, header.part.cname);
  const requester = header.pac.requesterSid();
  if (client === undefined || requester !== client.sid) {
    throw new Refused('KDC_ERR_TGT_REVOKED', 'client-changed');
  }
  requireUsableClient(accountState(client, now, context.settings));
  return client;
}
