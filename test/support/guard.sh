#!/bin/sh
# guard.sh LOG COMMAND [ARG...]
# Runs COMMAND in a process group of its own, its output in LOG, until it ends or this script's
# standard input closes (the test process stopped it, or died); then the whole group is ended.
# Prints the process id of COMMAND. Linux: setpriv also ties COMMAND to this script's life.
log=$1
shift
if command -v setpriv >/dev/null 2>&1; then set -- setpriv --pdeathsig KILL "$@"; fi

exec 3<&0
set -m
"$@" </dev/null >>"$log" 2>&1 3<&- &
child=$!
set +m
echo "$child"
exec >/dev/null

alive() { kill -0 "-$child" 2>/dev/null; }
end_group() {
  kill -TERM "-$child" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    alive || return 0
    sleep 0.1
  done
  kill -KILL "-$child" 2>/dev/null
}

{ while read -r _; do :; done; end_group; } <&3 &
watcher=$!
exec 3<&-

# A signal ends the wait; what follows is the same as when COMMAND ended by itself.
trap : HUP INT TERM
wait "$child"
status=$?
kill "$watcher" 2>/dev/null
end_group
exit "$status"
