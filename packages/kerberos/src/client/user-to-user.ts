import type { Credentials } from '../credentials.ts';
import { KdcOption } from '../iana/flags.ts';
import type { Principal } from '../names.ts';
import type { ClientContext } from './context.ts';
import { getServiceTicket, type ServiceTicketOptions } from './service-ticket.ts';

/**
 * A ticket for a principal that has no long-term key to show: sealed with the session key of its
 * TGT, which it gave to us (RFC 4120 §3.7, KRB5-U2U). `theirTgt` is the DER of that ticket. The
 * credentials say so, as caches of MIT krb5 do. Throws KerberosError.
 */
export async function getUserToUserTicket(
  context: ClientContext,
  tgt: Credentials,
  server: Principal,
  theirTgt: Uint8Array,
  options: Pick<ServiceTicketOptions, 'etypes'> = {},
): Promise<Credentials> {
  const { credentials } = await getServiceTicket(context, tgt, server, {
    ...options,
    kdcOptions: KdcOption.ENC_TKT_IN_SKEY,
    additionalTickets: [theirTgt],
  });
  return { ...credentials, isSkey: true, secondTicket: theirTgt };
}
