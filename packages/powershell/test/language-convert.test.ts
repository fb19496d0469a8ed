import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertBlock, evaluateText } from '@doublehop/powershell/language/convert-block';
import { Interpreter } from '@doublehop/powershell/language/interpreter';
import { parseScript } from '@doublehop/powershell/language/parse';
import { usingKey, usingValues, usingVariables } from '@doublehop/powershell/language/using';
import {
  customObject,
  PsDictionary,
  type PsValue,
  Scalar,
} from '@doublehop/powershell/objects/value';
import { describe, expect, test } from 'vitest';
import { TestConsole } from './support/console.ts';

const VARIABLES: Readonly<Record<string, PsValue>> = {
  serverc: customObject({ Name: 'ServerC' }),
  cred: 'secret',
  list: ['a', 'b'],
};

const variables = (name: string): PsValue | undefined => VARIABLES[name.toLowerCase()];

// PowerShell's ScriptBlockToPowerShellChecker (scriptblock to PowerShell conversion).
describe('a block as commands', () => {
  test('$using: and expandable arguments are finished by the caller', () => {
    const block = String.raw`
      Test-Path \\$($using:ServerC.Name)\C$
      Get-Process lsass -ComputerName $($using:ServerC.Name) | Select-Object -First 1
      Get-EventLog -LogName System -Newest 3 -Force -List $using:list 2>&1`;
    expect(convertBlock(parseScript(block), variables)).toEqual({
      isConverted: true,
      statements: [
        [{ name: 'Test-Path', isScript: false, args: [{ value: String.raw`\\ServerC\C$` }] }],
        [
          {
            name: 'Get-Process',
            isScript: false,
            args: [{ value: 'lsass' }, { name: 'ComputerName' }, { value: 'ServerC' }],
          },
          { name: 'Select-Object', isScript: false, args: [{ name: 'First' }, { value: 1 }] },
        ],
        [
          {
            name: 'Get-EventLog',
            isScript: false,
            mergeError: true,
            args: [
              { name: 'LogName' },
              { value: 'System' },
              { name: 'Newest' },
              { value: 3 },
              { name: 'Force' },
              { name: 'List' },
              { value: ['a', 'b'] },
            ],
          },
        ],
      ],
    });
  });

  test('literals of every kind', () => {
    const converted = convertBlock(
      parseScript('a @{ x = 1 } @(1; 2) $true (1 + 2) -b:$null'),
      variables,
    );
    expect(converted).toMatchObject({
      statements: [
        [
          {
            args: [
              { value: new PsDictionary([['x', 1]]) },
              { value: [1, 2] },
              { value: true },
              { value: 3 },
              { name: 'b', value: null },
            ],
          },
        ],
      ],
    });
  });

  test('parameters are arguments', () => {
    const block = 'param($Computer, [int]$n, $More = "$Computer!") a $Computer $n $more';
    expect(convertBlock(parseScript(block), variables, ['B', '2'])).toMatchObject({
      statements: [[{ args: [{ value: 'B' }, { value: 2 }, { value: 'B!' }] }]],
    });
  });

  test.for([
    ['', 'nothing is in the block', 1],
    ['$x = 1', 'a statement that is no pipeline', 1],
    ['if (1) { a }', 'a statement that is no pipeline', 1],
    ['1 | a', 'a pipeline that begins with an expression', 1],
    ['a $x', 'the variable $x, which is not $using:', 3],
    ['a $env:x', 'the variable $x, which is not $using:', 3],
    ['a "$(b)"', 'a command in an argument', 6],
    ['a (b)', 'a command in an argument', 4],
    ['a { b }', 'a script block in the block', 3],
    ['a; Invoke-Command -ScriptBlock { b }', 'a script block in the block', 32],
    ['a >$null', 'a redirection other than 2>&1', 1],
    ['a ($x = 5)', 'a statement in an argument', 4],
  ] satisfies [string, string, number][])('%j is sent as text: %s', ([block, reason, column]) => {
    expect(convertBlock(parseScript(block, 'b'), variables)).toEqual({
      isConverted: false,
      reason,
      position: { file: 'b', line: 1, column },
    });
  });

  test('a $using: variable that is not set is an error of the caller', () => {
    expect(() => convertBlock(parseScript('a $using:nope'), variables)).toThrow(
      "The value of the using variable '$using:nope' cannot be retrieved because it has not been " +
        'set in the local session.',
    );
  });
});

