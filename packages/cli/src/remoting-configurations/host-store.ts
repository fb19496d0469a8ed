import { configurationsPath, labPaths } from '@doublehop/lab/folder/paths';
import { needState } from '@doublehop/lab/folder/state';
import type { Registration } from '@doublehop/remoting/configurations/registration';
import { ConfigurationStore } from '@doublehop/remoting/configurations/store';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { addLabOptions, labFolder, type LabOptions } from '../lab/folder.ts';

/** Options that choose a host of a lab. */
export interface HostOptions extends LabOptions {
  readonly host: string;
}

/** Adds `--host`, `--dir` and `--json`. */
export function addHostOptions(command: Command): Command {
  return addLabOptions(command.option('--host <name>', 'host of the lab', 'ServerB'));
}

/** The session configurations of a host. Throws LabError `no-lab`, UsageError for no such host. */
export async function hostStore(
  context: Context,
  options: HostOptions,
): Promise<ConfigurationStore> {
  const paths = labPaths(labFolder(context, options));
  const { hosts } = await needState(paths);
  const wanted = options.host.toLowerCase();
  const found = hosts.find(({ name }) => name.toLowerCase() === wanted);
  if (found === undefined) {
    const names = hosts.map(({ name }) => name).join(', ');
    throw new UsageError(`the lab has no host ${options.host}: it has ${names}`);
  }
  return new ConfigurationStore(configurationsPath(paths, found.name), context.random);
}

/** The registration that must be there. */
export async function needRegistration(
  store: ConfigurationStore,
  name: string,
  { host }: HostOptions,
): Promise<Registration> {
  const found = await store.get(name);
  if (found !== undefined) return found;
  throw new UsageError(`${host} has no session configuration ${name}: register it first`);
}
