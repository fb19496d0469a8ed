import { isIPv4 } from 'node:net';

/** A token bucket: `burst` octets at once, `rate` a second. */
export interface Allowance {
  readonly burst: number;
  readonly rate: number;
}

/** How much may be sent. */
export interface RateLimitOptions {
  readonly perSource: Allowance;
  readonly total: Allowance;
  /** Sources that are kept. */
  readonly maxSources: number;
}

interface Bucket {
  left: number;
  /** When it was last looked at, in milliseconds. */
  at: number;
}

/** Bounds the octets that are sent to sources which may be forged. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #total: Bucket;
  /** Those looked at last stand last. */
  readonly #sources = new Map<string, Bucket>();

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#total = { left: options.total.burst, at: 0 };
  }

  /** Sources kept now. */
  get sources(): number {
    return this.#sources.size;
  }

  /** Whether so many octets may go to an address now (milliseconds); if so, they are counted. */
  take(address: string, octets: number, now: number): boolean {
    const { perSource, total } = this.#options;
    const bucket = this.#bucketOf(sourceOf(address), now);
    refill(bucket, perSource, now);
    refill(this.#total, total, now);
    if (bucket.left < octets || this.#total.left < octets) return false;
    bucket.left -= octets;
    this.#total.left -= octets;
    return true;
  }

  #bucketOf(source: string, now: number): Bucket {
    const found = this.#sources.get(source);
    if (found !== undefined) this.#sources.delete(source);
    else if (this.#sources.size >= this.#options.maxSources) {
      const [oldest] = this.#sources.keys();
      if (oldest !== undefined) this.#sources.delete(oldest);
    }
    const bucket = found ?? { left: this.#options.perSource.burst, at: now };
    this.#sources.set(source, bucket);
    return bucket;
  }
}

function refill(bucket: Bucket, { burst, rate }: Allowance, now: number): void {
  // A clock that was set back gives nothing, and takes nothing away.
  const elapsed = Math.max(0, now - bucket.at);
  bucket.left = Math.min(burst, bucket.left + (elapsed * rate) / 1000);
  bucket.at = now;
}

/** The network of an address: /24 of IPv4, /56 of IPv6 as far as its text tells. */
function sourceOf(address: string): string {
  const v4 = address.startsWith('::ffff:') ? address.slice(7) : address;
  if (isIPv4(v4)) return v4.slice(0, v4.lastIndexOf('.'));
  return address.split(':').slice(0, 4).join(':').slice(0, -2);
}
