# Says what zsh would complete: $1 is the script to source, each further argument a line to complete.
# A shell on a terminal of its own gets the line and a tab; its compadd prints what it is given.
zmodload zsh/zpty || exit 1
local script=$1 text line
integer on
shift
for text in "$@"; do
  zpty z zsh -f -i
  zpty -w z 'PROMPT=; PS2=; autoload -U compinit; compinit -u -D; source '${(q)script}'
compadd () {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi
  typeset -a __hits
  builtin compadd -A __hits "$@"
  [[ -n $__hits ]] && print -rl -- "<"${^__hits}">"
}
begin () { print -r -- "<<BEGIN" }
finish () { print -r -- "END>>"; exit }
compprefuncs=(begin); comppostfuncs=(finish)
bindkey "^I" complete-word
zstyle ":completion:*" insert-tab false
print READY'
  while zpty -r z line; do [[ $line == *READY* && $line != *print* ]] && break; done
  zpty -w -n z "$text"$'\t'
  print -r -- "== $text"
  on=0
  while zpty -r z line; do
    line=${line%%$'\r\n'}
    if [[ $line == *'<<BEGIN' ]]; then on=1; continue; fi
    [[ $line == *'END>>'* ]] && break
    (( on )) && [[ $line == '<'*'>' ]] && print -r -- "${${line#<}%>}"
  done
  zpty -d z
done
exit 0
