/** Numbers that one bit each tells apart; of more, some are taken for others. */
const BITS = 1 << 22;
/** After so many newcomers all are strangers again, so that what was asked for once ages. */
const MAX_NEWCOMERS = BITS >>> 3;

/**
 * Decides what a cache is to keep: what is asked for a second time. Most of what is asked for once
 * in a large domain is not asked for again before it would have to go, and what is kept only to go
 * costs the garbage collector more than loading it did.
 */
export class Doorkeeper {
  readonly #seen = new Uint32Array(BITS >>> 5);
  #newcomers = 0;

  /** Whether a number was here before; it was from now on. */
  knows(id: number): boolean {
    const word = (id >>> 5) % this.#seen.length;
    const bit = 1 << (id & 31);
    const bits = this.#seen[word] ?? 0;
    if ((bits & bit) !== 0) return true;
    if (this.#newcomers === MAX_NEWCOMERS) {
      this.#seen.fill(0);
      this.#newcomers = 0;
    }
    this.#seen[word] = (this.#seen[word] ?? 0) | bit;
    this.#newcomers += 1;
    return false;
  }
}
