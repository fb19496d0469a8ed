// Hops predicted and made, each of the table of cases.
import type { KdcProfile } from '@doublehop/delegation/profiles';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { ntStatusValue } from '@doublehop/security/ntstatus';
import type { DomainConnection } from '../../src/connection.ts';
import { readHop, readMiddle, readParty, readTarget } from '../../src/explain/explain.ts';
import type { HopFacts } from '../../src/explain/hop-facts.ts';
import { type Prediction, predictHop } from '../../src/explain/predict.ts';
import { type Proof, proveHop } from '../../src/prove/prove.ts';
import { resolveAccount } from '../../src/resolve.ts';
import {
  type EvidenceCase,
  FORMS,
  type MiddleKind,
  targetName,
  type UserKind,
} from './hop-cases.ts';
import { middleAccount } from './hop-domain.ts';

/** A hop of the table. */
export interface HopCase {
  readonly user: UserKind;
  readonly middle: MiddleKind;
  readonly evidence: EvidenceCase;
  /** One of FORMS. */
  readonly form: string;
}

/** The domain in which the table is played. */
export interface TableDomain {
  readonly realm: string;
  readonly connection: DomainConnection;
  readonly profile: KdcProfile;
  readonly users: readonly UserKind[];
  readonly middles: readonly MiddleKind[];
  readonly client: (account: string, forwardable: boolean) => KerberosClient;
  /** The KDC knows PA-FOR-USER alone. */
  readonly compat?: boolean;
}

/** Facts and clients of every hop, each read or made once. */
export class HopTable {
  readonly #domain: TableDomain;
  readonly #clients = new Map<string, KerberosClient>();
  readonly #facts: (hop: HopCase) => HopFacts;

  private constructor(domain: TableDomain, facts: (hop: HopCase) => HopFacts) {
    this.#domain = domain;
    this.#facts = facts;
  }

  static async read(domain: TableDomain): Promise<HopTable> {
    const { connection, profile, realm } = domain;
    const connections = { middles: connection, targets: connection };
    const now = Date.now();
    const question = { user: 'normal', middle: 'computer$', target: 'cifs/t00', profile };
    const first = await readHop(connections, question, now);
    const users = await byName(domain.users, async (name) => {
      const { dn } = await resolveAccount(connection, name);
      return await readParty(connection, dn, now);
    });
    const middles = await byName(domain.middles, (kind) =>
      readMiddle(connections, middleAccount(kind), now),
    );
    const targets = await byName(Object.keys(FORMS), (form) =>
      readTarget(connections, { target: `cifs/${targetOf(form)}` }, now),
    );
    return new HopTable(domain, ({ user, middle, form }) => ({
      ...first,
      user: got(users, user),
      userName: `${user}@${realm}`,
      middle: got(middles, middle),
      target: got(targets, form),
    }));
  }

  predict(hop: HopCase): Prediction {
    return predictHop({
      ...this.#facts(hop),
      evidence: hop.evidence === 's4u2self' ? 'protocol-transition' : 'kerberos',
      forwardableAsked: hop.evidence !== 'own-not-forwardable',
    });
  }

  async prove({ user, middle, evidence, form }: HopCase): Promise<Proof> {
    const { realm, compat } = this.#domain;
    const account = middleAccount(middle);
    const own = evidence !== 's4u2self';
    return await proveHop({
      userClient: own ? this.#client(user, evidence === 'own') : undefined,
      user: principal(realm, NameType.PRINCIPAL, user),
      middleClient: this.#client(account, true),
      middle: principal(realm, NameType.PRINCIPAL, account),
      target: principal(realm, NameType.SRV_INST, 'cifs', targetOf(form)),
      compat,
    });
  }

  #client(account: string, forwardable: boolean): KerberosClient {
    const key = `${account} ${forwardable}`;
    const known = this.#clients.get(key) ?? this.#domain.client(account, forwardable);
    this.#clients.set(key, known);
    return known;
  }
}

/** What came of many hops. */
export interface Played {
  /** Hops that came out otherwise than predicted, a line each. */
  readonly differences: readonly string[];
  /** Hops that were refused with another error or status than predicted, a line each. */
  readonly otherReasons: readonly string[];
  /** How often each reason and mode was predicted. */
  readonly outcomes: ReadonlyMap<string, number>;
}

/** Predicts and makes hops, one after the other. */
export async function play(table: HopTable, hops: Iterable<HopCase>): Promise<Played> {
  const differences: string[] = [];
  const otherReasons: string[] = [];
  const outcomes = new Map<string, number>();
  for (const hop of hops) {
    const prediction = table.predict(hop);
    const proof = await table.prove(hop);
    const line = `${Object.values(hop).join(' / ')}: ${said(prediction, proof)}`;
    if (prediction.outcome !== proof.outcome) differences.push(line);
    else if (!sameReason(prediction, proof)) otherReasons.push(line);
    const word = prediction.refusal?.reason ?? prediction.mode ?? '';
    outcomes.set(word, (outcomes.get(word) ?? 0) + 1);
  }
  return { differences, otherReasons, outcomes };
}

function sameReason({ refusal }: Prediction, { steps }: Proof): boolean {
  const detail = steps.at(-1)?.error?.detail;
  const status = refusal?.status === undefined ? undefined : ntStatusValue(refusal.status);
  return refusal?.code === detail?.errorCode && status === detail?.ntStatus;
}

function said({ outcome, refusal }: Prediction, { steps, outcome: seen }: Proof): string {
  const detail = steps.at(-1)?.error?.detail;
  const status = detail?.ntStatus?.toString(16);
  const predicted = `predicted ${outcome} ${refusal?.reason ?? ''} ${refusal?.code ?? ''}`;
  const text = `${seen} ${detail?.errorCode ?? ''} ${status ?? ''} ${detail?.errorText ?? ''}`;
  return `${predicted}, seen ${text}`;
}

function targetOf(form: string): string {
  return targetName(Object.keys(FORMS).indexOf(form));
}

async function byName<K extends string, T>(
  names: readonly K[],
  read: (name: K) => Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  const found = new Map<string, T>();
  for (const name of names) found.set(name, await read(name));
  return found;
}

function got<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new Error(`no ${name}`);
  return value;
}
