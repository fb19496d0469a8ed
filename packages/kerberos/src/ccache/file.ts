import { constants } from 'node:fs';
import { type FileHandle, unlink } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { equal } from '@doublehop/wire/bytes';
import type { Credentials } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { CACHE_READ_PAUSE, CACHE_READ_TRIES, MAX_CACHE_FILE } from '../limits.ts';
import type { Principal } from '../names.ts';
import {
  errno,
  fileError,
  openPrivateFile,
  type PrivateFile,
  readPrivateFile,
  replacePrivateFile,
} from '../private-file.ts';
import type { CredentialCache, InitializeOptions } from './ccache.ts';
import {
  type CacheConfig,
  configCredentials,
  configOf,
  configServer,
  isConfig,
} from './config-entries.ts';
import {
  type CacheEntry,
  type CacheFile,
  decodeCache,
  encodeCredentials,
  encodeHeader,
  type KdcOffset,
  removedCredentials,
  versionOf,
} from './format.ts';
import { type CredentialQuery, findMatch, matches } from './match.ts';

/**
 * The cache in a file, shared with every other Kerberos program of the user. Nothing is kept in
 * memory: each call sees what others did.
 *
 * Node has no record locks, and the format does not need them: a new cache replaces the file at
 * once, credentials are added by one append, and removed by overwriting with as many octets, after
 * a look whether they still stand there. Symbolic links are refused. `name` is what it is called,
 * where it is no cache by itself.
 */
export function fileCache(path: string, name = `FILE:${path}`): CredentialCache {
  return new FileCache(path, name);
}

class FileCache implements CredentialCache {
  readonly name: string;
  readonly #file: PrivateFile;

