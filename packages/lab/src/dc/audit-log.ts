import { appendFile, rename, stat } from 'node:fs/promises';
import type { AuditEvent } from '@doublehop/domain-controller/kdc/audit';
import type { PasswordEvent } from '@doublehop/domain-controller/kpasswd/audit';
import type { LdapEvent } from '@doublehop/domain-controller/ldap/audit';
import { errno, messageOf } from '../errors.ts';
import { MAX_LOG } from '../limits.ts';

/** Writes events behind the back of who reports them: the KDC does not wait for a disk. */
export class AuditLog {
  readonly #path: string;
  readonly #onFailure: (message: string) => void;
  #pending: string[] = [];
  #size: number | undefined;
  #writing: Promise<void> | undefined;

  /** Failures of the disk go to `onFailure`, and the events that they hit are lost. */
  constructor(path: string, onFailure: (message: string) => void) {
    this.#path = path;
    this.#onFailure = onFailure;
  }

  readonly write = (event: AuditEvent | PasswordEvent | LdapEvent): void => {
    this.#pending.push(`${JSON.stringify(event)}\n`);
    this.#writing ??= this.#drain();
  };

  /** Resolves when everything that was reported is written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        const text = this.#pending.join('');
        this.#pending = [];
        await this.#append(text);
      }
    } catch (error) {
      this.#onFailure(`the audit log cannot be written: ${messageOf(error)}`);
    } finally {
      this.#writing = undefined;
    }
  }

  async #append(text: string): Promise<void> {
    this.#size ??= await sizeOf(this.#path);
    if (this.#size > MAX_LOG) {
      await rename(this.#path, `${this.#path}.old`);
      this.#size = 0;
    }
    await appendFile(this.#path, text, { mode: 0o600 });
    this.#size += Buffer.byteLength(text);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errno(error) === 'ENOENT') return 0;
    throw error;
  }
}
