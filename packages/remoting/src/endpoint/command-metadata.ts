import type { CommandInfo, Parameter } from '@doublehop/powershell/commands/command';
import { TYPE_NAMES } from '@doublehop/powershell/commands/convert-argument';
import { PsDictionary, PsObject } from '@doublehop/powershell/objects/value';
import { enumObject } from '../psrp/messages/enums.ts';

/**
 * The answer to GET_COMMAND_METADATA (MS-PSRP 3.2.5.4.14): CommandMetadataCount, then
 * CommandMetadata (2.2.3.21, 2.2.3.22) of each command. Implicit remoting makes its proxies of it.
 */
export function commandMetadata(commands: readonly CommandInfo[]): readonly PsObject[] {
  const count = selected('Microsoft.PowerShell.Commands.GenericMeasureInfo');
  count.set('Count', commands.length);
  return [count, ...commands.map(metadataOf)];
}

function metadataOf({ name, module, outputTypes = [], parameters }: CommandInfo): PsObject {
  const object = selected('System.Management.Automation.CmdletInfo');
  object.set('Name', name);
  object.set('Namespace', module ?? '');
  object.set('HelpUri', '');
  object.set('CommandType', enumObject('System.Management.Automation.CommandTypes', 'Cmdlet', 8));
  object.set('ResolvedCommandName', null);
  object.set('OutputType', [...outputTypes]);
  object.set('Parameters', new PsDictionary(parameters.map((one) => [one.name, parameterOf(one)])));
  return object;
}

/** ParameterMetadata (MS-PSRP 2.2.3.23). */
function parameterOf({ name, type, many, aliases = [] }: Parameter): PsObject {
  const typeName = 'System.Management.Automation.ParameterMetadata';
  return new PsObject({
    typeNames: [typeName, 'System.Object'],
    text: typeName,
    adapted: {
      Name: name,
      ParameterType: `${TYPE_NAMES[type]}${many === true ? '[]' : ''}`,
      Aliases: [...aliases],
      IsDynamic: false,
      SwitchParameter: type === 'switch',
    },
  });
}

/** An object as Select-Object makes it of one of that type. */
function selected(type: string): PsObject {
  const custom = ['System.Management.Automation.PSCustomObject', 'System.Object'];
  return new PsObject({ typeNames: [`Selected.${type}`, ...custom] });
}
