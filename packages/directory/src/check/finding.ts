/** What a record of a store is, of which something is not as it must be. */
export type FindingKind =
  | 'account'
  | 'attribute'
  | 'change-log'
  | 'counter'
  | 'descriptor'
  | 'domain'
  | 'entry'
  | 'index'
  | 'keys'
  | 'link'
  | 'propagation'
  | 'record'
  | 'reference'
  | 'tombstone'
  | 'tree';

/** One thing that is wrong in a store. */
export interface Finding {
  readonly kind: FindingKind;
  /** The distinguished name, or the number of an entry that has none. */
  readonly object: string;
  /** What is wrong with it; no value of any attribute, and no key. */
  readonly what: string;
}
