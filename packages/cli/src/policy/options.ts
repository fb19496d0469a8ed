import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions } from '../admin/connection.ts';
import type { WriteOptions } from '../changes/write.ts';

/** Options of the commands that compare a domain with a policy file. */
export interface PolicyOptions extends ConnectionOptions {
  readonly json?: true;
}

export interface PolicyApplyOptions extends PolicyOptions, WriteOptions {}

/** What the argument for the file says in the help. */
export const FILE_HELP = 'policy file, YAML; - is standard input';

/** Adds the file and the options of `PolicyOptions`. */
export function addPolicyOptions(command: Command, json: string): Command {
  command.argument('<file>', FILE_HELP).option('--json', json);
  return addConnectionOptions(command, true);
}
