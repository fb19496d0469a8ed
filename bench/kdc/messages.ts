/** What the load generator is told and tells, as messages between processes. */

/** What is measured. */
export type Case = 'as' | 'tgs' | 's4u2self' | 's4u2proxy';

export const CASES: readonly Case[] = ['as', 'tgs', 's4u2self', 's4u2proxy'];

/** A KDC that the generator can reach. */
export interface Target {
  readonly address: string;
  readonly port: number;
  /** Accounts of its realm. */
  readonly accounts: number;
  /** Users, and as many hosts, that requests are about; absent: all of the realm. */
  readonly active?: number;
}

/** Orders to the generator: `prepare` builds requests, `run` sends them. */
export type Order =
  | {
      readonly kind: 'prepare';
      readonly target: Target;
      readonly case: Case;
      readonly requests: number;
    }
  | { readonly kind: 'run'; readonly window: number };

/** What a run of requests gave. */
export interface LoadResult {
  readonly kind: 'result';
  readonly requests: number;
  /** Microseconds from the first request to the last reply. */
  readonly elapsedMicros: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Share of a processor that the generator itself used meanwhile. */
  readonly generatorShare: number;
  /** Requests answered by an error, by its code; `lost` for those without an answer. */
  readonly errors: Readonly<Record<string, number>>;
  /** Replies that were decrypted and checked afterwards; all of them were right. */
  readonly verified: number;
}

/** Answers of the generator. */
export type Answer =
  | { readonly kind: 'prepared' }
  | LoadResult
  | { readonly kind: 'failed'; readonly reason: string };
