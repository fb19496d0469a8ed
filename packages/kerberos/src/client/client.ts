import { createHash } from 'node:crypto';
import type { RandomSource } from '@doublehop/crypto/random';
import { toHex } from '@doublehop/wire/bytes';
import type { CredentialCache } from '../ccache/ccache.ts';
import type { KdcOffset } from '../ccache/format.ts';
import type { Credentials } from '../credentials.ts';
import { isExpired } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { MAX_S4U_TICKETS } from '../limits.ts';
import type { HostAddresses } from '../messages/common.ts';
import { formatPrincipal, type Principal, samePrincipal, ticketGrantingService } from '../names.ts';
import type { InitialTicket, InitialTicketOptions } from './as-exchange.ts';
import {
  type ClientContext,
  type ClientSettings,
  defaultSettings,
  type ExchangeEvent,
  type KdcTransport,
} from './context.ts';
import { type DelegationPolicy, mayDelegate } from './delegation.ts';
import { getInitialTicket } from './initial-ticket.ts';
import { type Clock, KdcClock } from './kdc-clock.ts';
import { type Evidence, s4u2proxy, type S4u2ProxyRequest } from './s4u2proxy.ts';
import { s4u2self, type S4u2SelfRequest } from './s4u2self.ts';
import type { ClientSecret } from './secret.ts';
import {
  forwardTgt,
  getServiceTicket,
  renewTicket,
  type ServiceTicketOptions,
} from './service-ticket.ts';
import { getUserToUserTicket } from './user-to-user.ts';

/** What a client is made of. */
export interface ClientOptions {
  readonly transport: KdcTransport;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Where tickets are found and kept. */
  readonly cache: CredentialCache;
  readonly settings?: Partial<ClientSettings> | undefined;
  /**
   * Whoever may get a TGT when the cache has none: a service by its keytab. A cache that is
   * another principal's is neither used nor taken over (as MIT krb5 says KG_CCACHE_NOMATCH).
   */
  readonly account?: { readonly client: Principal; readonly secret: ClientSecret } | undefined;
  readonly log?: ((event: ExchangeEvent) => void) | undefined;
}

/** What S4U2Self may be told beside the user. */
export type ImpersonateOptions = Omit<S4u2SelfRequest, 'tgt' | 'user'>;

/** What S4U2Proxy may be told beside evidence and target. */
export type ProxyOptions = Pick<S4u2ProxyRequest, 'rbcd' | 'etypes'>;

/**
 * The tickets of one principal: those of its cache, and new ones from the KDC where the cache has
 * none. Tickets of S4U stay in memory, filed under user and evidence: filed under client and server
 * like others, a ticket that one middle holds for a user would be taken for the user's own.
 */
export class KerberosClient {
  /** For the exchanges that this class has no method for. */
  readonly context: ClientContext;
  readonly #cache: CredentialCache;
  readonly #account: ClientOptions['account'];
  readonly #s4u = new Map<string, Credentials>();
  /** Whose TGT this client got last: with canonicalization not the account's own name. */
  #self: Principal | undefined;
  #offsetRead = false;

  constructor({ transport, clock, random, cache, settings, account, log }: ClientOptions) {
    this.context = {
      transport,
      clock: new KdcClock(clock),
      random,
      settings: { ...defaultSettings, ...settings },
      log,
    };
    this.#cache = cache;
    this.#account = account;
  }

  /** Gets an initial ticket (RFC 4120 §3.1) and makes the cache the principal's. */
  async login(
    client: Principal,
    secret: ClientSecret,
    options: InitialTicketOptions = {},
  ): Promise<InitialTicket> {
    const ticket = await getInitialTicket(this.context, { ...options, client, secret });
    await this.#keepTgt(ticket.credentials);
    return ticket;
  }

