import type { RandomSource } from '@doublehop/crypto/random';
import type { Directory } from '@doublehop/directory/directory';
import type { ReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import type { KdcDomain, AccountSource } from '../kdc/names.ts';
import type { Keys } from '../kdc/keys.ts';
import type { KdcSettings } from '../kdc/settings.ts';

/** What the password service works with; every part is handed in or made once at its start. */
export interface KpasswdContext {
  readonly directory: Directory;
  readonly accounts: AccountSource;
  readonly domain: KdcDomain;
  /** Account states, encryption types and clock skew are the KDC's. */
  readonly settings: KdcSettings;
  readonly keys: Keys;
  readonly replayCache: ReplayCache;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
}
