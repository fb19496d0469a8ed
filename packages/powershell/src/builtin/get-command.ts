import {
  type Command,
  type CommandInfo,
  CommandFailure,
  type Invocation,
  type Parameter,
} from '../commands/command.ts';
import { TYPE_NAMES } from '../commands/convert-argument.ts';
import { notFound } from '../commands/pipeline.ts';
import type { View } from '../format/view.ts';
import { asList } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import { PsDictionary, PsObject, type PsValue } from '../objects/value.ts';
import { isWildcard, wildcard } from '../objects/wildcard.ts';

/** How commands are shown: by name, not with everything about them. */
export const COMMAND_VIEW: View = {
  typeName: 'System.Management.Automation.CmdletInfo',
  kind: 'table',
  columns: ['CommandType', 'Name', 'Version', 'Source'].map((label) => ({ label })),
};

/** Shows the commands that a session has; `visible` gives them. */
export function getCommand<S>(visible: (session: S) => readonly CommandInfo[]): Command<S> {
  return {
    name: 'Get-Command',
    synopsis: 'Gets all commands.',
    module: 'Microsoft.PowerShell.Core',
    outputTypes: ['System.Management.Automation.CmdletInfo'],
    parameters: [
      { name: 'Name', type: 'string', many: true, position: 0, fromProperty: true },
      { name: 'ParameterName', type: 'string', many: true },
      { name: 'CommandType', type: 'object', aliases: ['Type'] },
      { name: 'Module', type: 'string', many: true },
      { name: 'ArgumentList', type: 'object', many: true, aliases: ['Args'] },
      { name: 'ListImported', type: 'switch' },
    ],
    run: async (invocation) => {
      for (const command of await chosen(invocation, visible(invocation.session))) {
        await invocation.streams.output(commandObject(command));
      }
    },
  };
}

/** Shows what a command is for and takes. */
export function getHelp<S>(visible: (session: S) => readonly CommandInfo[]): Command<S> {
  return {
    name: 'Get-Help',
    synopsis: 'Displays information about commands.',
    module: 'Microsoft.PowerShell.Core',
    parameters: [
      { name: 'Name', type: 'string', position: 0, fromProperty: true },
      { name: 'Full', type: 'switch' },
    ],
    run: async ({ bound, session, streams }) => {
      const name = toText(bound['Name'] ?? '*');
      const fits = wildcard(name);
      const found = visible(session).filter((command) => fits(command.name));
      if (found.length === 0) throw new CommandFailure(helpNotFound(name));
      for (const command of found) await streams.output(helpObject(command));
    },
  };
}

/** A command as Get-Command shows it (MS-PSRP 2.2.3.22's fields among them). */
export function commandObject(command: CommandInfo): PsObject {
  const parameters = command.parameters.map(({ name, ...rest }): [string, PsValue] => [
    name,
    parameterObject({ name, ...rest }),
  ]);
  return new PsObject({
    typeNames: [
      'System.Management.Automation.CmdletInfo',
      'System.Management.Automation.CommandInfo',
      'System.Object',
    ],
    text: command.name,
    properties: {
      CommandType: 'Cmdlet',
      Name: command.name,
      Version: '1.0.0.0',
      Source: command.module ?? '',
      ModuleName: command.module ?? '',
      Namespace: command.module ?? '',
      HelpUri: '',
      ResolvedCommandName: null,
      OutputType: [...(command.outputTypes ?? [])],
      Parameters: new PsDictionary(parameters),
      Definition: syntaxOf(command),
    },
  });
}

/** `Get-Process [[-Name] <string[]>] [-ComputerName <string[]>]`. */
export function syntaxOf({ name, parameters }: CommandInfo): string {
  return [name, ...parameters.map(parameterSyntax)].join(' ');
}

function parameterSyntax({ name, type, many, mandatory, position }: Parameter): string {
  const dashed = position === undefined ? `-${name}` : `[-${name}]`;
  const word = type === 'switch' ? dashed : `${dashed} <${type}${many === true ? '[]' : ''}>`;
  return mandatory === true ? word : `[${word}]`;
}

async function chosen<S>(
  { bound, streams }: Invocation<S>,
  all: readonly CommandInfo[],
): Promise<CommandInfo[]> {
  const texts = (name: string): string[] => asList(bound[name] ?? null).map(toText);
  const parameterNames = texts('ParameterName').map(wildcard);
  const modules = texts('Module').map(wildcard);
  const fitting = all.filter(
    (command) =>
      (parameterNames.length === 0 ||
        command.parameters.some(({ name }) => parameterNames.some((fits) => fits(name)))) &&
      (modules.length === 0 || modules.some((fits) => fits(command.module ?? ''))),
  );
  const names = texts('Name');
  if (names.length === 0) return fitting.toSorted(byName);
  const found: CommandInfo[] = [];
  for (const name of names) {
    const fits = wildcard(name);
    const named = fitting.filter((command) => fits(command.name));
    if (named.length === 0 && !isWildcard(name)) {
      const { record } = notFound(name);
      await streams.error({ ...record, activity: 'Get-Command' });
    }
    found.push(...named.toSorted(byName));
  }
  return found;
}

function byName(a: CommandInfo, b: CommandInfo): number {
  return a.name < b.name ? -1 : 1;
}

function parameterObject({ name, type, many, aliases = [] }: Parameter): PsObject {
  return new PsObject({
    typeNames: ['System.Management.Automation.ParameterMetadata', 'System.Object'],
    text: name,
    properties: {
      Name: name,
      ParameterType: `${TYPE_NAMES[type]}${many === true ? '[]' : ''}`,
      Aliases: [...aliases],
      SwitchParameter: type === 'switch',
      IsDynamic: false,
    },
  });
}

function helpObject(command: CommandInfo): PsObject {
  return new PsObject({
    typeNames: ['MamlCommandHelpInfo', 'System.Object'],
    properties: {
      Name: command.name,
      Synopsis: command.synopsis,
      Syntax: syntaxOf(command),
      Category: 'Cmdlet',
      ModuleName: command.module ?? '',
    },
  });
}

function helpNotFound(name: string): ConstructorParameters<typeof CommandFailure>[0] {
  return {
    message: `Get-Help could not find ${name} in a help file in this session.`,
    errorId: 'HelpNotFound,Microsoft.PowerShell.Commands.GetHelpCommand',
    category: 'ResourceUnavailable',
    target: name,
    activity: 'Get-Help',
  };
}
