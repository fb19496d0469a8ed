// What the benchmark and its load generator tell each other.

export const CASES = [
  'spn',
  'sid',
  'dn',
  'account',
  'unindexed',
  'paged',
  'modify',
  'add',
] as const;
export type Case = (typeof CASES)[number];

/** Where and what to measure. */
export interface Order {
  readonly kind: Case;
  readonly address: string;
  readonly port: number;
  readonly bindDn: string;
  readonly password: string;
  readonly base: string;
  readonly size: number;
  /** Requests of this round, and how many are outstanding at a time. */
  readonly requests: number;
  readonly window: number;
  /** Connections that share the requests, each with a window of its own. */
  readonly connections: number;
  /** Makes rounds different: entries that are looked for, numbers of those that are added. */
  readonly round: number;
}

/** `prepared` comes before the clock runs; the round starts with the next message. */
export type Answer =
  | { readonly kind: 'prepared' }
  | {
      readonly kind: 'result';
      readonly elapsedMicros: number;
      readonly entries: number;
      readonly failures: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'failed'; readonly reason: string };
