import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AdminError } from '@doublehop/admin/errors';
import type { JournalFile, JournalStore } from '@doublehop/admin/journal/store';
import { takeLock } from '@doublehop/lab/folder/lock';
import { Option } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';

/** Options of commands that write or read the journal. */
export interface JournalOptions {
  readonly journal?: string;
}

export function journalOption(): Option {
  return new Option(
    '--journal <dir>',
    'where runs are kept; default $XDG_STATE_HOME/doublehop/journal',
  );
}

/** The journal that the options mean; nothing is made before it is written to. */
export function openJournal({ environment }: Context, { journal }: JournalOptions): JournalStore {
  if (journal !== undefined) return journalFolder(journal);
  const { stateHome, home } = environment;
  if (stateHome === undefined && home === undefined) {
    throw new UsageError('no place for the journal: HOME is not set; give --journal <dir>');
  }
  return journalFolder(
    join(stateHome ?? join(home ?? '', '.local', 'state'), 'doublehop', 'journal'),
  );
}

/** Runs as files of one folder, which nobody else may read: they tell who may do what. */
export function journalFolder(folder: string): JournalStore {
  const path = (run: string): string => join(folder, `${run}${ENDING}`);
  return {
    place: folder,
    list: async () => {
      const names = await namesIn(folder);
      return names
        .filter((name) => name.endsWith(ENDING))
        .map((name) => name.slice(0, -ENDING.length));
    },
    create: async (run) =>
      await guarded(folder, async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        return await locked(folder, run, async () => {
          const file = await open(path(run), 'ax', 0o600);
          await syncFolder(folder);
          return file;
        });
      }),
    reopen: async (run) =>
      await guarded(folder, async () => await locked(folder, run, () => open(path(run), 'a'))),
    read: async function* (run) {
      try {
        for await (const piece of createReadStream(path(run), { highWaterMark: PIECE })) {
          if (piece instanceof Uint8Array) yield piece;
        }
      } catch (error) {
        throw journalError(folder, error);
      }
    },
  };
}

const ENDING = '.jsonl';

/** Octets that are read at a time. */
const PIECE = 1_048_576;

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw journalError(folder, error);
  }
}

/** The file of a run, which one process at a time may write: two would both go on with it. */
async function locked(
  folder: string,
  run: string,
  opening: () => Promise<FileHandle>,
): Promise<JournalFile> {
  const release = await takeLock(join(folder, `${run}.lock`));
  if (release === undefined) {
    const message = `run ${run} is under way in another process; wait for its end, or end it`;
    throw new AdminError('journal', message);
  }
  try {
    return fileOf(folder, await opening(), release);
  } catch (error) {
    await release();
    throw error;
  }
}

function fileOf(folder: string, file: FileHandle, release: () => Promise<void>): JournalFile {
  return {
    append: async (text) => await guarded(folder, async () => await file.appendFile(text)),
    sync: async () => await guarded(folder, async () => await file.datasync()),
    close: async () => {
      await guarded(folder, async () => await file.close());
      await guarded(folder, release);
    },
  };
}

/** A new name is on the disk when its folder is. Windows opens no folders, and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function guarded<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw journalError(folder, error);
  }
}

function journalError(folder: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  const reason = REASONS.get(code) ?? code;
  return new AdminError('journal', `the journal in ${folder} ${reason}; --journal names another`, {
    cause: error,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error
    ? String(error.code)
    : undefined;
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'may not be written or read by you'],
  ['EPERM', 'may not be written or read by you'],
  ['EROFS', 'is on a disk that may not be written'],
  ['ENOSPC', 'is on a disk that is full'],
  ['EDQUOT', 'is over your quota'],
  ['EEXIST', 'has a run of this name already, or is a file'],
  ['ENOTDIR', 'is below a file'],
  ['ENOENT', 'is not there any more'],
]);
