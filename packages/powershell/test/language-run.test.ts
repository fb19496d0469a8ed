import type { Command } from '@doublehop/powershell/commands/command';
import { PowerShellError } from '@doublehop/powershell/errors';
import { errorLines } from '@doublehop/powershell/format/error';
import { Interpreter } from '@doublehop/powershell/language/interpreter';
import { parseScript } from '@doublehop/powershell/language/parse';
import { usingKey } from '@doublehop/powershell/language/using';
import {
  customObject,
  PsDictionary,
  type PsValue,
  Scalar,
} from '@doublehop/powershell/objects/value';
import { describe, expect, test } from 'vitest';
import { TestConsole, textsOf } from './support/console.ts';

type Row = readonly [script: string, ...output: string[]];

// Results as Windows PowerShell 5.1 prints them (about_Operators and its kin). tidy: table
const arithmetic: readonly Row[] = [
  ['1 + 2 * 3', '7'],
  ['7 / 2', '3.5'],
  ['6 / 2', '3'],
  ['7 % 3; -7 % 3', '1', '-1'],
  ['2147483647 + 1', '2147483648'],
  ['9223372036854775807 + 1 -is [double]; (2147483647 + 1) -is [double]', 'True', 'True'],
  ['1kb; 2mb; 1.5kb', '1024', '2097152', '1536'],
  ['0xFF; 0xFFFFFFFF; 5L', '255', '-1', '5'],
  ['1.0; 1e3; .5', '1', '1000', '0.5'],
  ['1 + "2"; "1" + 2', '3', '12'],
  ['"ab" * 3', 'ababab'],
  ['(1,2 + 3,4).Count; ((1,2) * 2).Count', '4', '4'],
  ['$null + 5; 5 + $null; $true + 1', '5', '5', '2'],
  ['- "3"; + "4"; -(1+1)', '-3', '4', '-2'],
  [
    '1 + "x"',
    '! Cannot convert value "x" to type "System.Int32". Error: "Input string was not in a correct format."',
  ],
  ['1 / 0; "on"', 'on', '! Attempted to divide by zero.'],
  ['1..4 -join "-"; 3..1 -join ""', '1-2-3-4', '321'],
  ['@{a=1} + @{b=2} | % { $_.Count }', '2'],
];

const comparison: readonly Row[] = [
  ['"a" -eq "A"; "a" -ceq "A"; "a" -ieq "A"', 'True', 'False', 'True'],
  ['10 -eq "10"; "10" -eq 10.0; "10" -lt 9', 'True', 'True', 'True'],
  ['1,2,3,2 -eq 2; (1,2 -eq 5).Count', '2', '2', '0'],
  ['1,2,3 -gt 1; "a","b" -ne "A"', '2', '3', 'b'],
  ['"ServerB1" -like "server*"; "x" -notlike "?"', 'True', 'False'],
  [
    '1,2 -contains 2; "A" -in "a","b"; 3 -notin 1,2; 1,2 -notcontains 1',
    'True',
    'True',
    'True',
    'False',
  ],
  ['$null -eq $null; 0 -eq $null; "" -eq $null', 'True', 'False', 'False'],
  ['"abc" -match "(b)(?<n>c)"; $Matches[0]; $Matches[1]; $Matches.n', 'True', 'bc', 'b', 'c'],
  ['"ABC" -cmatch "b"; "a1","b2" -match "\\d"', 'False', 'a1', 'b2'],
  ['-not 0; !"x"; -not $null -eq $true', 'True', 'False', 'True'],
  ['1 -and 0; 1 -or 0; 1 -xor 1; $false -and (nope)', 'False', 'True', 'False', 'False'],
  [
    '5 -is [int]; "5" -is [string]; @() -is [array]; 5 -isnot [string]',
    'True',
    'True',
    'True',
    'True',
  ],
  ['("x" -as [int]) -eq $null; ("7" -as [int]) + 1', 'True', '8'],
];

