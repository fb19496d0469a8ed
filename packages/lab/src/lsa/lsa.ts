import type { RandomSource } from '@doublehop/crypto/random';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import type { KdcTransport } from '@doublehop/kerberos/client/context';
import { type Evidence, s4u2proxy } from '@doublehop/kerberos/client/s4u2proxy';
import { keepDelegated } from '@doublehop/kerberos/client/delegation';
import { s4u2self } from '@doublehop/kerberos/client/s4u2self';
import type { ClientSecret } from '@doublehop/kerberos/client/secret';
import { type Credentials, isExpired } from '@doublehop/kerberos/credentials';
import { KerberosError, type KerberosErrorDetail } from '@doublehop/kerberos/errors';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import { formatPrincipal, type Principal } from '@doublehop/kerberos/names';
import { LabError, type LabErrorDetail, type TicketLeg } from '../errors.ts';
import { LSA_SWEEP, MAX_LOGON_SESSIONS, MAX_S4U_TICKETS } from '../limits.ts';
import type { Timer } from '../process/system.ts';
import { NegativeCache, type NegativeEntry } from './negative-cache.ts';

/** Well-known logon sessions (MS-LSAD's LUIDs as `klist sessions` shows them). */
export const LogonId = {
  /** SYSTEM: the computer itself, whose tickets serve S4U. */
  SYSTEM: 0x3e7,
  /** NETWORK SERVICE: the account that WinRM and IIS run as; the computer's on the network. */
  NETWORK_SERVICE: 0x3e4,
} as const;

/** Registry values below `Lsa\Kerberos\Parameters`, in milliseconds. */
export interface LsaTimeouts {
  /** SpnCacheTimeout: how long "no such SPN" is repeated. */
  readonly spnCache: number;
  /** S4UCacheTimeout: how long a refused S4U request is repeated. */
  readonly s4uCache: number;
  /** S4UTicketLifetime: how long a ticket from S4U is used again. */
  readonly s4uTicket: number;
}

const QUARTER = 15 * 60 * 1000;

/** The defaults of Windows: 15 minutes each. */
export const DEFAULT_TIMEOUTS: LsaTimeouts = {
  spnCache: QUARTER,
  s4uCache: QUARTER,
  s4uTicket: QUARTER,
};

/** What an LSA is made of. */
export interface LsaOptions {
  /** The computer's account. */
  readonly machine: Principal;
  readonly secret: ClientSecret;
  readonly transport: KdcTransport;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  /** Puts off the sweep of what has ended. */
  readonly timer: Timer;
  readonly timeouts?: LsaTimeouts;
}

/** How somebody logged on. */
export type LogonType = 'service' | 'interactive' | 'network' | 'network-cleartext';

/**
 * What the broker brings to S4U2Proxy as evidence. `s4u2self`: a ticket that it gets anew, as
 * Windows does; `received`: the ticket that the user came with (MS-SFU 1.3.2), which alone serves a
 * middle that is trusted for Kerberos only.
 */
export type EvidenceSource = 's4u2self' | 'received';

/** One logon session, as `klist sessions` lists it. */
export interface LogonSession {
  /** LUID. */
  readonly id: number;
  readonly type: LogonType;
  /** `SYSTEM`, or `alice@CONTOSO.COM`. */
  readonly user: string;
  /** The ticket with which a user came over the network: evidence for S4U2Proxy. */
  readonly evidence: Evidence | undefined;
}

/** A failure as the negative caches keep it. */
export interface Failure {
  /** What was asked for, as it was written. */
  readonly subject: string;
  readonly message: string;
  readonly detail: KerberosErrorDetail;
  readonly leg: TicketLeg;
}

/** The failures that a session still repeats. */
export interface NegativeEntries {
  readonly spn: readonly NegativeEntry<Failure>[];
  readonly s4u: readonly NegativeEntry<Failure>[];
}

/** What a purge removed. */
export interface Purged {
  readonly tickets: number;
  readonly negative: number;
}

/** A ticket that S4U2Proxy brought, and until when (milliseconds) it is used again. */
interface S4uTicket {
  readonly credentials: Credentials;
  readonly until: number;
}

