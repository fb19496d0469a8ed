/** Milliseconds since 1970. */
export type Clock = () => number;

/**
 * The time as the KDC has it: the machine's clock and the offset that a KDC's answer showed
 * (MIT krb5 keeps the same one under `kdc_timesync`). One realm's KDCs share one offset.
 */
export class KdcClock {
  readonly #clock: Clock;
  #offset = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds that the KDC's clock is ahead of the machine's; 0 while nothing is known. */
  get offset(): number {
    return this.#offset;
  }

  /** The KDC's time in milliseconds since 1970. */
  now(): number {
    return this.#clock() + this.#offset;
  }

  /** The KDC's time in whole seconds since 1970. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Takes over an offset that was learned before, in milliseconds. */
  shift(offset: number): void {
    this.#offset = offset;
  }

  /** Learns that it is `kdcTime` (seconds since 1970) at the KDC now. */
  adjust(kdcTime: number): void {
    this.#offset = kdcTime * 1000 - this.#clock();
  }
}
