import type { Entry } from '@doublehop/directory/entry';
import type { LdapError } from '@doublehop/ldap/errors';
import { CONTROLS } from '@doublehop/ldap/oids';
import { MAX_PAGED_SEARCHES, PAGED_SEARCH_LIFE } from '../limits.ts';
import { impossible } from './search/wish.ts';

/** A search that waits for its client to ask for the next page. */
export interface PagedSearch {
  readonly entries: Iterator<Entry | undefined>;
  /** Told that time has passed since the last page. */
  readonly eyes: { renew(): void };
  /** Equal for requests that may go on with it. */
  readonly request: string;
  /** Whose it is: another bind on the connection ends it. */
  readonly owner: object;
}

interface Parked extends PagedSearch {
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/**
 * The paged searches of one connection (RFC 2696 §3): iterators over the directory, not their
 * results. The oldest gives way to the newest where there are too many.
 */
export class PagedSearches {
  readonly #parked = new Map<number, Parked>();
  readonly #clock: () => number;
  #last = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#parked.size;
  }

  /** Keeps a search; the cookie names it. */
  park(search: PagedSearch): Uint8Array {
    const now = this.#clock();
    for (const [id, { expires }] of this.#parked) if (expires <= now) this.#end(id);
    const [oldest] = this.#parked.keys();
    if (this.#parked.size >= MAX_PAGED_SEARCHES && oldest !== undefined) this.#end(oldest);
    this.#last += 1;
    this.#parked.set(this.#last, { ...search, expires: now + PAGED_SEARCH_LIFE });
    return bytesOfNumber(this.#last);
  }

  /** Takes the search of a cookie; throws unavailableCriticalExtension where there is none. */
  take(cookie: Uint8Array, request: string, owner: object): PagedSearch {
    const id = numberOfBytes(cookie);
    const found = id === undefined ? undefined : this.#parked.get(id);
    if (id === undefined || found === undefined || found.expires <= this.#clock()) throw unknown();
    this.#parked.delete(id);
    if (found.request === request && found.owner === owner) return found;
    found.entries.return?.();
    throw unknown();
  }

  /** Ends every search: the connection is gone. */
  clear(): void {
    for (const id of this.#parked.keys()) this.#end(id);
  }

  #end(id: number): void {
    this.#parked.get(id)?.entries.return?.();
    this.#parked.delete(id);
  }
}

function unknown(): LdapError {
  return impossible(CONTROLS.pagedResults);
}

/** Cookies are opaque to clients; eight octets hold every number that a connection can reach. */
function bytesOfNumber(id: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, id);
  return bytes;
}

function numberOfBytes(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 8) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
}
