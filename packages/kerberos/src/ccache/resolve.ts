import { KerberosError } from '../errors.ts';
import type { CredentialCache } from './ccache.ts';
import { dirCache } from './dir.ts';
import { fileCache } from './file.ts';
import type { MemoryCaches } from './memory.ts';

/**
 * The cache that a name such as KRB5CCNAME's means: `FILE:path`, `DIR:folder`,
 * `MEMORY:name` or a bare path.
 *
 * Throws KerberosError `ccache` for the kinds that live outside of files: KEYRING, KCM, API.
 */
export function resolveCache(name: string, memory: MemoryCaches): CredentialCache {
  // One letter before a colon is a drive, not a kind.
  const [, kind, rest] = /^([A-Za-z][A-Za-z0-9_]+):(.*)$/s.exec(name) ?? [undefined, 'FILE', name];
  if (rest === undefined || rest === '' || rest.includes('\0')) {
    throw new KerberosError('ccache', `"${name}" names no credential cache`, { subject: name });
  }
  if (kind === 'FILE') return fileCache(rest);
  if (kind === 'DIR') return dirCache(rest);
  if (kind === 'MEMORY') return memory.open(rest);
  throw new KerberosError(
    'ccache',
    `credential caches of kind ${kind} are not supported; set KRB5CCNAME to FILE:path instead`,
    { subject: name },
  );
}