  /**
   * The TGT of the principal's own realm: the cache's, or a new one for the account.
   * Throws KerberosError `no-credentials` where there is neither, and `ccache` where the cache is
   * another principal's than the account's.
   */
  async getTgt(): Promise<Credentials> {
    const { owner, found, why } = await this.#cachedTgt();
    if (this.#account === undefined) {
      if (found === undefined) throw why;
      return found;
    }
    if (found !== undefined && this.#isAccount(found.client)) return found;
    const { credentials } = await getInitialTicket(this.context, this.#account);
    // Only the KDC knows whether two names are one account's (RFC 6806 §6).
    if (owner !== undefined && !samePrincipal(owner, credentials.client)) {
      const subject = formatPrincipal(owner);
      const message = `${this.#cache.name} is the cache of ${subject}, not of `;
      throw new KerberosError('ccache', message + formatPrincipal(credentials.client), { subject });
    }
    await this.#keepTgt(credentials);
    return credentials;
  }

  /**
   * A ticket for a server. An empty realm lets the KDC find it. Tickets with authorization data,
   * additional tickets or a device of the caller's are neither looked up nor kept.
   */
  async getServiceTicket(
    server: Principal,
    options: ServiceTicketOptions = {},
  ): Promise<Credentials> {
    const tgt = await this.getTgt();
    const special =
      options.authorizationData !== undefined ||
      options.additionalTickets !== undefined ||
      // Who else stands in such a ticket is not what a cache files it under.
      (options.armor !== undefined && options.armor !== 'own');
    const found = special ? undefined : await this.#cachedTicket(tgt.client, server, options);
    if (found !== undefined) return found;
    const start = (await this.#cachedRealmTgt(tgt.client, server.realm)) ?? tgt;
    const { credentials, tgts } = await getServiceTicket(this.context, start, server, options);
    for (const ticket of special ? [] : [...tgts, credentials]) await this.#cache.store(ticket);
    return credentials;
  }

  /** S4U2Self: a ticket of the user to this principal (MS-SFU 3.1.5.1). */
  async impersonate(user: Principal, options: ImpersonateOptions = {}): Promise<Credentials> {
    const tgt = await this.getTgt();
    const request = { ...options, tgt, user };
    // A user known by a certificate has no name to be filed under.
    if (options.certificate !== undefined) return s4u2self(this.context, request);
    const server = { name: options.server ?? tgt.client.name, realm: tgt.client.realm };
    const forwardable = options.forwardable ?? true;
    const whom = `${user.name.nameType} ${formatPrincipal(user)}`;
    const key = `self ${forwardable} ${whom} ${formatPrincipal(server)}`;
    return this.#keep(key, () => s4u2self(this.context, request));
  }

  /** S4U2Proxy: a ticket of the evidence's user to the target (MS-SFU 3.1.5.2). */
  async proxy(
    evidence: Evidence,
    target: Principal,
    options: ProxyOptions = {},
  ): Promise<Credentials> {
    const tgt = await this.getTgt();
    const digest = createHash('sha256').update(evidence.ticket).digest();
    const how = `${options.rbcd ?? true} ${options.etypes?.join(',') ?? ''}`;
    const key = `proxy ${how} ${toHex(digest)} ${formatPrincipal(target)}`;
    return this.#keep(key, () => s4u2proxy(this.context, { ...options, tgt, evidence, target }));
  }

  /** Renews the TGT; the cache then holds it alone, as after `kinit -R`. */
  async renew(): Promise<Credentials> {
    const renewed = await renewTicket(this.context, await this.getTgt());
    const kdcOffset = splitOffset(this.context.clock.offset);
    await this.#cache.initialize(renewed.client, { kdcOffset });
    await this.#cache.store(renewed);
    return renewed;
  }

  /** A TGT to give to a server that may act as this principal (RFC 4120 §2.6). Not kept. */
  async forward(addresses?: HostAddresses): Promise<Credentials> {
    return forwardTgt(this.context, await this.getTgt(), addresses);
  }

  /**
   * The TGT to hand to a service by unconstrained delegation, if it is to have one: a new forwarded
   * one each time (RFC 4120 §2.6). `service` is the ticket for it.
   */
  async delegate(
    service: Credentials,
    policy: DelegationPolicy = 'ok-as-delegate',
  ): Promise<Credentials | undefined> {
    const tgt = await this.getTgt();
    return mayDelegate(service, tgt, policy) ? await forwardTgt(this.context, tgt) : undefined;
  }

  /**
   * A ticket for a principal that is no service, by the TGT that it gave to us (RFC 4120 §3.7).
   * Neither looked up nor kept.
   */
  async userToUser(
    server: Principal,
    theirTgt: Uint8Array,
    options: Pick<ServiceTicketOptions, 'etypes'> = {},
  ): Promise<Credentials> {
    return getUserToUserTicket(this.context, await this.getTgt(), server, theirTgt, options);
  }

  /** Forgets the tickets of S4U. */
  purge(): void {
    this.#s4u.clear();
  }

  async #keepTgt(tgt: Credentials): Promise<void> {
    const kdcOffset = splitOffset(this.context.clock.offset);
    await this.#cache.initialize(tgt.client, { kdcOffset });
    this.#offsetRead = true;
    await this.#cache.store(tgt);
    this.#self = tgt.client;
    this.purge();
  }

  #isAccount(client: Principal): boolean {
    return [this.#account?.client, this.#self].some(
      (known) => known !== undefined && samePrincipal(client, known),
    );
  }

  async #cachedTgt(): Promise<CachedTgt> {
    try {
      const client = await this.#cache.principal();
      await this.#readOffset();
      const server = ticketGrantingService(client.realm);
      const found = await this.#cache.find({ client, server, goodAt: this.#now() });
      const subject = formatPrincipal(client);
      const message = `${this.#cache.name} has no valid ticket-granting ticket of ${subject}`;
      const why = new KerberosError('no-credentials', message, { subject });
      return { owner: client, found, why };
    } catch (why) {
      if (why instanceof KerberosError && why.code === 'no-credentials') {
        return { owner: undefined, found: undefined, why };
      }
      throw why;
    }
  }