/** A session that gets tickets of its own. */
interface Holder {
  readonly client: KerberosClient;
  readonly cache: ReturnType<typeof memoryCache>;
}

/**
 * The local security authority of a host, as far as Kerberos goes: logon sessions with their
 * tickets, the broker that gets tickets for others by S4U, and the caches that remember what
 * failed. Everything that a restart of the host would forget is in here.
 */
export class Lsa {
  readonly #options: LsaOptions;
  readonly #timeouts: LsaTimeouts;
  readonly #sessions = new Map<number, LogonSession>();
  readonly #holders = new Map<number, Holder>();
  readonly #spnFailures: NegativeCache<Failure>;
  readonly #s4uFailures: NegativeCache<Failure>;
  readonly #s4uTickets = new Map<string, S4uTicket>();
  /** The client that asks for S4U: SYSTEM's. */
  readonly #system: KerberosClient;
  #nextId = FIRST_LUID;
  #stopSweep: (() => void) | undefined;

  constructor(options: LsaOptions) {
    this.#options = options;
    this.#timeouts = options.timeouts ?? DEFAULT_TIMEOUTS;
    this.#spnFailures = new NegativeCache(this.#timeouts.spnCache, options.clock);
    this.#s4uFailures = new NegativeCache(this.#timeouts.s4uCache, options.clock);
    this.#system = this.#openService(LogonId.SYSTEM, 'SYSTEM');
    this.#openService(LogonId.NETWORK_SERVICE, 'NETWORK SERVICE');
  }

