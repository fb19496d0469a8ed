import { type Filter, equals } from '@doublehop/ldap/filter';
import { entriesOf } from '../directory-client.ts';
import type { DomainConnection } from '../connection.ts';
import {
  type HopConnections,
  type HopQuestion,
  readHop,
  readMiddle,
  readTarget,
} from './explain.ts';
import { DEFAULT_CONCURRENCY } from '../limits.ts';
import type { HopFacts } from './hop-facts.ts';
import { type Prediction, predictHop } from './predict.ts';

/** One hop of a table. */
export interface TableRow {
  readonly facts: HopFacts;
  readonly prediction: Prediction;
}

/** A question about many hops of one user. */
export interface TableQuestion extends Omit<HopQuestion, 'middle' | 'target'> {
  /** Identities. */
  readonly middles: readonly string[];
  readonly targets: readonly string[];
}

/**
 * Every middle to every target, row by row: the user is read once, and so is each of the others.
 * `now` in milliseconds. Throws as `explainHop`.
 */
export async function* explainTable(
  connections: HopConnections,
  { middles, targets, ...question }: TableQuestion,
  now: number,
): AsyncGenerator<TableRow> {
  const [firstMiddle, firstTarget] = [middles[0], targets[0]];
  if (firstMiddle === undefined || firstTarget === undefined) return;
  const one = { ...question, middle: firstMiddle, target: firstTarget };
  const first = await readHop(connections, one, now);
  const aims = [first.target];
  for (const target of targets.slice(1)) {
    aims.push(await readTarget(connections, { ...question, target }, now));
  }
  for (let at = 0; at < middles.length; at += DEFAULT_CONCURRENCY) {
    const some = middles.slice(at, at + DEFAULT_CONCURRENCY);
    const read = await Promise.all(some.map((text) => readMiddle(connections, text, now)));
    for (const middle of read) {
      for (const target of aims) {
        const facts = { ...first, middle, target };
        yield { facts, prediction: predictHop(facts) };
      }
    }
  }
}

/**
 * DNs of every account that can be a middle: computers, managed service accounts, and users with
 * an SPN, as they come.
 */
export async function* findMiddles({ client, domain }: DomainConnection): AsyncGenerator<string> {
  const named: Filter = { kind: 'present', attribute: 'servicePrincipalName' };
  const computers = equals('objectClass', 'computer');
  const items = client.searchAll({
    base: domain.namingContext,
    filter: { kind: 'or', filters: [named, computers] },
    attributes: ['objectClass'],
  });
  for await (const { dn } of entriesOf(items)) yield dn;
}
