# pypsrp as the client of an endpoint. Arguments: the connection as JSON, then names of what to do;
# prints a JSON object with what came of each.
import json
import os
import sys
import traceback

from pypsrp.complex_objects import PSCredential, PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan

if "CREDSSP_VERSION" in os.environ:
    import spnego._credssp

    spnego._credssp._CREDSSP_VERSION = int(os.environ["CREDSSP_VERSION"])

options = json.loads(sys.argv[1])


def connect():
    return WSMan(**options)


def pool(**more):
    return RunspacePool(connect(), **more)


def add(ps, command, *arguments, **parameters):
    ps.add_cmdlet(command)
    for argument in arguments:
        ps.add_argument(argument)
    ps.add_parameters(parameters)
    return ps


def run(opened, *arguments, **parameters):
    ps = add(PowerShell(opened), *arguments, **parameters)
    ps.invoke()
    return ps


def texts(ps):
    return [str(value) for value in ps.output]


def properties(value):
    return {**value.adapted_properties, **value.extended_properties}


def failure(error):
    return [type(error).__name__, getattr(error, "code", None), str(error)]


def logon():
    with pool() as opened:
        (value,) = run(opened, "Get-Logon").output
        return properties(value)


def pipelines():
    """Statements, each a pipeline, with named and positional arguments."""
    with pool() as opened:
        ps = add(PowerShell(opened), "Write-Output", "b", "a")
        add(ps, "Sort-Object")
        add(ps.add_statement(), "whoami")
        add(ps.add_statement(), "Write-Output", InputObject=[3, 1, 2])
        add(ps, "Measure-Object", Maximum=True)
        ps.invoke()
        *values, measured = ps.output
        return [str(value) for value in values] + [properties(measured)["Maximum"]]


def script():
    with pool() as opened:
        ps = PowerShell(opened)
        ps.add_script('$x = 1..3 | ForEach-Object { $_ * 2 }; $x; "$(whoami)!"')
        ps.invoke()
        again = PowerShell(opened).add_script("$x.Count")
        again.invoke()
        return texts(ps) + texts(again)


def refused():
    """Without language: a script, an unknown command, errors, a value of a wrong kind."""
    said = []
    with pool(configuration_name="JEARole") as opened:
        for build in (
            lambda ps: ps.add_script("whoami"),
            lambda ps: ps.add_cmdlet("Get-Item"),
            lambda ps: ps.add_cmdlet("Get-Failure"),
            lambda ps: ps.add_cmdlet("Start-Sleep").add_argument("long"),
            lambda ps: ps.add_cmdlet("whoami"),
            lambda ps: ps.add_cmdlet("whoami").add_statement().add_cmdlet("Get-Item"),
        ):
            ps = build(PowerShell(opened))
            ps.invoke()
            errors = [[error.fq_error, error.category] for error in ps.streams.error]
            said.append([ps.state, errors, texts(ps)])
    return said


def closed():
    said = []
    for name in ("Closed", "Nonesuch"):
        try:
            with pool(configuration_name=name):
                said.append("opened")
        except Exception as error:
            said.append(failure(error)[:2])
    return said


def streams():
    with pool() as opened:
        ps = run(opened, "Get-Everything", Verbose=True, Debug=True)
        told = ps.streams
        (value,) = ps.output
        (error,) = told.error
        return {
            "output": properties(value),
            "error": [str(error), error.fq_error, error.category, error.target_object],
            "warning": [record.message for record in told.warning],
            "verbose": [record.message for record in told.verbose],
            "debug": [record.message for record in told.debug],
            "progress": [[r.activity, r.description, r.percent_complete] for r in told.progress],
            "information": [[str(r.message_data), r.tags] for r in told.information],
        }


def takes_input():
    with pool() as opened:
        ps = add(PowerShell(opened), "Sort-Object")
        ps.invoke(input=["c", "a", "b"])
        counted = add(PowerShell(opened), "Measure-Object")
        counted.invoke(input=list(range(5000)))
        return texts(ps) + [properties(counted.output[0])["Count"]]


def secrets():
    with pool() as opened:
        opened.exchange_keys()
        credential = PSCredential(username="CONTOSO\\alice", password="geheim")
        return texts(run(opened, "Get-Secret", Credential=credential))


