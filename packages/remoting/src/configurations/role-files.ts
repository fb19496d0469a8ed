import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PowerShellError } from '@doublehop/powershell/errors';
import {
  readRoleCapability,
  type RoleCapability,
} from '@doublehop/powershell/sessions/role-capability';
import type { RoleDefinition } from '@doublehop/powershell/sessions/session-configuration';
import { RemotingError } from '../errors.ts';
import { MAX_CONFIGURATION_FILE, MAX_ROLE_FOLDERS } from '../limits.ts';
import type { Registration } from './registration.ts';

/**
 * The role capabilities that a role names, as they are in their files now: names are looked for as
 * `<module>/RoleCapabilities/<name>.psrc` in the folders of the module path, the first counts
 * (about_Role_Capabilities). Throws RemotingError `configuration` for one that is missing or wrong.
 */
export async function roleCapabilities(
  { capabilities, files }: Pick<RoleDefinition, 'capabilities' | 'files'>,
  { file, modulePath }: Pick<Registration, 'file' | 'modulePath'>,
): Promise<readonly RoleCapability[]> {
  const base = file === undefined ? '/' : dirname(file.path);
  const paths = [
    ...(await Promise.all(capabilities.map((name) => findRole(name, modulePath)))),
    ...files.map((path) => resolve(base, path)),
  ];
  return Promise.all(paths.map(readRole));
}

async function findRole(name: string, modulePath: readonly string[]): Promise<string> {
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_ .-]{0,127}$/u.test(name)) {
    throw wrong(`the name of the role capability "${name.slice(0, 128)}" cannot be a file's`);
  }
  const wanted = `${name}.psrc`.toLowerCase();
  for (const folder of modulePath) {
    const modules = (await namesIn(folder)).slice(0, MAX_ROLE_FOLDERS);
    for (const module of ['.', ...modules.toSorted()]) {
      const roles = join(folder, module, 'RoleCapabilities');
      const found = (await namesIn(roles)).find((one) => one.toLowerCase() === wanted);
      if (found !== undefined) return join(roles, found);
    }
  }
  throw wrong(`the role capability ${name} is in no module of ${modulePath.join(', ') || 'none'}`);
}

async function readRole(path: string): Promise<RoleCapability> {
  let text: string;
  try {
    if ((await stat(path)).size > MAX_CONFIGURATION_FILE) throw wrong(`${path} is too large`);
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof RemotingError) throw cause;
    throw wrong(`${path} cannot be read`, cause);
  }
  try {
    return readRoleCapability(text, path);
  } catch (cause) {
    if (cause instanceof PowerShellError) throw wrong(cause.message, cause);
    throw cause;
  }
}

/** What a folder has; nothing where it is no folder. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

function wrong(message: string, cause?: unknown): RemotingError {
  return new RemotingError('configuration', message, { cause });
}
