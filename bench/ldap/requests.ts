// Requests of each case, encoded before the clock runs.
import { pagedResults } from '@doublehop/ldap/controls';
import { equals, everything, type Filter } from '@doublehop/ldap/filter';
import type { Operation } from '@doublehop/ldap/messages/message';
import { MessageType } from '@doublehop/ldap/messages/message';
import { decodeBer } from '@doublehop/wire/der';
import type { Order } from './messages.ts';
import { accountName, dnOf, factsOf, isComputer, sample, serviceName } from './population.ts';
import { type Connection, messageOf } from './wire.ts';

/** What is asked of each entry that is found: the same of every server. */
const ATTRIBUTES = ['sAMAccountName', 'objectSid', 'displayName', 'dNSHostName'];
const PAGE = 1000;
/** Entries whose SIDs are looked up for searches by SID. */
const SIDS = 2000;

/** Messages of a round; searches of everything are one by one (see `readAll`). */
export async function buildRequests(
  order: Order,
  connection: Connection,
): Promise<readonly Uint8Array[]> {
  const { kind, size, requests, round } = order;
  const numbers = sample(size, requests, round * 7919);
  const operations = await operationsOf(kind, numbers, order, connection);
  return operations.map((operation, index) => messageOf(index + 1, operation));
}

async function operationsOf(
  kind: Order['kind'],
  numbers: readonly number[],
  order: Order,
  connection: Connection,
): Promise<readonly Operation[]> {
  const { base, size, requests, round } = order;
  switch (kind) {
    case 'spn':
      return numbers.map((number) => {
        const computer = isComputer(number) ? number : Math.max(2, number - 1);
        return search(base, 'subtree', equals('servicePrincipalName', serviceName(computer)));
      });
    case 'sid': {
      const sids = await sidsOf(numbers.slice(0, SIDS), base, connection);
      return numbers.map((_, index) => {
        const sid = sids[index % sids.length] ?? new Uint8Array();
        return search(base, 'subtree', equals('objectSid', sid));
      });
    }
    case 'dn':
      return numbers.map((number) => search(dnOf(number, base), 'base', everything));
    case 'account':
      return numbers.map((number) =>
        search(base, 'subtree', equals('sAMAccountName', accountName(number))),
      );
    case 'unindexed':
      return numbers.map((number) =>
        search(base, 'subtree', equals('description', `entry ${number}`)),
      );
    case 'modify':
      return numbers.map((number) => modify(dnOf(number, base), `changed in ${round}`));
    case 'add':
      return Array.from({ length: requests }, (_, index) => {
        // Beyond the population, other numbers in each round.
        const number = size + round * requests + index + 1;
        return add(dnOf(number, base), factsOf(number));
      });
    case 'paged':
      return [];
  }
}

function search(baseObject: string, scope: 'base' | 'subtree', filter: Filter): Operation {
  const limits = { derefAliases: 'never', sizeLimit: 0, timeLimit: 0, typesOnly: false } as const;
  const value = { baseObject, scope, ...limits, filter, attributes: ATTRIBUTES };
  return { kind: 'searchRequest', value };
}

function modify(object: string, text: string): Operation {
  const modification = { type: 'description', values: [Buffer.from(text)] };
  const changes = [{ operation: 'replace', modification }] as const;
  return { kind: 'modifyRequest', value: { object, changes } };
}

export function add(entry: string, facts: ReturnType<typeof factsOf>): Operation {
  const attributes = Object.entries(facts).map(([type, values]) => ({
    type,
    values: values.map((value) => Buffer.from(value)),
  }));
  return { kind: 'addRequest', value: { entry, attributes } };
}

async function sidsOf(
  numbers: readonly number[],
  base: string,
  connection: Connection,
): Promise<readonly Uint8Array[]> {
  const sids: Uint8Array[] = [];
  connection.onEntry = (message) => {
    const { operation } = decodeBer(MessageType, message);
    if (operation.kind !== 'searchEntry') return;
    const found = operation.value.attributes.find(({ type }) => type === 'objectSid');
    const [sid] = found?.values ?? [];
    if (sid !== undefined) sids.push(new Uint8Array(sid));
  };
  for (const number of numbers)
    await connection.ask(search(dnOf(number, base), 'base', everything));
  connection.onEntry = undefined;
  if (sids.length === 0) throw new Error('the server shows no SIDs');
  return sids;
}

/** Reads the whole directory, page by page. */
export async function readAll(base: string, connection: Connection): Promise<void> {
  let cookie: Uint8Array = new Uint8Array();
  do {
    const control = pagedResults.encode({ size: PAGE, cookie });
    const { code, controls } = await connection.ask(search(base, 'subtree', everything), [control]);
    if (code !== '0') throw new Error(`a page ended with ${code}`);
    const answer = controls.find(({ type }) => type === pagedResults.oid);
    cookie = new Uint8Array(pagedResults.decode(answer?.value).cookie);
  } while (cookie.length > 0);
}
