#!/bin/sh
# guard.sh LOG COMMAND [ARG...]
# Runs COMMAND in a process group of its own, its output in LOG, until it ends or this script's
# standard input closes (the test process stopped it, or died); then the whole group is ended.
# Prints the process id of COMMAND. The kernel also ties COMMAND to this script's life.
log=$1
shift

exec 3<&0
setsid setpriv --pdeathsig KILL "$@" </dev/null >>"$log" 2>&1 3<&- &
child=$!
echo "$child"
exec >/dev/null 2>&1

# TERM to all, two seconds for COMMAND to leave, KILL to whoever is left.
end_group() {
  # COMMAND may not be a group yet, when it was stopped at once.
  kill -TERM "-$child" 2>/dev/null || kill -TERM "$child" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -0 "$child" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "-$child" 2>/dev/null
}

{ while read -r _; do :; done; end_group; } <&3 &
watcher=$!
exec 3<&- </dev/null

# A signal ends the wait; what follows is the same as when COMMAND ended by itself.
trap : HUP INT TERM
wait "$child"
status=$?
kill "$watcher" 2>/dev/null
end_group
exit "$status"
