import type { Claim } from '../claims.ts';

/** CLAIMS_SOURCE_TYPE (MS-ADTS 2.2.18.2). */
export type ClaimSource = 'ad' | 'certificate';

/** CLAIM_ENTRY (MS-ADTS 2.2.18.5): a claim with its ID, `ad://ext/department:88d06c2a`. */
export interface ClaimEntry {
  readonly id: string;
  readonly claim: PacClaim;
}

/** The types that claims of a PAC can have (MS-ADTS 2.2.18.1). */
export type PacClaim = Extract<Claim, { type: 'integer' | 'unsigned' | 'string' | 'boolean' }>;

/** CLAIMS_ARRAY (MS-ADTS 2.2.18.6): the claims of one source. */
export interface ClaimsArray {
  readonly source: ClaimSource;
  readonly entries: readonly ClaimEntry[];
}

/** CLAIMS_SET (MS-ADTS 2.2.18.7). */
export type ClaimsSet = readonly ClaimsArray[];
