/** Values from who writes to who reads; the writer waits for the reader. */
export class Channel<T> implements AsyncIterable<T> {
  readonly #waiting: { readonly value: T; readonly taken: () => void }[] = [];
  #reader: (() => void) | undefined;
  #isEnded = false;
  #failure: { readonly error: unknown } | undefined;

  /** Resolves when the value was taken, or when nobody reads any more. */
  write(value: T): Promise<void> {
    if (this.#isEnded) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ value, taken: resolve });
      this.#wake();
    });
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** Ends it; the reader gets the error after what was written before. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.end();
  }

  /** Nobody reads, now or later: writers wait no longer. */
  abandon(): void {
    this.#isEnded = true;
    for (const { taken } of this.#waiting.splice(0)) taken();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (;;) {
        const next = this.#waiting.shift();
        if (next !== undefined) {
          next.taken();
          yield next.value;
        } else if (this.#failure !== undefined) throw this.#failure.error;
        else if (this.#isEnded) return;
        else await this.#written();
      }
    } finally {
      this.abandon();
    }
  }

  #written(): Promise<void> {
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  #wake(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.();
  }
}
