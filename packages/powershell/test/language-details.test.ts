import { describe, expect, test } from 'vitest';
import { TestConsole, textsOf } from './support/console.ts';

type Row = readonly [script: string, ...output: string[]];

// Results as PowerShell prints them, with the words of its errors. tidy: table
const methods: readonly Row[] = [
  ['"abc".Insert(1, "-"); "abc".Remove(1); "abc".Remove(0, 1)', 'a-bc', 'a', 'bc'],
  ['"--a--".Trim("-"); "--a--".TrimStart("-"); "--a--".TrimEnd("-")', 'a', 'a--', '--a'],
  ['"abcb".LastIndexOf("b"); "abc".EndsWith("bc"); "abc".Contains("B")', '3', 'True', 'False'],
  ['"5".PadRight(3) + "|"; "ab".ToCharArray().Count', '5  |', '2'],
  ['"AbC".ToLowerInvariant(); "AbC".ToUpperInvariant()', 'abc', 'ABC'],
  ['(5).ToString("D3"); (255).ToString("x"); (1.5).ToString()', '005', 'ff', '1.5'],
  ['(1, 2).Contains(2); ("a", "b").IndexOf("b"); @{ a = 1 }.Contains("b")', 'True', '1', 'False'],
  ['"abc".Substring(5)', '! Index and length must refer to a location within the string.'],
  ['"abc".Substring()', '! Cannot find an overload for "substring" and the argument count: "0".'],
  [
    '(5).Trim()',
    "! Method invocation failed because [Int32] does not contain a method named 'trim'.",
  ],
  ['"abc".Replace("", "x")', '! String cannot be of zero length.'],
  ['"a b`tc".Split().Count', '3'],
];

const values: readonly Row[] = [
  ['$h = @{ b = 1; a = 2 }; "$($h.Keys) $($h.Values)"; ($h["a", "b"]) -join ","', 'b a 1 2', '2,1'],
  ['@{ 1 = "one" }[1]; @{ "x y" = 1 }."x y"; $n = "b"; @{ b = 3 }.$n', 'one', '1', '3'],
  ['@{ a = 1; A = 2 }', "! Duplicate keys 'A' are not allowed in hash literals."],
  ['@{ $null = 1 }', '! A null key is not allowed in a hash literal.'],
  ['@{ a = 1 } + @{ A = 2 }', "! Item has already been added. Key in dictionary: 'A'"],
  ['(5)[0]', '! Unable to index into an object of type Int32.'],
  ['$x = 5; $x[0] = 1', '! Unable to assign to an index into an object of type Int32.'],
  [
    '$x = 1, 2; $x["a"]',
    '! Cannot convert value "a" to type "System.Int32". Error: "Input string was not in a correct format."',
  ],
  [
    '$x = @{ list = 1, 2 }; $x.list[1] = 9; "$($x.list)"; $x["list"][0] = 8; "$($x.list)"',
    '1 9',
    '8 9',
  ],
  ['$x = "a"; $x.Length.ToString() + "!"', '1!'],
  [
    '[char]65; [int][char]"A"; [char]"ab"',
    'A',
    '65',
    '! Cannot convert value "ab" to type "System.Char".',
  ],
  [
    '[version]"1.2.3"; [version]"x"',
    '1.2.3',
    '! Cannot convert value "x" to type "System.Version".',
  ],
  ['[timespan]"3"; [timespan]"-00:01"; [timespan]10000000', '3.00:00:00', '-00:01:00', '00:00:01'],
  [
    '[datetime]"11/2/2026"; [datetime]"2026-13-01"',
    '11/02/2026 00:00:00',
    '! Cannot convert value "2026-13-01" to type "System.DateTime".',
  ],
  [
    '[int]3e9',
    '! Cannot convert value "3000000000" to type "System.Int32". Error: "Value was either too large or too small for an Int32."',
  ],
  [
    '[long]3e9; [double]"1e2"; [bool]0; [bool]"x"; [switch]$true',
    '3000000000',
    '100',
    'False',
    'True',
    'True',
  ],
  ['([string[]](1, 2))[0].Length; ([int[]]("1", "2") | % { $_ + 1 }) -join ","', '1', '2,3'],
  [
    '([array]5).Count; ([object]5) + 1; [hashtable]@{ a = 1 } | % { $_.a }; ([ordered]@{ z = 1; a = 2 }).Keys -join ","',
    '1',
    '6',
    '1',
    'z,a',
  ],
  ['[hashtable]5', '! Cannot convert value "5" to type "System.Collections.Hashtable".'],
  [
    '1 -is [bool]; $true -is [bool]; 5L -is [long]; 1.5 -is [double]; @{} -is [hashtable]',
    'False',
    'True',
    'True',
    'True',
    'True',
  ],
  [
    '(Get-Date 2>$null) -is [datetime]; $null -is [object]; (1,2) -is [int[]]',
    'False',
    'True',
    "! The term 'Get-Date' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
  ],
];

