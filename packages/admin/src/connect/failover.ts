import { setTimeout as pause } from 'node:timers/promises';
import type {
  ClientChange,
  ClientItem,
  Done,
  SearchAllOptions,
  SearchOptions,
} from '@doublehop/ldap/client/types';
import { LdapError } from '@doublehop/ldap/errors';
import type { DirectoryClient } from '../directory-client.ts';
import { AdminError } from '../errors.ts';
import { BUSY_PAUSE, BUSY_TRIES, MAX_SEEN_ENTRIES } from '../limits.ts';
import { isLost, placeOf, reasonOf } from './failure.ts';

/** A connection to one controller. */
export interface OpenController {
  readonly client: DirectoryClient;
  readonly url: string;
  /** DNS name of the controller, where it is known. */
  readonly controller: string | undefined;
}

/** How other controllers are reached. */
export interface FailoverOptions {
  /** Every controller, the best first. */
  readonly urls: readonly string[];
  /** Throws as `connect` does. */
  readonly open: (url: string) => Promise<OpenController>;
  /** Told that another controller is used from now on. */
  readonly onFailover?: ((event: FailoverEvent) => void) | undefined;
}

/** Another controller is used from now on. */
export interface FailoverEvent {
  readonly from: string;
  readonly to: string;
  /** `ECONNRESET`, `busy`. */
  readonly reason: string;
}

/**
 * A client of several controllers, one at a time. Reads go on at the next one where the one in use
 * is lost or busy. After the first write everything goes to the controller that took it, and to no
 * other: changes reach those later (MS-ADTS 3.1.1.1.14), and what was just written must not seem to
 * be missing. Where that controller is gone, reads fail and say so.
 *
 * Operations throw LdapError as a single client does, and AdminError `unreachable` where no
 * controller is left.
 */
export class FailoverClient implements DirectoryClient {
  readonly #options: FailoverOptions;
  #at: OpenController;
  /** The change to another controller that is under way. */
  #moving: Promise<void> | undefined;
  /** Writes that the controller in use was sent and did not refuse as busy. */
  #writes = 0;
  #closed = false;

  constructor(first: OpenController, options: FailoverOptions) {
    this.#at = first;
    this.#options = options;
  }

  /** The controller in use. */
  get current(): Pick<OpenController, 'url' | 'controller'> {
    return this.#at;
  }

  /** The controller that took writes of this run. */
  get wroteAt(): string | undefined {
    return this.#writes > 0 ? this.#at.url : undefined;
  }

  search(options: SearchOptions): AsyncGenerator<ClientItem, Done, void> {
    return this.#read((client) => client.search(options));
  }

  searchAll(options: SearchAllOptions): AsyncGenerator<ClientItem, Done, void> {
    return this.#read((client) => client.searchAll(options));
  }

  async whoAmI(): Promise<string> {
    for (let tries = 1; ; tries += 1) {
      const at = await this.#ready();
      try {
        return (await at.client.whoAmI?.()) ?? '';
      } catch (error) {
        await this.#leave(at, error, tries);
      }
    }
  }

  /**
   * Sends a modification once. Where the connection breaks, nobody knows whether it was made: that
   * is for the caller to find out. A controller that says that it is busy has not made it.
   */
  async modify(dn: string, changes: readonly ClientChange[]): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      const at = await this.#ready();
      // Counted before it is sent: reads that come meanwhile must not go elsewhere.
      this.#writes += 1;
      try {
        return await at.client.modify(dn, changes);
      } catch (error) {
        if (!isBusy(error)) throw error;
        this.#writes -= 1;
        if (tries >= BUSY_TRIES) throw error;
        // Where nothing was written any other controller may take it.
        if (this.#writes === 0) await this.#leave(at, error, tries);
        else await pause(BUSY_PAUSE);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#moving?.catch(() => undefined);
    await this.#at.client.close();
  }

  /**
   * Goes on with a search from its beginning at the next controller, without the entries that were
   * given already.
   */
  async *#read(
    start: (client: DirectoryClient) => AsyncGenerator<ClientItem, Done, void>,
  ): AsyncGenerator<ClientItem, Done, void> {
    // What was given already; undefined where it is too much to be remembered.
    let seen: Set<string> | undefined = new Set<string>();
    for (let tries = 1; ; tries += 1) {
      const at = await this.#ready();
      const items = start(at.client);
      try {
        for (;;) {
          const item = await items.next();
          if (item.done === true) return item.value;
          const { value } = item;
          if (value.kind === 'entry') {
            if (tries > 1 && seen?.has(value.dn) === true) continue;
            if (seen !== undefined && seen.size >= MAX_SEEN_ENTRIES) seen = undefined;
            seen?.add(value.dn);
          }
          yield value;
        }
      } catch (error) {
        if (seen === undefined) throw error;
        await this.#leave(at, error, tries);
      } finally {
        await items.return({ message: '', controls: [] });
      }
    }
  }

  async #ready(): Promise<OpenController> {
    await this.#moving;
    return this.#at;
  }

  /**
   * Changes to another controller because of an error, or throws it where it is not its fault.
   * Controllers that let everybody in and then break off must not keep an operation for ever.
   */
  async #leave(at: OpenController, error: unknown, tries: number): Promise<void> {
    if (!(error instanceof LdapError) || !(isLost(error) || isBusy(error))) throw error;
    if (this.#closed || tries > this.#options.urls.length) throw error;
    // Others that were waiting for the same controller have seen to it already.
    if (this.#at !== at) return;
    this.#moving ??= this.#move(at, error).finally(() => {
      this.#moving = undefined;
    });
    await this.#moving;
  }

  async #move(from: OpenController, error: LdapError): Promise<void> {
    const { urls, open, onFailover } = this.#options;
    const reason = isBusy(error) ? error.code : reasonOf(error);
    if (this.#writes > 0) {
      this.#at = await this.#again(from, error, reason);
      return;
    }
    await from.client.close().catch(() => undefined);
    const start = urls.indexOf(from.url) + 1;
    const others = [...urls.slice(start), ...urls.slice(0, Math.max(0, start - 1))];
    for (const url of others) {
      try {
        this.#at = await open(url);
        onFailover?.({ from: from.url, to: url, reason });
        return;
      } catch (failure) {
        if (!(failure instanceof AdminError) || failure.code !== 'unreachable') throw failure;
      }
    }
    const places = [from.url, ...others].map(placeOf).join(', ');
    const message = `${from.url} broke off (${reason}), and no other controller answers: ${places}`;
    throw new AdminError('unreachable', message, { subject: from.url, cause: error });
  }

  /** A new connection to the controller that has what was written. */
  async #again(
    { url, client }: OpenController,
    error: LdapError,
    reason: string,
  ): Promise<OpenController> {
    if (isBusy(error)) {
      await pause(BUSY_PAUSE);
      throw gone(url, reason, error);
    }
    await client.close().catch(() => undefined);
    try {
      return await this.#options.open(url);
    } catch (cause) {
      throw gone(url, reason, cause);
    }
  }
}

function gone(url: string, reason: string, cause: unknown): AdminError {
  const message =
    `${url}, which took the writes of this run, broke off (${reason}); nothing is read ` +
    'elsewhere, as other controllers may not have them yet: go on when it answers again';
  return new AdminError('unreachable', message, { subject: url, cause });
}

/** What a controller answers that shuts down or has too much to do (RFC 4511 Appendix A.2). */
function isBusy(error: unknown): error is LdapError {
  return error instanceof LdapError && (error.code === 'busy' || error.code === 'unavailable');
}