const ofText: readonly Row[] = [
  ['$x = 3; "a$x b$($x + 1) ${x}c `$x `"q`" ""d"""', 'a3 b4 3c $x "q" "d"'],
  ["'a$x ''b'''", "a$x 'b'"],
  ['"t`tn`nu`u{41}"', 't\tn\nuA'],
  ['@"\n  $(1+1)\n"q"\n"@', '  2\n"q"'],
  ["@'\n$x\n'@", '$x'],
  ['"a-b-c" -split "-"; "a1b2" -split "\\d", 2', 'a', 'b', 'c', 'a', 'b2'],
  ['-split "  a b "; -join ("x","y"); "x","y" -join ", "', 'a', 'b', 'xy', 'x, y'],
  [
    "'hello' -replace 'L', 'x'; 'hello' -creplace 'L', 'x'; 'ab' -replace '(a)(b)', '$2$1'",
    'hexxo',
    'hello',
    'ba',
  ],
  [
    "'{0} {1,4}|{1,-4}|{2:N2} {3:D3} {4:X} {{}}' -f 'a', 5, 1234.5, 7, 255",
    'a    5|5   |1,234.50 007 FF {}',
  ],
  [
    '"{0}"; "{1}" -f 1',
    '{0}',
    '! Error formatting a string: Index (zero based) must be greater than or equal to zero and less than the size of the argument list.',
  ],
  [
    '" x ".Trim(); "aBc".ToUpper(); "aBc".Substring(1, 1); "abc".Replace("b", "-")',
    'x',
    'ABC',
    'B',
    'a-c',
  ],
  [
    '"a,b;c".Split(",;"); "abc".StartsWith("ab"); "abc".IndexOf("c"); "5".PadLeft(3, "0")',
    'a',
    'b',
    'c',
    'True',
    '2',
    '005',
  ],
  ['"abcd".Substring(1 + 1, 3 - 2); "a,b".Replace(",", ("x", "y")[1]).ToUpper()', 'c', 'AYB'],
  ['"abc".Length; "abc"[0]; "abc"[-1]', '3', 'a', 'c'],
  ['"$(1..3)"; "$null|"; [string](1,2); "$true"', '1 2 3', '|', '1 2', 'True'],
  ['"$(@{})"; "$([pscustomobject]@{A=1;B="x"})"', 'System.Collections.Hashtable', '@{A=1; B=x}'],
];

const values: readonly Row[] = [
  ['$x = 1,2,3; $x.Count; $x[-1]; $x[0,2]; $x[7]', '3', '3', '1', '3', ''],
  ['$x = @(); $x += 1; $x += 2,3; "$x"', '1 2 3'],
  ['@(1).Count; @($null).Count; @().Count; (,1).Count', '1', '1', '0', '1'],
  ['$a = @(5); $a -is [array]; $b = @(5)[0]; $b -is [array]', 'True', 'False'],
  [
    '$h = @{ A = 1; "b c" = 2 }; $h.a; $h["B C"]; $h.Count; $h.d = 4; $h["e"] = 5; $h.d + $h.e',
    '1',
    '2',
    '2',
    '9',
  ],
  ['@{ x = 1 }.ContainsKey("X")', 'True'],
  ['$o = [pscustomobject]@{ Name = "n"; V = 1 }; $o.name; $o.V = 2; $o.V; $o.w', 'n', '2', ''],
  [
    '$o = [pscustomobject]@{ V = 1 }; $o.w = 1',
    "! The property 'w' cannot be found on this object. Verify that the property exists and can be set.",
  ],
  ['([pscustomobject]@{ N = "a" }), ([pscustomobject]@{ N = "b" }) | % { $_ } | % N', 'a', 'b'],
  ['$l = @([pscustomobject]@{ N = "a" }, [pscustomobject]@{ N = "b" }); "$($l.N)"', 'a b'],
  ['$x = 1,2; $x[1] = 5; "$x"; $x[9] = 1', '1 5', '! Index was outside the bounds of the array.'],
  ['$n = $null; $n.a; $n[0]', '', '! Cannot index into a null array.'],
  ['$null.ToUpper()', '! You cannot call a method on a null-valued expression.'],
  ['[int]2.5; [int]3.5; [int]"0x10"; [bool]"false"; [string]5 + 1', '2', '4', '16', 'True', '51'],
  [
    '[int]"x"',
    '! Cannot convert value "x" to type "System.Int32". Error: "Input string was not in a correct format."',
  ],
  ['[datetime]"2026-11-22 18:05"; [timespan]"1.02:03:04"', '11/22/2026 18:05:00', '1.02:03:04'],
  ['"{0:yyyy-MM-dd}" -f [datetime]"2026-11-22"', '2026-11-22'],
  ['$i = 1; $i++; $i; ($i++); ++$i; $i', '2', '2', '4'],
  ['$x = 5; $x -= 2; $x *= 4; $x /= 3; $x %= 3; $x', '1'],
  ['${a b} = 1; $global:y = 2; "${a b} $y"', '1 2'],
];

