import { type Command, failure } from '@doublehop/powershell/commands/command';
import { asList, isTrue } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { PsObject, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import { fanOut, type Place } from './fan-out.ts';
import { requestOf } from './remote-request.ts';
import { SESSION_TYPE } from './remote-sessions.ts';
import type { RemotingRun, RemotingState } from './remoting-state.ts';
import { TARGET_PARAMETERS, targetsOf, THROTTLE_LIMIT, throttleOf } from './target-parameters.ts';

/**
 * Invoke-Command: on computers, in sessions, or without either here. What stands first without a
 * name is a computer, a session or the block, by what it is: so PowerShell's binder tells its
 * parameter sets apart.
 */
export const INVOKE_COMMAND: Command<RemotingState> = {
  name: 'Invoke-Command',
  synopsis: 'Runs commands on local and remote computers.',
  module: 'Microsoft.PowerShell.Core',
  parameters: [
    { name: 'ComputerName', type: 'object', many: true, position: 0, aliases: ['Cn'] },
    { name: 'Session', type: 'object', many: true },
    { name: 'ScriptBlock', type: 'scriptblock', position: 1, aliases: ['Command'] },
    ...TARGET_PARAMETERS,
    THROTTLE_LIMIT,
    { name: 'HideComputerName', type: 'switch', aliases: ['HCN'] },
    { name: 'ArgumentList', type: 'object', many: true, aliases: ['Args'] },
    { name: 'AsJob', type: 'switch' },
    { name: 'JobName', type: 'string' },
    { name: 'NoNewScope', type: 'switch' },
  ],
  run: async (run) => {
    const { bound, session, streams, signal } = run;
    if (bound['AsJob'] !== undefined || bound['JobName'] !== undefined) throw noJobs();
    const { block, computers, sessions } = placesOf(run);
    const args = asList(bound['ArgumentList'] ?? []);
    if (computers.length === 0 && sessions.length === 0) {
      if (args.length > 0) throw noArguments();
      for (const value of await run.invokeBlock(block, null)) await streams.output(value);
      return;
    }
    const request = requestOf(block, session.variables, args);
    const places =
      sessions.length > 0 ? sessionPlaces(sessions, run) : await computerPlaces(computers, run);
    const showComputer = !isTrue(bound['HideComputerName'] ?? false);
    await fanOut(places, { request, throttle: throttleOf(bound), streams, signal, showComputer });
  },
};

interface Places {
  readonly block: PsValue;
  readonly computers: readonly PsValue[];
  readonly sessions: readonly PsValue[];
}

function placesOf({ bound }: RemotingRun): Places {
  const { ScriptBlock: block, Session: named = [] } = bound;
  const first = asList(bound['ComputerName'] ?? []);
  const [only = null] = first;
  if (block === undefined && only instanceof Scalar && only.type === 'ScriptBlock') {
    return { block: only, computers: [], sessions: asList(named) };
  }
  if (block === undefined) {
    const message = 'What is to run? Give a script block: Invoke-Command ServerB { hostname }';
    throw failure(message, 'MissingMandatoryParameter', 'InvalidArgument');
  }
  for (const name of ['ComputerName', 'Session']) {
    // Nothing is no place, least of all this computer.
    if (bound[name] !== undefined && asList(bound[name]).length === 0) throw noPlace(name);
  }
  const isSession = (value: PsValue): boolean =>
    value instanceof PsObject && value.typeNames[0] === SESSION_TYPE;
  const sessions = [...first.filter(isSession), ...asList(named)];
  const computers = first.filter((value) => !isSession(value));
  if (sessions.length === 0 || computers.length === 0) return { block, computers, sessions };
  const message = 'Computers and sessions: one of them.';
  throw failure(message, 'AmbiguousParameterSet', 'InvalidArgument');
}

async function computerPlaces(computers: readonly PsValue[], run: RemotingRun): Promise<Place[]> {
  const { connect } = run.session.sessions;
  const targets = await targetsOf(computers, run);
  return targets.map((target) => ({
    computer: target.computer,
    open: () => connect(target),
    close: (session) => session.close(),
  }));
}

function sessionPlaces(given: readonly PsValue[], { session }: RemotingRun): Place[] {
  return given.map((value) => {
    const found = session.sessions.of(value);
    if (found?.state === 'Opened') {
      return { computer: found.target.computer, open: async () => found.remote };
    }
    const state = found === undefined ? 'not one of this console' : found.state.toLowerCase();
    const name = found?.name ?? toText(value);
    const message = `The session ${name} is ${state}: commands run in opened ones only.`;
    throw failure(message, 'InvalidRunspaceState', 'InvalidOperation', name);
  });
}

function noPlace(parameter: string): Error {
  const message =
    `Cannot validate argument on parameter '${parameter}'. The argument is null or empty. ` +
    'Provide an argument that is not null or empty, and then try the command again.';
  return failure(message, 'ParameterArgumentValidationError', 'InvalidData');
}

function noJobs(): Error {
  const message = 'There are no background jobs here: without -AsJob the results come at once.';
  return failure(message, 'JobsNotSupported', 'NotImplemented');
}

function noArguments(): Error {
  const message = 'A block that runs here takes no -ArgumentList: use variables in it.';
  return failure(message, 'ArgumentListNotSupported', 'NotImplemented');
}
