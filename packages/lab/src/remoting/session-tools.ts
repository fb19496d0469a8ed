import { builtinCommands } from '@doublehop/powershell/builtin/builtin';
import type { Command } from '@doublehop/powershell/commands/command';
import type { HostSession } from '../sessions/host-session.ts';
import type { SessionTools } from './default-configuration.ts';

/** The commands that a session on any host of the lab has. */
export function sessionTools(): SessionTools {
  const commands: readonly Command<HostSession>[] = [
    ...builtinCommands<HostSession>(() => commands),
  ];
  return { commands, views: [] };
}