const flow: readonly Row[] = [
  ['if ($null) { 1 } elseif (0) { 2 } else { 3 }', '3'],
  ['ForEach ($i in 1..4) { if ($i -eq 2) { continue }; if ($i -eq 4) { break }; $i }', '1', '3'],
  ['foreach ($i in $null) { "never" }; foreach ($i in "one") { $i }', 'one'],
  ['for ($i = 0; $i -lt 3; $i++) { $i }', '0', '1', '2'],
  ['while ($true) { $n++; if ($n -ge 3) { break } }; $n', '3'],
  ['$x = if ($true) { 5 }; $y = foreach ($i in 1, 2) { $i * 2 }; "$x $y"', '5 2 4'],
  ['1..3 | ForEach-Object { $_ * 2 } | Where-Object { $_ -gt 2 }', '4', '6'],
  ['1..3 | % { if ($_ -eq 2) { return }; $_ }', '1', '3'],
  ['1..2 | % { $x = $_; 10..11 | % { "$x-$_" } }', '1-10', '1-11', '2-10', '2-11'],
  ['$b = { $_ + 1 }; 1 | % $b', '2'],
  ['$s = 0; 1..4 | % { $s += $_ }; $s', '10'],
  ['$null = 1..3; 1 > $null; [void]2; 3', '3'],
  [
    'nope; $?; $?',
    'False',
    'True',
    "! The term 'nope' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
  ],
  ['nope 2>$null; $x = nope 2>$null; "on"; $Error.Count', 'on', '2'],
  ['throw "bad"; "never"', '! bad'],
  ['if ($true) { throw }', '! ScriptHalted'],
  ['Write-Error "e"; "on"', 'on', '! e'],
  ['Write-Error "e" -ErrorAction Stop; "never"', '! e'],
  ['$ErrorActionPreference = "Stop"; Write-Error "e"; "never"', '! e'],
  ['$ErrorActionPreference = "SilentlyContinue"; Write-Error "e"; nope; "on"', 'on'],
  ['Write-Error "e" 2>&1 | % { "<$_>" }', '<e>'],
  ['1; return 2; 3', '1', '2'],
];

const TOO_LONG = '! The script is stopped: it needs more than 4194304 characters of a text.';

