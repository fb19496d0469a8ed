import { builtinCommands } from '@doublehop/powershell/builtin/builtin';
import { type Command, CommandFailure } from '@doublehop/powershell/commands/command';
import type { LanguageMode } from '@doublehop/powershell/language/interpreter';
import { usingKey } from '@doublehop/powershell/language/using';
import { PsDictionary, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import type { RequestedCommand } from '@doublehop/remoting/endpoint/endpoint-session';
import { SessionRunner } from '@doublehop/remoting/endpoint/session-runner';
import { describe, expect, test } from 'vitest';

let last = 0;
const endless: Command<undefined> = {
  name: 'Get-Endless',
  synopsis: 'Counts for ever.',
  parameters: [],
  run: async ({ streams }) => {
    for (;;) await streams.output((last += 1));
  },
};

function command(
  name: string,
  values: readonly PsValue[] = [],
  isScript = false,
): RequestedCommand {
  return { name, isScript, mergeError: false, args: () => values.map((value) => ({ value })) };
}

const script = (text: string): RequestedCommand => command(text, [], true);

function runner(languageMode: LanguageMode = 'FullSubset', transcript: string[] = []) {
  const commands: readonly Command<undefined>[] = [
    endless,
    ...builtinCommands<undefined>(() => commands),
  ];
  return new SessionRunner<undefined>({
    session: undefined,
    commands,
    languageMode,
    transcript: (line) => transcript.push(line),
    variables: { Who: 'alice' },
    close: () => {},
  });
}

async function run(
  statements: readonly (readonly RequestedCommand[])[],
  one: SessionRunner<undefined> = runner(),
  signal: AbortSignal = new AbortController().signal,
): Promise<PsValue[]> {
  const output: PsValue[] = [];
  const ignore = (): void => {};
  await one.run(
    { statements },
    {
      signal,
      streams: {
        output: (value) => void output.push(value),
        error: ({ message }) => void output.push(`error: ${message}`),
        warning: ignore,
        verbose: ignore,
        debug: ignore,
        information: ignore,
        progress: ignore,
      },
    },
  );
  return output;
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CommandFailure) return error.record.errorId;
  throw new Error(`no refusal: ${String(error)}`);
}

describe('Invoke-Expression', () => {
  const expression = command('Invoke-Expression', ["'b', 'a'"]);

  test('is the script that it says, in the language of the session', async () => {
    expect(await run([[expression]], runner('Restricted'))).toEqual(['b', 'a']);
    expect(await run([[expression, command('Sort-Object')]])).toEqual(['a', 'b']);
    expect(await refusal(run([[command('iex', ['$x = 1'])]], runner('Restricted')))).toBe(
      'LanguageNotSupported',
    );
    const failing = command('iex', ['Get-Nothing']);
    expect((await run([[failing, command('Out-String')]]))[0]).toMatch(/^error: .*Get-Nothing/u);
  });

  test('is not there where no script is; its text is not even read', async () => {
    const unread = { ...expression, args: () => expect.fail('its values were decoded') };
    expect(await refusal(run([[unread]], runner('None')))).toBe('CommandNotFoundException');
    const inside = run([[command('Write-Output', [1]), expression]]);
    expect(await refusal(inside)).toBe('ScriptInsidePipelineNotSupported');
    expect(await refusal(run([[command('iex')]]))).toMatch(/^ParameterBindingFailed/u);
  });
});

describe('commands', () => {
  test('a parameter whose value is null is a switch, as PowerShell sends it', async () => {
    const args = () => [{ name: 'Stream', value: null }];
    const lines = { name: 'Out-String', isScript: false, mergeError: false, args };
    expect(await run([[command('Write-Output', ['a']), lines]])).toEqual(['a']);
  });

  test('a script whose output no command can take ends with the command', async () => {
    const args = () => [{ name: 'None', value: 1 }];
    const broken = { name: 'Out-String', isScript: false, mergeError: false, args };
    await expect(run([[script('1, 2, 3'), broken]])).rejects.toThrow('None');
  });

  test('statements run one after the other, each a pipeline', async () => {
    const output = await run([
      [command('Write-Output', [[3, 1, 2]]), command('Sort-Object')],
      [command('echo', ['done'])],
    ]);
    expect(output).toEqual([1, 2, 3, 'done']);
  });

  test('an unknown name is refused before any value of its statement is decoded', async () => {
    let decoded = 0;
    const careful: RequestedCommand = {
      ...command('Write-Output'),
      args: () => {
        decoded += 1;
        return [];
      },
    };
    const unknown = { ...careful, name: 'Get-Secret' };
    expect(await refusal(run([[careful, unknown]]))).toBe('CommandNotFoundException');
    expect(decoded).toBe(0);
    // Windows runs the statements before it, as recorded by pypsrp
    // (test_psrp_with_jea_configuration).
    expect(await refusal(run([[careful], [unknown]]))).toBe('CommandNotFoundException');
    expect(decoded).toBe(1);
  });

  test('stopping', async () => {
    const abort = new AbortController();
    const running = run([[command('Get-Endless')]], runner(), abort.signal);
    abort.abort(new Error('stopped'));
    await expect(running).rejects.toThrow('stopped');
  });
});

