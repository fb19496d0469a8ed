import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalStore } from '@doublehop/admin/journal/store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { journalFolder } from '../src/changes/journal-folder.ts';

const RUN = '20261123-031502-527a3';

let folder: string;
let journal: JournalStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doublehop-journal-'));
  journal = journalFolder(join(folder, 'journal'));
});
afterEach(() => rm(folder, { recursive: true }));

async function text(): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of journal.read(RUN)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('a run is written by one process at a time', () => {
  test('it is refused to a second one until the first is done', async () => {
    const file = await journal.create(RUN);
    await file.append('a\n');
    await expect(journal.reopen(RUN)).rejects.toThrow(
      expect.objectContaining({
        code: 'journal',
        message: `run ${RUN} is under way in another process; wait for its end, or end it`,
      }),
    );
    await file.close();
    const again = await journal.reopen(RUN);
    await again.append('b\n');
    await again.close();
    expect(await text()).toBe('a\nb\n');
    expect(await readdir(join(folder, 'journal'))).toEqual([`${RUN}.jsonl`]);
  });

  test('a process that was killed has it no more', async () => {
    await (await journal.create(RUN)).close();
    const gone = { pid: process.pid, started: 'another boot 1' };
    await writeFile(join(folder, 'journal', `${RUN}.lock`), JSON.stringify(gone));
    await (await journal.reopen(RUN)).close();
    expect(await journal.list()).toEqual([RUN]);
  });

  test('what cannot be opened is not kept from others', async () => {
    await (await journal.create(RUN)).close();
    await expect(journal.create(RUN)).rejects.toThrow('has a run of this name already');
    await (await journal.reopen(RUN)).close();
  });
});