const tries: readonly Row[] = [
  [
    'try { 1; nope; 2 } catch { "<$($_.CategoryInfo.Category)>" } finally { 3 }; 4',
    '1',
    '<ObjectNotFound>',
    '3',
    '4',
  ],
  ['try { 1/0 } catch { $_.Exception.Message }', 'Attempted to divide by zero.'],
  ['try { throw "x" } catch { "$_ $($PSItem.FullyQualifiedErrorId)" }; $Error.Count', 'x x', '1'],
  ['try { 1 } catch { "never" }', '1'],
  ['try { Write-Error "e"; "on" } catch { "never" }', 'on', '! e'],
  ['try { Write-Error "e" -ErrorAction Stop; "never" } catch { "caught $_" }', 'caught e'],
  [
    '$ErrorActionPreference = "Stop"; try { Write-Error "e" } catch { "caught" }; "on"',
    'caught',
    'on',
  ],
  ['try { foreach ($i in 1..3) { if ($i -eq 2) { nope }; $i } } catch { "out" }', '1', 'out'],
  [
    '1..2 | % { try { if ($_ -eq 1) { nope }; $_ } catch { "no $($_.TargetObject)" } }',
    'no nope',
    '2',
  ],
  ['try { 1..3 | % { if ($_ -eq 2) { nope }; $_ } } catch { "out" }', '1', 'out'],
  ['try { try { throw "a" } catch { throw } } catch { "again $_" }', 'again a'],
  ['try { try { throw "a" } finally { "first" } } catch { "then $_" }', 'first', 'then a'],
  ['try { throw "a" } finally { "last" }; "never"', 'last', '! a'],
  [
    'foreach ($i in 1..3) { try { if ($i -eq 2) { continue }; $i } finally { "f$i" } }',
    '1',
    'f1',
    'f2',
    '3',
    'f3',
  ],
  ['try { return 1 } finally { 2 }; 3', '1', '2'],
  [
    'try { throw "a" } catch [System.IO.IOException], [Foo] { 1 } catch [RuntimeException] { 2 } catch { 3 }',
    '3',
  ],
  [
    'try { throw "a" } catch [System.Management.Automation.RuntimeException] { 2 } catch { 3 }',
    '2',
  ],
  ['try { throw "a" } catch [Foo] { 1 } catch [Exception] { 2 }', '2'],
  ['try { throw "a" } catch [Foo] { 1 }', '! a'],
  ['try { nope } catch { nope2 2>$null; "still" }; "on"', 'still', 'on'],
  ['$x = try { nope } catch { 5 }; $x', '5'],
  ['try\n{\n nope\n}\ncatch\n{\n 1\n}\nfinally\n{\n 2\n}\n3', '1', '2', '3'],
  ['try { "ab" * 1000000000 } catch { "never" }', TOO_LONG],
];

describe.for([
  ['arithmetic', arithmetic],
  ['comparison', comparison],
  ['text', ofText],
  ['values', values],
  ['flow', flow],
  ['try', tries],
] as const)('%s', ([, rows]) => {
  test.for(rows)('%s', async ([script, ...expected]) => {
    expect(await textsOf(script)).toEqual(expected);
  });
});

describe('types of values', () => {
  test.for([
    ['1.0', new Scalar('Double', 1)],
    ['6 / 4', 1.5],
    ['5L', 5n],
    ['2147483648', 2147483648n],
    ["[char]'a'", new Scalar('Char', 97)],
    ['{ $_ }', new Scalar('ScriptBlock', ' $_ ')],
    [
      '[guid]"{00000000-0000-0000-0000-00000000000A}"',
      new Scalar('Guid', '00000000-0000-0000-0000-00000000000a'),
    ],
    ['[pscustomobject]@{ a = 1 }', customObject({ a: 1 })],
    ['@{ a = 1 }', new PsDictionary([['a', 1]])],
  ] as const)('%s', async ([script, expected]) => {
    expect((await new TestConsole().run(script)).output).toEqual([expected]);
  });
});

