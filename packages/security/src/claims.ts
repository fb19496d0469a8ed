import type { Sid } from './sid.ts';

/**
 * The values of one claim or resource attribute (MS-DTYP 2.4.10.1). An attribute without values
 * counts as one that is not there.
 */
export type Claim =
  | { readonly type: 'integer' | 'unsigned'; readonly values: readonly bigint[] }
  | {
      readonly type: 'string';
      readonly values: readonly string[];
      /** CLAIM_SECURITY_ATTRIBUTE_VALUE_CASE_SENSITIVE. */
      readonly caseSensitive?: boolean;
    }
  | { readonly type: 'sid'; readonly values: readonly Sid[] }
  | { readonly type: 'boolean'; readonly values: readonly boolean[] }
  | { readonly type: 'octets'; readonly values: readonly Uint8Array[] };

/** Claims by lower-cased name: names are case-insensitive (MS-DTYP 2.5.1.2.2). */
export type Claims = ReadonlyMap<string, Claim>;

/** Claims keyed as `Claims` wants them. */
export function claimsOf(entries: Iterable<readonly [string, Claim]>): Claims {
  return new Map(Array.from(entries, ([name, claim]) => [name.toLowerCase(), claim]));
}
