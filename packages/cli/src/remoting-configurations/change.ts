import { resolve } from 'node:path';
import { SecureText } from '@doublehop/powershell/objects/value';
import type { Registration } from '@doublehop/remoting/configurations/registration';
import type { ConfigurationStore } from '@doublehop/remoting/configurations/store';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readArgument } from '../input/file.ts';
import { readPassword } from '../input/secret.ts';
import type { HostOptions } from './host-store.ts';

/** What may be said about a configuration. */
export interface ChangeOptions extends HostOptions {
  readonly file?: string;
  readonly sddl?: string;
  /** False: `--no-run-as`. */
  readonly runAs?: string | false;
  readonly passwordFile?: string;
  readonly modules?: readonly string[];
}

/** Adds the options that say what a configuration is. */
export function addChangeOptions(command: Command): Command {
  return command
    .option('--file <file.pssc>', 'session configuration file; without: like the default one')
    .option('--sddl <sddl>', 'who may open it; default: administrators, or who has a role')
    .option('--run-as <user>', 'sessions run as this user, whose password is asked for')
    .option('--password-file <file>', "read the RunAs user's password from a file")
    .option('--modules <folder...>', 'folders of modules whose RoleCapabilities are looked for');
}

/** A registration with what the options say. Throws UsageError. */
export async function changed(
  context: Context,
  store: ConfigurationStore,
  before: Registration,
  options: ChangeOptions,
): Promise<Registration> {
  const { file, sddl, runAs, passwordFile, modules } = options;
  if (passwordFile !== undefined && typeof runAs !== 'string') {
    throw new UsageError('--password-file is the password of --run-as USER: name the user');
  }
  const { runAs: old, ...rest } = before;
  const registration: Registration = {
    ...rest,
    ...(old !== undefined && runAs === undefined && { runAs: old }),
    ...(file !== undefined && { file: await configurationFile(file) }),
    ...(sddl !== undefined && { sddl }),
    ...(modules !== undefined && { modulePath: modules.map((folder) => resolve(folder)) }),
  };
  if (typeof runAs !== 'string') return registration;
  if (runAs === '') throw new UsageError('--run-as wants a user, as CONTOSO\\alice');
  const text = await readPassword(context, `Password for ${runAs}`, passwordFile);
  const password = SecureText.of(text);
  try {
    return await store.withRunAs(registration, runAs, password);
  } finally {
    password.wipe();
  }
}

async function configurationFile(path: string): Promise<{ path: string; text: string }> {
  const text = (await readArgument('--file', path)).toString('utf8');
  if (text.trim() === '') throw new UsageError(`--file: ${path} is empty`);
  return { path: resolve(path), text };
}
