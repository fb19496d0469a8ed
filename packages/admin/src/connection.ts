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
  /** How the controller in use is reached, for reports: `ldap://dc.contoso.com`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Which controller is in use, where that may change: FailoverClient is one. */
export interface ControllerInUse {
  readonly current: { readonly url: string; readonly controller: string | undefined };
}

/** Reads what there is to know about the domain behind a client that is bound. */
export async function openDomain(
  client: DirectoryClient,
  url: string,
  inUse: ControllerInUse = { current: { url, controller: undefined } },
): Promise<DomainConnection> {
  const facts = await readDomain(client);
  const first = inUse.current.url;
  return {
    client,
    get domain() {
      const { current } = inUse;
      return current.url === first ? facts : { ...facts, controller: current.controller };
    },
    names: new SidNames(client, facts),
    get url() {
      return inUse.current.url;
    },
    close: async () => await client.close(),
  };
}
