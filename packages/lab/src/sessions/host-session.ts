import type { Credentials } from '@doublehop/kerberos/credentials';
import { formatName, type Principal } from '@doublehop/kerberos/names';
import type { Token } from '@doublehop/security/access-check';
import type { Host } from '../hosts/host.ts';
import type { UserIdentity } from '../hosts/identity.ts';
import { LogonId, type LogonSession, type Lsa } from '../lsa/lsa.ts';
import { type CallerKind, type SessionCredential, wipeCredential } from './credential.ts';
import { anonymousRefusal, noLogonSession, refusedOn, sessionEnded } from './refusals.ts';

/** What a session is made of; the functions of `open-session` make it. */
export interface HostSessionParts {
  readonly host: Host;
  /** Whom programs of the session run as. */
  readonly identity: UserIdentity;
  /** Who connected: another than `identity` where a configuration says so. */
  readonly connected: UserIdentity;
  readonly logon: LogonSession;
  readonly credential: SessionCredential;
}

/**
 * A user's session on a host, as a remote command or a person at the keyboard has it. Whatever goes
 * out of it gets its ticket here, by what the session holds: never by the host's own key, unless
 * the session runs as the computer.
 */
export class HostSession {
  readonly host: Host;
  readonly identity: UserIdentity;
  readonly connected: UserIdentity;
  readonly #lsa: Lsa;
  readonly #logon: LogonSession;
  readonly #credential: SessionCredential;
  readonly #token: Token;
  readonly #atLogOff: (() => void)[] = [];
  #isOpen = true;

  constructor({ host, identity, connected, logon, credential }: HostSessionParts) {
    this.host = host;
    this.identity = identity;
    this.connected = connected;
    this.#lsa = host.lsa;
    this.#logon = logon;
    this.#credential = credential;
    this.#token = host.tokenFor(identity);
    host.sessions.add(this);
  }

  /** LUID of the logon. */
  get logonId(): number {
    return this.#logon.id;
  }

  get credentialKind(): SessionCredential['kind'] {
    return this.#credential.kind;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** For access checks on the host itself. */
  get token(): Token {
    return this.#token;
  }

  /**
   * A ticket to a server for a caller of this session. Throws LabError: `no-credentials` where
   * there is nothing to get it with, `refused` and `negative-cache` for what the KDC said, each
   * with the leg, the NTSTATUS and, where it is repeated, until when; KerberosError where no KDC
   * answers.
   */
  async ticketFor(caller: CallerKind, server: Principal): Promise<Credentials> {
    if (!this.#isOpen) throw sessionEnded();
    const { kind } = this.#credential;
    if (kind === 'none') {
      throw caller === 'redirector' ? anonymousRefusal(formatName(server.name)) : noLogonSession();
    }
    if (kind === 'evidence') return await this.#brokered(caller, server);
    return await this.#own(server);
  }

  /**
   * The TGT that goes along to a service that is trusted for delegation, as Windows' client hands
   * it over; undefined: the session has none, or the service is not to have it.
   */
  async forwardedTicket(service: Credentials): Promise<Credentials | undefined> {
    return this.#isOpen ? await this.#lsa.forwardedTicket(this.#logon.id, service) : undefined;
  }

  /** What else ends with the session; when that has happened, at once. */
  atLogOff(work: () => void): void {
    if (this.#isOpen) this.#atLogOff.push(work);
    else work();
  }

  /** Ends the session: its tickets, passwords and keys are gone. */
  logOff(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const work of this.#atLogOff.splice(0)) work();
    this.#lsa.logOff(this.#logon.id);
    wipeCredential(this.#credential);
    this.host.sessions.delete(this);
  }

  /** The LSA's broker asks as the computer, for callers that it does so for. */
  async #brokered(caller: CallerKind, server: Principal): Promise<Credentials> {
    const { evidence, brokerForPrograms } = this.host.secondHop;
    if (caller === 'in-session' && !brokerForPrograms) throw noLogonSession();
    try {
      return await this.#lsa.delegate(this.#logon, server, evidence);
    } catch (error) {
      throw refusedOn('s4u2proxy', error);
    }
  }

  async #own(server: Principal): Promise<Credentials> {
    try {
      return await this.#lsa.serviceTicket(this.#logon.id, server);
    } catch (error) {
      throw refusedOn('tgs', error);
    }
  }
}

/** Whether the LUID is of the computer itself, which administrators alone may look into. */
export function isSystemLogon(id: number): boolean {
  return id === LogonId.SYSTEM || id === LogonId.NETWORK_SERVICE;
}
