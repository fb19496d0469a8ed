import type { CommandInfo } from '@doublehop/powershell/commands/command';
import { commandMetadata } from '@doublehop/remoting/endpoint/command-metadata';
import { writeClixml } from '@doublehop/remoting/clixml/write';
import { expect, test } from 'vitest';

const COMMAND: CommandInfo = {
  name: 'Get-Item',
  synopsis: 'Gets an item.',
  module: 'Microsoft.PowerShell.Management',
  outputTypes: ['System.IO.FileInfo'],
  parameters: [
    { name: 'Path', type: 'string', many: true, aliases: ['PSPath'] },
    { name: 'Force', type: 'switch' },
  ],
};

test('a count, then CommandMetadata as implicit remoting reads it (MS-PSRP 2.2.3.21)', () => {
  const [count, command, ...more] = commandMetadata([COMMAND]);
  expect(more).toEqual([]);
  expect(writeClixml(count ?? null)).toBe(
    '<Obj RefId="0"><TN RefId="0">' +
      '<T>Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo</T>' +
      '<T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN>' +
      '<MS><I32 N="Count">1</I32></MS></Obj>',
  );
  // The form is that of Windows Server 2016, recorded by pypsrp (test_psrp_get_command_metadata).
  const text = writeClixml(command ?? null);
  expect(text).toContain('<T>Selected.System.Management.Automation.CmdletInfo</T>');
  expect(text).toContain('<MS><S N="Name">Get-Item</S>');
  expect(text).toMatch(/<Obj N="CommandType" RefId="\d+">.*<ToString>Cmdlet<\/ToString><I32>8</u);
  expect(text).toContain('<Nil N="ResolvedCommandName"/>');
  expect(text).toMatch(/<Props><S N="Name">Path<.*<S N="ParameterType">System\.String\[\]</u);
  expect(text).toContain('<B N="SwitchParameter">true</B>');
});
