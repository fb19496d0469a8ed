import { Command, Option } from 'commander';
import { addConnectionOptions, type ConnectionOptions } from '../admin/connection.ts';

/** Options of a command whose `--user` is somebody else than the one who works. */
export interface DomainOptions extends Omit<ConnectionOptions, 'user'> {
  readonly as?: string;
}

/** Adds the options that say which domain is asked, and as whom: `--as` instead of `--user`. */
export function addDomainOptions(command: Command): Command {
  for (const option of addConnectionOptions(new Command(), true).options) {
    command.addOption(option.long === '--user' ? asOption(option) : option);
  }
  return command;
}

function asOption({ helpGroupHeading }: Option): Option {
  const option = new Option(
    '--principal, --as <name>',
    'read the directory as this account; asks for its password',
  );
  return helpGroupHeading === undefined ? option : option.helpGroup(helpGroupHeading);
}

/** The same as connections take them; the command's own `user` does not pass. */
export function connectionOf({ as, ...options }: DomainOptions): ConnectionOptions {
  const { user: _subject, ...connection }: ConnectionOptions = options;
  return as === undefined ? connection : { ...connection, user: as };
}
