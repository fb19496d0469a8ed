import { valuesOf } from '@doublehop/ldap/client/entry';
import { equals } from '@doublehop/ldap/filter';
import { decodeGuid, encodeGuid, type Guid } from '@doublehop/security/guid';
import { LdapError } from '@doublehop/ldap/errors';
import type { AttributeChange } from '../changes/change.ts';
import { readAttribute } from '../changes/write.ts';
import type { DomainConnection } from '../connection.ts';
import { entriesOf } from '../directory-client.ts';
import { SIDS_PER_SEARCH } from '../limits.ts';
import { checkWhole } from '../policy/lookup.ts';

/** An attribute of an entry as it is now. */
export interface Present {
  /** Where the entry is now; it may have been moved. */
  readonly dn: string;
  readonly values: readonly Uint8Array[];
}

/**
 * What stands in the directory now where changes were made, in their order; undefined for entries
 * that are gone. Entries are found by GUID, so that moved and renamed ones are.
 */
export async function readPresent(
  connection: DomainConnection,
  changes: readonly AttributeChange[],
): Promise<readonly (Present | undefined)[]> {
  const found = new Map<string, Present>();
  const byGuid = changes.flatMap(({ target: { guid }, attribute }) =>
    guid === undefined ? [] : { guid, attribute },
  );
  for (let at = 0; at < byGuid.length; at += SIDS_PER_SEARCH) {
    await search(connection, byGuid.slice(at, at + SIDS_PER_SEARCH), found);
  }
  const present: (Present | undefined)[] = [];
  for (const { target, attribute } of changes) {
    const { guid, dn } = target;
    const one =
      guid === undefined
        ? await byName(connection, dn, attribute)
        : found.get(key(guid, attribute));
    present.push(one);
  }
  return present;
}

interface Asked {
  readonly guid: Guid;
  readonly attribute: string;
}

function key(guid: Guid, attribute: string): string {
  return `${guid} ${attribute.toLowerCase()}`;
}

async function search(
  { client, domain }: DomainConnection,
  asked: readonly Asked[],
  found: Map<string, Present>,
): Promise<void> {
  const guids = [...new Set(asked.map(({ guid }) => guid))];
  const attributes = [...new Set(asked.map(({ attribute }) => attribute))];
  const items = client.searchAll({
    base: domain.namingContext,
    filter: { kind: 'or', filters: guids.map((guid) => equals('objectGUID', encodeGuid(guid))) },
    attributes: ['objectGUID', ...attributes],
  });
  for await (const entry of entriesOf(items)) {
    const [octets] = valuesOf(entry, 'objectGUID');
    if (octets === undefined) continue;
    const guid = decodeGuid(octets);
    for (const attribute of attributes) {
      checkWhole(entry, attribute);
      found.set(key(guid, attribute), { dn: entry.dn, values: valuesOf(entry, attribute) });
    }
  }
}

async function byName(
  connection: DomainConnection,
  dn: string,
  attribute: string,
): Promise<Present | undefined> {
  try {
    return { dn, values: await readAttribute(connection, dn, attribute) };
  } catch (error) {
    if (error instanceof LdapError && error.code === 'noSuchObject') return undefined;
    throw error;
  }
}
