import { hasControl } from '@doublehop/delegation/account-control';
import { textOf, textsOf, valuesOf } from '@doublehop/ldap/client/entry';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import { equals } from '@doublehop/ldap/filter';
import { decodeSid, type Sid } from '@doublehop/security/sid';
import { utf8 } from '@doublehop/wire/bytes';
import type { DomainConnection } from '../connection.ts';
import { entriesOf } from '../directory-client.ts';
import { readSpnMappings } from '../explain/target-facts.ts';
import { SPNS_PER_SEARCH } from '../limits.ts';
import { hashOf } from './spn-table.ts';

/** Whoever has a service principal name. */
export interface ServiceHolder {
  readonly name: string;
  readonly dn: string;
  readonly sid: Sid | undefined;
  readonly isController: boolean;
}

/** Who has each of many service principal names, as a KDC would find them. */
export type FoundServices = ReadonlyMap<string, readonly ServiceHolder[]>;

/**
 * Looks up service names, many at a time: each by itself, and those that nobody has under the class
 * that stands for theirs (sPNMappings, MS-ADTS 6.1.1.2.4.1.1). Keys are in lower case.
 */
export async function findServices(
  connection: DomainConnection,
  spns: Iterable<string>,
): Promise<FoundServices> {
  const wanted = [...new Set([...spns].map((spn) => spn.toLowerCase()))];
  const found = await holdersOf(connection, wanted);
  const missing = wanted.filter((spn) => !found.has(spn));
  if (missing.length === 0) return found;
  const mappings = await readSpnMappings(connection);
  const stands = new Map<string, string>();
  for (const spn of missing) {
    const slash = spn.indexOf('/');
    const stand = slash < 0 ? undefined : mappings.get(spn.slice(0, slash));
    if (stand !== undefined) stands.set(spn, `${stand.toLowerCase()}${spn.slice(slash)}`);
  }
  const through = await holdersOf(connection, [...new Set(stands.values())]);
  for (const [spn, stand] of stands) {
    const holders = through.get(stand);
    if (holders !== undefined) found.set(spn, holders);
  }
  return found;
}

/** A name that several accounts have. */
export interface DuplicateName {
  readonly spn: string;
  readonly holders: readonly ServiceHolder[];
}

/** Turns suspicions into names: accounts whose names have one of these hashes are read again. */
export async function findDuplicates(
  connection: DomainConnection,
  suspects: ReadonlySet<number>,
): Promise<readonly DuplicateName[]> {
  if (suspects.size === 0) return [];
  const names = new Map<string, { spn: string; holders: ServiceHolder[] }>();
  const { client, domain } = connection;
  const items = client.searchAll({
    base: domain.namingContext,
    filter: { kind: 'present', attribute: 'servicePrincipalName' },
    attributes: ATTRIBUTES,
  });
  for await (const entry of entriesOf(items)) {
    for (const spn of textsOf(entry, 'servicePrincipalName')) {
      if (!suspects.has(hashOf(utf8(spn)))) continue;
      const key = spn.toLowerCase();
      const known = names.get(key) ?? { spn, holders: [] };
      known.holders.push(holderOf(entry));
      names.set(key, known);
    }
  }
  return [...names.values()].filter(({ holders }) => holders.length > 1);
}

const ATTRIBUTES = ['sAMAccountName', 'userAccountControl', 'servicePrincipalName', 'objectSid'];

async function holdersOf(
  { client, domain }: DomainConnection,
  spns: readonly string[],
): Promise<Map<string, ServiceHolder[]>> {
  const found = new Map<string, ServiceHolder[]>();
  for (let at = 0; at < spns.length; at += SPNS_PER_SEARCH) {
    const some = spns.slice(at, at + SPNS_PER_SEARCH);
    const asked = new Set(some);
    const filters = some.map((spn) => equals('servicePrincipalName', spn));
    const base = domain.namingContext;
    const filter = { kind: 'or', filters } as const;
    for await (const entry of entriesOf(
      client.searchAll({ base, filter, attributes: ATTRIBUTES }),
    )) {
      for (const spn of textsOf(entry, 'servicePrincipalName')) {
        const key = spn.toLowerCase();
        if (asked.has(key)) found.set(key, [...(found.get(key) ?? []), holderOf(entry)]);
      }
    }
  }
  return found;
}

function holderOf(entry: ClientEntry): ServiceHolder {
  const control = Number(textOf(entry, 'userAccountControl') ?? '0') | 0;
  const [sid] = valuesOf(entry, 'objectSid');
  return {
    name: textOf(entry, 'sAMAccountName') ?? entry.dn,
    dn: entry.dn,
    sid: sid === undefined ? undefined : decodeSid(sid),
    isController:
      hasControl(control, 'SERVER_TRUST_ACCOUNT') || hasControl(control, 'PARTIAL_SECRETS_ACCOUNT'),
  };
}