  /** Sessions, the well-known ones first. */
  sessions(): readonly LogonSession[] {
    return [...this.#sessions.values()];
  }

  /** The session of a LUID. Throws LabError `unknown-session`. */
  session(id: number): LogonSession {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    throw new LabError('unknown-session', `there is no logon session ${luid(id)}`);
  }

  /** A network logon: somebody proved who they are with a ticket to this host. */
  logOn(evidence: Evidence): LogonSession {
    return this.#open('network', formatPrincipal(evidence.client), evidence);
  }

  /** A network logon of somebody who handed over a TGT (RFC 4120 §2.6). */
  async logOnForwarded(tgt: Credentials, evidence: Evidence): Promise<LogonSession> {
    const session = this.#open('network', formatPrincipal(tgt.client), evidence);
    const holder = this.#holder(session.id, undefined);
    this.#holders.set(session.id, holder);
    // The connection that it came over has its own, and ends at another time.
    await keepDelegated(ownKey(tgt), holder.cache);
    return session;
  }

  /** A network logon of somebody who left nothing to get tickets with. */
  logOnAnonymously(user: string): LogonSession {
    return this.#open('network', user, undefined);
  }

  /** A local account that is the computer on the network: a virtual account. */
  logOnVirtually(user: string): LogonSession {
    const session = this.#open('service', user, undefined);
    const { machine, secret } = this.#options;
    this.#holders.set(session.id, this.#holder(session.id, { client: machine, secret }));
    return session;
  }

  /**
   * A logon with a secret that the session keeps, to get a TGT again when the first has ended.
   * Throws KerberosError as an AS exchange does.
   */
  async logOnWith(
    user: Principal,
    secret: ClientSecret,
    type: Exclude<LogonType, 'network'>,
  ): Promise<LogonSession> {
    const holder = this.#holder(this.#nextId, { client: user, secret });
    const { client } = await holder.client.getTgt();
    return this.#hold(type, client, holder);
  }

  /**
   * An interactive logon: a person at this host gives a password. Throws KerberosError as an AS
   * exchange does.
   */
  async logOnInteractively(user: Principal, secret: ClientSecret): Promise<LogonSession> {
    const holder = this.#holder(this.#nextId, undefined);
    const { credentials } = await holder.client.login(user, secret);
    return this.#hold('interactive', credentials.client, holder);
  }

  /** Everybody is logged off; tickets, keys and failures are gone. */
  close(): void {
    for (const id of [...this.#holders.keys(), ...this.#sessions.keys()]) this.#end(id);
    this.#dropS4u(() => true);
    this.#spnFailures.clear();
    this.#s4uFailures.clear();
    this.#stopSweep?.();
    this.#stopSweep = undefined;
  }

  /** Ends a logon and forgets its tickets; those of services last. */
  logOff(id: number): void {
    if (!isWellKnown(id)) this.#end(id);
  }

  #end(id: number): void {
    this.#sessions.delete(id);
    const holder = this.#holders.get(id);
    this.#holders.delete(id);
    if (holder !== undefined) wipe(holder);
  }

  /**
   * A ticket for a session that has tickets of its own. Throws LabError `refused`, or
   * `negative-cache` while an SPN that was not found is remembered; KerberosError for what is no
   * answer of the KDC.
   */
  async serviceTicket(id: number, server: Principal): Promise<Credentials> {
    const { user } = this.session(id);
    const holder = this.#holders.get(id);
    if (holder === undefined) {
      throw new LabError('unknown-session', `${user} came over the network and has no tickets`);
    }
    const subject = formatPrincipal(server);
    const key = subject.toLowerCase();
    const known = this.#spnFailures.find(key);
    if (known !== undefined) throw repeated('SPN', known);
    return this.#noting({ failures: this.#spnFailures, key, subject, leg: 'tgs' }, () =>
      holder.client.getServiceTicket(server),
    );
  }

  /**
   * A TGT to hand to a service, by a ticket for it that the session has: where the KDC says that
   * the service may have one (OK-AS-DELEGATE), and the session's own is forwardable.
   */
  async forwardedTicket(id: number, service: Credentials): Promise<Credentials | undefined> {
    return this.#holders.get(id)?.client.delegate(service);
  }

  /**
   * A ticket of a logged-on user to a target: S4U2Proxy in the name of the computer (MS-SFU
   * 3.1.5.2), with the user's own ticket as evidence or with one by S4U2Self. A refusal is repeated
   * until its negative entry ends or is purged. Throws as `serviceTicket` does.
   */
  async delegate(
    { evidence, user }: LogonSession,
    target: Principal,
    source: EvidenceSource = 'received',
  ): Promise<Credentials> {
    if (evidence === undefined) {
      throw new LabError('unknown-session', `${user} did not come with a ticket`);
    }
    const subject = `${user} to ${formatPrincipal(target)}`;
    // What one kind of evidence brought, or was refused, says nothing of the other.
    const key = `${source} ${subject.toLowerCase()}`;
    const ready = this.#s4uTicket(key);
    if (ready !== undefined) return ready;
    const known = this.#s4uFailures.find(key);
    if (known !== undefined) throw repeated('S4U', known);
    const tgt = await this.#machineTgt();
    const { context } = this.#system;
    const own = source === 'received' ? undefined : await this.#selfTicket(evidence.client, tgt);
    // Only the ticket is evidence: nobody talks to this computer with its key.
    own?.key.bytes.fill(0);
    // The RBCD bit of PA-PAC-OPTIONS is always set, as Windows does (MS-SFU 3.1.5.2.1).
    const credentials = await this.#noting(
      { failures: this.#s4uFailures, key, subject, leg: 's4u2proxy' },
      () => s4u2proxy(context, { tgt, evidence: own ?? evidence, target }),
    );
    this.#keepS4u(key, credentials);
    return credentials;
  }

  async #machineTgt(): Promise<Credentials> {
    try {
      return await this.#system.getTgt();
    } catch (error) {
      if (!(error instanceof KerberosError) || error.detail.errorCode === undefined) throw error;
      const { message, detail } = error;
      throw new LabError('refused', message, { ...ticketDetail('as', detail), cause: error });
    }
  }

