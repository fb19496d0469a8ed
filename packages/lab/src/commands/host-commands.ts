import type { Command, Invocation } from '@doublehop/powershell/commands/command';
import type { HostSession } from '../sessions/host-session.ts';
import { CIM_COMMANDS } from './cim-commands.ts';
import { FILE_COMMANDS } from './file-commands.ts';
import { GROUP_COMMANDS } from './group-commands.ts';
import { MACHINE_COMMANDS } from './machine-commands.ts';
import { NATIVE_COMMANDS } from './native-commands.ts';
import { QUERY_COMMANDS } from './query-commands.ts';

/**
 * The commands of a computer of the lab: files, processes, services, logs, tickets, here and on
 * others. `sessionOf` finds the user's session in what the host of the commands gives them.
 */
export function hostCommands<S>(sessionOf: (given: S) => HostSession): readonly Command<S>[] {
  const all = [
    ...FILE_COMMANDS,
    ...QUERY_COMMANDS,
    ...CIM_COMMANDS,
    ...MACHINE_COMMANDS,
    ...GROUP_COMMANDS,
    ...NATIVE_COMMANDS,
  ];
  return all.map((command) => adapted(command, sessionOf));
}

function adapted<S>(
  command: Command<HostSession>,
  sessionOf: (given: S) => HostSession,
): Command<S> {
  const inner = (invocation: Invocation<S>): Invocation<HostSession> => {
    return { ...invocation, session: sessionOf(invocation.session) };
  };
  if ('run' in command) {
    return { ...command, run: (invocation) => command.run(inner(invocation)) };
  }
  return { ...command, begin: (invocation) => command.begin(inner(invocation)) };
}
