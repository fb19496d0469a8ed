import type { Command, Invocation } from '@doublehop/powershell/commands/command';
import { PowerShellError } from '@doublehop/powershell/errors';
import { dataValue, parseDataFile } from '@doublehop/powershell/language/data-file';
import { PsDictionary, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import {
  isVisibleProgram,
  mergeRoles,
  restrictCommand,
  visibilityOf,
} from '@doublehop/powershell/sessions/merge-roles';
import {
  readRoleCapability,
  type RoleCapability,
} from '@doublehop/powershell/sessions/role-capability';
import {
  isInGroups,
  readSessionConfiguration,
} from '@doublehop/powershell/sessions/session-configuration';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { functionCommand } from '@doublehop/powershell/sessions/function-command';
import { TestConsole } from './support/console.ts';
import { call, run } from './support/run.ts';

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof PowerShellError) return error.message;
    throw error;
  }
  throw new Error('taken');
}

describe('a data file (about_Data_Files)', () => {
  test('is one hashtable of literals', () => {
    const text = `# comment
      @{
        Text = 'a'; "Other" = "b\`tc"
        Numbers = 1, -2, 3kb, 0x10
        Flags = @($true, $false, $null)
        Block = { Get-Process }
        Inner = @{ Empty = @() }
      }`;
    expect(dataValue(parseDataFile(text, 'a.psd1').table)).toEqual(
      new PsDictionary([
        ['Text', 'a'],
        ['Other', 'b\tc'],
        ['Numbers', [1, -2, 3072, 16]],
        ['Flags', [true, false, null]],
        ['Block', new Scalar('ScriptBlock', ' Get-Process ')],
        ['Inner', new PsDictionary([['Empty', []]])],
      ]),
    );
  });

  test.for([
    ['', 'a.psd1:1:1: a data file is one hashtable: @{ … }'],
    ["'text'", 'a.psd1:1:1: a data file is one hashtable: @{ … }'],
    ['@{}; @{}', 'a.psd1:1:6: a data file is one hashtable: @{ … }'],
    ['@{\n a = Get-Process }', 'a.psd1:2:6: a data file holds literals only: nothing in it runs'],
    ['@{ a = $x }', 'a.psd1:1:8: the variable $x in a data file'],
    ['@{ a = "$x" }', 'a.psd1:1:8: a variable in a string of a data file'],
    ['@{ a = 1 + 1 }', 'a.psd1:1:8: a data file holds literals only'],
    ['@{ a = $(1) }', 'a.psd1:1:8: a data file holds literals only'],
    ['@{ a = 1; A = 2 }', 'a.psd1:1:11: the key A is there twice'],
    ['@{ 1 = 2 }', 'a.psd1:1:4: a key of a data file is a text'],
    ['@{ a = 1', "a.psd1:1:9: the text ends where the end of a hashtable's entry should be"],
  ] satisfies [string, string][])('%j is none', ([text, message]) => {
    expect(refusal(() => parseDataFile(text, 'a.psd1'))).toBe(message);
  });
});

const CONFIGURATION = String.raw`
@{
  SchemaVersion = '2.0.0.0'
  GUID = '6f3a1d0e-0000-0000-0000-000000000000'
  SessionType = 'restrictedremoteserver'
  TranscriptDirectory = 'C:\Transcripts'
  RunAsVirtualAccount = $true
  RunAsVirtualAccountGroups = 'Remote Desktop Users'
  RoleDefinitions = @{
    'CONTOSO\Operators' = @{ RoleCapabilities = 'Operator', 'Viewer' }
    'CONTOSO\Helpers'   = @{ RoleCapabilityFiles = 'C:\helper.psrc' }
  }
  RequiredGroups = @{ And = 'elevated', @{ Or = 'smartcard', 'token' } }
  VisibleProviders = 'FileSystem'
}`;

