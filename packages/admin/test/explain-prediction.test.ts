// What explain predicts equals what the KDC does (MS-SFU 3.2.5.1, 3.2.5.2), for every kind of user,
// evidence, middle and descriptor.
import type { KdcProfile } from '@doublehop/delegation/profiles';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { ntStatusValue } from '@doublehop/security/ntstatus';
import { describe, expect, test } from 'vitest';
import type { DomainConnection } from '../src/connection.ts';
import { readHop, readMiddle, readParty, readTarget } from '../src/explain/explain.ts';
import type { HopFacts } from '../src/explain/hop-facts.ts';
import { type Prediction, predictHop } from '../src/explain/predict.ts';
import { type Proof, proveHop } from '../src/prove/prove.ts';
import { connectHops } from './support/hop-connection.ts';
import {
  EVIDENCE,
  type EvidenceCase,
  FORMS,
  MIDDLES,
  type MiddleKind,
  targetName,
  USERS,
  type UserKind,
} from './support/hop-cases.ts';
import { type HopDomain, middleAccount, startHopDomain } from './support/hop-domain.ts';

const REALM = 'CONTOSO.COM';

/** Facts and clients of every hop, each read or made once. */
class Table {
  readonly #domain: HopDomain;
  readonly #clients = new Map<string, KerberosClient>();
  readonly #facts: (user: UserKind, middle: MiddleKind, target: number) => HopFacts;

  private constructor(domain: HopDomain, facts: Table['facts']) {
    this.#domain = domain;
    this.#facts = facts;
  }

  static async read(domain: HopDomain, connection: DomainConnection, profile: KdcProfile) {
    const connections = { middles: connection, targets: connection };
    const now = Date.now();
    const question = { user: 'normal', middle: 'computer', target: 'cifs/t00', profile };
    const first = await readHop(connections, question, now);
    const users = await byName(USERS, (name) =>
      readParty(connection, `CN=${name},CN=Users,DC=contoso,DC=com`, now),
    );
    const middles = await byName(MIDDLES, (kind) =>
      readMiddle(connections, middleAccount(kind), now),
    );
    const targets = await byName(Object.keys(FORMS), async (form) => {
      const name = targetName(Object.keys(FORMS).indexOf(form));
      return await readTarget(connections, { target: `cifs/${name}` }, now);
    });
    const forms = Object.keys(FORMS);
    return new Table(domain, (user, middle, target) => ({
      ...first,
      user: got(users, user),
      userName: `${user}@${REALM}`,
      middle: got(middles, middle),
      target: got(targets, forms[target] ?? ''),
    }));
  }

  facts(user: UserKind, middle: MiddleKind, target: number): HopFacts {
    return this.#facts(user, middle, target);
  }

  predict(user: UserKind, middle: MiddleKind, evidence: EvidenceCase, target: number): Prediction {
    return predictHop({
      ...this.facts(user, middle, target),
      evidence: evidence === 's4u2self' ? 'protocol-transition' : 'kerberos',
      forwardableAsked: evidence !== 'own-not-forwardable',
    });
  }

  async prove(
    user: UserKind,
    middle: MiddleKind,
    evidence: EvidenceCase,
    target: number,
  ): Promise<Proof> {
    const account = middleAccount(middle);
    return await proveHop({
      userClient:
        evidence === 's4u2self'
          ? undefined
          : this.#client(user, evidence !== 'own-not-forwardable'),
      user: principal(REALM, NameType.PRINCIPAL, user),
      middleClient: this.#client(account, true),
      middle: principal(REALM, NameType.PRINCIPAL, account),
      target: principal(REALM, NameType.SRV_INST, 'cifs', targetName(target)),
    });
  }

  #client(account: string, forwardable: boolean): KerberosClient {
    const key = `${account} ${forwardable}`;
    const known = this.#clients.get(key) ?? this.#domain.client(account, forwardable);
    this.#clients.set(key, known);
    return known;
  }
}

/** A hop that came out otherwise than it was predicted, in a line. */
function difference(name: string, prediction: Prediction, proof: Proof): string[] {
  const detail = proof.steps.at(-1)?.error?.detail;
  const { refusal, outcome } = prediction;
  const status = refusal?.status === undefined ? undefined : ntStatusValue(refusal.status);
  const same =
    outcome === proof.outcome && refusal?.code === detail?.errorCode && status === detail?.ntStatus;
  if (same) return [];
  const seen = `${proof.outcome} ${detail?.errorCode} ${detail?.ntStatus} ${detail?.errorText}`;
  return [`${name}: predicted ${outcome} ${refusal?.reason} (${refusal?.code}), seen ${seen}`];
}

async function compareAll(
  table: Table,
  users: readonly UserKind[],
  middles: readonly MiddleKind[],
): Promise<{ readonly differences: string[]; readonly outcomes: Map<string, number> }> {
  const differences: string[] = [];
  const outcomes = new Map<string, number>();
  for (const user of users) {
    for (const middle of middles) {
      for (const evidence of EVIDENCE) {
        for (const [target, form] of Object.keys(FORMS).entries()) {
          const prediction = table.predict(user, middle, evidence, target);
          const proof = await table.prove(user, middle, evidence, target);
          differences.push(
            ...difference([user, evidence, middle, form].join(' / '), prediction, proof),
          );
          const word = prediction.refusal?.reason ?? prediction.mode ?? '';
          outcomes.set(word, (outcomes.get(word) ?? 0) + 1);
          // A client that is refused its TGT is refused it for every target.
          if (proof.steps.length < 3 && prediction.stages.length < 2) break;
        }
      }
    }
  }
  return { differences, outcomes };
}

describe.each<[KdcProfile, readonly UserKind[], readonly MiddleKind[]]>([
  ['windows', USERS, MIDDLES],
  ['windows-legacy', ['normal', 'sensitive'], ['computer', 'trusted', 'other-list']],
  ['samba', ['normal', 'protected'], ['computer', 'trusted']],
])('with a KDC as %s', (profile, users, middles) => {
  test('every hop comes out as predicted', async () => {
    const domain = await startHopDomain(profile);
    const connection = await connectHops(domain);
    try {
      const table = await Table.read(domain, connection, profile);
      const { differences, outcomes } = await compareAll(table, users, middles);
      expect(differences).toEqual([]);
      expect([...outcomes.keys()]).toEqual(expect.arrayContaining(['rbcd', 'rbcd-not-listed']));
      if (profile === 'windows') expect(outcomes.size).toBeGreaterThan(10);
    } finally {
      await connection.close();
      await domain.close();
    }
  });
});

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
