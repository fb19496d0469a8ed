import { hash } from 'node:crypto';
import { equal } from '@doublehop/wire/bytes';
import { MAX_RETRANSMITS, RETRANSMIT_LIFE } from '../limits.ts';

/**
 * Replies to recent datagrams: a client that lost a reply sends the same octets again and gets the
 * same reply, without a second ticket or audit event (RFC 4120 §3.1.2). Bounded in number and age;
 * the oldest goes first.
 */
export class Retransmits {
  readonly #recent = new Map<string, { request: Uint8Array; reply: Uint8Array; at: number }>();

  /** The reply to exactly this request, if it is recent. `now` is in milliseconds. */
  find(request: Uint8Array, now: number): Uint8Array | undefined {
    const known = this.#recent.get(digest(request));
    if (known === undefined || now - known.at > RETRANSMIT_LIFE) return undefined;
    return equal(known.request, request) ? known.reply : undefined;
  }

  /** Keeps a reply; `request` must not change afterwards. */
  keep(request: Uint8Array, reply: Uint8Array, now: number): void {
    this.#recent.set(digest(request), { request, reply, at: now });
    if (this.#recent.size <= MAX_RETRANSMITS) return;
    const oldest = this.#recent.keys().next();
    if (oldest.done !== true) this.#recent.delete(oldest.value);
  }
}

/** SHA-1 is a bucket here, not a proof: the octets are compared. */
function digest(request: Uint8Array): string {
  return hash('sha1', request, 'binary');
}
