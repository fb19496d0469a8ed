/** A value of an assertion: text as sent, or bytes. */
export type AssertionValue = string | Uint8Array;

/** A search filter with the structure of RFC 4511 §4.5.1; attribute names of any case. */
export type Filter =
  | { readonly kind: 'and'; readonly filters: readonly Filter[] }
  | { readonly kind: 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'present'; readonly attribute: string }
  | SubstringsFilter
  | AssertionFilter
  | ExtensibleFilter;

/** `attribute=value`, `>=`, `<=`, `~=`; AD answers `~=` as `=` (MS-ADTS 3.1.1.3.1.3.1). */
export interface AssertionFilter {
  readonly kind: 'equality' | 'greaterOrEqual' | 'lessOrEqual' | 'approx';
  readonly attribute: string;
  readonly value: AssertionValue;
}

/** `attribute=initial*any*final`. */
export interface SubstringsFilter {
  readonly kind: 'substrings';
  readonly attribute: string;
  readonly initial?: AssertionValue;
  readonly any: readonly AssertionValue[];
  readonly final?: AssertionValue;
}

/** `attribute:dn:rule:=value`; rules of MS-ADTS 3.1.1.3.4.4 by their OIDs. */
export interface ExtensibleFilter {
  readonly kind: 'extensible';
  readonly matchingRule?: string;
  readonly attribute?: string;
  readonly value: AssertionValue;
  readonly dnAttributes?: boolean;
}

/** Matching rules of MS-ADTS 3.1.1.3.4.4. */
export const MatchingRule = {
  bitAnd: '1.2.840.113556.1.4.803',
  bitOr: '1.2.840.113556.1.4.804',
  transitiveEval: '1.2.840.113556.1.4.1941',
} as const;

/** Shorthand for the filter that every entry passes. */
export const everything: Filter = { kind: 'present', attribute: 'objectClass' };

/** Shorthand for an equality filter. */
export function equals(attribute: string, value: AssertionValue): Filter {
  return { kind: 'equality', attribute, value };
}
