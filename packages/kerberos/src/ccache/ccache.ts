import type { Credentials } from '../credentials.ts';
import type { Principal } from '../names.ts';
import type { CacheConfig } from './config-entries.ts';
import type { KdcOffset } from './format.ts';
import type { CredentialQuery } from './match.ts';

/**
 * A credential cache: tickets of one client, and remarks about them. Every method may throw
 * KerberosError `ccache`; where the cache was never initialized, `no-credentials`.
 */
export interface CredentialCache {
  /** Name with its kind, e.g. `FILE:/tmp/krb5cc_0`: what KRB5CCNAME would hold. */
  readonly name: string;
  /** Whose tickets these are. */
  principal(): Promise<Principal>;
  /** The offset of the KDC's clock, where it was noted. */
  kdcOffset(): Promise<KdcOffset | undefined>;
  /** Empties the cache and makes it the principal's. */
  initialize(principal: Principal, options?: InitializeOptions): Promise<void>;
  /** Adds credentials behind the others. */
  store(credentials: Credentials): Promise<void>;
  /** The tickets, in the order they were stored; remarks are left out. */
  list(): Promise<readonly Credentials[]>;
  /** The first ticket that is meant. */
  find(query: CredentialQuery): Promise<Credentials | undefined>;
  /** Removes the tickets that are meant; returns how many. */
  remove(query: CredentialQuery): Promise<number>;
  /** The remarks. */
  configs(): Promise<readonly CacheConfig[]>;
  /** The value of a remark on the cache, or on a server. */
  config(key: string, about?: Principal): Promise<Uint8Array | undefined>;
  /** Sets a remark, or removes it where the value is undefined. */
  setConfig(key: string, value: Uint8Array | undefined, about?: Principal): Promise<void>;
  /** Removes the cache; without one this does nothing. */
  destroy(): Promise<void>;
}

/** How a cache is initialized. */
export interface InitializeOptions {
  readonly kdcOffset?: KdcOffset | undefined;
}
