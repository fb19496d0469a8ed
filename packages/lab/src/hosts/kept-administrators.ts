import { dirname } from 'node:path';
import { LabError } from '../errors.ts';
import { makeFolder, readText, replaceFile } from '../folder/files.ts';
import { parseJson } from '../folder/state.ts';
import { MAX_LOCAL_MEMBERS } from '../limits.ts';

/** Where the members of a host's local group Administrators outlast its process. */
export interface KeptAdministrators {
  /** As they were left; undefined: nobody has changed them. */
  readonly names: readonly string[] | undefined;
  keep(names: readonly string[]): Promise<void>;
}

/** Keeps them in a file, a list of names in JSON. Throws LabError `state` for anything else. */
export async function keptAdministrators(path: string): Promise<KeptAdministrators> {
  const text = await readText(path);
  let last: Promise<void> = Promise.resolve();
  const write = async (names: readonly string[]): Promise<void> => {
    await makeFolder(dirname(path));
    await replaceFile(path, `${JSON.stringify(names, undefined, 2)}\n`);
  };
  return {
    names: text === undefined ? undefined : readNames(text, path),
    // One after the other: the last change is the one that stays.
    keep: (names) => {
      last = last.catch(() => undefined).then(() => write(names));
      return last;
    },
  };
}

function readNames(text: string, path: string): readonly string[] {
  const names = parseJson(text);
  const isList = Array.isArray(names) && names.length <= MAX_LOCAL_MEMBERS;
  if (isList && names.every((name) => typeof name === 'string')) return names;
  throw new LabError('state', `${path} is no list of names: remove it to have the usual members`);
}
