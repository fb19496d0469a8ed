import { getCommand, getHelp } from '@doublehop/powershell/builtin/get-command';
import type { Command, CommandInfo } from '@doublehop/powershell/commands/command';
import { BASIC_COMMANDS } from '@doublehop/powershell/sessions/merge-roles';
import type { VisibleCommand } from '@doublehop/powershell/sessions/role-capability';

/** What Import-PSSession asks Select-Object for (CommandMetadata.GetRestrictedSelectObject). */
const SELECTED = [
  'ModuleName',
  'Namespace',
  'OutputType',
  'Count',
  'HelpUri',
  'Name',
  'CommandType',
  'ResolvedCommandName',
  'DefaultParameterSet',
  'CmdletBinding',
  'Parameters',
];

/** Parameters that the basic commands have in a restricted session; of others there are none. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  'Get-Command': ['Name', 'Module', 'ArgumentList', 'CommandType', 'ListImported'],
  'Get-FormatData': ['TypeName', 'PowerShellVersion'],
  'Get-Help': ['Name', 'Category'],
  'Measure-Object': ['InputObject'],
  'Out-Default': ['InputObject'],
};

/** The commands that every user of a RestrictedRemoteServer session has, as a role would say it. */
export const BASIC_VISIBLE: readonly VisibleCommand[] = BASIC_COMMANDS.map((name) => {
  if (name === 'Select-Object') {
    return {
      name,
      parameters: [{ name: 'Property', validateSet: SELECTED }, { name: 'InputObject' }],
    };
  }
  const parameters = (PARAMETERS[name] ?? []).map((parameter) => ({ name: parameter }));
  return parameters.length === 0 ? { name } : { name, parameters };
});

/** What the console of a remote session calls, and Import-PSSession: there is little to do. */
export function consoleCommands<S>(): readonly Command<S>[] {
  const module = 'Microsoft.PowerShell.Core';
  return [
    {
      name: 'Get-FormatData',
      synopsis: 'Gets the formatting data in the current session.',
      module: 'Microsoft.PowerShell.Utility',
      parameters: [
        { name: 'TypeName', type: 'string', many: true, position: 0 },
        { name: 'PowerShellVersion', type: 'object' },
      ],
      // Objects come formatted by the views of who shows them.
      run: async () => {},
    },
    {
      name: 'Exit-PSSession',
      synopsis: 'Ends an interactive session with a remote computer.',
      module,
      parameters: [],
      // The client's console leaves; the session stays until it is closed.
      run: async () => {},
    },
    {
      name: 'Clear-Host',
      synopsis: 'Clears the display in the host program.',
      module,
      parameters: [],
      // There is no console on this side.
      run: async () => {},
    },
  ];
}

/** Get-Command and Get-Help of the commands that a session has, and of no others. */
export function describingCommands<S>(visible: () => readonly CommandInfo[]): Command<S>[] {
  return [getCommand<S>(visible), getHelp<S>(visible)];
}
