import { hash } from 'node:crypto';
import { MAX_REPLAY_ENTRIES } from '../limits.ts';

/** What a replay cache says: `full` means that it can remember no more, so it must be refused. */
export type ReplayVerdict = 'fresh' | 'replayed' | 'full';

/** An authenticator that proved right otherwise. */
export interface SeenAuthenticator {
  /** Its ciphertext. */
  readonly cipher: Uint8Array;
  /** Seconds since 1970 until which its time is within the clock skew; forgotten after. */
  readonly expires: number;
}

/**
 * Remembers authenticators while they are valid (RFC 4120 §3.2.3, §10). Acceptors of the same keys
 * share one.
 */
export interface ReplayCache {
  /** Remembers the authenticator, unless it is known or there is no room. `now` in seconds. */
  check(seen: SeenAuthenticator, now: number): ReplayVerdict;
}

/** Size of a replay cache. */
export interface ReplayCacheOptions {
  readonly maxEntries?: number;
}

/**
 * A replay cache in memory: a SHA-256 of each authenticator, grouped by the minute in which it
 * expires, so that forgetting costs nothing. When it is full it refuses: forgetting early would
 * open the door that it closes, and only those whose authenticators decrypt can fill it.
 */
export function memoryReplayCache(options: ReplayCacheOptions = {}): ReplayCache {
  return new MemoryReplayCache(options.maxEntries ?? MAX_REPLAY_ENTRIES);
}

const GROUP_SECONDS = 60;

class MemoryReplayCache implements ReplayCache {
  readonly #max: number;
  readonly #groups = new Map<number, Set<string>>();
  #size = 0;
  /** The group that was current at the last sweep. */
  #swept = 0;

  constructor(max: number) {
    this.#max = max;
  }

  check({ cipher, expires }: SeenAuthenticator, now: number): ReplayVerdict {
    this.#sweep(Math.floor(now / GROUP_SECONDS));
    const digest = hash('sha256', cipher, 'base64');
    // The same authenticator has the same time, so it can only stand in the same group.
    const group = Math.floor(expires / GROUP_SECONDS);
    const known = this.#groups.get(group);
    if (known?.has(digest) === true) return 'replayed';
    if (this.#size >= this.#max) return 'full';
    if (known === undefined) this.#groups.set(group, new Set([digest]));
    else known.add(digest);
    this.#size += 1;
    return 'fresh';
  }

  #sweep(current: number): void {
    if (current <= this.#swept) return;
    this.#swept = current;
    for (const [group, digests] of this.#groups) {
      if (group >= current) continue;
      this.#groups.delete(group);
      this.#size -= digests.size;
    }
  }
}
