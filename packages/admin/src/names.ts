import { valuesOf } from '@doublehop/ldap/client/entry';
import { equals, type Filter } from '@doublehop/ldap/filter';
import { decodeSid, encodeSid, type Sid } from '@doublehop/security/sid';
import { ACCOUNT_ATTRIBUTES, ALLOWED_TO_ACT, accountOf, type Principal } from './account.ts';
import { type DirectoryClient, entriesOf } from './directory-client.ts';
import type { DomainFacts } from './domain.ts';
import { MAX_NAMES, SIDS_PER_SEARCH } from './limits.ts';
import { WELL_KNOWN_NAMES } from './well-known-names.ts';

const ATTRIBUTES = ACCOUNT_ATTRIBUTES.filter((name) => name !== ALLOWED_TO_ACT);

/** A SID with the name that people know it by. */
export interface NamedSid extends Principal {
  /** `CONTOSO\SERVERB$`, `NT AUTHORITY\SYSTEM`; the SID itself where nobody has it. */
  readonly display: string;
  /** Whether it was found. Orphans and principals of other domains are not. */
  readonly known: boolean;
}

/** The names of SIDs in one domain, looked up once each. */
export class SidNames {
  readonly #client: DirectoryClient;
  readonly #domain: DomainFacts;
  readonly #known = new Map<Sid, NamedSid>();

  constructor(client: DirectoryClient, domain: DomainFacts) {
    this.#client = client;
    this.#domain = domain;
  }

  /** Looks up all that are not known yet, many at a time. */
  async lookUp(sids: Iterable<Sid>): Promise<ReadonlyMap<Sid, NamedSid>> {
    const wanted = [...new Set(sids)];
    const missing = wanted.filter((sid) => !this.#known.has(sid) && !WELL_KNOWN_NAMES.has(sid));
    for (let at = 0; at < missing.length; at += SIDS_PER_SEARCH) {
      await this.#search(missing.slice(at, at + SIDS_PER_SEARCH));
    }
    return new Map(wanted.map((sid) => [sid, this.named(sid)]));
  }

  /** The name of one SID. */
  async nameOf(sid: Sid): Promise<string> {
    return (await this.lookUp([sid])).get(sid)?.display ?? sid;
  }

  /** What is known without asking: well-known SIDs, and those that were looked up before. */
  named(sid: Sid): NamedSid {
    const wellKnown = WELL_KNOWN_NAMES.get(sid);
    if (wellKnown !== undefined) return { sid, name: wellKnown, display: wellKnown, known: true };
    return this.#known.get(sid) ?? { sid, name: sid, display: sid, known: false };
  }

  /** Takes over an account that was read for another reason. */
  remember(account: Principal): void {
    if (this.#known.size >= MAX_NAMES) this.#known.clear();
    const { sid, name, dn, kind } = account;
    const display = `${this.#domain.netbiosName}\\${name}`;
    this.#known.set(sid, { sid, name, dn, kind, display, known: true });
  }

  async #search(sids: readonly Sid[]): Promise<void> {
    const filters: readonly Filter[] = sids.map((sid) => equals('objectSid', encodeSid(sid)));
    const items = this.#client.search({
      base: this.#domain.namingContext,
      filter: { kind: 'or', filters },
      attributes: ATTRIBUTES,
    });
    for await (const entry of entriesOf(items)) {
      const [sid] = valuesOf(entry, 'objectSid');
      // Without a name there is nothing to say about it: foreign principals have a SID alone.
      if (sid !== undefined && valuesOf(entry, 'sAMAccountName').length > 0) {
        this.remember(accountOf(entry));
        continue;
      }
      if (sid !== undefined) this.#unnamed(decodeSid(sid), entry.dn);
    }
  }

  #unnamed(sid: Sid, dn: string): void {
    this.#known.set(sid, { sid, name: sid, dn, kind: 'other', display: sid, known: true });
  }
}
