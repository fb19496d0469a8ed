import type { RandomSource } from '@doublehop/crypto/random';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import type { KdcTransport } from '@doublehop/kerberos/client/context';
import { type Evidence, s4u2proxy } from '@doublehop/kerberos/client/s4u2proxy';
import type { ClientSecret } from '@doublehop/kerberos/client/secret';
import { type Credentials, isExpired } from '@doublehop/kerberos/credentials';
import { KerberosError, type KerberosErrorDetail } from '@doublehop/kerberos/errors';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import { formatName, formatPrincipal, type Principal } from '@doublehop/kerberos/names';
import { LabError } from '../errors.ts';
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
  readonly timeouts?: LsaTimeouts;
}

/** How somebody logged on. */
export type LogonType = 'service' | 'network';

/** One logon session, as `klist sessions` lists it. */
export interface LogonSession {
  /** LUID. */
  readonly id: number;
  readonly type: LogonType;
  readonly user: string;
  /** The ticket with which a user came: evidence for S4U2Proxy. */
  readonly evidence: Evidence | undefined;
}

/** A failure as the negative caches keep it. */
export interface Failure {
  readonly message: string;
  readonly detail: KerberosErrorDetail;
}

/** A ticket that S4U2Proxy brought, and until when (milliseconds) it is used again. */
interface S4uTicket {
  readonly credentials: Credentials;
  readonly until: number;
}

/** What a purge removed. */
export interface Purged {
  readonly tickets: number;
  readonly negative: number;
}

/**
 * The local security authority of a host, as far as Kerberos goes: logon sessions with their
 * tickets, the broker that gets tickets for others by S4U, and the caches that remember what
 * failed. Everything that a restart of the host would forget is in here.
 */
export class Lsa {
  readonly #options: LsaOptions;
  readonly #timeouts: LsaTimeouts;
  readonly #clients = new Map<number, KerberosClient>();
  readonly #caches = new Map<number, ReturnType<typeof memoryCache>>();
  readonly #sessions = new Map<number, LogonSession>();
  readonly #spnFailures: NegativeCache<Failure>;
  readonly #s4uFailures: NegativeCache<Failure>;
  readonly #s4uTickets = new Map<string, S4uTicket>();
  #nextId = FIRST_LUID;

  constructor(options: LsaOptions) {
    this.#options = options;
    this.#timeouts = options.timeouts ?? DEFAULT_TIMEOUTS;
    this.#spnFailures = new NegativeCache(this.#timeouts.spnCache, options.clock);
    this.#s4uFailures = new NegativeCache(this.#timeouts.s4uCache, options.clock);
    this.#open(LogonId.SYSTEM, 'SYSTEM');
    this.#open(LogonId.NETWORK_SERVICE, 'NETWORK SERVICE');
  }

