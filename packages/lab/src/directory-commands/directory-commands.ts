import type { Command } from '@doublehop/powershell/commands/command';
import { forSession } from '@doublehop/powershell/commands/for-session';
import type { DirectoryAccess, DirectoryCommand } from './access.ts';
import type { AccountKind } from './ad-object.ts';
import { GET_DOMAIN, GET_GROUP_MEMBER, getCommand } from './get-commands.ts';
import { newCommand, removeCommand, SET_ACCOUNT_CONTROL, setCommand } from './write-commands.ts';

const KINDS: readonly AccountKind[] = ['Computer', 'User', 'ServiceAccount'];

const DIRECTORY_COMMANDS: readonly DirectoryCommand[] = [
  ...KINDS.flatMap((kind) => [
    getCommand(kind),
    setCommand(kind),
    newCommand(kind),
    removeCommand(kind),
  ]),
  getCommand('Group'),
  getCommand('Object'),
  removeCommand('Object'),
  SET_ACCOUNT_CONTROL,
  GET_DOMAIN,
  GET_GROUP_MEMBER,
];

/**
 * Get-, Set-, New- and Remove- of computers, users and service accounts, and what goes with them,
 * over sealed LDAP. `accessOf` finds what they need in what the host of the commands gives them.
 */
export function directoryCommands<S>(
  accessOf: (given: S) => DirectoryAccess,
): readonly Command<S>[] {
  return forSession(DIRECTORY_COMMANDS, accessOf);
}
