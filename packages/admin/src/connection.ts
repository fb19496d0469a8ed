import type { DirectoryClient } from './directory-client.ts';
import { type DomainFacts, readDomain } from './domain.ts';
import { SidNames } from './names.ts';

/**
 * A domain to work on, through one controller: every read after a write goes to the controller that
 * took the write.
 */
export interface DomainConnection {
  readonly client: DirectoryClient;
  readonly domain: DomainFacts;
  readonly names: SidNames;
  /** How the controller was reached, for reports: `ldap://dc.contoso.com`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Reads what there is to know about the domain behind a client that is bound. */
export async function openDomain(client: DirectoryClient, url: string): Promise<DomainConnection> {
  const domain = await readDomain(client);
  return {
    client,
    domain,
    names: new SidNames(client, domain),
    url,
    close: async () => await client.close(),
  };
}
