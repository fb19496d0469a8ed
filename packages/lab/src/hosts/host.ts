import { type ClientSecret, secretFromKeytab } from '@doublehop/kerberos/client/secret';
import type { KdcTransport } from '@doublehop/kerberos/client/context';
import { memoryReplayCache, type ReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import { keytabKeys, type ServiceKeys } from '@doublehop/kerberos/gss/service-keys';
import { negotiateClient } from '@doublehop/kerberos/http/negotiate-client';
import type { NegotiateIdentity } from '@doublehop/kerberos/http/negotiate-server';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import type { KeytabEntry } from '@doublehop/kerberos/keytab';
import { formatName, type Principal, principal } from '@doublehop/kerberos/names';
import type { Token } from '@doublehop/security/access-check';
import { fromUtf8 } from '@doublehop/wire/bytes';
import { LabError } from '../errors.ts';
import { isRecord, parseJson } from '../folder/state.ts';
import { Lsa } from '../lsa/lsa.ts';
import { type System, systemTimer } from '../process/system.ts';
import { type SecondHopSettings, WINDOWS_SECOND_HOP } from '../sessions/credential.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { fullName, hostAccount, realmOf, type Scenario } from '../scenario.ts';
import type { Hop, WhoAmI } from './answers.ts';
import { type Computer, makeComputer } from './computer.ts';
import { identityOf, type UserIdentity } from './identity.ts';
import type { KeptAdministrators } from './kept-administrators.ts';
import { LocalGroups } from './local-groups.ts';
import { type Network, NO_NETWORK } from './network.ts';
import { lookupOf } from './lookup.ts';

/** What a host of the lab is made of. */
export interface HostOptions extends System {
  readonly scenario: Scenario;
  /** `ServerB`. */
  readonly name: string;
  /** The keytab of its account. */
  readonly keytab: readonly KeytabEntry[];
  readonly transport: KdcTransport;
  /** As Windows does where absent. */
  readonly secondHop?: SecondHopSettings;
  /** The other hosts; without it there are none. */
  readonly network?: Network;
  /** Where changes of its local administrators are kept; without it they end with the process. */
  readonly administrators?: KeptAdministrators;
}

/** Where another host's web service is. */
export interface HopTarget {
  /** `ServerC`. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Service class of the ticket to ask for; HTTP for a web service. */
  readonly service: string;
}

/**
 * A computer of the domain: its account's keys, its LSA, the sessions of its users, what is on it,
 * and what its web service does.
 */
export class Host {
  readonly name: string;
  readonly keys: ServiceKeys;
  readonly replayCache: ReplayCache = memoryReplayCache();
  /** Sessions that are open, of whatever kind. */
  readonly sessions = new Set<HostSession>();
  readonly secondHop: SecondHopSettings;
  /** Who has local rights beside what the domain gives. */
  readonly localGroups: LocalGroups;
  /** The computer's account. */
  readonly machine: Principal;
  readonly #options: HostOptions;
  readonly #secret: ClientSecret;
  #lsa: Lsa;
  #computer: Computer | undefined;
  #booted = 0;
  #virtualAccounts = 0;

  constructor(options: HostOptions) {
    const { name, scenario, keytab, secondHop = WINDOWS_SECOND_HOP } = options;
    this.name = name;
    this.keys = keytabKeys(keytab);
    this.secondHop = secondHop;
    this.localGroups = new LocalGroups(scenario, name, options.administrators);
    this.#options = options;
    this.machine = principal(realmOf(scenario), NameType.PRINCIPAL, hostAccount(name));
    this.#secret = secretFromKeytab(keytab, this.machine);
    this.#lsa = this.#boot();
  }

  get scenario(): Scenario {
    return this.#options.scenario;
  }

  /** The host's clock, its randomness. */
  get system(): System {
    return this.#options;
  }

  /** The other hosts of the lab. */
  get network(): Network {
    return this.#options.network ?? NO_NETWORK;
  }

  /** What is on the computer: files, processes, services, log. */
  get computer(): Computer {
    this.#computer ??= makeComputer(this.scenario, this.name, this.#booted);
    return this.#computer;
  }

  /** The host's own SPN, which it logs its users on with. */
  get ownService(): Principal {
    const { scenario, name } = this;
    return principal(realmOf(scenario), NameType.SRV_INST, 'host', fullName(scenario, name));
  }

  /** What somebody may do on this computer: what the PAC says, and local groups. */
  tokenFor(identity: UserIdentity): Token {
    return this.localGroups.token(identity);
  }

  /** A number that no virtual account of this computer has had. */
  nextVirtualAccount(): number {
    this.#virtualAccounts += 1;
    return this.#virtualAccounts;
  }

  get lsa(): Lsa {
    return this.#lsa;
  }

  /** Forgets every logon, ticket and failure, as the computer's restart does. */
  restart(): void {
    this.shutDown();
    this.#lsa = this.#boot();
    this.#computer = undefined;
  }

  /** Logs everybody off and overwrites what the LSA holds; only `restart` is possible after it. */
  shutDown(): void {
    for (const session of this.sessions) session.logOff();
    this.#lsa.close();
  }

  /** Whom this host sees in a caller. Throws LabError `identity`. */
  whoAmI(caller: NegotiateIdentity): WhoAmI {
    const service = formatName(caller.server.name);
    return { host: this.name, service, ...identityOf(caller, this.keys) };
  }

  /**
   * Calls another host as the caller: the double hop. The ticket that the caller came with is the
   * evidence for S4U2Proxy. Throws as `Lsa.delegate` and the HTTP client do.
   */
  async hop(caller: NegotiateIdentity, target: HopTarget): Promise<Hop> {
    const { user } = identityOf(caller, this.keys);
    const { principal: client, ticket, ticketPart } = caller;
    const lsa = this.#lsa;
    const session = lsa.logOn({ client, ticket, flags: ticketPart.flags });
    try {
      const credentials = await lsa.delegate(session, this.#service(target));
      const saw = await this.#call(target, async () => credentials);
      return { middle: this.name, user, target: target.name, saw };
    } finally {
      lsa.logOff(session.id);
    }
  }

  /** Calls another host with a ticket of one of this host's own sessions. */
  async call(id: number, target: HopTarget): Promise<WhoAmI> {
    return this.#call(target, () => this.#lsa.serviceTicket(id, this.#service(target)));
  }

  #boot(): Lsa {
    const { transport, clock, random, timer = systemTimer } = this.#options;
    this.#booted = clock();
    const { machine } = this;
    return new Lsa({ machine, secret: this.#secret, transport, clock, random, timer });
  }

  #service({ name, service }: HopTarget): Principal {
    const { scenario } = this.#options;
    const host = fullName(scenario, name);
    return principal(realmOf(scenario), NameType.SRV_INST, service, host);
  }

  async #call(
    { name, address, port }: HopTarget,
    getServiceTicket: Parameters<typeof negotiateClient>[0]['getServiceTicket'],
  ): Promise<WhoAmI> {
    const { scenario, clock, random } = this.#options;
    const lookup = lookupOf(address);
    const client = negotiateClient({ getServiceTicket, clock, random, lookup });
    const { status, body } = await client.fetch(
      `http://${fullName(scenario, name)}:${port}/whoami`,
    );
    const answer = parseJson(fromUtf8(body));
    if (status === 200 && isWhoAmI(answer)) return answer;
    const words = isRecord(answer) ? String(answer['words']) : 'what it said cannot be understood';
    throw new LabError('identity', `${name} answered ${status}: ${words}`);
  }
}

/** Whether a JSON value is what `/whoami` answers. */
export function isWhoAmI(value: unknown): value is WhoAmI {
  if (!isRecord(value)) return false;
  const { host, service, user, principal: client, sid, groups, via } = value;
  return (
    [host, service, user, client, sid].every((one) => typeof one === 'string') &&
    [groups, via].every((list) => Array.isArray(list) && list.every(isText))
  );
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