describe('a console', () => {
  test('variables stay from one script to the next', async () => {
    const console = new TestConsole([], { environment: (name) => `<${name}>` });
    await console.run('$x = @{ Name = "ServerB" }');
    expect(await textsOf('"$($x.Name) $env:COMPUTERNAME"', console)).toEqual([
      'ServerB <COMPUTERNAME>',
    ]);
    expect(console.interpreter.getVariable('X')).toBeInstanceOf(PsDictionary);
  });

  test('exit tells its code and whether the last statement succeeded', async () => {
    const console = new TestConsole();
    expect((await console.run('exit 3; "never"')).result).toMatchObject({ exitCode: 3 });
    expect((await console.run('1')).result).toEqual({ succeeded: true, exitCode: undefined });
    expect((await console.run('nope')).result).toEqual({ succeeded: false, exitCode: undefined });
  });

  test('arguments arrive typed; a bare number has its text', async () => {
    const console = new TestConsole();
    await console.run(String.raw`$x = @{ Name = 'C' }; Write-Output \\$($x.Name)\C$`);
    await console.run('Write-Output -InputObject:(1, 2)');
    expect(console.calls).toMatchObject([
      [{ name: 'Write-Output', isScript: false, args: [{ value: String.raw`\\C\C$` }] }],
      [{ args: [{ name: 'InputObject', value: [1, 2] }] }],
    ]);
  });

  test('a script that is stopped ends with the reason, also in a loop without commands', async () => {
    const controller = new AbortController();
    const running = new TestConsole().run('while ($true) { $i++ }', controller.signal);
    setTimeout(() => controller.abort(new Error('stopped')), 5);
    await expect(running).rejects.toThrow('stopped');
  });

  test('$_ in a block reaches the blocks in it; a script block of another console is read', async () => {
    const console = new TestConsole();
    console.interpreter.setVariable('b', new Scalar('ScriptBlock', '"<$_>"'));
    expect(await textsOf('1..2 | % $b', console)).toEqual(['<1>', '<2>']);
    console.interpreter.setVariable('b', new Scalar('ScriptBlock', 'do {}'));
    expect((await textsOf('1 | % $b', console)).join()).toContain("not supported: 'do'");
  });
});

test('errors say where in the script', async () => {
  const script = '1\n  nope\n$b = {\n 1/0 }\nWrite-Error e; 1 | % $b\nthrow 2';
  const { errors } = await new TestConsole().run(script);
  expect(errors.map(({ position }) => position)).toEqual(
    [
      [2, 3],
      [5, 1],
      [4, 2],
      [6, 1],
    ].map(([line, column]) => ({ file: 'test.ps1', line, column })),
  );
  expect(errors.slice(0, 1).flatMap(errorLines)).toContain('At test.ps1:2 char:3');
});

test('a block that is invoked gives its output; break and exit only end it', async () => {
  const { interpreter } = new TestConsole();
  const errors: string[] = [];
  const streams = {
    output: (): void => {},
    error: ({ message }: { message: string }): void => void errors.push(message),
    warning: (): void => {},
    verbose: (): void => {},
    debug: (): void => {},
    information: (): void => {},
    progress: (): void => {},
  };
  const invoke = (text: string): Promise<readonly PsValue[]> =>
    interpreter.invoke(
      new Scalar('ScriptBlock', text),
      5,
      streams,
      new AbortController().signal,
      text.startsWith('param') ? ['x', '3', 1] : [],
    );
  expect(await invoke('$_ + 1; 2; return 3; 4')).toEqual([6, 2, 3]);
  expect(await invoke('param($a, [int]$b = "3") $a = 7; "$a $b $args $_"')).toEqual(['7 3 1 5']);
  expect(interpreter.getVariable('a')).toBeUndefined();
  expect(await invoke('break')).toEqual([]);
  expect(await invoke('1/0; 1')).toEqual([1]);
  expect(errors).toEqual(['Attempted to divide by zero.']);
  await expect(invoke('throw 1')).rejects.toThrow('1');
});

