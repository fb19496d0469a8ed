import { equal } from '@doublehop/wire/bytes';
import { RETRANSMIT_BUCKETS, RETRANSMIT_BYTES, RETRANSMIT_LIFE } from '../limits.ts';

/**
 * Replies to recent datagrams: a client that lost a reply sends the same octets again and gets the
 * same reply, without a second ticket or audit event (RFC 4120 §3.1.2). Bounded in octets and age;
 * a newer request may push an older one out.
 *
 * Octets are copied into one ring that lives as long as the KDC: thousands of buffers that live for
 * seconds each are what a garbage collector likes least.
 */
export class Retransmits {
  readonly #ring = new Uint8Array(RETRANSMIT_BYTES);
  /** Octets ever written: a place in the ring is this number modulo its size. */
  #written = 0;
  // The newest request of each bucket: where it was written, its size, its reply's, and when.
  readonly #starts = new Float64Array(RETRANSMIT_BUCKETS);
  readonly #requestSizes = new Uint32Array(RETRANSMIT_BUCKETS);
  readonly #replySizes = new Uint32Array(RETRANSMIT_BUCKETS);
  readonly #times = new Float64Array(RETRANSMIT_BUCKETS);

  /** The reply to exactly this request, if it is recent. `now` is in milliseconds. */
  find(request: Uint8Array, now: number): Uint8Array | undefined {
    const bucket = bucketOf(request);
    const size = this.#requestSizes[bucket] ?? 0;
    if (size !== request.length || size === 0) return undefined;
    const start = this.#starts[bucket] ?? 0;
    const overwritten = this.#written - start > RETRANSMIT_BYTES;
    if (overwritten || now - (this.#times[bucket] ?? 0) > RETRANSMIT_LIFE) return undefined;
    const at = start % RETRANSMIT_BYTES;
    const end = at + size;
    if (!equal(this.#ring.subarray(at, end), request)) return undefined;
    return this.#ring.slice(end, end + (this.#replySizes[bucket] ?? 0));
  }

  /** Keeps copies of a request and its reply. */
  keep(request: Uint8Array, reply: Uint8Array, now: number): void {
    const size = request.length + reply.length;
    if (size > RETRANSMIT_BYTES) return;
    const bucket = bucketOf(request);
    const left = RETRANSMIT_BYTES - (this.#written % RETRANSMIT_BYTES);
    const start = size > left ? this.#written + left : this.#written;
    const at = start % RETRANSMIT_BYTES;
    this.#ring.set(request, at);
    this.#ring.set(reply, at + request.length);
    this.#written = start + size;
    this.#starts[bucket] = start;
    this.#requestSizes[bucket] = request.length;
    this.#replySizes[bucket] = reply.length;
    this.#times[bucket] = now;
  }
}

/** Below this size every octet counts for the bucket, above it one of eight: ciphers suffice. */
const SHORT = 512;

/** FNV-1a: a bucket, not a proof. The octets are compared. */
function bucketOf(request: Uint8Array): number {
  const step = request.length < SHORT ? 1 : 8;
  let hash = 0x811c_9dc5;
  for (let at = 0; at < request.length; at += step) {
    hash = Math.imul(hash ^ (request[at] ?? 0), 0x0100_0193);
  }
  return (hash ^ (hash >>> 16)) & (RETRANSMIT_BUCKETS - 1);
}