describe('a session configuration file (about_Session_Configuration_Files)', () => {
  test('says what a session is', () => {
    expect(readSessionConfiguration(CONFIGURATION, 'jea.pssc')).toEqual({
      sessionType: 'RestrictedRemoteServer',
      languageMode: 'NoLanguage',
      roles: [
        { group: String.raw`CONTOSO\Operators`, capabilities: ['Operator', 'Viewer'], files: [] },
        {
          group: String.raw`CONTOSO\Helpers`,
          capabilities: [],
          files: [String.raw`C:\helper.psrc`],
        },
      ],
      requiredGroups: {
        kind: 'and',
        of: [
          { kind: 'group', name: 'elevated' },
          {
            kind: 'or',
            of: [
              { kind: 'group', name: 'smartcard' },
              { kind: 'group', name: 'token' },
            ],
          },
        ],
      },
      runAsVirtualAccount: true,
      runAsVirtualAccountGroups: ['Remote Desktop Users'],
      transcriptDirectory: String.raw`C:\Transcripts`,
      visible: {
        modulesToImport: [],
        cmdlets: [],
        functions: [],
        aliases: [],
        externalCommands: [],
        providers: ['FileSystem'],
        aliasDefinitions: [],
        functionDefinitions: [],
      },
    });
  });

  test('the usual language mode is that of the session type', () => {
    const mode = (text: string): string => readSessionConfiguration(text, 'a').languageMode;
    expect(mode('@{}')).toBe('FullLanguage');
    expect(mode("@{ SessionType = 'Empty' }")).toBe('NoLanguage');
    expect(mode("@{ SessionType = 'Empty'; LanguageMode = 'restrictedlanguage' }")).toBe(
      'RestrictedLanguage',
    );
  });

  test('required groups are all or any', () => {
    const { requiredGroups } = readSessionConfiguration(CONFIGURATION, 'jea.pssc');
    const isIn = (...groups: string[]): boolean =>
      requiredGroups !== undefined && isInGroups(requiredGroups, (group) => groups.includes(group));
    expect(isIn('elevated', 'token')).toBe(true);
    expect(isIn('elevated')).toBe(false);
    expect(isIn('smartcard', 'token')).toBe(false);
  });

  test.for([
    ["@{\n\n SesionType = 'Empty' }", 'a:3:2: unknown key SesionType'],
    [
      "@{ SessionType = 'Nice' }",
      'a:1:18: SessionType should be one of Default, Empty, RestrictedRemoteServer',
    ],
    ['@{ RunAsVirtualAccount = 1 }', 'a:1:26: RunAsVirtualAccount should be $true or $false'],
    ["@{ ScriptsToProcess = 'x.ps1' }", 'a:1:4: not supported: ScriptsToProcess'],
    ['@{ MountUserDrive = $true }', 'a:1:4: not supported: MountUserDrive'],
    [
      "@{ RoleDefinitions = @{ g = @{ RoleCapabilites = 'x' } } }",
      'a:1:32: unknown key RoleCapabilites',
    ],
    ['@{ RoleDefinitions = @{ g = @{} } }', 'a:1:29: g has no role capability'],
    [
      "@{ RunAsVirtualAccount = $true; GroupManagedServiceAccount = 'C\\j' }",
      'a:1:62: GroupManagedServiceAccount besides RunAsVirtualAccount',
    ],
    [
      "@{ RunAsVirtualAccountGroups = 'g' }",
      'a:1:32: RunAsVirtualAccountGroups without RunAsVirtualAccount',
    ],
    ["@{ RequiredGroups = @{ Not = 'g' } }", 'a:1:24: unknown key Not'],
    ['@{ RequiredGroups = @{ And = @() } }', 'a:1:24: And names no group'],
  ] satisfies [string, string][])('%j is refused', ([text, message]) => {
    expect(refusal(() => readSessionConfiguration(text, 'a'))).toBe(message);
  });

  test('keys that say nothing are no matter', () => {
    const text = '@{ ScriptsToProcess = @(); MountUserDrive = $false; EnvironmentVariables = @{} }';
    expect(readSessionConfiguration(text, 'a').sessionType).toBe('Default');
  });
});

const ROLE = String.raw`
@{
  VisibleCmdlets = 'Get-*', 'NetTCPIP\Get-Net*',
    @{ Name = 'Restart-Service'; Parameters = @{ Name = 'Name'; ValidateSet = 'Dns', 'Spooler' },
      @{ Name = 'Force' } }
  VisibleFunctions = @{ Name = 'Clear-Cache'
    Parameters = @{ Name = 'Zone'; ValidatePattern = '^contoso\.' } }
  VisibleExternalCommands = 'C:\Windows\System32\whoami.exe'
  VisibleAliases = 'gci'
  FunctionDefinitions = @{
    Name = 'Get-Both'
    ScriptBlock = { Get-Process; Get-Service }
  }
}`;