const operators: readonly Row[] = [
  ['+"x"', '! Cannot convert value "x" to type "System.Int32".'],
  [
    '@{} - 1',
    "! Method invocation failed because [Hashtable] does not contain a method named 'op_Subtraction'.",
  ],
  ['"a" * -1', '! Cannot convert value "-1" to type "System.UInt32".'],
  ['1.."x"', '! Cannot convert value "x" to type "System.Int32".'],
  ['$x = "x"; $x++', "! The '++' and '--' operators work only on numbers."],
  ['$n++; $n; $m--; $m', '1', '-1'],
  ['"abc" -notmatch "z"; "x" -like "[a-c]"; "a*c" -like "a`*c"', 'True', 'False', 'True'],
  ['"a" -match "("', "! The regular expression pattern ( is not valid: Not enough )'s."],
  [
    '"a" -replace "a", "b", "c"',
    '! The -replace operator must be followed by at most two operands: the pattern and the substitution.',
  ],
  ['"ab" -replace "b"; ("ab", "cb" -replace "b", "x") -join " "', 'a', 'ax cx'],
  [
    '"John Smith" -replace "(?<f>\\w+) (?<l>\\w+)", \'${l}, ${f} $& $$ $9\'',
    'Smith, John John Smith $ $9',
  ],
  ['"a,b,,c" -split ","; ("a1b" -split "(1)") -join "|"', 'a', 'b', '', 'c', 'a|1|b'],
  [
    '"{0:P1}|{1:F0}|{2:yyyy/MM/dd HH:mm}|{3,-3}|" -f 0.256, 2.6, [datetime]"2026-01-02 03:04", "x"',
    '25.6 %|3|2026/01/02 03:04|x  |',
  ],
  [
    '"{0:Q}" -f 5; "{" -f 1',
    '! Error formatting a string: the format Q is not supported.',
    '! Error formatting a string: Input string was not in a correct format.',
  ],
  [
    '2 -ge 2; 2 -le 1; "b" -gt "A"; "a" -clt "A"; 1 -lt $null; $null -lt 1',
    'True',
    'False',
    'True',
    'True',
    'False',
    'True',
  ],
  ['1, 2 -eq $null; ($null, 1 -eq $null).Count', '1'],
  ['$true -eq "x"; $false -eq ""; "True" -eq $true; 1 -eq $true', 'True', 'True', 'True', 'True'],
  ['"a", "B" -contains "b"; "a", "B" -ccontains "b"; "x" -cin "X"', 'True', 'False', 'False'],
  ['-not (1, 2); !@(); -not @(0)', 'False', 'True', 'True'],
  ['1 + 1 -eq 2 -and 3 * 2 -gt 5 -or $false', 'True'],
  ['"$(1 + 1)$([int]"3")$("a", "b")"', '23a b'],
  ['1.5 + 1.5; 0.5 + 0.25; 1e20; 10 / 4; 1.0 / 0', '3', '0.75', '1E+20', '2.5', '∞'],
];

const statements: readonly Row[] = [
  ['if (1) { "a" } "b"', 'a', 'b'],
  ['if (0) { 1 } else { if (1) { 2 } }; 3', '2', '3'],
  [
    'foreach ($i in @{ a = 1 }) { $i.Count }; foreach ($c in "ab".ToCharArray()) { "$c" }',
    '1',
    'a',
    'b',
  ],
  ['for (;;) { $i++; if ($i -gt 2) { break } }; $i', '3'],
  ['foreach ($i in 1..2) { foreach ($j in 1..3) { if ($j -eq 2) { break }; "$i$j" } }', '11', '21'],
  ['$x = 1, 2 | % { $_ + 1 }; $x.Count; ($y = 5) + 1; $y', '2', '6', '5'],
  ['$a = $b = 3; "$a$b"', '33'],
  ['@(1; 2; 3).Count; $(1; 2) -join "+"', '3', '1+2'],
  ['Write-Output 1 2>&1 | % { $_ }; Write-Output "a" "b"', '1', 'a', 'b'],
  ['exit; 1'],
  ['throw [pscustomobject]@{ a = 1 }', '! @{a=1}'],
  [
    'nope; throw $Error[0]',
    "! The term 'nope' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
    "! The term 'nope' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
  ],
  ['param($a = 5, $b) "$a|$b|$($args.Count)"', '5||0'],
  ['$PSCulture; "$PSItem|"; 7 | % { $PSItem }', 'en-US', '|', '7'],
];

describe.for([
  ['methods', methods],
  ['values', values],
  ['operators', operators],
  ['statements', statements],
] as const)('%s', ([, rows]) => {
  test.for(rows)('%s', async ([script, ...expected]) => {
    expect(await textsOf(script)).toEqual(expected);
  });
});

test('a step of what is no variable is refused', async () => {
  await expect(new TestConsole().run('"x"++')).rejects.toThrow('this cannot be assigned to');
});

test('the code of exit is a number', async () => {
  const code = async (script: string): Promise<number | undefined> =>
    (await new TestConsole().run(script)).result?.exitCode;
  expect(await code('exit')).toBe(0);
  expect(await code('exit "7"')).toBe(7);
  expect(await code('exit "x"')).toBe(0);
  expect(await code('1 | % { exit 4 }; exit 5')).toBe(4);
});
