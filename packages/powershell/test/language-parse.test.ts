import { PowerShellError } from '@doublehop/powershell/errors';
import type { CommandElement, Expression, Script } from '@doublehop/powershell/language/ast';
import { isComplete, parseScript } from '@doublehop/powershell/language/parse';
import { MAX_SCRIPT_LENGTH } from '@doublehop/powershell/limits';
import { toText } from '@doublehop/powershell/objects/text';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** The only command of a script. */
function commandOf(text: string): CommandElement {
  const [statement] = parseScript(text).body.statements;
  const element = statement?.kind === 'pipeline' ? statement.elements[0] : undefined;
  if (element?.kind !== 'command') throw new Error('no command');
  return element;
}

/** A command's arguments, written short. */
function argumentsOf(text: string): string[] {
  return commandOf(text).args.map(({ name, value }) => {
    const shown = value === undefined ? '' : show(value);
    return name === undefined ? shown : value === undefined ? `-${name}` : `-${name}:${shown}`;
  });
}

function showPart(part: string | Expression): string {
  return typeof part === 'string' ? part : `<${show(part)}>`;
}

function show(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return typeof expression.value === 'string'
        ? `'${expression.value}'`
        : toText(expression.value);
    case 'variable':
      return `$${expression.scope === undefined ? '' : `${expression.scope}:`}${expression.name}`;
    case 'expandable':
      return `"${expression.parts.map(showPart).join('')}"`;
    case 'member':
      return `${show(expression.target)}.${show(expression.name)}`;
    case 'index':
      return `${show(expression.target)}[${show(expression.index)}]`;
    case 'array-literal':
      return expression.items.map(show).join(',');
    case 'block':
      return `{${expression.text}}`;
    case 'sub':
    case 'array':
      return `${expression.kind === 'sub' ? '$' : '@'}(${expression.body.statements.length})`;
    case 'paren':
    case 'hashtable':
    case 'unary':
    case 'step':
    case 'binary':
    case 'cast':
    case 'type':
    case 'method':
      return expression.kind;
  }
}

function refusal(text: string): PowerShellError {
  try {
    parseScript(text, 'a.ps1');
  } catch (error) {
    if (error instanceof PowerShellError) return error;
    throw error;
  }
  throw new Error(`taken: ${text}`);
}

describe('arguments of commands (about_Parsing, argument mode)', () => {
  const rows: [string, string[]][] = [
    [String.raw`Test-Path \\$($using:ServerC.Name)\C$`, [String.raw`"\\<$(1)>\C$"`]],
    [String.raw`Test-Path \\ServerC\C$`, [String.raw`'\\ServerC\C$'`]],
    ['Get-Content C$', ["'C$'"]],
    ['klist purge -li 0x3e7', ["'purge'", '-li', '0x3e7']],
    ['Get-EventLog -LogName System -Newest 3', ['-LogName', "'System'", '-Newest', '3']],
    ['Get-Process lsass -ComputerName $($using:C.Name)', ["'lsass'", '-ComputerName', '$(1)']],
    ['fl *', ["'*'"]],
    ['a -Force:$false -Count:3', ['-Force:$false', '-Count:3']],
    ['a $x.Name $x[0].y "$x.y"', ["$x.'Name'", "$x[0].'y'", '"<$x>.y"']],
    [String.raw`a $x\foo $x-foo`, [String.raw`"<$x>\foo"`, '"<$x>-foo"']],
    ['a b,c, $d', ["'b','c',$d"]],
    ['a -5 -b 1.5 2kb 10.0.0.1 3abc', ['-5', '-b', '1.5', '2kb', "'10.0.0.1'", "'3abc'"]],
    ['a b#c # comment', ["'b#c'"]],
    ['a x"y z"\'w\'', ["'xy zw'"]],
    ['a "b"c', ["'b'", "'c'"]],
    ['a `$x `"q', ["'$x'", "'\"q'"]],
    ['a `\n  -b `\r\n c', ['-b', "'c'"]],
    ['a <# no #> b', ["'b'"]],
    ['a { hostname; $_ }', ['{ hostname; $_ }']],
    ['a @(1,2) ${x y} $env:Path $using:z', ['@(1)', '$x y', '$env:Path', '$using:z']],
    ['a \u2013Name \u201Cx y\u201D', ['-Name', "'x y'"]],
    ['a user@contoso.com http://x/?a=b', ["'user@contoso.com'", "'http://x/?a=b'"]],
    ['a foo[0] [x]', ["'foo[0]'", "'[x]'"]],
    ['a 5 05 0x10', ['5', '05', '0x10']],
  ];

  test.for(rows)('%s', ([text, expected]) => {
    expect(argumentsOf(text)).toEqual(expected);
  });

  test('a number keeps its text for what takes text, and its value for what takes a number', () => {
    const [, , argument] = commandOf('klist -li 0x3e7 0x3e7').args;
    const value = argument?.value;
    expect(value?.kind === 'literal' ? value.value : undefined).toMatchObject({
      text: '0x3e7',
      base: { kind: 'primitive', value: 999 },
    });
  });

  test('2>&1 belongs to its own command', () => {
    const { statements } = parseScript('a 2>&1 | b').body;
    expect(statements).toMatchObject([
      {
        elements: [
          { name: 'a', mergesErrors: true },
          { name: 'b', mergesErrors: false },
        ],
      },
    ]);
  });
});