  /** S4U2Self: the broker's own evidence (MS-SFU 3.1.5.1). */
  async #selfTicket(user: Principal, tgt: Credentials): Promise<Credentials> {
    const failures = this.#s4uFailures;
    const subject = `${formatPrincipal(user)} to this computer`;
    const key = subject.toLowerCase();
    const known = failures.find(key);
    if (known !== undefined) throw repeated('S4U', known);
    return this.#noting({ failures, key, subject, leg: 's4u2self' }, () =>
      s4u2self(this.#system.context, { tgt, user }),
    );
  }

  /** Tickets of a session; those of S4U belong to SYSTEM, which got them. */
  async tickets(id: number): Promise<readonly Credentials[]> {
    this.session(id);
    const own = await this.#own(id);
    if (id !== LogonId.SYSTEM) return own;
    return [...own, ...this.s4uTickets()];
  }

  /** Tickets of users that this host may use again. */
  s4uTickets(): readonly Credentials[] {
    const now = this.#options.clock();
    const fresh = [...this.#s4uTickets.values()].filter(({ until }) => until > now);
    return fresh.map(({ credentials }) => credentials);
  }

  /** Failures that are still repeated; SYSTEM keeps them for all. */
  negative(id: number): NegativeEntries {
    this.session(id);
    const system = id === LogonId.SYSTEM;
    return {
      spn: system ? this.#spnFailures.list() : [],
      s4u: system ? this.#s4uFailures.list() : [],
    };
  }

  /** `klist purge -li ID`: forgets the session's tickets; SYSTEM's purge, all that failed too. */
  async purge(id: number): Promise<Purged> {
    const tickets = (await this.tickets(id)).length;
    // A cache that is destroyed stays usable: the next request begins with a new TGT.
    await this.#holders.get(id)?.cache.destroy();
    this.#holders.get(id)?.client.purge();
    if (id !== LogonId.SYSTEM) return { tickets, negative: 0 };
    this.#dropS4u(() => true);
    return { tickets, negative: this.#spnFailures.clear() + this.#s4uFailures.clear() };
  }

  /** Lets time pass for what is cached for minutes, as if the host had been left alone so long. */
  advance(milliseconds: number): void {
    this.#spnFailures.advance(milliseconds);
    this.#s4uFailures.advance(milliseconds);
    for (const [key, { credentials, until }] of this.#s4uTickets) {
      this.#s4uTickets.set(key, { credentials, until: until - milliseconds });
    }
    this.#sweep();
  }

  /** A logon whose TGT is there; without a place for it, the TGT goes again. */
  #hold(type: LogonType, client: Principal, holder: Holder): LogonSession {
    try {
      const session = this.#open(type, formatPrincipal(client), undefined);
      this.#holders.set(session.id, holder);
      return session;
    } catch (error) {
      wipe(holder);
      throw error;
    }
  }

  /** What is kept for minutes goes when they are over, asked for or not. */
  #sweep(): void {
    const now = this.#options.clock();
    // Who got one at the last moment has had time to use it.
    this.#dropS4u(({ until }) => until + LSA_SWEEP <= now);
    this.#spnFailures.sweep();
    this.#s4uFailures.sweep();
    this.#stopSweep?.();
    this.#stopSweep = undefined;
    this.#sweepLater();
  }

  /** There is a timer only while there is something to sweep. */
  #sweepLater(): void {
    const kept = this.#s4uTickets.size + this.#spnFailures.size + this.#s4uFailures.size;
    if (this.#stopSweep !== undefined || kept === 0) return;
    this.#stopSweep = this.#options.timer(LSA_SWEEP, () => this.#sweep());
  }

  #dropS4u(isOver: (ticket: S4uTicket) => boolean): void {
    for (const [key, ticket] of this.#s4uTickets) {
      if (!isOver(ticket)) continue;
      ticket.credentials.key.bytes.fill(0);
      this.#s4uTickets.delete(key);
    }
  }

  async #noting<T>(noted: Noted, ask: () => Promise<T>): Promise<T> {
    try {
      return await noting(noted, ask);
    } finally {
      this.#sweepLater();
    }
  }

  #openService(id: number, user: string): KerberosClient {
    const { machine, secret } = this.#options;
    const holder = this.#holder(id, { client: machine, secret });
    this.#holders.set(id, holder);
    this.#sessions.set(id, { id, type: 'service', user, evidence: undefined });
    return holder.client;
  }

  #open(type: LogonType, user: string, evidence: Evidence | undefined): LogonSession {
    if (this.#sessions.size >= MAX_LOGON_SESSIONS) {
      throw new LabError('unknown-session', 'the host has too many logon sessions');
    }
    const session: LogonSession = { id: this.#nextId, type, user, evidence };
    this.#nextId += LUID_STEP;
    this.#sessions.set(session.id, session);
    return session;
  }

  #holder(
    id: number,
    account: { readonly client: Principal; readonly secret: ClientSecret } | undefined,
  ): Holder {
    const { transport, clock, random } = this.#options;
    const cache = memoryCache(luid(id));
    return { cache, client: new KerberosClient({ transport, clock, random, cache, account }) };
  }

  async #own(id: number): Promise<readonly Credentials[]> {
    try {
      return (await this.#holders.get(id)?.cache.list()) ?? [];
    } catch (error) {
      // A session that has not needed a ticket yet has an empty cache.
      if (error instanceof KerberosError && error.code === 'no-credentials') return [];
      throw error;
    }
  }

  #keepS4u(key: string, credentials: Credentials): void {
    const [oldest] = this.#s4uTickets.keys();
    if (this.#s4uTickets.size >= MAX_S4U_TICKETS && oldest !== undefined) {
      this.#s4uTickets.delete(oldest);
    }
    const until = this.#options.clock() + this.#timeouts.s4uTicket;
    this.#s4uTickets.set(key, { credentials, until });
    this.#sweepLater();
  }

  #s4uTicket(key: string): Credentials | undefined {
    const known = this.#s4uTickets.get(key);
    if (known === undefined) return undefined;
    const now = this.#options.clock();
    if (known.until > now && !isExpired(known.credentials, now / 1000)) return known.credentials;
    this.#dropS4u((ticket) => ticket === known);
    return undefined;
  }
}

