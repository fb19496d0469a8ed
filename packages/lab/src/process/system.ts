import type { RandomSource } from '@doublehop/crypto/random';

/** What a program hands to the lab of the world around it. */
export interface System {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  /** Puts an act off; `systemTimer` where absent. */
  readonly timer?: Timer;
}

/** Puts an act off by milliseconds; gives a way to call it off. */
export type Timer = (milliseconds: number, act: () => void) => () => void;

/** Time as it passes. What is put off keeps no process alive. */
export const systemTimer: Timer = (milliseconds, act) => {
  const timeout = setTimeout(act, milliseconds).unref();
  return () => clearTimeout(timeout);
};

/** The same for one of the lab's processes. */
export interface ProcessSystem extends System {
  /** Takes one line for the process' log. */
  readonly log: (line: string) => void;
}
