import { readdirSync, readFileSync } from 'node:fs';
import { KerberosError } from '../errors.ts';
import { type ConfigReader, parseProfile, type Profile } from './profile.ts';

/** Reads included files from the file system. */
const fileConfigReader: ConfigReader = {
  read: (path) => orUndefined(() => readFileSync(path, 'utf8')),
  list: (folder) => orUndefined(() => readdirSync(folder)),
};

/**
 * The configuration in one or more files, separated by colons as in KRB5_CONFIG, the first one
 * strongest. Files that cannot be read are passed over unless all are.
 *
 * Throws KerberosError `config`.
 */
export function loadProfile(paths: string, reader: ConfigReader = fileConfigReader): Profile {
  const files = paths.split(':').flatMap((path) => {
    const text = path === '' ? undefined : reader.read(path);
    return text === undefined ? [] : parseProfile(text, { name: path, reader }).files;
  });
  if (files.length > 0) return { files };
  throw new KerberosError('config', `no Kerberos configuration can be read from ${paths}`, {
    subject: paths,
  });
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
