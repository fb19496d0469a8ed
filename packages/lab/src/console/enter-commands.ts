import { type Command, CommandFailure } from '@doublehop/powershell/commands/command';
import type { Parameter } from '@doublehop/powershell/commands/command';
import { asList } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { connectionRecord, isConnectionError } from './connection-error.ts';
import type { RemotingRun, RemotingState } from './remoting-state.ts';
import { unknownSession } from './session-commands.ts';
import { COMPUTER_NAME, TARGET_PARAMETERS, targetsOf } from './target-parameters.ts';

const MODULE = 'Microsoft.PowerShell.Core';

const PARAMETERS: readonly Parameter[] = [
  { ...COMPUTER_NAME, many: false },
  { name: 'Session', type: 'object', mandatory: true, position: 0, sets: ['Session'] },
  ...TARGET_PARAMETERS.map((one) => ({ ...one, sets: ['ComputerName'] })),
];

/** Enter- and Exit-PSSession at a console. */
export const ENTER_COMMANDS: readonly Command<RemotingState>[] = [
  {
    name: 'Enter-PSSession',
    synopsis: 'Starts an interactive session with a remote computer.',
    module: MODULE,
    parameters: PARAMETERS,
    run: enter,
  },
  {
    name: 'Exit-PSSession',
    synopsis: 'Ends an interactive session with a remote computer.',
    module: MODULE,
    parameters: [],
    run: async ({ session: { sessions } }) => {
      const { entered } = sessions;
      sessions.entered = undefined;
      // One that Enter-PSSession opened by itself has no other use.
      if (entered !== undefined && entered.name === ENTERED) await sessions.remove(entered);
    },
  },
];

/**
 * Enter-PSSession within a session: Windows refuses it, whatever is granted, as a session cannot
 * lay another one over itself.
 */
export const NO_ENTER_COMMAND: Command<RemotingState> = {
  name: 'Enter-PSSession',
  synopsis: 'Starts an interactive session, but not from within a session.',
  module: MODULE,
  parameters: PARAMETERS,
  run: async () => {
    const message =
      'You are currently in a Windows PowerShell PSSession and cannot use the Enter-PSSession ' +
      'cmdlet to enter another PSSession.';
    const id = 'RemoteHostDoesNotSupportPushRunspace';
    throw new CommandFailure({
      message,
      errorId: `${id},Microsoft.PowerShell.Commands.EnterPSSessionCommand`,
      category: 'InvalidArgument',
      target: null,
      activity: 'Enter-PSSession',
      exceptionType: 'System.ArgumentException',
    });
  },
};

/** Name of a session that Enter-PSSession opened, and Exit-PSSession closes. */
const ENTERED = 'Enter-PSSession';

async function enter(run: RemotingRun): Promise<void> {
  const { bound, session } = run;
  const { sessions } = session;
  const given = bound['Session'];
  if (given !== undefined) {
    const found = sessions.of(given);
    if (found?.state !== 'Opened') throw unknownSession(toText(given));
    sessions.entered = found;
    return;
  }
  const [target] = await targetsOf(asList(bound['ComputerName'] ?? null), run);
  if (target === undefined) return;
  try {
    sessions.entered = await sessions.open(target, ENTERED);
  } catch (error) {
    if (!isConnectionError(error)) throw error;
    throw new CommandFailure(
      connectionRecord(target.computer, error, 'CreateRemoteRunspaceFailed'),
    );
  }
}
