import { builtinCommands } from '@doublehop/powershell/builtin/builtin';
import type { Command } from '@doublehop/powershell/commands/command';
import { forSession } from '@doublehop/powershell/commands/for-session';
import { HOST_VIEWS } from '../commands/host-objects.ts';
import { hostCommands } from '../commands/host-commands.ts';
import { NO_ENTER_COMMAND } from '../console/enter-commands.ts';
import { identify } from '../console/identify.ts';
import { INVOKE_COMMAND } from '../console/invoke-command.ts';
import { TEST_WSMAN } from '../console/person-commands.ts';
import { RemoteSessions } from '../console/remote-sessions.ts';
import type { RemotingState } from '../console/remoting-state.ts';
import { SESSION_COMMANDS } from '../console/session-commands.ts';
import { REMOTING_VIEWS } from '../console/views.ts';
import type { HostSession } from '../sessions/host-session.ts';
import type { SessionTools } from './default-configuration.ts';
import { locateFromHost, openFromHost } from './second-hop.ts';

/** The commands that a session on any host of the lab has, and those of its own host. */
export function sessionTools(own: readonly Command<HostSession>[] = []): SessionTools {
  const commands: readonly Command<HostSession>[] = [
    ...hostCommands<HostSession>((session) => session),
    ...own,
    ...forSession(REMOTING_COMMANDS, remotingStates()),
    ...builtinCommands<HostSession>(() => commands),
  ];
  return { commands, views: [...HOST_VIEWS, ...REMOTING_VIEWS] };
}

const REMOTING_COMMANDS: readonly Command<RemotingState>[] = [
  INVOKE_COMMAND,
  ...SESSION_COMMANDS,
  NO_ENTER_COMMAND,
  TEST_WSMAN,
];

/** The way onwards of each session; what it opened is closed when it ends. */
function remotingStates(): (session: HostSession) => RemotingState {
  const states = new WeakMap<HostSession, RemotingState>();
  return (session) => {
    const known = states.get(session);
    if (known !== undefined) return known;
    const { host } = session;
    const sessions = new RemoteSessions((target) => openFromHost(session, target));
    const state: RemotingState = {
      sessions,
      computer: host.name,
      // A session has no variables of its own: what a client means by `$using:` it sends along.
      variables: () => undefined,
      askPassword: async () => undefined,
      identify: async (computer, how) => identify(await locateFromHost(host, { computer, ...how })),
    };
    states.set(session, state);
    session.atLogOff(() => void sessions.close());
    return state;
  };
}
