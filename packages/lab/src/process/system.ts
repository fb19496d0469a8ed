import type { RandomSource } from '@doublehop/crypto/random';

/** What a program hands to the lab of the world around it. */
export interface System {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
}

/** The same for one of the lab's processes. */
export interface ProcessSystem extends System {
  /** Takes one line for the process' log. */
  readonly log: (line: string) => void;
}