describe('a role capability file (about_Role_Capabilities)', () => {
  test('says what is visible', () => {
    expect(readRoleCapability(ROLE, 'a.psrc')).toMatchObject({
      cmdlets: [
        { name: 'Get-*' },
        { name: String.raw`NetTCPIP\Get-Net*` },
        {
          name: 'Restart-Service',
          parameters: [{ name: 'Name', validateSet: ['Dns', 'Spooler'] }, { name: 'Force' }],
        },
      ],
      functions: [
        {
          name: 'Clear-Cache',
          parameters: [{ name: 'Zone', validatePattern: String.raw`^contoso\.` }],
        },
      ],
      externalCommands: [String.raw`C:\Windows\System32\whoami.exe`],
      aliases: ['gci'],
      functionDefinitions: [{ name: 'Get-Both', text: ' Get-Process; Get-Service ', line: 12 }],
    });
  });

  test.for([
    ['@{ VisibleCmdlets = @{ Nam = 1 } }', 'a:1:24: unknown key Nam'],
    ['@{ VisibleCmdlets = @{} }', 'a:1:21: the key Name is missing'],
    [
      "@{ VisibleCmdlets = @{ Name = 'a'; Parameters = @{ Name = 'b'; ValidatePattern = '(' } } }",
      "a:1:82: The regular expression pattern ( is not valid: Not enough )'s.",
    ],
    [
      "@{ FunctionDefinitions = @{ Name = 'a'; ScriptBlock = { do {} while (1) } } }",
      "a:1:57: not supported: 'do'",
    ],
    ["@{ FunctionDefinitions = @{ Name = 'a' } }", 'a:1:26: ScriptBlock should be a script block'],
    ['@{ RoleDefinitions = @{} }', 'a:1:4: unknown key RoleDefinitions'],
  ] satisfies [string, string][])('%j is refused', ([text, message]) => {
    expect(refusal(() => readRoleCapability(text, 'a'))).toBe(message);
  });
});

describe('roles of one user together', () => {
  const role = (cmdlets: string): RoleCapability =>
    readRoleCapability(`@{ VisibleCmdlets = ${cmdlets} }`, 'a');
  const seen = (cmdlets: readonly string[], name: string, module?: string): unknown => {
    const visibility = visibilityOf(mergeRoles(cmdlets.map(role)), {
      name,
      ...(module !== undefined && { module }),
    });
    return visibility?.parameters === undefined
      ? visibility
      : Object.fromEntries(visibility.parameters);
  };
  const limited = (rule: string): string =>
    `@{ Name = 'Restart-Service'; Parameters = @{ Name = 'Name'; ${rule} } }`;

  test('visibility is that of any of them; names have wildcards and modules', () => {
    expect(seen(["'Get-Process'", "'Stop-*'"], 'stop-service')).toEqual({});
    expect(seen(["'Get-Process'"], 'Stop-Service')).toBeUndefined();
    expect(seen([String.raw`'Dns*\Get-*'`], 'Get-Zone', 'DnsServer')).toEqual({});
    expect(seen([String.raw`'Dns*\Get-*'`], 'Get-Zone', 'Other')).toBeUndefined();
  });

  test('sets are added up, a pattern goes before sets, no rule before both', () => {
    const one = limited("ValidateSet = 'a', 'b'");
    const two = limited("ValidateSet = 'B', 'c'");
    const pattern = limited("ValidatePattern = '^x'");
    expect(seen([one, two], 'Restart-Service')).toEqual({ name: { validateSet: ['a', 'B', 'c'] } });
    expect(seen([one, pattern], 'Restart-Service')).toEqual({ name: { patterns: ['^x'] } });
    expect(seen([one, limited('')], 'Restart-Service')).toEqual({ name: {} });
    expect(seen([one, "'Restart-Service'"], 'Restart-Service')).toEqual({});
  });

  test('parameters are those of all', () => {
    const other = "@{ Name = 'Restart-Service'; Parameters = @{ Name = 'Force' } }";
    expect(seen([limited("ValidateSet = 'a'"), other], 'Restart-Service')).toEqual({
      name: { validateSet: ['a'] },
      force: {},
    });
  });

  test('a function that a role defines is visible to it; programs by their path', () => {
    const merged = mergeRoles([readRoleCapability(ROLE, 'a'), role("'x'")]);
    expect(visibilityOf(merged, { name: 'get-both' })).toEqual({});
    expect(isVisibleProgram(merged, String.raw`c:\windows\system32\WHOAMI.exe`)).toBe(true);
    expect(isVisibleProgram(merged, 'whoami.exe')).toBe(false);
  });
});