  async #cachedTicket(
    client: Principal,
    server: Principal,
    { etypes, canonicalize }: ServiceTicketOptions,
  ): Promise<Credentials | undefined> {
    // A referral may have ended in another realm than the one that was named.
    const referable = server.realm === client.realm && canonicalize !== false;
    const anyServerRealm = server.realm === '' || referable;
    return this.#cache.find({ client, server, anyServerRealm, etypes, goodAt: this.#now() });
  }

  async #cachedRealmTgt(client: Principal, realm: string): Promise<Credentials | undefined> {
    if (realm === '' || realm === client.realm) return undefined;
    const server = ticketGrantingService(realm);
    return this.#cache.find({ client, server, anyServerRealm: true, goodAt: this.#now() });
  }

  async #keep(key: string, obtain: () => Promise<Credentials>): Promise<Credentials> {
    const known = this.#s4u.get(key);
    if (known !== undefined && !isExpired(known, this.#now())) return known;
    this.#s4u.delete(key);
    const fresh = await obtain();
    const [oldest] = this.#s4u.keys();
    if (this.#s4u.size >= MAX_S4U_TICKETS && oldest !== undefined) this.#s4u.delete(oldest);
    this.#s4u.set(key, fresh);
    return fresh;
  }

  /** What an earlier program learned about the KDC's clock stands in the cache. */
  async #readOffset(): Promise<void> {
    if (this.#offsetRead) return;
    this.#offsetRead = true;
    const noted = await this.#cache.kdcOffset();
    if (noted !== undefined && this.context.settings.correctSkew) {
      this.context.clock.shift(noted.seconds * 1000 + Math.round(noted.microseconds / 1000));
    }
  }

  #now(): number {
    return this.context.clock.seconds();
  }
}

interface CachedTgt {
  /** Whose the cache is, where there is one. */
  readonly owner: Principal | undefined;
  readonly found: Credentials | undefined;
  /** What to say where nothing was found. */
  readonly why: KerberosError;
}

function splitOffset(milliseconds: number): KdcOffset {
  const seconds = Math.trunc(milliseconds / 1000);
  return { seconds, microseconds: Math.round(milliseconds - seconds * 1000) * 1000 };
}
