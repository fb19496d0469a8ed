# pypsrp under load, for bench:remoting: opens sessions by Kerberos with message encryption and runs
# commands in them. Prints one JSON line.
import json
import resource
import sys
import threading
import time

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

host, port, kind, count, sessions = sys.argv[1:6]
count, sessions = int(count), int(sessions)


def open_pool(runspaces=1):
    wsman = WSMan(host, port=int(port), ssl=False, auth="kerberos", encryption="always")
    pool = RunspacePool(wsman, max_runspaces=runspaces)
    pool.open()
    return pool


def shell_of(pool, name, *values):
    shell = PowerShell(pool)
    shell.add_cmdlet(name)
    for value in values:
        shell.add_argument(value)
    return shell


def run(pool, name, *values):
    return shell_of(pool, name, *values).invoke()


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


began, used = time.monotonic(), cpu()
if kind == "first":
    for _ in range(count):
        run(open_pool(), "Write-Output", "x")
elif kind == "output":
    run(open_pool(), "Get-Bytes", count, 65536)
elif kind == "parallel":
    # Its connection takes one request at a time: pipelines are begun together and ended together.
    pool = open_pool(sessions)
    run(pool, "Write-Output", "x")
    began, used = time.monotonic(), cpu()
    for _ in range(count // sessions):
        shells = [shell_of(pool, "Write-Output", "x") for _ in range(sessions)]
        for shell in shells:
            shell.begin_invoke()
        for shell in shells:
            shell.end_invoke()
else:
    pools = [open_pool() for _ in range(sessions)]
    for pool in pools:
        run(pool, "Write-Output", "x")
    began, used = time.monotonic(), cpu()

    failures = []

    def work(pool):
        try:
            for _ in range(count // sessions):
                run(pool, "Write-Output", "x")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(pool,)) for pool in pools]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
print(json.dumps({"seconds": time.monotonic() - began, "cpu": cpu() - used}))
