import type { Credentials } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { MAX_CACHE_ENTRIES, MAX_MEMORY_CACHES } from '../limits.ts';
import type { Principal } from '../names.ts';
import type { CredentialCache, InitializeOptions } from './ccache.ts';
import { type CacheConfig, configCredentials, configOf, configServer } from './config-entries.ts';
import type { KdcOffset } from './format.ts';
import { type CredentialQuery, findMatch, matches } from './match.ts';

/** The memory caches of one program: `MEMORY:` names are looked up here. */
export class MemoryCaches {
  readonly #caches = new Map<string, MemoryCache>();

  /** The cache of a name, made on first use. Throws KerberosError `limit`. */
  open(name: string): CredentialCache {
    const known = this.#caches.get(name);
    if (known !== undefined) return known;
    if (this.#caches.size >= MAX_MEMORY_CACHES) {
      throw new KerberosError('limit', 'there are too many memory caches', { subject: name });
    }
    const cache = new MemoryCache(name, () => this.#caches.delete(name));
    this.#caches.set(name, cache);
    return cache;
  }
}

/** A cache that nobody else sees and that ends with the program. */
export function memoryCache(name = 'private'): CredentialCache {
  return new MemoryCache(name, () => undefined);
}

class MemoryCache implements CredentialCache {
  readonly name: string;
  readonly #forget: () => unknown;
  #owner: Principal | undefined;
  #offset: KdcOffset | undefined;
  #tickets: Credentials[] = [];
  #configs: Credentials[] = [];

  constructor(name: string, forget: () => unknown) {
    this.name = `MEMORY:${name}`;
    this.#forget = forget;
  }

  async principal(): Promise<Principal> {
    if (this.#owner !== undefined) return this.#owner;
    throw new KerberosError('no-credentials', `${this.name} holds no credentials`, {
      subject: this.name,
    });
  }

  async kdcOffset(): Promise<KdcOffset | undefined> {
    return this.#offset;
  }

  async initialize(principal: Principal, options: InitializeOptions = {}): Promise<void> {
    this.#owner = principal;
    this.#offset = options.kdcOffset;
    this.#tickets = [];
    this.#configs = [];
  }

  async store(credentials: Credentials): Promise<void> {
    await this.principal();
    const list = configOf(credentials) === undefined ? this.#tickets : this.#configs;
    if (list.length >= MAX_CACHE_ENTRIES) {
      throw new KerberosError('limit', `${this.name} is full`, { subject: this.name });
    }
    list.push(credentials);
  }

  async list(): Promise<readonly Credentials[]> {
    await this.principal();
    return [...this.#tickets];
  }

  async find(query: CredentialQuery): Promise<Credentials | undefined> {
    await this.principal();
    return findMatch(this.#tickets, query);
  }

  async remove(query: CredentialQuery): Promise<number> {
    await this.principal();
    const before = this.#tickets.length;
    this.#tickets = this.#tickets.filter((credentials) => !matches(credentials, query));
    return before - this.#tickets.length;
  }

  async configs(): Promise<readonly CacheConfig[]> {
    await this.principal();
    return this.#configs.flatMap((entry) => configOf(entry) ?? []);
  }

  async config(key: string, about?: Principal): Promise<Uint8Array | undefined> {
    await this.principal();
    return findMatch(this.#configs, { server: configServer(key, about) })?.ticket;
  }

  async setConfig(key: string, value: Uint8Array | undefined, about?: Principal): Promise<void> {
    const owner = await this.principal();
    const server = configServer(key, about);
    this.#configs = this.#configs.filter((entry) => !matches(entry, { server }));
    if (value !== undefined) this.#configs.push(configCredentials(owner, key, value, about));
  }

  async destroy(): Promise<void> {
    this.#owner = undefined;
    this.#tickets = [];
    this.#configs = [];
    this.#forget();
  }
}
