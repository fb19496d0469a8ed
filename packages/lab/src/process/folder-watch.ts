import { stat } from 'node:fs/promises';
import { errno } from '../errors.ts';
import { FOLDER_LOOK } from '../limits.ts';

/** Somebody who looks after a folder. */
export interface FolderWatch {
  /** Resolves when the folder is no longer there, or another one stands in its place. */
  readonly gone: Promise<void>;
  stop(): void;
}

/**
 * Looks every {@link FOLDER_LOOK} whether a folder is there: whoever removes the folder of a lab
 * has removed what `lab down` needs to find its processes, so these see to it themselves. It looks
 * instead of listening because not every file system tells of changes. The processes work in the
 * folder, so its inode is not given to another one meanwhile. Does not keep the process alive.
 */
export function watchFolder(dir: string, interval = FOLDER_LOOK): FolderWatch {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  let first: Promise<string | undefined> | undefined;
  const look = async (): Promise<void> => {
    first ??= identityOf(dir);
    const [before, now] = await Promise.all([first, identityOf(dir)]);
    if (now === '' || before === '') return;
    if (now === undefined || now !== before) resolve();
  };
  void look();
  const timer = setInterval(() => void look(), interval);
  timer.unref();
  void gone.then(() => clearInterval(timer));
  return { gone, stop: () => clearInterval(timer) };
}

/** Which folder stands at a path; undefined where none does, `''` where that cannot be told. */
async function identityOf(dir: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(dir, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    const code = errno(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : '';
  }
}