describe('language modes (about_Language_Modes)', () => {
  const run = (mode: 'Restricted' | 'None', script: string): Promise<string[]> =>
    textsOf(script, new TestConsole([], { mode }));

  test('None runs no script', async () => {
    expect(await run('None', '1')).toEqual([
      '! The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.',
    ]);
  });

  test('Restricted has no parameters', async () => {
    await expect(run('Restricted', 'param($x) 1')).rejects.toThrow('test.ps1:1:7: not allowed');
  });

  test('Restricted runs no block that comes as a value', async () => {
    const block = new Scalar('ScriptBlock', '$env:SECRET');
    const using = new PsDictionary([[usingKey('$using:b'), block]]);
    const console = new TestConsole([], { mode: 'Restricted', using });
    expect((await textsOf('1 | ForEach-Object $using:b', console)).join()).toContain('no-language');
  });

  test('Restricted has commands, literals and operators', async () => {
    const script =
      '1 + 1; Write-Output "a$(2 * 3)" | Write-Output; @{ a = (1, 2) }; if ($true) { 5 }';
    expect(await run('Restricted', script)).toEqual([
      '2',
      'a6',
      'System.Collections.Hashtable',
      '5',
    ]);
  });

  test.for([
    ['$x', 'the variable $x'],
    ['$x = 1', 'assignments'],
    ['1 | % { param($p) $p }', 'script blocks'],
    ['1 | % { 2 }', 'script blocks'],
    ['"a".Length', 'properties'],
    ['"a".Trim()', 'methods'],
    ['(1,2)[0]', 'indexes'],
    ['foreach ($i in 1) {}', 'loops'],
    ['throw 1', "'throw'"],
    ['try { 1 } finally { 2 }', "'try'"],
    ['a 2>&1', 'redirection'],
    ['1..3', 'the operator ..'],
    ['$env:Path', 'the variable $Path'],
    ['"$(a $x)"', 'the variable $x'],
    ['[pscustomobject]@{}', 'the type [pscustomobject]'],
  ] satisfies [string, string][])('Restricted has not: %s', async ([script, what]) => {
    const error = await run('Restricted', `Write-Output 1; ${script}`).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(PowerShellError);
    expect(error).toMatchObject({ reason: `not allowed in restricted language mode: ${what}` });
  });
});

describe('limits: every run ends', () => {
  test.for([
    ['while ($true) {}', 'steps'],
    ['$s = "a"; while ($true) { $s += $s }', 'characters of a text'],
    ['"a" * 1000000000', 'characters of a text'],
    ['1..100000000', 'items of a list'],
    ['$a = @(1); while ($true) { $a = $a, $a }', 'of a collection'],
    ['$a = @(1); while ($true) { $a += $a }', 'of a'],
    ['$h = @{}; $h.h = $h', 'values within values'],
    ['$h = @{}; while ($true) { $h = @{ a = $h; b = $h } }', 'of a collection'],
    ['"x".PadLeft(900000000)', 'characters of a text'],
  ] satisfies [string, string][])('%s', async ([script, what]) => {
    const { errors, result } = await new TestConsole().run(script);
    expect(result).toBeUndefined();
    expect(errors.at(-1)?.message).toContain(what);
    expect(errors.at(-1)?.category).toBe('LimitsExceeded');
  });

  test('blocks that run themselves', async () => {
    const texts = await textsOf('$b = { 1 | % $b }; 1 | % $b; "never"');
    expect(texts).toEqual(['! The script failed due to call depth overflow.']);
  });

  test('a list that grows one by one is no matter', async () => {
    expect(await textsOf('$a = @(); foreach ($i in 1..5000) { $a += $i }; $a.Count')).toEqual([
      '5000',
    ]);
  });
});

test('errors of commands in a block are seen where the pipeline runs', async () => {
  const failing: Command<undefined> = {
    name: 'Get-Bad',
    synopsis: '',
    parameters: [],
    run: async ({ streams }) => {
      await streams.error({
        message: 'bad',
        errorId: 'Bad',
        category: 'NotSpecified',
        target: null,
      });
    },
  };
  const { errors, output } = await new TestConsole([failing]).run('1, 2 | % { $_; Get-Bad }; $?');
  expect(errors.map(({ message }) => message)).toEqual(['bad', 'bad']);
  expect(output).toEqual([1, 2, false]);
});

test('an interpreter without commands still evaluates', async () => {
  const interpreter = new Interpreter({ runPipeline: () => Promise.reject(new Error('none')) });
  const output: unknown[] = [];
  const nothing = (): void => {};
  await interpreter.run(
    parseScript('1 + 1'),
    {
      output: (value) => void output.push(value),
      error: nothing,
      warning: nothing,
      verbose: nothing,
      debug: nothing,
      information: nothing,
      progress: nothing,
    },
    new AbortController().signal,
  );
  expect(output).toEqual([2]);
});