  /** Sessions, the well-known ones first. */
  sessions(): readonly LogonSession[] {
    return [...this.#sessions.values()];
  }

  /** A network logon: somebody proved who they are with a ticket to this host. */
  logOn(evidence: Evidence): LogonSession {
    const session: LogonSession = {
      id: this.#nextId,
      type: 'network',
      user: formatPrincipal(evidence.client),
      evidence,
    };
    this.#nextId += LUID_STEP;
    this.#sessions.set(session.id, session);
    return session;
  }

  /** Ends a network logon. */
  logOff(id: number): void {
    if (this.#sessions.get(id)?.type === 'network') this.#sessions.delete(id);
  }

  /** A ticket of the computer itself, through one of its sessions. */
  async serviceTicket(id: number, server: Principal): Promise<Credentials> {
    const client = this.#clients.get(id);
    if (client === undefined) throw new RangeError(`no service logon ${luid(id)}`);
    const key = formatPrincipal(server).toLowerCase();
    const known = this.#spnFailures.find(key);
    if (known !== undefined) throw repeated('SPN', known);
    return this.#noting(this.#spnFailures, key, () => client.getServiceTicket(server));
  }

  /**
   * A ticket of a logged-on user to a target: S4U2Proxy with the user's own ticket as evidence, in
   * the name of the computer. A refusal is repeated until its negative entry ends or is purged.
   */
  async delegate({ evidence, user }: LogonSession, target: Principal): Promise<Credentials> {
    if (evidence === undefined) throw new RangeError(`${user} did not come with a ticket`);
    const key = `${user} to ${formatPrincipal(target)}`.toLowerCase();
    const ready = this.#s4uTicket(key);
    if (ready !== undefined) return ready;
    const known = this.#s4uFailures.find(key);
    if (known !== undefined) throw repeated('S4U', known);
    const client = this.#clients.get(LogonId.SYSTEM);
    if (client === undefined) throw new RangeError('no SYSTEM logon');
    const credentials = await this.#noting(this.#s4uFailures, key, async () =>
      s4u2proxy(client.context, { tgt: await client.getTgt(), evidence, target }),
    );
    const until = this.#options.clock() + this.#timeouts.s4uTicket;
    this.#s4uTickets.set(key, { credentials, until });
    return credentials;
  }

  /** Tickets of a session; those of S4U belong to SYSTEM, which got them. */
  async tickets(id: number): Promise<readonly Credentials[]> {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new RangeError(`no logon session ${luid(id)}`);
    const own = await this.#own(id);
    if (id !== LogonId.SYSTEM) return own;
    const now = this.#options.clock();
    const s4u = [...this.#s4uTickets.values()].filter(({ until }) => until > now);
    return [...own, ...s4u.map(({ credentials }) => credentials)];
  }

  /** Failures that are still repeated. */
  negative(id: number): {
    readonly spn: readonly NegativeEntry<Failure>[];
    readonly s4u: readonly NegativeEntry<Failure>[];
  } {
    const system = id === LogonId.SYSTEM;
    return {
      spn: system ? this.#spnFailures.list() : [],
      s4u: system ? this.#s4uFailures.list() : [],
    };
  }

  /** `klist purge -li ID`: forgets the session's tickets and what its look-ups failed on. */
  async purge(id: number): Promise<Purged> {
    const tickets = (await this.tickets(id)).length;
    await this.#caches.get(id)?.destroy();
    if (id !== LogonId.SYSTEM) return { tickets, negative: 0 };
    this.#s4uTickets.clear();
    return { tickets, negative: this.#spnFailures.clear() + this.#s4uFailures.clear() };
  }

  #open(id: number, user: string): void {
    const { machine, secret, transport, clock, random } = this.#options;
    const cache = memoryCache(`MEMORY:${luid(id)}`);
    const account = { client: machine, secret };
    this.#caches.set(id, cache);
    this.#clients.set(id, new KerberosClient({ transport, clock, random, cache, account }));
    this.#sessions.set(id, { id, type: 'service', user, evidence: undefined });
  }

  async #own(id: number): Promise<readonly Credentials[]> {
    try {
      return (await this.#caches.get(id)?.list()) ?? [];
    } catch (error) {
      // A session that has not needed a ticket yet has an empty cache.
      if (error instanceof KerberosError && error.code === 'no-credentials') return [];
      throw error;
    }
  }

  #s4uTicket(key: string): Credentials | undefined {
    const known = this.#s4uTickets.get(key);
    if (known === undefined) return undefined;
    const now = this.#options.clock();
    if (known.until > now && !isExpired(known.credentials, now / 1000)) return known.credentials;
    this.#s4uTickets.delete(key);
    return undefined;
  }

  /** Notes a KDC's refusal; that no KDC could be reached says nothing and is not noted. */
  async #noting<T>(
    failures: NegativeCache<Failure>,
    key: string,
    ask: () => Promise<T>,
  ): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof KerberosError && isLasting(error)) {
        failures.add(key, { message: error.message, detail: error.detail });
      }
      throw error;
    }
  }
}

/** `0x3e7`. */
export function luid(id: number): string {
  return `0x${id.toString(16)}`;
}

/** The text form of the name that a ticket is for. */
export function serverName({ server }: Credentials): string {
  return formatName(server.name);
}

const FIRST_LUID = 0x4c1d0;
/** LUIDs of logons are not dense on a real host. */
const LUID_STEP = 0x1f3;

function isLasting({ detail }: KerberosError): boolean {
  return (
    detail.errorCode === ErrorCode.KDC_ERR_BADOPTION ||
    detail.errorCode === ErrorCode.KDC_ERR_S_PRINCIPAL_UNKNOWN
  );
}

function repeated(kind: 'SPN' | 'S4U', { why, until }: NegativeEntry<Failure>): LabError {
  const message = `${why.message} (repeated from the negative ${kind} cache)`;
  return new LabError('negative-cache', message, { refusal: why.detail, until });
}
