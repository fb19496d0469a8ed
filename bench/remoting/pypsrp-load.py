# pypsrp under load, for bench:remoting: opens sessions by Kerberos with message encryption and runs
# commands in them. Prints one JSON line.
import json
import sys
import threading
import time

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

host, port, kind, count, sessions = sys.argv[1:6]
count, sessions = int(count), int(sessions)


def open_pool():
    wsman = WSMan(host, port=int(port), ssl=False, auth="kerberos", encryption="always")
    pool = RunspacePool(wsman)
    pool.open()
    return pool


def run(pool, name, *values):
    shell = PowerShell(pool)
    shell.add_cmdlet(name)
    for value in values:
        shell.add_argument(value)
    return shell.invoke()


began = time.monotonic()
if kind == "first":
    for _ in range(count):
        run(open_pool(), "Write-Output", "x")
elif kind == "output":
    run(open_pool(), "Get-Bytes", count, 65536)
else:
    pools = [open_pool() for _ in range(sessions)]
    for pool in pools:
        run(pool, "Write-Output", "x")
    began = time.monotonic()

    def work(pool):
        for _ in range(count // sessions):
            run(pool, "Write-Output", "x")

    threads = [threading.Thread(target=work, args=(pool,)) for pool in pools]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(json.dumps({"seconds": time.monotonic() - began}))