describe('a block as text', () => {
  const block = parseScript('a $Using:Cred; b { c $using:ServerC.Name $using:cred }').body;

  test('its $using: variables are found once each, in blocks too', () => {
    expect(usingVariables(block).map(({ name }) => name)).toEqual(['Cred', 'ServerC']);
  });

  test('their values travel by the base64 of their lower-case UTF-16LE text', () => {
    // '$using:cred' by Python: base64.b64encode('$using:cred'.encode('utf-16-le')).
    expect(usingKey('$Using:Cred')).toBe('JAB1AHMAaQBuAGcAOgBjAHIAZQBkAA==');
    expect([...usingValues(block, variables).entries()].map(([key]) => key)).toEqual([
      usingKey('$using:cred'),
      usingKey('$using:serverc'),
    ]);
  });

  test('the other side reads them', async () => {
    const using = usingValues(block, variables);
    const console = new TestConsole([], { using });
    const { output } = await console.run('"$($using:ServerC.Name) $USING:CRED"; $using:other');
    expect(output).toEqual(['ServerC secret']);
  });
});

describe('variables in a block that a command reads itself', () => {
  test('are evaluated at once, without commands', () => {
    const read = (text: string): PsValue => evaluateText(text, variables);
    expect(read('$ServerC.Name')).toBe('ServerC');
    expect(read('"x$($list[1])"')).toBe('xb');
    expect(read('$nope')).toBeNull();
    expect(read('{ a }')).toEqual(new Scalar('ScriptBlock', ' a '));
    expect(() => read('(Get-Process)')).toThrow('No command runs');
    expect(() => read('1; 2')).toThrow('this is not one expression');
    expect(() => read('Get-Process')).toThrow('this is not one expression');
  });

  test('the interpreter gives the variables of its console', async () => {
    const console = new TestConsole();
    await console.run('$ServerB = [pscustomobject]@{ Name = "JumpBox" }');
    expect(console.interpreter.variables('serverb')).toEqual(customObject({ Name: 'JumpBox' }));
  });
});

/** Scripts of an article on the second hop, where a folder with them is named. */
const article = process.env['DOUBLEHOP_ARTICLE'];

test('the blocks of the article are read, and make the calls that they say', async (context) => {
  context.skip(article === undefined, 'DOUBLEHOP_ARTICLE names no folder');
  const names = readdirSync(article ?? '').filter((name) => name.endsWith('.ps1'));
  const calls: string[] = [];
  const interpreter = new Interpreter({
    environment: () => 'SERVERA',
    runPipeline: async (pipeline, { streams }) => {
      calls.push(pipeline.map(({ name }) => name).join('|'));
      await streams.output(customObject({ Name: 'X' }));
    },
  });
  const nothing = (): void => {};
  const streams = {
    output: nothing,
    error: (record: { message: string }): void => void calls.push(`! ${record.message}`),
    warning: nothing,
    verbose: nothing,
    debug: nothing,
    information: nothing,
    progress: nothing,
  };
  for (const name of names.toSorted()) {
    const script = parseScript(readFileSync(join(article ?? '', name), 'utf8'), name);
    await interpreter.run(script, streams, new AbortController().signal);
  }
  expect(names.length).toBeGreaterThan(10);
  expect(calls.filter((call) => call.startsWith('!'))).toEqual([]);
  expect(calls).toContain('Get-WmiObject|fl');
  expect(calls.filter((call) => call === 'Invoke-Command')).toHaveLength(3);
});
