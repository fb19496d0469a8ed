/** Lets so much work go on at once; what comes later waits for its turn, in its order. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #running = new Set<Promise<unknown>>();

  /** `most`: how much goes on at once. */
  constructor(most: number) {
    this.#free = most;
  }

  /** Does work when its turn comes, and gives what comes of it. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#do(work);
    // Who waits for all of it does not ask how it went.
    const over = done.then(
      () => undefined,
      () => undefined,
    );
    this.#running.add(over);
    void over.then(() => this.#running.delete(over));
    return done;
  }

  /** Resolves when nothing goes on and nothing waits. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    try {
      return await work();
    } finally {
      // A turn that is handed on is never free.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
