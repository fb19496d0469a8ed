import { KerberosError } from './errors.ts';
import { formatKeytab, type KeytabEntry, parseKeytab } from './keytab.ts';
import { MAX_KEYTAB_FILE } from './limits.ts';
import {
  fileError,
  type PrivateFile,
  readPrivateFile,
  replacePrivateFile,
} from './private-file.ts';

/**
 * The entries of the keytab file `name`: a path, or `FILE:` or `WRFILE:` and a path. Symbolic links
 * are followed, as deployments mount keytabs behind them.
 *
 * Throws KerberosError `keytab`, also where the file does not exist.
 */
export async function readKeytab(name: string): Promise<KeytabEntry[]> {
  const file = keytabFile(name);
  const bytes = await readPrivateFile(file);
  if (bytes === undefined) throw fileError(file, 'does not exist', undefined);
  return parsed(file, bytes);
}

/** Writes a keytab file of mode 0600 in place of what stood there, at once. */
export async function writeKeytab(name: string, entries: readonly KeytabEntry[]): Promise<void> {
  await replacePrivateFile(keytabFile(name), formatKeytab(entries));
}

/**
 * Changes a keytab file, which need not exist yet. Two changes at the same time are not merged:
 * the later one wins.
 */
export async function updateKeytab(
  name: string,
  change: (entries: readonly KeytabEntry[]) => readonly KeytabEntry[],
): Promise<void> {
  const file = keytabFile(name);
  const bytes = await readPrivateFile(file);
  const entries = bytes === undefined || bytes.length === 0 ? [] : parsed(file, bytes);
  await replacePrivateFile(file, formatKeytab(change(entries)));
}

function parsed(file: PrivateFile, bytes: Uint8Array): KeytabEntry[] {
  try {
    return parseKeytab(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'is damaged';
    throw fileError(file, reason, cause);
  }
}

function keytabFile(name: string): PrivateFile {
  const path = name.replace(/^(?:FILE|WRFILE):/, '');
  // One letter before a colon is a drive, not a kind.
  const kind = /^([A-Za-z]{2,}):/.exec(path)?.[1];
  if (path === '' || kind !== undefined) {
    throw new KerberosError(
      'keytab',
      `"${name}" is no keytab file: only FILE: and WRFILE: names are supported`,
      { subject: name },
    );
  }
  return { path, what: 'keytab', code: 'keytab', limit: MAX_KEYTAB_FILE, follow: true };
}
