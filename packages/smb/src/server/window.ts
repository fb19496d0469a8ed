import { malformed } from '../messages/cursor.ts';

/**
 * The message numbers that a client may use (MS-SMB2 3.3.1.1): those that were granted and not used
 * yet. What was used and lies between others is remembered; both are bounded.
 */
export class CreditWindow {
  readonly #most: number;
  /** Below it everything was used. */
  #low = 0n;
  #end = 1n;
  readonly #used = new Set<bigint>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Uses numbers. Throws SmbError `malformed` for one that is not the client's to use. */
  use(messageId: bigint, charge: number): void {
    const count = BigInt(Math.max(1, charge));
    if (messageId < this.#low || messageId + count > this.#end) {
      throw malformed(`message number ${messageId} was not granted`);
    }
    for (let id = messageId; id < messageId + count; id += 1n) {
      if (this.#used.has(id)) throw malformed(`message number ${id} was used before`);
      this.#used.add(id);
    }
    while (this.#used.delete(this.#low)) this.#low += 1n;
  }

  /** How many of the numbers that are asked for the client gets; one at least if it has none. */
  grant(wanted: number): number {
    const left = Number(this.#end - this.#low) - this.#used.size;
    // A number that is never used holds the window open: it grows to twice its size, no more.
    const room = Math.min(this.#most - left, 2 * this.#most - Number(this.#end - this.#low));
    const count = Math.max(left === 0 ? 1 : 0, Math.min(Math.max(1, wanted), room));
    this.#end += BigInt(count);
    return count;
  }
}