  constructor(path: string, name: string) {
    this.name = name;
    this.#file = {
      path,
      what: 'credential cache',
      code: 'ccache',
      limit: MAX_CACHE_FILE,
      follow: false,
    };
  }

  async principal(): Promise<Principal> {
    return (await this.#read()).header.principal;
  }

  async kdcOffset(): Promise<KdcOffset | undefined> {
    return (await this.#read()).header.kdcOffset;
  }

  async initialize(principal: Principal, { kdcOffset }: InitializeOptions = {}): Promise<void> {
    await this.#refuseToReplace();
    await replacePrivateFile(this.#file, encodeHeader({ version: 4, kdcOffset, principal }));
  }

  async store(credentials: Credentials): Promise<void> {
    const handle = await this.#open(constants.O_RDWR | constants.O_APPEND);
    try {
      const head = new Uint8Array(2);
      await handle.read(head, 0, 2, 0);
      const bytes = this.#checked(() => encodeCredentials(versionOf(head), credentials));
      // One write: what two programs append at the same time stands one after the other.
      const { bytesWritten } = await handle.write(bytes);
      if (bytesWritten !== bytes.length) throw fileError(this.#file, 'cannot append', undefined);
    } finally {
      await handle.close();
    }
  }

  async list(): Promise<readonly Credentials[]> {
    return present(await this.#read()).filter((credentials) => !isConfig(credentials));
  }

  async find(query: CredentialQuery): Promise<Credentials | undefined> {
    return findMatch(await this.list(), query);
  }

  async remove(query: CredentialQuery): Promise<number> {
    return await this.#remove(
      (credentials) => !isConfig(credentials) && matches(credentials, query),
    );
  }

  async configs(): Promise<readonly CacheConfig[]> {
    return present(await this.#read()).flatMap((credentials) => configOf(credentials) ?? []);
  }

  async config(key: string, about?: Principal): Promise<Uint8Array | undefined> {
    return findMatch(present(await this.#read()), { server: configServer(key, about) })?.ticket;
  }

  async setConfig(key: string, value: Uint8Array | undefined, about?: Principal): Promise<void> {
    const server = configServer(key, about);
    const client = await this.principal();
    await this.#remove((credentials) => matches(credentials, { server }));
    if (value !== undefined) await this.store(configCredentials(client, key, value, about));
  }

  async destroy(): Promise<void> {
    const handle = await openPrivateFile(this.#file, constants.O_RDWR);
    if (handle === undefined) return;
    try {
      await this.#refuseForeign(handle);
      await unlink(this.#file.path);
      // The keys go from the disk as far as the file system lets them, as MIT's fcc_destroy does.
      const { size } = await handle.stat();
      await handle.write(new Uint8Array(Math.min(size, MAX_CACHE_FILE)), 0, undefined, 0);
    } catch (cause) {
      if (cause instanceof KerberosError) throw cause;
      if (errno(cause) !== 'ENOENT') throw fileError(this.#file, 'cannot destroy', cause);
    } finally {
      await handle.close();
    }
  }

  async #remove(isMeant: (credentials: Credentials) => boolean): Promise<number> {
    const { bytes, header, entries } = await this.#read();
    const meant = entries.filter(({ credentials, removed }) => !removed && isMeant(credentials));
    if (meant.length === 0) return 0;
    const handle = await this.#open(constants.O_RDWR);
    try {
      let count = 0;
      for (const entry of meant) {
        const blank = encodeCredentials(header.version, removedCredentials(entry.credentials));
        if (await this.#overwrite(handle, bytes.subarray(entry.start, entry.end), entry, blank)) {
          count += 1;
        }
      }
      return count;
    } finally {
      await handle.close();
    }
  }

  /** Overwrites an entry unless another program changed it: then it is gone already. */
  async #overwrite(
    handle: FileHandle,
    expected: Uint8Array,
    { start }: CacheEntry,
    blank: Uint8Array,
  ): Promise<boolean> {
    if (blank.length !== expected.length) {
      throw fileError(this.#file, 'has an entry that cannot be removed', undefined);
    }
    const found = new Uint8Array(expected.length);
    const { bytesRead } = await handle.read(found, 0, found.length, start);
    if (bytesRead !== found.length || !equal(found, expected)) return false;
    await handle.write(blank, 0, blank.length, start);
    return true;
  }

  async #read(): Promise<CacheFile & { readonly bytes: Uint8Array }> {
    for (let tries = 1; ; tries += 1) {
      const bytes = await readPrivateFile(this.#file);
      if (bytes === undefined) throw this.#missing();
      try {
        return { bytes, ...this.#checked(() => decodeCache(bytes)) };
      } catch (error) {
        // The end may be an entry that another program is about to finish.
        if (tries === CACHE_READ_TRIES) throw error;
      }
      await pause(CACHE_READ_PAUSE);
    }
  }

  #checked<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw fileError(this.#file, cause instanceof Error ? cause.message : 'is damaged', cause);
    }
  }

  async #open(flags: number): Promise<FileHandle> {
    const handle = await openPrivateFile(this.#file, flags);
    if (handle === undefined) throw this.#missing();
    return handle;
  }

  /** A link is replaced, not what it points to; of what cannot be opened the renaming tells. */
  async #refuseToReplace(): Promise<void> {
    let handle: FileHandle | undefined;
    try {
      handle = await openPrivateFile(this.#file, constants.O_RDONLY);
    } catch {
      return;
    }
    if (handle === undefined) return;
    try {
      await this.#refuseForeign(handle);
    } finally {
      await handle.close();
    }
  }

  /** A slip in a name must not cost a file: only what begins as a cache, or is empty, may go. */
  async #refuseForeign(handle: FileHandle): Promise<void> {
    const head = new Uint8Array(2);
    const { bytesRead } = await handle.read(head, 0, 2, 0);
    if (bytesRead === 0) return;
    try {
      versionOf(head);
    } catch (cause) {
      throw fileError(this.#file, 'is no credential cache, and is left alone', cause);
    }
  }

  #missing(): KerberosError {
    const { path } = this.#file;
    return new KerberosError('no-credentials', `there is no credential cache ${path}`, {
      subject: path,
    });
  }
}

function present({ entries }: CacheFile): Credentials[] {
  return entries.flatMap(({ credentials, removed }) => (removed ? [] : [credentials]));
}
