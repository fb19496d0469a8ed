import { pooledRandom } from '@doublehop/crypto/random';
import type { Account } from '@doublehop/directory/account';
import type { AuditEvent } from '@doublehop/domain-controller/kdc/audit';
import { createKdc, type Kdc } from '@doublehop/domain-controller/kdc/kdc';
import { Keys } from '@doublehop/domain-controller/kdc/keys';
import { openTicket } from '@doublehop/domain-controller/kdc/sealed-ticket';
import { DEFAULT_KDC_SETTINGS, type KdcSettings } from '@doublehop/domain-controller/kdc/settings';
import { findPac } from '@doublehop/domain-controller/kdc/authorization-data';
import type { InitialTicketOptions } from '@doublehop/kerberos/client/as-exchange';
import { type ClientContext, defaultSettings } from '@doublehop/kerberos/client/context';
import { getInitialTicket } from '@doublehop/kerberos/client/initial-ticket';
import { KdcClock } from '@doublehop/kerberos/client/kdc-clock';
import { s4u2proxy } from '@doublehop/kerberos/client/s4u2proxy';
import { s4u2self } from '@doublehop/kerberos/client/s4u2self';
import { getServiceTicket } from '@doublehop/kerberos/client/service-ticket';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KerberosError } from '@doublehop/kerberos/errors';
import { errorName } from '@doublehop/kerberos/iana/error-codes';
import { type EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { type Principal, parsePrincipal } from '@doublehop/kerberos/names';
import { ntStatusName } from '@doublehop/security/ntstatus';
import { decodePac, type Pac } from '@doublehop/security/pac/pac';
import { decodeDer } from '@doublehop/wire/der';
import { DOMAIN, ListedAccounts } from './accounts.ts';

/** 2026-03-02T10:00:00Z, a Monday. */
export const NOW = Date.UTC(2026, 2, 2, 10);

export const PEER = { address: '192.0.2.7', port: 50_000, transport: 'tcp' } as const;

/** A refusal as a client sees it, in words. */
export interface Seen {
  readonly error: string;
  readonly reason: string | undefined;
  readonly status: string | undefined;
}

/** A realm without sockets: accounts, KDC, and what clients and servers would see of it. */
export class Realm {
  readonly accounts: ListedAccounts;
  readonly kdc: Kdc;
  readonly events: AuditEvent[] = [];
  readonly defects: unknown[] = [];
  readonly client: ClientContext;
  readonly random = pooledRandom();
  now = NOW;

  constructor(accounts: readonly Account[], settings: Partial<KdcSettings> = {}) {
    this.accounts = new ListedAccounts(accounts);
    this.kdc = createKdc({
      domain: DOMAIN,
      accounts: this.accounts,
      settings: { ...DEFAULT_KDC_SETTINGS, maxPasswordAge: 0, ...settings },
      clock: () => this.now,
      random: this.random,
      audit: (event) => this.events.push(event),
      onDefect: (error) => this.defects.push(error),
    });
    this.client = {
      transport: (_realm, request) => Promise.resolve(this.send(request)),
      clock: new KdcClock(() => this.now),
      random: this.random,
      settings: { ...defaultSettings, correctSkew: false, lifetime: 20 * 3600 },
    };
  }

  /** The KDC's answer, by TCP. */
  send(request: Uint8Array): Uint8Array {
    const reply = this.kdc.handle(request, PEER);
    if (reply === undefined) throw new Error('the KDC was silent');
    return reply;
  }

  /** Whom a text names in this realm. */
  name(text: string): Principal {
    return parsePrincipal(text, DOMAIN.realm);
  }

  /** An initial ticket by password. */
  async login(
    name: string,
    options: InitialTicketOptions & { readonly password?: string } = {},
  ): Promise<Credentials> {
    const { password = `Passw0rd.${name}`, ...rest } = options;
    const secret = { kind: 'password', password } as const;
    const request = { ...rest, client: this.name(name), secret };
    return (await getInitialTicket(this.client, request)).credentials;
  }

  /** A service ticket. */
  async ticket(tgt: Credentials, server: string): Promise<Credentials> {
    return (await getServiceTicket(this.client, tgt, this.name(server))).credentials;
  }

  async self(tgt: Credentials, user: string, server?: string): Promise<Credentials> {
    const name = server === undefined ? undefined : this.name(server).name;
    return s4u2self(this.client, { tgt, user: this.name(user), server: name });
  }

  async proxy(tgt: Credentials, evidence: Credentials, target: string, rbcd = true) {
    return s4u2proxy(this.client, { tgt, evidence, target: this.name(target), rbcd });
  }

  /** Opens a ticket as its server would. */
  open(credentials: Pick<Credentials, 'ticket'>, server: Account): EncTicketPart {
    const keys = new Keys([18, 17, 20, 19, 23]).all(server);
    const opened = openTicket(decodeDer(Ticket, credentials.ticket), keys);
    if (typeof opened === 'string') throw new Error(`not this server's ticket: ${opened}`);
    return opened.part;
  }

  /** The PAC of a ticket. */
  pac(part: EncTicketPart): Pac {
    const found = findPac(part.authorizationData);
    if (found === undefined) throw new Error('the ticket has no PAC');
    return decodePac(found.bytes);
  }
}

/** What a refused exchange shows its client. */
export async function refusal(exchange: Promise<unknown>): Promise<Seen> {
  try {
    await exchange;
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    const { errorCode, errorText, ntStatus } = error.detail;
    return {
      error: errorCode === undefined ? error.code : errorName(errorCode),
      reason: errorText,
      status: ntStatus === undefined ? undefined : ntStatusName(ntStatus),
    };
  }
  throw new Error('it was not refused');
}
