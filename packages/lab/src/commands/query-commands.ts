import type { Command, Invocation, Parameter } from '@doublehop/powershell/commands/command';
import { CommandFailure } from '@doublehop/powershell/commands/command';
import { asList } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import type { PsValue } from '@doublehop/powershell/objects/value';
import { isWildcard, wildcard } from '@doublehop/powershell/objects/wildcard';
import { MAX_EVENTS } from '../limits.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { ask } from './ask.ts';
import { isDenied, isTold, recordOf, type Telling } from './failures.ts';
import { eventObject, processObject, serviceObject } from './host-objects.ts';

type Run = Invocation<HostSession>;

const MODULE = 'Microsoft.PowerShell.Management';

/** `-ComputerName` of commands that ask other computers. */
export const COMPUTER_NAME: Parameter = {
  name: 'ComputerName',
  type: 'string',
  many: true,
  aliases: ['Cn'],
  fromProperty: true,
};

/** Processes, services and event logs, of this computer and of others. */
export const QUERY_COMMANDS: readonly Command<HostSession>[] = [
  {
    name: 'Get-Process',
    synopsis: 'Gets the processes that are running on a computer.',
    module: MODULE,
    outputTypes: ['System.Diagnostics.Process'],
    parameters: [
      {
        name: 'Name',
        type: 'string',
        many: true,
        position: 0,
        aliases: ['ProcessName'],
        fromProperty: true,
      },
      { name: 'Id', type: 'int', many: true, aliases: ['PID'] },
      COMPUTER_NAME,
    ],
    run: getProcess,
  },
  {
    name: 'Get-Service',
    synopsis: 'Gets the services on a computer.',
    module: MODULE,
    outputTypes: ['System.ServiceProcess.ServiceController'],
    parameters: [
      {
        name: 'Name',
        type: 'string',
        many: true,
        position: 0,
        aliases: ['ServiceName'],
        fromPipeline: true,
        fromProperty: true,
      },
      { name: 'DisplayName', type: 'string', many: true },
      COMPUTER_NAME,
    ],
    run: getService,
  },
  {
    name: 'Get-EventLog',
    synopsis: 'Gets the events in an event log of a computer.',
    module: MODULE,
    outputTypes: ['System.Diagnostics.EventLogEntry'],
    parameters: [
      { name: 'LogName', type: 'string', position: 0, mandatory: true, aliases: ['LN'] },
      COMPUTER_NAME,
      { name: 'Newest', type: 'int' },
      { name: 'Source', type: 'string', many: true },
      { name: 'EntryType', type: 'string', many: true, aliases: ['ET'] },
    ],
    run: getEventLog,
  },
];

/** Computers that were named; the own one where none was. */
export function computersOf({ bound }: Run): readonly (string | undefined)[] {
  const names = textsOf(bound['ComputerName']);
  return names.length === 0 ? [undefined] : names;
}

function textsOf(value: PsValue | undefined): readonly string[] {
  return asList(value ?? null).map(toText);
}

async function getProcess(run: Run): Promise<void> {
  const { session, bound, streams } = run;
  const names = textsOf(bound['Name']);
  const ids = asList(bound['Id'] ?? null);
  for (const computer of computersOf(run)) {
    const query = { query: 'processes', names } as const;
    const all = await told(
      run,
      () => ask(session, computer, query),
      () => remoteProcesses(computer),
    );
    if (all === undefined) continue;
    const found = all.filter(({ id }) => ids.length === 0 || ids.includes(id));
    for (const facts of found) await streams.output(processObject(facts, computer ?? '.'));
    for (const name of missing(
      names,
      all.map((facts) => facts.name),
    )) {
      await streams.error(
        recordOf({
          message:
            `Cannot find a process with the name "${name}". Verify the process name and call the ` +
            'cmdlet again.',
          errorId: 'NoProcessFoundForGivenName,Microsoft.PowerShell.Commands.GetProcessCommand',
          category: 'ObjectNotFound',
          exceptionType: 'Microsoft.PowerShell.Commands.ProcessCommandException',
          activity: 'Get-Process',
          target: name,
        }),
      );
    }
  }
}

