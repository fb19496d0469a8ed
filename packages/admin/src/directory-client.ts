import type {
  ClientChange,
  ClientEntry,
  ClientItem,
  Done,
  SearchAllOptions,
  SearchOptions,
} from '@doublehop/ldap/client/types';

/** What the operations of this package need of an LDAP client; LdapClient is one. */
export interface DirectoryClient {
  search(options: SearchOptions): AsyncGenerator<ClientItem, Done, void>;
  searchAll(options: SearchAllOptions): AsyncGenerator<ClientItem, Done, void>;
  modify(dn: string, changes: readonly ClientChange[]): Promise<unknown>;
  /** Who the server says we are (RFC 4532). */
  whoAmI?(): Promise<string>;
  close(): Promise<void>;
}

/** The entries of an answer; references to other directories are passed over. */
export async function* entriesOf(items: AsyncIterable<ClientItem>): AsyncGenerator<ClientEntry> {
  for await (const item of items) {
    if (item.kind === 'entry') yield item;
  }
}

/** The first entries of an answer, at most `limit`. */
export async function firstEntries(
  items: AsyncIterable<ClientItem>,
  limit: number,
): Promise<readonly ClientEntry[]> {
  const found: ClientEntry[] = [];
  for await (const entry of entriesOf(items)) {
    found.push(entry);
    if (found.length >= limit) break;
  }
  return found;
}
