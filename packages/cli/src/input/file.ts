import { readFile } from 'node:fs/promises';
import { UsageError } from '../errors.ts';

/** The file that an argument names; errors say which argument it was. */
export async function readArgument(argument: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    throw new UsageError(`${argument}: ${path} ${REASONS.get(code) ?? `cannot be read (${code})`}`);
  }
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'does not exist'],
  ['EISDIR', 'is a folder, not a file'],
  ['EACCES', 'may not be read by you'],
]);
