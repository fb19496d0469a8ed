import { type Command, CommandFailure, type Invocation } from '../commands/command.ts';
import { ErrorCategory } from '../commands/error-record.ts';
import { asList, isTrue, toNumber } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';

const MODULE = 'Microsoft.PowerShell.Utility';

/** Write-Output, -Error, -Warning, -Verbose, -Debug, -Information, -Host and -Progress. */
export function writeCommands<S>(): Command<S>[] {
  return [
    writeOutput(),
    writeError(),
    writeText('Write-Warning', 'warning'),
    writeText('Write-Verbose', 'verbose'),
    writeText('Write-Debug', 'debug'),
    writeInformation(),
    writeHost(),
    writeProgress(),
  ];
}

function writeOutput<S>(): Command<S> {
  return {
    name: 'Write-Output',
    synopsis: 'Sends objects down the pipeline.',
    module: MODULE,
    parameters: [
      { name: 'InputObject', type: 'object', position: 0, fromPipeline: true, remaining: true },
      { name: 'NoEnumerate', type: 'switch' },
    ],
    begin: ({ streams }) => ({
      process: async (item) => {
        for (const one of asList(item)) await streams.output(one);
      },
    }),
  };
}

function writeError<S>(): Command<S> {
  return {
    name: 'Write-Error',
    synopsis: 'Writes an object to the error stream.',
    module: MODULE,
    parameters: [
      { name: 'Message', type: 'string', position: 0, fromPipeline: true, mandatory: true },
      { name: 'ErrorId', type: 'string' },
      { name: 'Category', type: 'string', validateSet: Object.keys(ErrorCategory) },
      { name: 'TargetObject', type: 'object' },
    ],
    run: async ({ bound, streams }) => {
      const wanted = toText(bound['Category'] ?? 'NotSpecified').toLowerCase();
      const names = Object.keys(ErrorCategory) as (keyof typeof ErrorCategory)[]; // own keys
      await streams.error({
        message: toText(bound['Message'] ?? null),
        errorId: toText(bound['ErrorId'] ?? 'Microsoft.PowerShell.Commands.WriteErrorException'),
        category: names.find((name) => name.toLowerCase() === wanted) ?? 'NotSpecified',
        target: bound['TargetObject'] ?? null,
        exceptionType: 'Microsoft.PowerShell.Commands.WriteErrorException',
        activity: 'Write-Error',
      });
    },
  };
}

function writeText<S>(name: string, stream: 'warning' | 'verbose' | 'debug'): Command<S> {
  return {
    name,
    synopsis: `Writes a ${stream} message.`,
    module: MODULE,
    parameters: [
      { name: 'Message', type: 'string', position: 0, fromPipeline: true, mandatory: true },
    ],
    run: async ({ bound, streams }) => streams[stream](toText(bound['Message'] ?? null)),
  };
}

function writeInformation<S>(): Command<S> {
  return {
    name: 'Write-Information',
    synopsis: 'Writes to the information stream.',
    module: MODULE,
    parameters: [
      { name: 'MessageData', type: 'object', position: 0, fromPipeline: true, mandatory: true },
      { name: 'Tags', type: 'string', many: true, position: 1 },
    ],
    run: async ({ bound, streams }) =>
      streams.information(bound['MessageData'] ?? null, asList(bound['Tags'] ?? null).map(toText)),
  };
}

function writeHost<S>(): Command<S> {
  return {
    name: 'Write-Host',
    synopsis: 'Writes to the console of the caller.',
    module: MODULE,
    parameters: [
      {
        name: 'Object',
        type: 'object',
        many: true,
        position: 0,
        fromPipeline: true,
        remaining: true,
      },
      { name: 'NoNewline', type: 'switch' },
      { name: 'Separator', type: 'string' },
      { name: 'ForegroundColor', type: 'string' },
      { name: 'BackgroundColor', type: 'string' },
    ],
    run: async ({ bound, streams }) => {
      const separator = bound['Separator'] === undefined ? ' ' : toText(bound['Separator']);
      const text = asList(bound['Object'] ?? null)
        .map(toText)
        .join(separator);
      await streams.information(text, ['PSHOST']);
    },
  };
}

function writeProgress<S>(): Command<S> {
  return {
    name: 'Write-Progress',
    synopsis: 'Shows how far a long command is.',
    module: MODULE,
    parameters: [
      { name: 'Activity', type: 'string', position: 0, mandatory: true },
      { name: 'Status', type: 'string', position: 1 },
      { name: 'Id', type: 'int', position: 2 },
      { name: 'PercentComplete', type: 'int' },
      { name: 'SecondsRemaining', type: 'int' },
      { name: 'CurrentOperation', type: 'string' },
      { name: 'ParentId', type: 'int' },
      { name: 'Completed', type: 'switch' },
    ],
    run: async (invocation) => invocation.streams.progress(progressOf(invocation)),
  };
}

function progressOf<S>({
  bound,
}: Invocation<S>): Parameters<Invocation<S>['streams']['progress']>[0] {
  const number = (name: string, otherwise: number): number =>
    toNumber(bound[name] ?? otherwise) ?? otherwise;
  const percentComplete = number('PercentComplete', -1);
  if (percentComplete > 100) {
    throw new CommandFailure({
      message: 'PercentComplete is from 0 to 100, or -1 when it is not known.',
      errorId: 'ParameterArgumentValidationError,Write-Progress',
      category: 'InvalidData',
      target: percentComplete,
      activity: 'Write-Progress',
    });
  }
  return {
    activity: toText(bound['Activity'] ?? null),
    activityId: number('Id', 0),
    parentActivityId: number('ParentId', -1),
    statusDescription: toText(bound['Status'] ?? 'Processing'),
    ...(bound['CurrentOperation'] !== undefined && {
      currentOperation: toText(bound['CurrentOperation']),
    }),
    percentComplete,
    secondsRemaining: number('SecondsRemaining', -1),
    completed: isTrue(bound['Completed'] ?? null),
  };
}
