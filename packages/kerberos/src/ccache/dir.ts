import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { KerberosError } from '../errors.ts';
import { errno } from '../private-file.ts';
import type { CredentialCache } from './ccache.ts';
import { fileCache } from './file.ts';

/**
 * A cache of a folder of them, as MIT krb5 has it: `DIR:folder` is the one that the file `primary`
 * names, or `tkt`; `DIR::folder/tktX` is one by its name. The folder is made where it is missing.
 *
 * Throws KerberosError `ccache` where the folder or its `primary` cannot be used.
 */
export function dirCache(rest: string): CredentialCache {
  if (rest.startsWith(':')) return member(rest.slice(1));
  try {
    mkdirSync(rest, { mode: 0o700 });
  } catch (cause) {
    if (errno(cause) !== 'EEXIST') throw unusable(rest, 'cannot be made', cause);
  }
  return member(join(rest, primaryOf(rest)));
}

function member(path: string): CredentialCache {
  // Any other file of the folder is none of the caches (MIT's cc_dir.c says the same).
  if (!basename(path).startsWith('tkt')) {
    throw unusable(path, 'is no cache of a folder: their names start with "tkt"', undefined);
  }
  return fileCache(path, `DIR::${path}`);
}

function primaryOf(folder: string): string {
  const path = join(folder, 'primary');
  try {
    const name = readFileSync(path, 'utf8').split('\n', 1)[0] ?? '';
    if (/^tkt[^/\0]*$/.test(name)) return name;
    throw unusable(path, 'names no cache of its folder', undefined);
  } catch (cause) {
    if (errno(cause) === 'ENOENT') return 'tkt';
    if (cause instanceof KerberosError) throw cause;
    throw unusable(path, 'cannot be read', cause);
  }
}

function unusable(path: string, reason: string, cause: unknown): KerberosError {
  const why = errno(cause);
  const text = `${path} ${reason}${why === undefined ? '' : ` (${why})`}`;
  return new KerberosError('ccache', text, { subject: path, cause });
}
