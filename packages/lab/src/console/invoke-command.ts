import { type Command, failure } from '@doublehop/powershell/commands/command';
import { asList, isTrue } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { requestOf } from '../remoting/invoke-command.ts';
import { fanOut, type Place } from './fan-out.ts';
import type { RemotingRun, RemotingState } from './remoting-state.ts';
import {
  COMPUTER_NAME,
  TARGET_PARAMETERS,
  targetsOf,
  THROTTLE_LIMIT,
  throttleOf,
} from './target-parameters.ts';

/** Invoke-Command: on computers, in sessions, or without either here. */
export const INVOKE_COMMAND: Command<RemotingState> = {
  name: 'Invoke-Command',
  synopsis: 'Runs commands on local and remote computers.',
  module: 'Microsoft.PowerShell.Core',
  defaultSet: 'InProcess',
  parameters: [
    COMPUTER_NAME,
    {
      name: 'Session',
      type: 'object',
      many: true,
      position: 0,
      mandatory: true,
      sets: ['Session'],
    },
    {
      name: 'ScriptBlock',
      type: 'scriptblock',
      position: 1,
      mandatory: true,
      aliases: ['Command'],
    },
    ...TARGET_PARAMETERS,
    THROTTLE_LIMIT,
    { name: 'HideComputerName', type: 'switch', aliases: ['HCN'] },
    { name: 'ArgumentList', type: 'object', many: true, aliases: ['Args'] },
    { name: 'AsJob', type: 'switch' },
    { name: 'JobName', type: 'string' },
    { name: 'NoNewScope', type: 'switch', sets: ['InProcess'] },
  ],
  run: async (run) => {
    const { bound, parameterSet, session, streams, signal } = run;
    if (bound['AsJob'] !== undefined || bound['JobName'] !== undefined) throw noJobs();
    const block = bound['ScriptBlock'] ?? null;
    const args = asList(bound['ArgumentList'] ?? []);
    if (parameterSet === 'InProcess') {
      if (args.length > 0) throw noArguments();
      for (const value of await run.invokeBlock(block, null)) await streams.output(value);
      return;
    }
    const request = requestOf(block, session.variables, args);
    const places = parameterSet === 'Session' ? sessionPlaces(run) : await computerPlaces(run);
    const showComputer = !isTrue(bound['HideComputerName'] ?? false);
    await fanOut(places, { request, throttle: throttleOf(bound), streams, signal, showComputer });
  },
};

async function computerPlaces(run: RemotingRun): Promise<Place[]> {
  const { connect } = run.session.sessions;
  const targets = await targetsOf(run);
  return targets.map((target) => ({
    computer: target.computer,
    open: () => connect(target),
    close: (session) => session.close(),
  }));
}

function sessionPlaces({ bound, session }: RemotingRun): Place[] {
  return asList(bound['Session'] ?? null).map((value) => {
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

function noJobs(): Error {
  const message = 'There are no background jobs here: without -AsJob the results come at once.';
  return failure(message, 'JobsNotSupported', 'NotImplemented');
}

function noArguments(): Error {
  const message = 'A block that runs here takes no -ArgumentList: use variables in it.';
  return failure(message, 'ArgumentListNotSupported', 'NotImplemented');
}