def stop():
    with pool() as opened:
        ps = add(PowerShell(opened), "Get-Endless")
        ps.begin_invoke()
        while not ps.output:
            ps.poll_invoke(timeout=5)
        ps.stop()
        return [texts(ps), ps.state == PSInvocationState.STOPPED, texts(run(opened, "whoami"))]


def leave():
    """Left and taken up again: by the same client, then by another."""
    first = pool()
    first.open()
    running = add(PowerShell(first), "Start-Sleep", 300)
    add(running.add_statement(), "whoami")
    running.begin_invoke()
    first.disconnect()
    first.connect()
    running.connect_async()
    running.end_invoke()
    running.close()
    waiting = add(PowerShell(first), "Start-Sleep", 300)
    add(waiting.add_statement(), "Write-Output", "later")
    waiting.begin_invoke()
    first.disconnect()

    (found,) = [one for one in RunspacePool.get_runspace_pools(connect()) if one.id == first.id]
    state = found.state
    found.connect()
    (command,) = found.create_disconnected_power_shells()
    output = [str(value) for value in command.connect()]
    fresh = texts(run(found, "whoami"))
    found.close()
    left = [one.id for one in RunspacePool.get_runspace_pools(connect()) if one.id == first.id]
    return [texts(running), state, output, fresh, left]


def left():
    opened = pool()
    opened.open()
    opened.disconnect()
    return opened.id


def tidy():
    found = RunspacePool.get_runspace_pools(connect())
    for one in found:
        one.connect()
        one.close()
    return len(found)


def shells():
    """Pools that the user sees."""
    return len(RunspacePool.get_runspace_pools(connect()))


def large():
    with pool() as opened:
        ps = run(opened, "Get-Bytes", 20, 300_000)
        echo = run(opened, "Write-Output", "x" * 2_000_000)
        many = add(PowerShell(opened), "Measure-Object")
        many.invoke(input=["y" * 100_000] * 30)
        sizes = [len(value) for value in ps.output]
        return [len(sizes), sum(sizes), len(echo.output[0]), properties(many.output[0])["Count"]]


def runspaces():
    opened = RunspacePool(connect(), min_runspaces=1, max_runspaces=3)
    with opened:
        before = opened.get_available_runspaces()
        opened.max_runspaces = 5
        opened.min_runspaces = 2
        after = opened.get_available_runspaces()
        sleepers = [add(PowerShell(opened), "Start-Sleep", 300) for _ in range(3)]
        for one in sleepers:
            one.begin_invoke()
        busy = opened.get_available_runspaces()
        for one in sleepers:
            one.end_invoke()
        opened.reset_runspace_state()
        return [before, after, busy, texts(run(opened, "whoami"))]


def metadata():
    with pool() as opened:
        found = opened.get_command_metadata(["Write-Out*", "whoami"])
        return [[one.name, str(one.command_type), sorted(one.parameters)] for one in found]


def commands():
    with pool(configuration_name="JEARole") as opened:
        ps = add(PowerShell(opened), "Get-Command", Name=["Get-[BE]*", "whoami"])
        add(ps, "Select-Object", Property=["Name"])
        ps.invoke()
        return [properties(value)["Name"] for value in ps.output]


def private():
    with pool() as opened:
        table = opened.application_private_data.data["PSVersionTable"]
        return [table["PSEdition"], str(table["PSRemotingProtocolVersion"])]


def cmd():
    """A command shell: output, errors, the exit code."""
    with WinRS(connect(), environment={"PLACE": "here"}) as shell:
        process = Process(shell, "whoami && echo %PLACE%>&2 && exit 3")
        process.invoke()
        process.signal(SignalCode.TERMINATE)
    return [process.stdout.decode(), process.stderr.decode(), process.rc]


def wrong():
    try:
        with pool():
            return "opened"
    except Exception as error:
        return failure(error)[0]


results = {}
for name in sys.argv[2:]:
    try:
        results[name] = globals()[name]()
    except Exception:
        results[name] = {"raised": traceback.format_exc()}
print(json.dumps(results, default=str))
