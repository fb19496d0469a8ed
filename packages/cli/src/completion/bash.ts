import { quoted } from './quote.ts';
import { allNodes, type CompletionNode, type Values } from './tree.ts';

/** Completion for bash 4.2 and newer, without the package bash-completion. */
export function bashCompletion(root: CompletionNode): string {
  const nodes = allNodes(root);
  return `${HEAD}
__doublehop_words() {
  case "$1" in
${nodes.map(wordsCase).join('\n')}
  esac
}

# What the value of an option is: "- WORD ..." of some words, f a file, d a folder, n unknown;
# nothing for options that have none.
__doublehop_value() {
  case "$1" in
${nodes.flatMap(valueCases).join('\n')}
  esac
}

# Likewise for the arguments of a command; $1 is the command and the number of the argument.
__doublehop_argument() {
  case "$1" in
${nodes.flatMap(argumentCases).join('\n')}
  esac
}
${TAIL}`;
}

const HEAD = `# bash completion for doublehop
# In ~/.bashrc:  source <(doublehop completion bash)

# Commands and options behind a command.`;

const TAIL = String.raw`
__doublehop() {
  local cur=${'${COMP_WORDS[COMP_CWORD]}'} path='' option='' place=0 at word kind words
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=${'${COMP_WORDS[at]}'}
    # bash takes --option=value apart.
    if [[ $word == = ]]; then continue; fi
    if [[ -n $option ]]; then option=''; continue; fi
    if [[ $word == -* ]]; then
      [[ -n $(__doublehop_value "$path $word") ]] && option=$word
      continue
    fi
    words=" $(__doublehop_words "$path") "
    if [[ $place == 0 && $words == *" $word "* ]]; then
      path=${'${path:+$path }'}$word
    else
      place=$((place + 1))
    fi
  done
  [[ $cur == = ]] && cur=''
  if [[ -n $option ]]; then
    kind=$(__doublehop_value "$path $option")
  elif [[ $cur == -* ]]; then
    kind="- $(__doublehop_words "$path")"
  else
    kind=$(__doublehop_argument "$path $place")
    # Commands stand in front of arguments.
    if [[ -z $kind ]]; then
      kind="- $(__doublehop_words "$path")"
      [[ $place == 0 ]] || kind=n
    fi
  fi
  case $kind in
    -*)
      COMPREPLY=($(compgen -W "${'${kind#-}'}" -- "$cur"))
      # Options are for those who begin one.
      if [[ $cur != -* ]]; then
        words=()
        for word in "${'${COMPREPLY[@]}'}"; do [[ $word == -* ]] || words+=("$word"); done
        COMPREPLY=("${'${words[@]}'}")
      fi
      ;;
    f) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    d) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
  esac
}
complete -F __doublehop doublehop
`;

function wordsCase({ path, children, options }: CompletionNode): string {
  const commands = children.map((child) => child.path.at(-1) ?? '');
  const flags = options.flatMap((option) => option.flags);
  return `    ${quoted(path.join(' '))}) echo ${quoted([...commands, ...flags].join(' '))} ;;`;
}

function valueCases({ path, options }: CompletionNode): readonly string[] {
  return options.flatMap(({ flags, value }) => {
    if (value === undefined) return [];
    const names = flags.map((flag) => quoted(`${path.join(' ')} ${flag}`)).join('|');
    return `    ${names}) echo ${quoted(kindOf(value.values))} ;;`;
  });
}

function argumentCases({ path, arguments: all }: CompletionNode): readonly string[] {
  return all.map(({ values, variadic }, at) => {
    const name = quoted(`${path.join(' ')} ${at}`);
    const rest = variadic ? `|${quoted(`${path.join(' ')} `)}*` : '';
    return `    ${name}${rest}) echo ${quoted(kindOf(values))} ;;`;
  });
}

function kindOf(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `- ${values.words.join(' ')}`;
    case 'file':
      return 'f';
    case 'folder':
      return 'd';
    case 'none':
      return 'n';
  }
}
