// Time that a test moves: what was put off happens when it is due, in its order.
import type { Timer } from '../../src/process/system.ts';

interface Due {
  readonly at: number;
  readonly act: () => void;
}

/** The timers of whoever has the same clock. */
export class TestTime {
  readonly #clock: { now: number };
  readonly #due = new Set<Due>();

  constructor(clock: { now: number }) {
    this.#clock = clock;
  }

  /** How much is put off. */
  get size(): number {
    return this.#due.size;
  }

  readonly timer: Timer = (milliseconds, act) => {
    const due = { at: this.#clock.now + milliseconds, act };
    this.#due.add(due);
    return () => void this.#due.delete(due);
  };

  /** Lets time pass, from one act to the next. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#clock.now + milliseconds;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#due.delete(next);
      this.#clock.now = next.at;
      next.act();
      // What was begun by it goes on a little before more happens.
      await Promise.resolve();
    }
    this.#clock.now = end;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  #next(end: number): Due | undefined {
    let next: Due | undefined;
    for (const due of this.#due) {
      if (due.at <= end && (next === undefined || due.at < next.at)) next = due;
    }
    return next;
  }
}
