import { hash } from 'node:crypto';

/**
 * Values of which there are few kinds and many copies: each kind is kept once. `V` tells apart
 * equal octets that mean different things.
 */
export class Pool<T, V extends string> {
  readonly #known = new Map<string, T>();
  readonly #make: (bytes: Uint8Array, variant: V) => T;

  /** `make` gets a copy that it may keep: what comes from the wire is part of a larger buffer. */
  constructor(make: (bytes: Uint8Array, variant: V) => T) {
    this.#make = make;
  }

  /** What was made of these octets. */
  of(bytes: Uint8Array, variant: V): T {
    // Found by a hash that nobody can aim at: what stands in a descriptor may be an attacker's.
    const key = variant + hash('sha256', bytes, 'base64');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = this.#make(bytes.slice(), variant);
    this.#known.set(key, made);
    return made;
  }

  get size(): number {
    return this.#known.size;
  }

  values(): Iterable<T> {
    return this.#known.values();
  }
}
