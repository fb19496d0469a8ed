import { builtinCommands } from '@doublehop/powershell/builtin/builtin';
import type { Command } from '@doublehop/powershell/commands/command';
import { HOST_VIEWS } from '../commands/host-objects.ts';
import { hostCommands } from '../commands/host-commands.ts';
import type { HostSession } from '../sessions/host-session.ts';
import type { SessionTools } from './default-configuration.ts';
import { invokeCommand } from './invoke-command.ts';
import { openFromHost } from './second-hop.ts';

/** The commands that a session on any host of the lab has, and those of its own host. */
export function sessionTools(own: readonly Command<HostSession>[] = []): SessionTools {
  const commands: readonly Command<HostSession>[] = [
    ...hostCommands<HostSession>((session) => session),
    ...own,
    invokeCommand<HostSession>({
      open: openFromHost,
      // A session has no variables of its own: what a client means by `$using:` it sends along.
      variables: () => () => undefined,
    }),
    ...builtinCommands<HostSession>(() => commands),
  ];
  return { commands, views: HOST_VIEWS };
}
