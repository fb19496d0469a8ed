import { quoted } from './quote.ts';
import { allNodes, type CompletionNode, type CompletionOption, type Values } from './tree.ts';

/** Completion for zsh, with what each word means. */
export function zshCompletion(root: CompletionNode): string {
  const functions = allNodes(root).map(nodeFunction).join('\n');
  return `#compdef doublehop
# zsh completion for doublehop
# In ~/.zshrc:  source <(doublehop completion zsh)
# or as a file _doublehop in a folder of fpath.

${functions}
# As a file of fpath it is called by its name; sourced, it has to be told.
if [[ $funcstack[1] == _doublehop ]]; then
  __doublehop "$@"
elif (( $+functions[compdef] )); then
  compdef __doublehop doublehop
else
  print -u2 'doublehop: first "autoload -U compinit && compinit" in ~/.zshrc'
fi
`;
}

function nodeFunction(node: CompletionNode): string {
  const { path, options, arguments: all, children } = node;
  const lines = [`${functionName(path)}() {`];
  const specs = options.flatMap(optionSpecs);
  if (children.length > 0) {
    const described = children.map(({ path: names, summary }) =>
      quoted(`${(names.at(-1) ?? '').replaceAll(':', String.raw`\:`)}:${summary}`),
    );
    lines.push(
      '  local -a commands',
      '  local curcontext="$curcontext" state line',
      `  commands=(${described.join(' ')})`,
      '  _arguments -C \\',
      ...specs.map((spec) => `    ${spec} \\`),
      "    '1: :->command' '*:: :->rest'",
      '  case $state in',
      "    command) _describe -t commands 'doublehop command' commands ;;",
      '    rest)',
      '      case $line[1] in',
      ...children.map(
        ({ path: names }) => `        ${names.at(-1) ?? ''}) ${functionName(names)} ;;`,
      ),
      '      esac',
      '      ;;',
      '  esac',
    );
  } else {
    const places = all.map(({ name, values, variadic }, at) =>
      quoted(`${variadic ? '*' : String(at + 1)}:${escape(name)}:${actionOf(values)}`),
    );
    lines.push(
      '  _arguments \\',
      ...[...specs, ...places].map((spec) => `    ${spec} \\`),
      '    && return 0',
    );
  }
  return [...lines, '}', ''].join('\n');
}

function functionName(path: readonly string[]): string {
  return ['__doublehop', ...path].join('_').replaceAll('-', '_');
}

/** One specification for each spelling; a spelling that stands excludes the others. */
function optionSpecs({ flags, summary, value, repeats }: CompletionOption): readonly string[] {
  return flags.map((flag) => {
    const others = repeats ? '*' : `(${flags.join(' ')})`;
    const behind = value === undefined ? '' : `:${escape(value.name)}:${actionOf(value.values)}`;
    const joined = value !== undefined && flag.startsWith('--') ? '=' : '';
    return quoted(`${others}${flag}${joined}[${escape(summary)}]${behind}`);
  });
}

function actionOf(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `(${values.words.join(' ')})`;
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'none':
      return '';
  }
}

/** Signs that mean something in a specification of _arguments. */
function escape(text: string): string {
  return text.replace(/[\\[\]:]/g, String.raw`\$&`);
}
