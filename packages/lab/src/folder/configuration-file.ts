import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ConfigurationFile } from '@doublehop/remoting/configurations/registration';
import { RemotingError } from '@doublehop/remoting/errors';
import { MAX_CONFIGURATION_FILE } from '@doublehop/remoting/limits';
import { messageOf } from '../errors.ts';

/** A `.pssc` file of this machine. Throws RemotingError `configuration` and `limit`. */
export async function configurationFile(path: string): Promise<ConfigurationFile> {
  const absolute = resolve(path);
  return { path: absolute, text: await textOf(absolute) };
}

async function textOf(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > MAX_CONFIGURATION_FILE) throw new RemotingError('limit', `${path} is too large`);
    return await file.readFile('utf8');
  } catch (error) {
    if (error instanceof RemotingError) throw error;
    const message = `${path} cannot be read: ${messageOf(error)}`;
    throw new RemotingError('configuration', message, { cause: error });
  }
}