describe('a command as a role sees it', () => {
  const plain: Command<undefined> = {
    name: 'Restart-Service',
    synopsis: '',
    parameters: [
      { name: 'Name', type: 'string', many: true, position: 0, fromPipeline: true },
      { name: 'Force', type: 'switch' },
    ],
    run: async ({ bound, streams }: Invocation<undefined>) => {
      await streams.output(bound['Name'] ?? null);
    },
  };
  const staged: Command<undefined> = {
    name: 'Clear-Cache',
    synopsis: '',
    parameters: [{ name: 'Zone', type: 'object', fromPipeline: true }],
    begin: ({ streams }) => ({ process: (item: PsValue) => streams.output(item) }),
  };
  const as = (command: Command<undefined>, rule: string): Command<undefined> => {
    const text = `@{ VisibleCmdlets = @{ Name = '*'; Parameters = @{ Name = '${
      command.parameters[0]?.name ?? ''
    }'; ${rule} } } }`;
    const visibility = visibilityOf(readRoleCapability(text, 'a'), command);
    if (visibility === undefined) throw new Error('not visible');
    return restrictCommand(command, visibility);
  };

  test('has only the parameters of the role', async () => {
    const commands = [as(plain, '')];
    expect((await run([call('Restart-Service', ['dns'])], { commands })).output).toEqual([['dns']]);
    await expect(
      run([call('Restart-Service', ['dns'], { Force: true })], { commands }),
    ).rejects.toThrow("A parameter cannot be found that matches parameter name 'Force'.");
  });

  test('takes only the values of the role: sets', async () => {
    const commands = [as(plain, "ValidateSet = 'Dns'")];
    expect((await run([call('Restart-Service', ['dns'])], { commands })).output).toEqual([['dns']]);
    await expect(run([call('Restart-Service', [['dns', 'x']])], { commands })).rejects.toThrow(
      'The argument "x" does not belong to the set "Dns"',
    );
  });

  test('takes only the values of the role: patterns, for objects of the pipeline too', async () => {
    const commands = [as(plain, "ValidatePattern = '^d'"), as(staged, "ValidatePattern = '^d'")];
    const refused = 'The argument "x" does not match the "^d" pattern.';
    expect((await run([call('Restart-Service', ['dns'])], { commands })).output).toEqual([['dns']]);
    await expect(run([call('Restart-Service', [['d', 'x']])], { commands })).rejects.toThrow(
      refused,
    );
    await expect(run([call('Restart-Service')], { commands, input: ['d', 'x'] })).rejects.toThrow(
      refused,
    );
    await expect(run([call('Clear-Cache')], { commands, input: ['d', 'x'] })).rejects.toThrow(
      refused,
    );
  });
});

test('a function of a role runs its statements, whatever the user may run himself', async () => {
  const text =
    "@{ FunctionDefinitions = @{ Name = 'Get-Two'; ScriptBlock = { 1..2 | % { $_ * 2 } } } }";
  const [definition] = readRoleCapability(text, 'a').functionDefinitions;
  if (definition === undefined) throw new Error('no function');
  const { interpreter } = new TestConsole();
  const commands = [
    functionCommand<undefined>(definition, (...rest) => interpreter.invoke(...rest)),
  ];
  expect((await run([call('get-two')], { commands })).output).toEqual([2, 4]);
});

test('any text is read, or refused with PowerShellError', () => {
  const pieces = [
    '@{',
    '}',
    'Name',
    '=',
    "'a'",
    ',',
    '@(',
    ')',
    '$true',
    '{',
    '\n',
    ';',
    'VisibleCmdlets',
    'RoleDefinitions',
    '-1',
    '$x',
    '"$x"',
  ];
  const texts = fc
    .array(fc.constantFrom(...pieces), { maxLength: 20 })
    .map((all) => `@{${all.join(' ')}}`);
  fc.assert(
    fc.property(texts, (text) => {
      for (const read of [readRoleCapability, readSessionConfiguration]) {
        try {
          read(text, 'a');
        } catch (error) {
          expect(error).toBeInstanceOf(PowerShellError);
        }
      }
    }),
    { numRuns: 1000 },
  );
});