/** `0x3e7`. */
export function luid(id: number): string {
  return `0x${id.toString(16)}`;
}

/** Keys of one's own: they are overwritten when the session ends. */
function ownKey(credentials: Credentials): Credentials {
  const { etype, bytes } = credentials.key;
  return { ...credentials, key: { etype, bytes: bytes.slice() } };
}

const FIRST_LUID = 0x4c1d0;
/** LUIDs of logons are not dense on a real host. */
const LUID_STEP = 0x1f3;

/** What a refusal is noted as. */
interface Noted {
  readonly failures: NegativeCache<Failure>;
  readonly key: string;
  readonly subject: string;
  readonly leg: TicketLeg;
}

/** Notes a KDC's refusal; that no KDC could be reached says nothing and is not noted. */
async function noting<T>(
  { failures, key, subject, leg }: Noted,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof KerberosError) || !isLasting(error)) throw error;
    const { message, detail } = error;
    const { until } = failures.add(key, { subject, message, detail, leg });
    throw new LabError('refused', message, { ...ticketDetail(leg, detail), until, cause: error });
  }
}

function isLasting({ detail }: KerberosError): boolean {
  return (
    detail.errorCode === ErrorCode.KDC_ERR_BADOPTION ||
    detail.errorCode === ErrorCode.KDC_ERR_S_PRINCIPAL_UNKNOWN
  );
}

function repeated(kind: 'SPN' | 'S4U', { why, until }: NegativeEntry<Failure>): LabError {
  const message = `${why.message} (repeated from the negative ${kind} cache)`;
  return new LabError('negative-cache', message, { ...ticketDetail(why.leg, why.detail), until });
}

/** What a LabError tells of a KDC's refusal. */
export function ticketDetail(leg: TicketLeg, refusal: KerberosErrorDetail): LabErrorDetail {
  const { ntStatus } = refusal;
  return { leg, refusal, ...(ntStatus === undefined ? {} : { ntStatus }) };
}

function isWellKnown(id: number): boolean {
  return id === LogonId.SYSTEM || id === LogonId.NETWORK_SERVICE;
}

/** Session keys of a logon that has ended are overwritten; the tickets are of no use without. */
function wipe({ cache, client }: Holder): void {
  client.purge();
  void cache
    .list()
    .then((tickets) => {
      for (const { key } of tickets) key.bytes.fill(0);
      return cache.destroy();
    })
    // A session that never needed a ticket has nothing to wipe.
    .catch(() => undefined);
}
