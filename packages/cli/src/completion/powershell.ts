import { allNodes, type CompletionNode, type Values } from './tree.ts';

/**
 * Completion for PowerShell 5.1 and newer. What there is to complete stands in lines of text: keys
 * of a hashtable would take -f and -F for the same.
 */
export function powershellCompletion(root: CompletionNode): string {
  return `# PowerShell completion for doublehop
# In $PROFILE:  doublehop completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName doublehop -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  # Commands (c), options (o), their values (v), arguments (a): KIND|COMMAND|NAME|REST.
  $rows = @'
${allNodes(root).flatMap(rowsOf).join('\n')}
'@ -split '\\r?\\n' | ForEach-Object { , ($_ -split '\\|', 4) }
${BODY}}
`;
}

const BODY = String.raw`  $path = ''
  $option = $null
  $place = 0
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object {
    $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  foreach ($word in $words) {
    if ($null -ne $option) { $option = $null; continue }
    if ($word.StartsWith('-')) {
      $value = @($rows | Where-Object {
        $_[0] -ceq 'v' -and $_[1] -ceq $path -and $_[2] -ceq $word })
      if ($value.Count -gt 0) { $option = $word }
      continue
    }
    $next = "$path $word".Trim()
    $child = @($rows | Where-Object { $_[0] -ceq 'c' -and $_[1] -ceq $next })
    if ($place -eq 0 -and $child.Count -gt 0) { $path = $next } else { $place++ }
  }
  $found = @()
  if ($null -ne $option) {
    $found = @($rows | Where-Object {
      $_[0] -ceq 'v' -and $_[1] -ceq $path -and $_[2] -ceq $option })
  } elseif ($wordToComplete.StartsWith('-')) {
    $found = @($rows | Where-Object { $_[0] -ceq 'o' -and $_[1] -ceq $path })
  } else {
    if ($place -eq 0) {
      $found = @($rows | Where-Object {
        $_[0] -ceq 'c' -and $_[1] -ceq "$path $($_[2])".Trim() })
    }
    if ($found.Count -eq 0) {
      $found = @($rows | Where-Object {
        $_[0] -ceq 'a' -and $_[1] -ceq $path -and ($_[2] -ceq "$place" -or $_[2] -ceq '*') })
    }
  }
  foreach ($row in $found) {
    $choices = @($row[2])
    $about = $row[3]
    if ('v', 'a' -ccontains $row[0]) {
      $choices = @($row[3] -split ' ' | Where-Object { $_ -ne '' })
      $about = ''
    }
    foreach ($choice in $choices) {
      if (-not $choice.StartsWith($wordToComplete)) { continue }
      $tip = $about
      if ($tip -eq '') { $tip = $choice }
      [System.Management.Automation.CompletionResult]::new(
        $choice, $choice, 'ParameterValue', $tip)
    }
  }
`;

/** Files are completed by PowerShell itself where nothing is found: their rows have no words. */
function rowsOf(node: CompletionNode): readonly string[] {
  const here = node.path.join(' ');
  const name = node.path.at(-1);
  const command = name === undefined ? [] : [`c|${here}|${name}|${node.summary}`];
  const options = node.options.flatMap(({ flags, summary, value }) =>
    flags.flatMap((flag) => [
      `o|${here}|${flag}|${summary}`,
      ...(value === undefined ? [] : [`v|${here}|${flag}|${wordsOf(value.values)}`]),
    ]),
  );
  const places = node.arguments.map(
    ({ values, variadic }, at) => `a|${here}|${variadic ? '*' : at}|${wordsOf(values)}`,
  );
  return [...command, ...options, ...places];
}

function wordsOf(values: Values): string {
  return values.kind === 'words' ? values.words.join(' ') : '';
}
