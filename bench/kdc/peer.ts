import type { Case, Target } from './messages.ts';

/** A KDC under load. */
export interface BenchKdc {
  readonly name: 'doublehop' | 'mit';
  /** What it can be asked. */
  readonly cases: readonly Case[];
  readonly target: Target;
  /** Every process that works for a request. */
  readonly pids: readonly number[];
  readonly stop: () => Promise<void>;
}