describe('statements', () => {
  test.for([
    ['a; b\nc', 3],
    ['a |\n b |\n\n c', 1],
    ['ForEach ($x in $y) { a }\nb', 2],
    ['if ($a) { b } elseif ($c) { d }\nelse { e }', 1],
    ['if ($a) { b }\n\n\nc', 2],
    ['$x = 1, 2,\n 3', 1],
    ['@"\na $x\n"@ ; b', 2],
    ['@{ a = 1; b = 2\n c = 3 }', 1],
    ['for ($i = 0; $i -lt 3; $i++) { a } ; for (;;) { break }', 2],
    ['\uFEFF# only a comment', 0],
    ['$x.y[0].z = 5', 1],
    ["$x.'msDS-AllowedToActOnBehalfOfOtherIdentity'.Access", 1],
    ['1..3 | % { $_ }', 1],
    ['(a).b; (a | b)[0]', 2],
  ] satisfies [string, number][])('%j has %i', ([text, count]) => {
    expect(parseScript(text).body.statements).toHaveLength(count);
  });

  test('a block knows its text, for commands that read it themselves', () => {
    expect(argumentsOf('Get-ADComputer -Filter {Name -ne $ServerB.Name}')).toEqual([
      '-Filter',
      '{Name -ne $ServerB.Name}',
    ]);
  });

  test('positions are those of the text', () => {
    const script: Script = parseScript('a\n  b $x', 'two.ps1');
    const { start = 0 } = script.body.statements[1] ?? {};
    expect(script.source.positionAt(start)).toEqual({ file: 'two.ps1', line: 2, column: 3 });
  });
});

