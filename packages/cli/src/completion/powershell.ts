import { allNodes, type CompletionNode, type Values } from './tree.ts';

/** Completion for PowerShell 5.1 and newer. */
export function powershellCompletion(root: CompletionNode): string {
  const entries = allNodes(root).map(nodeEntry).join('\n');
  return `# PowerShell completion for doublehop
# In $PROFILE:  doublehop completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName doublehop -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  # Commands and options behind a command, and what their values are: words, f files, n unknown.
  $nodes = @{
${entries}
  }
${BODY}}
`;
}

const BODY = String.raw`  $path = ''
  $option = $null
  $place = 0
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object {
    $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  foreach ($word in $words) {
    $node = $nodes[$path]
    if ($null -ne $option) { $option = $null; continue }
    if ($word.StartsWith('-')) {
      if ($node.Values.ContainsKey($word)) { $option = $word }
      continue
    }
    $next = "$path $word".Trim()
    if ($place -eq 0 -and $nodes.ContainsKey($next)) { $path = $next } else { $place++ }
  }
  $node = $nodes[$path]
  $found = @()
  if ($null -ne $option) {
    $found = @($node.Values[$option])
  } elseif ($wordToComplete.StartsWith('-')) {
    $found = @($node.Options.Keys)
  } elseif ($place -eq 0 -and $node.Commands.Count -gt 0) {
    $found = @($node.Commands.Keys)
  } elseif ($place -lt $node.Arguments.Count) {
    $found = @($node.Arguments[$place])
  }
  if ($found.Count -eq 1 -and $found[0] -ceq 'f') { return }
  foreach ($word in ($found | Sort-Object)) {
    if ($word -ceq 'n' -or -not $word.StartsWith($wordToComplete)) { continue }
    $about = $word
    if ($node.Options.ContainsKey($word)) { $about = $node.Options[$word] }
    if ($node.Commands.ContainsKey($word)) { $about = $node.Commands[$word] }
    [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
  }
`;

function nodeEntry({ path, children, options, arguments: all }: CompletionNode): string {
  const table = (pairs: readonly (readonly [string, string])[]): string =>
    `@{ ${pairs.map(([key, value]) => `${quote(key)} = ${value}`).join('; ')} }`;
  const commands = children.map(
    ({ path: names, summary }) => [names.at(-1) ?? '', quote(summary)] as const,
  );
  const spelled = options.flatMap(({ flags, summary }) =>
    flags.map((flag) => [flag, quote(summary === '' ? flag : summary)] as const),
  );
  const values = options.flatMap(({ flags, value }) =>
    value === undefined ? [] : flags.map((flag) => [flag, wordsOf(value.values)] as const),
  );
  const places = all.map(({ values: each }) => `, ${wordsOf(each)}`).join('');
  return `    ${quote(path.join(' '))} = @{
      Commands = ${table(commands)}
      Options = ${table(spelled)}
      Values = ${table(values)}
      Arguments = @(${places === '' ? '' : places.slice(2)})
    }`;
}

function wordsOf(values: Values): string {
  if (values.kind === 'words') return `@(${values.words.map(quote).join(', ')})`;
  return values.kind === 'none' ? "@('n')" : "@('f')";
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
