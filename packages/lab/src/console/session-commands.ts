import { type Command, type CommandFailure, failure } from '@doublehop/powershell/commands/command';
import type { Parameter } from '@doublehop/powershell/commands/command';
import { asList } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { wildcard } from '@doublehop/powershell/objects/wildcard';
import { connectionRecord, isConnectionError } from './connection-error.ts';
import { type PsSession, sessionObject } from './remote-sessions.ts';
import type { RemotingRun, RemotingState } from './remoting-state.ts';
import {
  COMPUTER_NAME,
  TARGET_PARAMETERS,
  targetsOf,
  THROTTLE_LIMIT,
} from './target-parameters.ts';

const MODULE = 'Microsoft.PowerShell.Core';
const OUTPUT = ['System.Management.Automation.Runspaces.PSSession'];

/** The ways to say which sessions are meant. */
const CHOICE: readonly Parameter[] = [
  {
    name: 'Session',
    type: 'object',
    many: true,
    position: 0,
    fromPipeline: true,
    mandatory: true,
    sets: ['Session'],
  },
  { name: 'Id', type: 'int', many: true, mandatory: true, sets: ['Id'] },
  { name: 'Name', type: 'string', many: true, mandatory: true, sets: ['Name'] },
  { ...COMPUTER_NAME, position: 0, sets: ['ComputerName'] },
];

/** New-, Get-, Remove-, Disconnect-, Connect- and Receive-PSSession. */
export const SESSION_COMMANDS: readonly Command<RemotingState>[] = [
  {
    name: 'New-PSSession',
    synopsis: 'Creates a persistent connection to a local or remote computer.',
    module: MODULE,
    outputTypes: OUTPUT,
    parameters: [
      COMPUTER_NAME,
      ...TARGET_PARAMETERS,
      { name: 'Name', type: 'string', many: true },
      THROTTLE_LIMIT,
    ],
    run: newSessions,
  },
  {
    name: 'Get-PSSession',
    synopsis: 'Gets the sessions that were opened from here.',
    module: MODULE,
    outputTypes: OUTPUT,
    defaultSet: 'All',
    parameters: [
      { name: 'ComputerName', type: 'string', many: true, position: 0, aliases: ['Cn'] },
      { name: 'Name', type: 'string', many: true },
      { name: 'Id', type: 'int', many: true },
      { name: 'State', type: 'string', validateSet: ['All', 'Opened', 'Disconnected', 'Broken'] },
    ],
    run: async (run) => {
      for (const session of chosen(run)) await run.streams.output(sessionObject(session));
    },
  },
  onSessions('Remove-PSSession', 'Closes sessions.', async (session, { session: state }) => {
    await state.sessions.remove(session);
  }),
  onSessions(
    'Disconnect-PSSession',
    'Leaves sessions running on their computers.',
    async (session, { streams }) => {
      if (session.state !== 'Opened') throw wrongState(session, 'Opened');
      await session.remote.disconnect();
      session.state = 'Disconnected';
      await streams.output(sessionObject(session));
    },
  ),
  onSessions('Connect-PSSession', 'Takes up sessions that were left.', reconnect),
  {
    name: 'Receive-PSSession',
    synopsis:
      'Takes up a session that was left: nothing waits in it, for commands run to their end.',
    module: MODULE,
    outputTypes: OUTPUT,
    parameters: CHOICE,
    run: async (run) => {
      for (const session of chosen(run)) {
        if (session.state === 'Disconnected')
          await telling(session, run, () => reconnected(session));
      }
    },
  },
];

async function newSessions(run: RemotingRun): Promise<void> {
  const { bound, session, streams, signal } = run;
  const names = asList(bound['Name'] ?? []).map(toText);
  const targets = await targetsOf(asList(bound['ComputerName'] ?? null), run);
  for (const [index, target] of targets.entries()) {
    signal.throwIfAborted();
    try {
      await streams.output(sessionObject(await session.sessions.open(target, names[index])));
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      await streams.error(connectionRecord(target.computer, error, 'PSSessionOpenFailed'));
    }
  }
}

async function reconnect(session: PsSession, { streams }: RemotingRun): Promise<void> {
  if (session.state !== 'Disconnected') throw wrongState(session, 'Disconnected');
  await reconnected(session);
  await streams.output(sessionObject(session));
}

async function reconnected(session: PsSession): Promise<void> {
  await session.remote.reconnect();
  session.state = 'Opened';
}

/** A command that does something to each session that is meant. */
function onSessions(
  name: string,
  synopsis: string,
  act: (session: PsSession, run: RemotingRun) => Promise<void>,
): Command<RemotingState> {
  return {
    name,
    synopsis,
    module: MODULE,
    parameters: CHOICE,
    run: async (run) => {
      for (const session of chosen(run)) await telling(session, run, () => act(session, run));
    },
  };
}

/** Does something to a session; when its connection fails, that is an error, and it is broken. */
async function telling(
  session: PsSession,
  { streams }: RemotingRun,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isConnectionError(error)) throw error;
    session.state = 'Broken';
    await streams.error(connectionRecord(session.target.computer, error));
  }
}

/** The sessions that a command's arguments mean; all of them where they name none. */
function chosen({ bound, session: { sessions } }: RemotingRun): readonly PsSession[] {
  const { Session: given, State: state } = bound;
  if (given !== undefined) {
    return asList(given).map((value) => sessions.of(value) ?? raise(unknownSession(toText(value))));
  }
  const ids = bound['Id'];
  for (const id of asList(ids ?? [])) if (!sessions.of(id)) throw unknownSession(toText(id));
  const patterns = (name: string): ((text: string) => boolean) => {
    const all =
      bound[name] === undefined ? undefined : asList(bound[name]).map(toText).map(wildcard);
    return (text) => all?.some((matches) => matches(text)) ?? true;
  };
  const isNamed = patterns('Name');
  const isThere = patterns('ComputerName');
  const wanted = state === undefined ? 'all' : toText(state).toLowerCase();
  return sessions
    .all()
    .filter(({ id }) => ids === undefined || asList(ids).includes(id))
    .filter(({ name, target }) => isNamed(name) && isThere(target.computer))
    .filter((one) => wanted === 'all' || one.state.toLowerCase() === wanted);
}

function raise(error: Error): never {
  throw error;
}

/** None of that number, name or object is open here. */
export function unknownSession(what: string): CommandFailure {
  const message = `There is no opened session ${what} here.`;
  return failure(message, 'SessionIdNotAvailable', 'InvalidArgument', what);
}

function wrongState({ name, state }: PsSession, needed: string): CommandFailure {
  const message = `The session ${name} is ${state}, and would have to be ${needed}.`;
  return failure(message, 'InvalidRunspaceState', 'InvalidOperation', name);
}
