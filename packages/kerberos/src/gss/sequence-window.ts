import type { GssStatus } from '../errors.ts';
import { REPLAY_WINDOW } from '../limits.ts';

/** Which faults of order matter: the flags REPLAY and SEQUENCE of the context. */
export interface OrderPolicy {
  readonly replay: boolean;
  readonly sequence: boolean;
}

/**
 * Watches the numbers of received tokens (RFC 2743 §1.2.3). With `sequence` each must be the next
 * one: on a stream a gap is an attack, not a supplementary status. With `replay` alone each may
 * come once, in any order, within REPLAY_WINDOW of the newest. Only what verified is counted.
 */
export class SequenceWindow {
  readonly #policy: OrderPolicy;
  readonly #first: number;
  #next: number;
  /** Bit n: the number `#next - 1 - n` was seen. */
  #seen = 0n;

  /** `first` is the number of the first token, as the peer's authenticator or AP-REP told. */
  constructor(first: number, policy: OrderPolicy) {
    this.#first = first;
    this.#next = first;
    this.#policy = policy;
  }

  /** Counts a number, or tells what is wrong with it and counts nothing. */
  take(number: number): GssStatus | undefined {
    if (this.#policy.sequence) return this.#takeNext(number);
    return this.#policy.replay ? this.#takeOnce(number) : undefined;
  }

  #takeNext(number: number): GssStatus | undefined {
    if (number > this.#next) return 'GSS_S_GAP_TOKEN';
    if (number < this.#first) return 'GSS_S_UNSEQ_TOKEN';
    if (number < this.#next) return 'GSS_S_DUPLICATE_TOKEN';
    this.#next += 1;
    return undefined;
  }

  #takeOnce(number: number): GssStatus | undefined {
    if (number < this.#first) return 'GSS_S_OLD_TOKEN';
    if (number >= this.#next) {
      const steps = number - this.#next + 1;
      const kept = steps >= REPLAY_WINDOW ? 0n : this.#seen << BigInt(steps);
      this.#seen = BigInt.asUintN(REPLAY_WINDOW, kept | 1n);
      this.#next = number + 1;
      return undefined;
    }
    const age = this.#next - 1 - number;
    if (age >= REPLAY_WINDOW) return 'GSS_S_OLD_TOKEN';
    const bit = 1n << BigInt(age);
    if ((this.#seen & bit) !== 0n) return 'GSS_S_DUPLICATE_TOKEN';
    this.#seen |= bit;
    return undefined;
  }
}
