import { randomInt } from 'node:crypto';
import { pooledRandom } from '@doublehop/crypto/random';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import type { PrincipalName } from '@doublehop/kerberos/names';
import type { Case, Target } from './messages.ts';
import {
  asRequest,
  type BenchClient,
  type BenchRequest,
  type BenchTicket,
  nameOf,
  type RequestSource,
  s4u2proxyRequest,
  s4u2selfRequest,
  tgsRequest,
} from './requests.ts';
import {
  hostAccount,
  keyOf,
  middlesOf,
  REALM,
  type RealmSize,
  realmSize,
  serviceName,
  userName,
} from './realm.ts';

/** Clients that have a ticket-granting ticket, and evidence tickets, at most. */
const MAX_TICKETS = 1000;

/** Gets the reply to one request. */
export type Ask = (request: BenchRequest) => Promise<Uint8Array>;

/**
 * The requests for one KDC. Clients of AS, users of S4U and targets are random over all accounts,
 * or over those that are active; tickets that requests show are those of up to 1,000 random
 * clients, got once.
 */
export class Workload {
  readonly #size: RealmSize;
  readonly #active: number;
  readonly #ask: Ask;
  readonly #source: RequestSource;
  #userTgts: Promise<BenchTicket[]> | undefined;
  #middleTgts: Promise<ReadonlyMap<number, BenchTicket>> | undefined;
  #evidence: Promise<ReadonlyMap<number, readonly BenchTicket[]>> | undefined;

  constructor({ accounts, active = Infinity }: Pick<Target, 'accounts' | 'active'>, ask: Ask) {
    this.#size = realmSize(accounts);
    this.#active = active;
    this.#ask = ask;
    this.#source = { realm: REALM, random: pooledRandom(), micros: microsClock() };
  }

  /** Requests of a kind, each fresh. */
  async build(kind: Case, count: number): Promise<BenchRequest[]> {
    switch (kind) {
      case 'as':
        return this.#times(count, () => asRequest(this.#randomUser(), this.#source));
      case 'tgs': {
        this.#userTgts ??= this.#getUserTgts();
        const tgts = await this.#userTgts;
        return this.#times(count, () =>
          tgsRequest(pick(tgts), nameOf(serviceName(this.#randomHost())), this.#source),
        );
      }
      case 's4u2self': {
        const tgts = [...(await this.#getMiddles()).values()];
        return this.#times(count, () =>
          s4u2selfRequest(pick(tgts), this.#randomUser().name, this.#source),
        );
      }
      case 's4u2proxy': {
        this.#evidence ??= this.#getEvidence();
        const [tgts, evidence] = [await this.#getMiddles(), await this.#evidence];
        return this.#times(count, () => this.#proxyRequest(tgts, evidence));
      }
    }
  }

  #times(count: number, make: () => BenchRequest): BenchRequest[] {
    return Array.from({ length: count }, make);
  }

  #proxyRequest(
    tgts: ReadonlyMap<number, BenchTicket>,
    evidence: ReadonlyMap<number, readonly BenchTicket[]>,
  ): BenchRequest {
    const target = this.#randomHost();
    const middle = pick(middlesOf(target, this.#size));
    const tgt = tgts.get(middle);
    const shown = evidence.get(middle);
    if (tgt === undefined || shown === undefined) throw new Error(`no tickets of host${middle}`);
    return s4u2proxyRequest(tgt, pick(shown), nameOf(serviceName(target)), this.#source);
  }

  async #getUserTgts(): Promise<BenchTicket[]> {
    const tgts: BenchTicket[] = [];
    while (tgts.length < Math.min(MAX_TICKETS, this.#size.users)) {
      tgts.push(await this.#ticket(asRequest(this.#randomUser(), this.#source)));
    }
    return tgts;
  }

  #getMiddles(): Promise<ReadonlyMap<number, BenchTicket>> {
    this.#middleTgts ??= this.#getMiddleTgts();
    return this.#middleTgts;
  }

  async #getMiddleTgts(): Promise<ReadonlyMap<number, BenchTicket>> {
    const tgts = new Map<number, BenchTicket>();
    for (let number = 1; number <= this.#size.middles; number += 1) {
      const client = clientOf(hostAccount(number));
      tgts.set(number, await this.#ticket(asRequest(client, this.#source)));
    }
    return tgts;
  }

  /** S4U2Self tickets of random users to every middle. */
  async #getEvidence(): Promise<ReadonlyMap<number, readonly BenchTicket[]>> {
    const evidence = new Map<number, readonly BenchTicket[]>();
    const each = Math.ceil(MAX_TICKETS / this.#size.middles);
    for (const [number, tgt] of await this.#getMiddles()) {
      const tickets: BenchTicket[] = [];
      while (tickets.length < each) {
        const { name } = this.#randomUser();
        tickets.push(await this.#ticket(s4u2selfRequest(tgt, name, this.#source)));
      }
      evidence.set(number, tickets);
    }
    return evidence;
  }

  async #ticket(request: BenchRequest): Promise<BenchTicket> {
    return request.open(await this.#ask(request));
  }

  #randomUser(): BenchClient {
    return clientOf(userName(this.#randomNumber(this.#size.users)));
  }

  #randomHost(): number {
    return this.#randomNumber(this.#size.hosts);
  }

  /** Of all, or of those that are active, which are spread over all. */
  #randomNumber(all: number): number {
    const active = Math.min(all, this.#active);
    return 1 + Math.floor((randomInt(active) * all) / active);
  }
}

function clientOf(account: string): BenchClient {
  const name: PrincipalName = { nameType: NameType.PRINCIPAL, nameString: [account] };
  return { name, key: keyOf(account) };
}

function pick<T>(list: readonly T[]): T {
  // randomInt refuses an empty list.
  return list[randomInt(list.length)] as T;
}

/** Microseconds since 1970 that never repeat: a request must not look like another's replay. */
function microsClock(): () => number {
  let last = 0;
  return () => {
    last = Math.max(last + 1, Math.floor((performance.timeOrigin + performance.now()) * 1000));
    return last;
  };
}
