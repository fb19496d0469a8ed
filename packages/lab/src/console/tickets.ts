import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import type { ClientSettings, KdcTransport } from '@doublehop/kerberos/client/context';
import type { Principal } from '@doublehop/kerberos/names';
import type { SecureText } from '@doublehop/powershell/objects/value';
import type { System } from '../process/system.ts';
import type { TicketSource } from './connector.ts';

/**
 * Tickets of a Kerberos client. A forwarded TGT goes along where the KDC says that the host may
 * have one (OK-AS-DELEGATE, RFC 4120 §2.8), as Windows does it; `delegate`: to whatever host.
 */
export function clientTickets(
  client: KerberosClient,
  serverOf: (spn: string) => Principal,
  delegate = false,
): TicketSource {
  const policy = delegate ? 'always' : 'ok-as-delegate';
  return {
    getServiceTicket: (spn) => client.getServiceTicket(serverOf(spn)),
    getForwardedTicket: (ticket) => client.delegate(ticket, policy),
  };
}

export interface PasswordTickets extends System {
  readonly transport: KdcTransport;
  readonly settings?: Partial<ClientSettings>;
}

/** A Kerberos client of a user with a password; its tickets stay in memory. */
export function passwordClient(
  user: Principal,
  password: SecureText,
  { transport, clock, random, settings }: PasswordTickets,
): KerberosClient {
  const secret = {
    kind: 'password',
    get password() {
      return password.revealText();
    },
  } as const;
  return new KerberosClient({
    transport,
    clock,
    random,
    cache: memoryCache(),
    settings: { ...settings, forwardable: true },
    account: { client: user, secret },
  });
}
