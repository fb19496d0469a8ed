// A journal in memory, which can be torn as a killed process tears it.
import { utf8 } from '@doublehop/wire/bytes';
import { AdminError } from '../../src/errors.ts';
import type { JournalFile, JournalStore } from '../../src/journal/store.ts';

export class MemoryJournal implements JournalStore {
  readonly place = 'memory';
  readonly files = new Map<string, string>();
  /** What happened to the files, in order. */
  readonly log: string[] = [];
  /** Called before each write. */
  beforeAppend: (text: string) => void = () => undefined;

  async list(): Promise<readonly string[]> {
    return [...this.files.keys()];
  }

  async create(run: string): Promise<JournalFile> {
    if (this.files.has(run)) throw new AdminError('journal', `${run} is there`);
    this.files.set(run, '');
    return this.#file(run);
  }

  async reopen(run: string): Promise<JournalFile> {
    return this.#file(run);
  }

  async *read(run: string): AsyncGenerator<Uint8Array> {
    const octets = utf8(this.files.get(run) ?? '');
    // Pieces that end anywhere.
    for (let at = 0; at < octets.length; at += 97) yield octets.subarray(at, at + 97);
  }

  /** Cuts the last octets of a run off. */
  tear(run: string, octets: number): void {
    const text = this.files.get(run) ?? '';
    this.files.set(run, text.slice(0, text.length - octets));
  }

  #file(run: string): JournalFile {
    return {
      append: async (text) => {
        this.beforeAppend(text);
        this.log.push('append');
        this.files.set(run, (this.files.get(run) ?? '') + text);
      },
      sync: async () => void this.log.push('sync'),
      close: async () => void this.log.push('close'),
    };
  }
}
