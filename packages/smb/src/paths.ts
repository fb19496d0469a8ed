import { SmbError } from './errors.ts';
import { MAX_NAME, MAX_PATH, MAX_PATH_DEPTH } from './limits.ts';

/** Characters that no name of a file has (MS-FSCC 2.1.5.2). */
const FORBIDDEN = /["*/:<>?\\|\p{Cc}]/u;

/**
 * The names of a path below a share's root; none for the root itself. Separators are backslashes,
 * or slashes; one in front is passed over. Throws SmbError `path` for a name that cannot be one,
 * `.` and `..` among them.
 */
export function parsePath(path: string): string[] {
  if (path.length > MAX_PATH) throw new SmbError('path', 'the path is too long');
  const names = path
    .replace(/^[\\/]/u, '')
    .replace(/[\\/]$/u, '')
    .split(/[\\/]/u);
  if (names.length === 1 && names[0] === '') return [];
  if (names.length > MAX_PATH_DEPTH) throw new SmbError('path', 'the path has too many names');
  const wrong = names.find((name) => !isFileName(name));
  if (wrong === undefined) return names;
  throw new SmbError('path', `${JSON.stringify(wrong.slice(0, MAX_NAME))} is no name of a file`);
}

/** Whether a text can be the name of a file or folder. */
export function isFileName(name: string): boolean {
  const isDots = name === '.' || name === '..';
  return name !== '' && name.length <= MAX_NAME && !isDots && !FORBIDDEN.test(name);
}
