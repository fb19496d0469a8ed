import { allNodes, type CompletionNode, type Values } from './tree.ts';

/** Completion for fish 3 and newer. */
export function fishCompletion(root: CompletionNode): string {
  const nodes = allNodes(root);
  const valued = nodes.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value !== undefined)
      .flatMap(({ flags }) => flags.map((flag) => [...path, flag].join(' '))),
  );
  const commands = nodes.filter(({ path }) => path.length > 0).map(({ path }) => path.join(' '));
  return `# fish completion for doublehop
# doublehop completion fish > ~/.config/fish/completions/doublehop.fish

set -g __doublehop_valued ${valued.map(quote).join(' ')}
set -g __doublehop_commands ${commands.map(quote).join(' ')}

# The command that the line has so far, and how many arguments are behind it.
function __doublehop_place
  set -l path
  set -l place 0
  set -l skip 0
  for word in (commandline -opc)[2..]
    if test $skip = 1
      set skip 0
      continue
    end
    switch $word
      case '-*=*'
        continue
      case '-*'
        contains -- (string join -- ' ' $path $word) $__doublehop_valued; and set skip 1
        continue
    end
    set -l longer (string join -- ' ' $path $word)
    if test $place = 0; and contains -- $longer $__doublehop_commands
      set path $path $word
    else
      set place (math $place + 1)
    end
  end
  echo (string join -- ' ' $path)
  echo $place
end

function __doublehop_at
  set -l place (__doublehop_place)
  test "$place[1]" = "$argv[1]"
end

function __doublehop_argument
  set -l place (__doublehop_place)
  test "$place[1]" = "$argv[1]"; and begin
    test "$place[2]" = "$argv[2]"; or test "$argv[2]" = '*'
  end
end

complete -c doublehop -f
${nodes.flatMap(nodeLines).join('\n')}
`;
}

function nodeLines(node: CompletionNode): readonly string[] {
  const here = node.path.join(' ');
  const lines = node.children.map(({ path, summary }) => {
    const condition = quote(`__doublehop_argument ${quote(here)} 0`);
    const word = quote(path.at(-1) ?? '');
    return `complete -c doublehop -n ${condition} -a ${word} -d ${quote(summary)}`;
  });
  for (const [at, { values, variadic }] of node.arguments.entries()) {
    const place = variadic ? "'*'" : String(at);
    const condition = quote(`__doublehop_argument ${quote(here)} ${place}`);
    const action = actionOf(values);
    if (action !== '') lines.push(`complete -c doublehop -n ${condition} ${action}`);
  }
  for (const { flags, summary, value } of node.options) {
    const names = flags.map((flag) =>
      flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
    );
    const behind = value === undefined ? '' : ` -r ${actionOf(value.values)}`.trimEnd();
    const condition = quote(`__doublehop_at ${quote(here)}`);
    lines.push(
      `complete -c doublehop -n ${condition} ${names.join(' ')}${behind} -d ${quote(summary)}`,
    );
  }
  return lines;
}

function actionOf(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `-f -a ${quote(values.words.join(' '))}`;
    case 'file':
      return '-F';
    case 'folder':
      return "-f -a '(__fish_complete_directories)'";
    case 'none':
      return '';
  }
}

/** A text between single quotes, as fish reads it. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
