/** A value of an assertion: octets as they came, or a text that goes out as UTF-8. */
export type AssertionValue = string | Uint8Array;

/**
 * A search filter (RFC 4511 §4.5.1.7) as a tree of plain objects. Attribute names stand as the
 * client wrote them, options included; assertion values are without escapes, and octets wherever
 * they were decoded or parsed.
 *
 * `filter-codec` has its wire form, `filter-text` its text form.
 */
export type Filter =
  | { readonly kind: 'and'; readonly filters: readonly Filter[] }
  | { readonly kind: 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'present'; readonly attribute: string }
  | SubstringsFilter
  | AssertionFilter
  | ExtensibleFilter;

/** An assertion about one value: `=`, `>=`, `<=`, `~=`. */
export interface AssertionFilter {
  readonly kind: 'equality' | 'greaterOrEqual' | 'lessOrEqual' | 'approx';
  readonly attribute: string;
  readonly value: AssertionValue;
}

/** `initial*any*…*final`: at least one of the parts is there (RFC 4511 §4.5.1.7.2). */
export interface SubstringsFilter {
  readonly kind: 'substrings';
  readonly attribute: string;
  readonly initial?: AssertionValue;
  readonly any: readonly AssertionValue[];
  readonly final?: AssertionValue;
}

/** A match by a named rule (RFC 4511 §4.5.1.7.7); the rule or the attribute is there, or both. */
export interface ExtensibleFilter {
  readonly kind: 'extensible';
  readonly matchingRule?: string;
  readonly attribute?: string;
  readonly value: AssertionValue;
  /** Whether the attributes of the entry's DN are matched too; absent is false. */
  readonly dnAttributes?: boolean;
}

/** `(objectClass=*)`: every entry. */
export const everything: Filter = { kind: 'present', attribute: 'objectClass' };

/** `(attribute=value)`. */
export function equals(attribute: string, value: AssertionValue): Filter {
  return { kind: 'equality', attribute, value };
}