describe('what is outside of the subset is refused whole, with its place', () => {
  test.for([
    ['a\nfunction f {}', "a.ps1:2:1: not supported: 'function'"],
    ['a; do { b } while ($c)', "a.ps1:1:4: not supported: 'do'"],
    ['try { b }', "a.ps1:1:10: 'try' needs a 'catch' or 'finally'"],
    [
      'try { b } catch { c } catch [X] { d }',
      "a.ps1:1:28: no 'catch' can follow the one for every error",
    ],
    ['try { b } catch [X], { d }', 'a.ps1:1:22: "{" where the type of an exception should be'],
    ['catch { d }', "a.ps1:1:1: not supported: 'catch'"],
    ['& a', 'a.ps1:1:1: not supported: the call operator &'],
    ['a | & { b }', 'a.ps1:1:5: not supported: the call operator &'],
    ['. ./b.ps1', 'a.ps1:1:1: not supported: dot-sourcing'],
    ['[math]::pi', 'a.ps1:1:1: not supported: the type [math]'],
    ['[string]::Empty', 'a.ps1:1:9: not supported: static members of types'],
    ['$x.Delete()', 'a.ps1:1:4: not supported: the method Delete()'],
    ['a @x', 'a.ps1:1:3: not supported: splatting (@name)'],
    ['a && b', 'a.ps1:1:3: not supported: || and &&'],
    ['a &', 'a.ps1:1:3: not supported: & after a command'],
    ['a > file', 'a.ps1:1:3: not supported: redirection other than 2>&1, >$null and 2>$null'],
    ['a --% b', 'a.ps1:1:3: not supported: --%'],
    ['$a -band 1', 'a.ps1:1:4: not supported: the operator -band'],
    ['[int]$x = 1', 'a.ps1:1:1: not supported: variables with a type'],
    ['$a, $b = 1, 2', 'a.ps1:1:1: not supported: assignment to several variables'],
    ['$env:x = 1', 'a.ps1:1:1: not supported: assignment to $env:x'],
    ['$function:x', 'a.ps1:1:1: not supported: variables of function:'],
    ['a { param([Parameter()]$x) }', 'a.ps1:1:11: not supported: attributes, and types with parts'],
    ['a; param($x)', "a.ps1:1:4: not supported: 'param'"],
    ['a { switch (1) {} }', "a.ps1:1:5: not supported: 'switch'"],
    ['$x a', 'a.ps1:1:4: "a" where the end of the statement should be'],
    ['a | $x', 'a.ps1:1:5: an expression can only begin a pipeline'],
    ['1 -foo 2', 'a.ps1:1:3: -foo is no operator'],
    ['$true = 1', 'a.ps1:1:1: $true cannot be assigned to'],
    ['"$x: y"', "a.ps1:1:2: ':' after $x names nothing: write ${x}:"],
    ['a )', 'a.ps1:1:3: ")" where the end of the statement should be'],
  ] satisfies [string, string][])('%j', ([text, message]) => {
    expect(refusal(text).message).toBe(message);
  });

  test('texts that are too long or too deep', () => {
    expect(refusal('a'.repeat(MAX_SCRIPT_LENGTH + 1)).code).toBe('limit');
    for (const open of ['(', '{', '@(', '$(', '!', '-not ', '@{a=', '[int]', 'if ($a) { ', ',']) {
      expect(['limit', 'incomplete', 'syntax']).toContain(refusal(open.repeat(3000)).code);
    }
    expect(refusal(`${'('.repeat(2000)}1${')'.repeat(2000)}`).code).toBe('limit');
    expect(refusal(`$x${'.y'.repeat(2000)}`).code).toBe('limit');
    expect(parseScript(`1${'+1'.repeat(20_000)}`).body.statements).toHaveLength(1);
  });
});

test('long texts of one kind are read in proportion to their length', () => {
  for (const part of [
    '[int',
    '1',
    '0xf',
    '${a',
    '"$(',
    "@'\n",
    '<#',
    '$x: ',
    '.5e',
    '$',
    '`\n',
    ' ',
  ]) {
    const text = `[int${part.slice(-1).repeat(500_000)}`;
    expect(['incomplete', 'unsupported', 'syntax', 'limit']).toContain(refusal(text).code);
    const repeated = `${part.repeat(100_000)} )`;
    expect(['incomplete', 'unsupported', 'syntax', 'limit']).toContain(refusal(repeated).code);
  }
});

describe('whether a console asks for more', () => {
  test.for([
    ['a', true],
    ['a |', false],
    ['a {', false],
    ['a { b', false],
    ['a { b }', true],
    ["'x", false],
    ['"x', false],
    ['"x$(', false],
    ['@"\nabc', false],
    ['@"\nabc\n"@', true],
    ['a `', false],
    ['$x =', false],
    ['1 +', false],
    ['1, ', false],
    ['(1', false],
    ['@{ a = 1', false],
    ['if ($x)', false],
    ['foreach ($x in $y) {', false],
    ['<# comment', false],
    ['${x', false],
    ['[int', false],
    ['a )', true],
    ['function f {', true],
    ['', true],
  ] satisfies [string, boolean][])('%j: %s', ([text, complete]) => {
    expect(isComplete(text)).toBe(complete);
  });
});

describe('any text', () => {
  const pieces = [
    '$x',
    '(',
    ')',
    '{',
    '}',
    '@(',
    '@{',
    '$(',
    '"',
    "'",
    '`',
    '\n',
    ' ',
    '|',
    ';',
    ',',
    '.',
    '-eq',
    '-',
    '=',
    '1',
    'a',
    '[int]',
    '@"\n',
    '\n"@',
    '#',
    '<#',
    '#>',
    '2>&1',
    'if',
    'foreach',
    '$using:',
    '..',
    '++',
    '%',
    '?',
    '&',
    '\u201C',
    '0x',
    'e5',
    '::',
    '[',
  ];

  test('is read, or refused with PowerShellError', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const { body } = parseScript(text);
          for (const { start, end } of body.statements) expect(start).toBeLessThanOrEqual(end);
          return isComplete(text);
        } catch (error) {
          if (!(error instanceof PowerShellError)) throw error;
          return error.position.line >= 1 && error.position.column >= 1;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
