import type { RandomSource } from '@doublehop/crypto/random';
import type { Claims } from './claims/claims.ts';
import type { EvidenceTickets } from './evidence.ts';
import type { HeaderTickets } from './header-ticket.ts';
import type { Keys } from './keys.ts';
import type { AccountSource, KdcDomain } from './names.ts';
import type { PacContents } from './pac-contents.ts';
import type { Policies } from './policy/policies.ts';
import type { KdcSettings } from './settings.ts';

/** What a KDC works with; every part is handed in or made once at its start. */
export interface KdcContext {
  readonly domain: KdcDomain;
  readonly settings: KdcSettings;
  readonly accounts: AccountSource;
  readonly random: RandomSource;
  readonly keys: Keys;
  readonly pacs: PacContents;
  readonly headers: HeaderTickets;
  readonly evidence: EvidenceTickets;
  /** Absent where there is no directory to read claim types and policies from. */
  readonly claims: Claims | undefined;
  readonly policies: Policies | undefined;
}
