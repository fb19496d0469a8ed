import type { Command, CommandInfo } from '../commands/command.ts';
import { forEachObject, whereObject } from './filter-objects.ts';
import { formatList, formatTable, outDefault, outNull, outString } from './format-commands.ts';
import { groupObject, measureObject, sortObject } from './gather-objects.ts';
import { getCommand, getHelp } from './get-command.ts';
import { readHost } from './read-host.ts';
import { selectObject } from './select-object.ts';
import { writeCommands } from './write-commands.ts';

/** The commands that need nothing but objects; `visible` gives what Get-Command shows. */
export function builtinCommands<S>(
  visible: (session: S) => readonly CommandInfo[],
): readonly Command<S>[] {
  return [
    selectObject(),
    whereObject(),
    forEachObject(),
    sortObject(),
    groupObject(),
    measureObject(),
    formatList(),
    formatTable(),
    outString(),
    outNull(),
    outDefault('Out-Default'),
    outDefault('Out-Host'),
    ...writeCommands<S>(),
    readHost(),
    getCommand(visible),
    getHelp(visible),
  ];
}

/** Short names that every console knows. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ['?', 'Where-Object'],
  ['where', 'Where-Object'],
  ['%', 'ForEach-Object'],
  ['foreach', 'ForEach-Object'],
  ['select', 'Select-Object'],
  ['sort', 'Sort-Object'],
  ['group', 'Group-Object'],
  ['measure', 'Measure-Object'],
  ['fl', 'Format-List'],
  ['ft', 'Format-Table'],
  ['oh', 'Out-Host'],
  ['echo', 'Write-Output'],
  ['write', 'Write-Output'],
  ['gcm', 'Get-Command'],
  ['help', 'Get-Help'],
  ['dir', 'Get-ChildItem'],
  ['ls', 'Get-ChildItem'],
  ['gci', 'Get-ChildItem'],
  ['gc', 'Get-Content'],
  ['cat', 'Get-Content'],
  ['type', 'Get-Content'],
  ['gps', 'Get-Process'],
  ['ps', 'Get-Process'],
  ['gsv', 'Get-Service'],
  ['gwmi', 'Get-WmiObject'],
  ['gcim', 'Get-CimInstance'],
  ['icm', 'Invoke-Command'],
  ['nsn', 'New-PSSession'],
  ['gsn', 'Get-PSSession'],
  ['rsn', 'Remove-PSSession'],
  ['etsn', 'Enter-PSSession'],
]);

/** A way to find commands by name or alias, without case. */
export function commandTable<S>(
  commands: readonly Command<S>[],
  aliases: ReadonlyMap<string, string> = ALIASES,
): (name: string) => Command<S> | undefined {
  const byName = new Map(commands.map((command) => [command.name.toLowerCase(), command]));
  return (name) => {
    const wanted = name.toLowerCase();
    // `Module\Command` is a command's full name.
    const short = wanted.slice(wanted.lastIndexOf('\\') + 1);
    return byName.get(wanted) ?? byName.get(aliases.get(wanted)?.toLowerCase() ?? short);
  };
}