async function getService(run: Run): Promise<void> {
  const { session, bound, streams } = run;
  const names = textsOf(bound['Name']);
  const shown = textsOf(bound['DisplayName']).map(wildcard);
  for (const computer of computersOf(run)) {
    const query = { query: 'services', names } as const;
    const all = await told(
      run,
      () => ask(session, computer, query),
      () => serviceManager(computer),
    );
    if (all === undefined) continue;
    for (const facts of all) {
      const isShown = shown.length === 0 || shown.some((fits) => fits(facts.displayName));
      if (isShown) await streams.output(serviceObject(facts, computer ?? '.'));
    }
    for (const name of missing(
      names,
      all.map((facts) => facts.name),
    )) {
      await streams.error(
        recordOf({
          message: `Cannot find any service with service name '${name}'.`,
          errorId: 'NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand',
          category: 'ObjectNotFound',
          exceptionType: 'Microsoft.PowerShell.Commands.ServiceCommandException',
          activity: 'Get-Service',
          target: name,
        }),
      );
    }
  }
}

async function getEventLog(run: Run): Promise<void> {
  const { session, bound, streams } = run;
  const log = toText(bound['LogName'] ?? '');
  const newest = typeof bound['Newest'] === 'number' ? bound['Newest'] : MAX_EVENTS;
  if (newest < 0) throw invalidNewest(newest);
  for (const computer of computersOf(run)) {
    const query = {
      query: 'events',
      log,
      newest: Math.min(newest, MAX_EVENTS),
      sources: textsOf(bound['Source']),
      entryTypes: textsOf(bound['EntryType']),
    } as const;
    const found = await told(
      run,
      () => ask(session, computer, query),
      (error) => eventLog(log, computer, error),
    );
    const machine = computer ?? session.host.computer.dnsName;
    for (const facts of found ?? []) await streams.output(eventObject(facts, machine, log));
  }
}

/** What work gives; undefined after the user was told that it failed. */
async function told<T>(
  { streams }: Run,
  work: () => Promise<T>,
  telling: (error: unknown) => Telling,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isTold(error)) throw error;
    await streams.error(recordOf(telling(error), error));
    return undefined;
  }
}

/** Names without a wildcard that nothing has. */
function missing(names: readonly string[], all: readonly string[]): readonly string[] {
  const known = new Set(all.map((name) => name.toLowerCase()));
  return names.filter((name) => !isWildcard(name) && !known.has(name.toLowerCase()));
}

function remoteProcesses(computer: string | undefined): Telling {
  return {
    message: "Couldn't connect to remote machine.",
    errorId: 'System.InvalidOperationException,Microsoft.PowerShell.Commands.GetProcessCommand',
    category: 'NotSpecified',
    exceptionType: 'System.InvalidOperationException',
    activity: 'Get-Process',
    target: computer ?? null,
  };
}

function serviceManager(computer = '.'): Telling {
  return {
    message:
      `Cannot open Service Control Manager on computer '${computer}'. This operation might ` +
      'require other privileges.',
    errorId: 'System.InvalidOperationException,Microsoft.PowerShell.Commands.GetServiceCommand',
    category: 'NotSpecified',
    exceptionType: 'System.InvalidOperationException',
    activity: 'Get-Service',
    target: computer,
  };
}

function eventLog(log: string, computer: string | undefined, error: unknown): Telling {
  const common = { category: 'NotSpecified', activity: 'Get-EventLog', target: log } as const;
  const id = (name: string): string => `${name},Microsoft.PowerShell.Commands.GetEventLogCommand`;
  if (isDenied(error)) {
    const exceptionType = 'System.UnauthorizedAccessException';
    const message = 'Attempted to perform an unauthorized operation.';
    return { ...common, message, errorId: id(exceptionType), exceptionType };
  }
  if (error instanceof Error && error.message.startsWith('The event log ')) {
    const exceptionType = 'System.InvalidOperationException';
    const message = `The event log '${log}' on computer '${computer ?? '.'}' does not exist.`;
    return { ...common, message, errorId: id(exceptionType), exceptionType };
  }
  const exceptionType = 'System.IO.IOException';
  const message = 'The network path was not found.';
  return { ...common, message, errorId: id(exceptionType), exceptionType };
}

function invalidNewest(newest: number): CommandFailure {
  return new CommandFailure({
    message:
      `Cannot validate argument on parameter 'Newest'. The ${newest} argument is less than the ` +
      'minimum allowed range of 0.',
    errorId: 'ParameterArgumentValidationError,Microsoft.PowerShell.Commands.GetEventLogCommand',
    category: 'InvalidData',
    exceptionType: 'System.Management.Automation.ParameterBindingValidationException',
    activity: 'Get-EventLog',
    target: newest,
  });
}
