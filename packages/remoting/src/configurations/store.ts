import { chmod, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RandomSource } from '@doublehop/crypto/random';
import { SecureText } from '@doublehop/powershell/objects/value';
import { toHex } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import { MAX_CONFIGURATION_FILE, MAX_CONFIGURATIONS } from '../limits.ts';
import {
  checkRegistration,
  decodeRegistration,
  encodeRegistration,
  isConfigurationName,
  type Registration,
} from './registration.ts';
import { openPassword, SEALING_KEY_SIZE, sealPassword } from './sealed-password.ts';

const KEY_FILE = 'sealing.key';
const SUFFIX = '.json';

/**
 * Session configurations of a host: a file each in a folder, for its owner only. What is read is
 * what is there now: another process may have changed it.
 */
export class ConfigurationStore {
  readonly #dir: string;
  readonly #random: RandomSource;

  constructor(dir: string, random: RandomSource) {
    this.#dir = dir;
    this.#random = random;
  }

  /** Every registration, by name. Throws RemotingError `configuration` for a broken one. */
  async list(): Promise<readonly Registration[]> {
    const files = (await this.#names()).filter((name) => name.endsWith(SUFFIX)).toSorted();
    if (files.length > MAX_CONFIGURATIONS) {
      throw new RemotingError('limit', `${this.#dir} has too many session configurations`);
    }
    const all = await Promise.all(files.map((file) => this.get(file.slice(0, -SUFFIX.length))));
    return all.filter((one) => one !== undefined);
  }

  /** Throws RemotingError `configuration` when its file is broken. */
  async get(name: string): Promise<Registration | undefined> {
    if (!isConfigurationName(name)) return undefined;
    const text = await readWhole(this.#path(name), 2 * MAX_CONFIGURATION_FILE);
    if (text === undefined) return undefined;
    const registration = decodeRegistration(text.toString('utf8'));
    if (registration.name.toLowerCase() === name.toLowerCase()) return registration;
    throw new RemotingError('configuration', `the file of ${name} is another configuration's`);
  }

  /** Keeps a registration, instead of the one that has its name. */
  async put(registration: Registration): Promise<void> {
    checkRegistration(registration);
    await this.#makeFolder();
    await this.#replace(this.#path(registration.name), encodeRegistration(registration));
  }

  /** Whether there was one. */
  async remove(name: string): Promise<boolean> {
    if (!isConfigurationName(name)) return false;
    try {
      await rm(this.#path(name));
      return true;
    } catch (error) {
      if (errno(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** The registration with a RunAs user; the password, which is sealed, stays the caller's. */
  async withRunAs(
    registration: Registration,
    user: string,
    password: SecureText,
  ): Promise<Registration> {
    await this.#makeFolder();
    const key = await this.#key(true);
    const context = { configuration: registration.name, user };
    try {
      const sealed = sealPassword(password, key, context, this.#random);
      return { ...registration, runAs: { user, sealed } };
    } finally {
      key.fill(0);
    }
  }

  /** The password of the RunAs user, for who wipes it. Throws RemotingError `configuration`. */
  async runAsPassword({ name, runAs }: Registration): Promise<SecureText> {
    if (runAs === undefined) throw new RangeError(`${name} has no RunAs user`);
    const key = await this.#key(false);
    try {
      return openPassword(runAs.sealed, key, { configuration: name, user: runAs.user });
    } finally {
      key.fill(0);
    }
  }

  #path(name: string): string {
    return join(this.#dir, `${name.toLowerCase()}${SUFFIX}`);
  }

  async #names(): Promise<readonly string[]> {
    try {
      return await readdir(this.#dir);
    } catch (error) {
      if (errno(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async #makeFolder(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await chmod(this.#dir, 0o700);
  }

  /** The key of this host; nobody but its owner may be able to read it. */
  async #key(make: boolean): Promise<Uint8Array> {
    const path = join(this.#dir, KEY_FILE);
    const key = await readWhole(path, SEALING_KEY_SIZE);
    if (key === undefined && make) {
      // Made only where there is none: two who register at once use one key.
      await this.#create(path, this.#random(SEALING_KEY_SIZE));
      return this.#key(false);
    }
    if (key?.length !== SEALING_KEY_SIZE) {
      throw new RemotingError('configuration', `${path} is no key for passwords of RunAs users`);
    }
    if (((await stat(path)).mode & 0o077) !== 0) {
      throw new RemotingError('configuration', `${path} may be read by others: chmod 600`);
    }
    return key;
  }

  /** Puts a file in place where there is none: others see no file, or the whole one. */
  async #create(path: string, content: Uint8Array): Promise<void> {
    const fresh = await this.#fresh(path, content);
    try {
      await link(fresh, path);
    } catch (error) {
      if (errno(error) !== 'EEXIST') throw error;
    } finally {
      await rm(fresh, { force: true });
    }
  }

  async #replace(path: string, content: string): Promise<void> {
    const fresh = await this.#fresh(path, content);
    try {
      await rename(fresh, path);
    } catch (error) {
      await rm(fresh, { force: true });
      throw error;
    }
  }

  /** A new file besides that one, on disk, for its owner only. */
  async #fresh(path: string, content: string | Uint8Array): Promise<string> {
    const fresh = `${path}.${toHex(this.#random(8))}`;
    const handle = await open(fresh, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
      return fresh;
    } finally {
      await handle.close();
    }
  }
}

/** A file of at most so many octets; undefined where there is none. */
async function readWhole(path: string, most: number): Promise<Buffer | undefined> {
  let handle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    if ((await handle.stat()).size > most) {
      throw new RemotingError('limit', `${path} is too large`);
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function errno(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
