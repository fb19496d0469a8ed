import { Session } from 'node:inspector';

/**
 * Which blocks of this project's code have run, by V8's own counters: an input that reaches a new
 * one is worth keeping as a seed.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  }

  /** Blocks seen so far. */
  get blocks(): number {
    return this.#seen.size;
  }

  /** How many blocks ran for the first time since the last call. */
  fresh(): number {
    const before = this.#seen.size;
    this.#session.post('Profiler.takePreciseCoverage', (error, coverage) => {
      if (error !== null) throw error;
      for (const { url, functions } of coverage.result) {
        if (!url.includes('/packages/')) continue;
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            if (count > 0) this.#seen.add(`${url}:${startOffset}:${endOffset}`);
          }
        }
      }
    });
    return this.#seen.size - before;
  }

  stop(): void {
    this.#session.disconnect();
  }
}