describe('scripts by language mode (about_Language_Modes)', () => {
  test('the full subset: variables stay in the runspace', async () => {
    const one = runner();
    await run([[script('$x = 1..3')]], one);
    expect(await run([[script('foreach ($i in $x) { $i * 2 }; $Who')]], one)).toEqual([
      2,
      4,
      6,
      'alice',
    ]);
  });

  test('the output of a script goes down the pipeline', async () => {
    const output = await run([[script("'b','a','c'"), command('Sort-Object')]]);
    expect(output).toEqual(['a', 'b', 'c']);
  });

  test('a script ends when the commands after it have enough', async () => {
    const first: RequestedCommand = {
      ...command('Select-Object'),
      args: () => [{ name: 'First', value: 2 }],
    };
    last = 0;
    expect(await run([[script('Get-Endless'), first]])).toEqual([1, 2]);
    expect(last).toBeLessThan(100);
  });

  test.each([
    ['[System.IO.File]::Delete("a")', 'ParserError'],
    ['if (', 'ParserError'],
  ])('a block that is not in the language is refused: %s', async (text, errorId) => {
    const each = command('ForEach-Object', [new Scalar('ScriptBlock', text)]);
    expect(await refusal(run([[command('Write-Output', [1]), each]]))).toBe(errorId);
  });

  test('a block that came as a value', async () => {
    const where = command('Where-Object', [new Scalar('ScriptBlock', '$_ -gt 1')]);
    expect(await run([[command('echo', [[1, 2, 3]]), where]])).toEqual([2, 3]);
    const restricted = run([[command('echo', [[1]]), where]], runner('Restricted'));
    expect(await refusal(restricted)).toBe('ScriptsNotAllowed');
  });

  test('values of $using: come with the script', async () => {
    const values = new PsDictionary([[usingKey('$using:C'), 'ServerC']]);
    const using: RequestedCommand = {
      ...script('echo "to $($using:C)"'),
      args: () => [{ name: '--%', value: values }],
    };
    expect(await run([[using]])).toEqual(['to ServerC']);
    expect(await run([[script('$using:C')]])).toEqual([expect.stringContaining('Using variable')]);
  });

  test('other arguments of a script, and a script that is not the first', async () => {
    expect(await refusal(run([[command('1', ['x'], true)]]))).toBe('ScriptArgumentsNotSupported');
    expect(await refusal(run([[command('echo'), script('1')]]))).toBe(
      'ScriptInsidePipelineNotSupported',
    );
  });

  test('restricted: commands, no variables of one’s own', async () => {
    const one = runner('Restricted');
    expect(await run([[script("echo ('a' + 'b')")]], one)).toEqual(['ab']);
    expect(await refusal(run([[script('$x = 1')]], one))).toBe('LanguageNotSupported');
  });

  test('none: no script at all, as JEA has it', async () => {
    const one = runner('None');
    expect(await refusal(run([[script('1')]], one))).toBe('ScriptsNotAllowed');
    expect(await run([[command('echo', ['x'])]], one)).toEqual(['x']);
  });

  test('what is no PowerShell', async () => {
    expect(await refusal(run([[script('echo "unfinished')]]))).toBe('ParserError');
  });
});

test('the transcript has what was run, and no values of arguments', async () => {
  const transcript: string[] = [];
  await run(
    [[command('Write-Output', ['geheim']), command('Out-Null')]],
    runner('None', transcript),
  );
  expect(transcript).toEqual(['PS> Write-Output | Out-Null']);
});
