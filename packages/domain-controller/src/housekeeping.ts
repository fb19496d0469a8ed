import { PROTECTION_INTERVAL, protectAdministrators } from '@doublehop/directory/admin-sd-holder';
import type { Directory } from '@doublehop/directory/directory';
import { StoreError } from '@doublehop/directory/errors';
import { type ManagedOptions, rollManagedPasswords } from './accounts/managed/passwords.ts';
import { collectTombstones } from './ldap/tombstones.ts';

/** What housekeeping works with. */
export interface HousekeepingOptions {
  readonly directory: Directory;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Randomness and encryption types for passwords of managed accounts; absent: they stay. */
  readonly managed?: Pick<ManagedOptions, 'random' | 'encryptionTypes'>;
  /** Told of errors that are defects of this software. */
  readonly onDefect: (error: unknown) => void;
  /** Milliseconds between two rounds; Windows' hour unless told. */
  readonly interval?: number;
}

/**
 * What a controller does by itself: at once, what an earlier process left of handing descriptors
 * down; every hour, the protection of administrators (MS-ADTS 3.1.1.6.1.3), new passwords for
 * managed accounts, and the end of tombstones whose lifetime is over (MS-ADTS 3.1.1.6.2). Returns
 * what ends it.
 */
export function keepHouse(options: HousekeepingOptions): () => void {
  const { directory, clock, managed, onDefect, interval = PROTECTION_INTERVAL } = options;
  const { domain } = directory;
  if (domain === undefined) return () => undefined;
  const report = (error: unknown): void => {
    // The store may be closed in the middle of it: the next process goes on.
    if (!(error instanceof StoreError && error.code === 'closed')) onDefect(error);
  };
  directory.settle().catch(report);
  const timer = setInterval(() => {
    protectAdministrators(directory).catch(report);
    if (managed !== undefined) {
      rollManagedPasswords({ directory, clock, ...managed }).catch(report);
    }
    collectTombstones({ directory, clock, domain }).catch(report);
  }, interval).unref();
  return () => clearInterval(timer);
}
