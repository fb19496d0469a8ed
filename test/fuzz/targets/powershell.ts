import { CommandFailure } from '@doublehop/powershell/commands/command';
import { PowerShellError } from '@doublehop/powershell/errors';
import { convertBlock } from '@doublehop/powershell/language/convert-block';
import { Interpreter } from '@doublehop/powershell/language/interpreter';
import { isComplete, parseScript } from '@doublehop/powershell/language/parse';
import { compilePattern } from '@doublehop/powershell/language/pattern';
import { readRoleCapability } from '@doublehop/powershell/sessions/role-capability';
import { readSessionConfiguration } from '@doublehop/powershell/sessions/session-configuration';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import type { FuzzTarget } from '../targets.ts';

const SCRIPT = String.raw`# a console's script
$ServerC = Get-ADComputer -Identity ServerC
$x = @{ Name = 'B'; 'Two words' = 1, 2kb, 0x3e7 }; $x.Name += "$($x.Count)-\${Name}"
ForEach ($s in 1..3) { if ($s -like '*2' -and -not $x) { continue } else { [int]"$s" + 1 } }
Invoke-Command -ComputerName $ServerC.Name -ScriptBlock {
    Test-Path \\$($using:ServerC.Name)\C$
    Get-Process lsass -ComputerName $($using:ServerC.Name) 2>&1 | fl *
}
'a-b' -replace '(a)|b+?', '<$1>' | Where-Object { $_.Length -gt 1 }
"{0:N2}" -f 1.5; $x['Name'].ToUpper()
`;

const CONFIGURATION = String.raw`@{ SessionType = 'RestrictedRemoteServer'
  RoleDefinitions = @{ 'CONTOSO\A' = @{ RoleCapabilities = 'B', 'C' } }
  RequiredGroups = @{ And = 'x', @{ Or = 'y', 'z' } }
  VisibleCmdlets = 'Get-*',
    @{ Name = 'D'; Parameters = @{ Name = 'E'; ValidatePattern = 'a+' } } }`;

/** Scripts, blocks and files of sessions, that come over the network or from an administrator. */
export function powershellTargets(): readonly FuzzTarget[] {
  const seeds = [utf8(SCRIPT), utf8(CONFIGURATION)];
  return [
    {
      name: 'powershell script',
      seeds,
      refuses: [PowerShellError, CommandFailure],
      run(input) {
        const text = fromUtf8(input);
        const script = parseScript(text);
        if (!isComplete(text)) throw new Error('read, and not complete');
        convertBlock(script, () => 'value');
      },
    },
    {
      name: 'powershell run',
      seeds,
      refuses: [PowerShellError, CommandFailure],
      run: (input) => runScript(fromUtf8(input)),
    },
    {
      name: 'powershell session files',
      seeds: [utf8(CONFIGURATION)],
      refuses: [PowerShellError],
      run(input) {
        const text = fromUtf8(input);
        readSessionConfiguration(text, 'a.pssc');
        readRoleCapability(text, 'a.psrc');
      },
    },
    {
      name: 'powershell pattern',
      seeds: [utf8(String.raw`^(?<a>\w+)@([^.]+\.)*com$|x{2,5}?[a-f\d-]`)],
      refuses: [CommandFailure],
      run(input) {
        const text = fromUtf8(input);
        let left = 100_000;
        compilePattern(text).find(text, 0, (steps) => {
          left -= steps;
          if (left < 0) throw new Error('too much work');
        });
      },
    },
  ];
}

/** Runs a script whose commands only put something out. */
async function runScript(text: string): Promise<void> {
  const interpreter = new Interpreter({
    runPipeline: async (calls, { streams, invokeBlock }) => {
      const block = calls.at(-1)?.args[0]?.value ?? null;
      for (const value of await invokeBlock(block, 'item')) await streams.output(value);
    },
  });
  const nothing = (): void => {};
  const streams = {
    output: nothing,
    error: nothing,
    warning: nothing,
    verbose: nothing,
    debug: nothing,
    information: nothing,
    progress: nothing,
  };
  await interpreter.run(parseScript(text), streams, new AbortController().signal);
}
