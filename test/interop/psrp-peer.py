"""One end of PSRP by psrpcore. A line in: a word and octets in hex; lines out until `.`.

receive HEX  takes fragments; prints `event NAME`
do WORD ARG  does something at this end
Every answer also has `send HEX` for what this end sends.
"""

import sys
import uuid

from psrpcore import (
    ClientGetCommandMetadata,
    ClientPowerShell,
    ClientRunspacePool,
    CreatePipelineEvent,
    EndOfPipelineInputEvent,
    GetCommandMetadataEvent,
    PipelineHostCallEvent,
    PipelineInputEvent,
    PipelineOutputEvent,
    PSRPPayload,
    StreamType,
    ServerPipeline,
    ServerRunspacePool,
    ResetRunspaceStateEvent,
    RunspacePoolHostCallEvent,
    SetMaxRunspacesEvent,
    SetMinRunspacesEvent,
    GetAvailableRunspacesEvent,
)
from psrpcore.types import (
    ErrorCategoryInfo,
    ErrorRecord,
    HostMethodIdentifier,
    NETException,
    PSSecureString,
    UserEvent,
)

ROLE = sys.argv[1]
POOL = uuid.UUID(sys.argv[2])
PIPELINE = uuid.UUID(sys.argv[3])


def describe(event):
    name = type(event).__name__.removesuffix("Event")
    if isinstance(event, CreatePipelineEvent):
        commands = event.pipeline.commands
        detail = ";".join(
            c.command_text + "".join(f" {n}={v}" for n, v in c.parameters) for c in commands
        )
        return f"{name} {detail}"
    if isinstance(event, (PipelineInputEvent, PipelineOutputEvent)):
        return f"{name} {type(event.data).__name__} {event.data!s}".replace("\n", "|")
    if isinstance(event, (PipelineHostCallEvent, RunspacePoolHostCallEvent)):
        return f"{name} {event.method_identifier.name}"
    return name


class Server:
    def __init__(self):
        self.pool = ServerRunspacePool()
        self.pipeline = None

    def before(self):
        if self.pool.runspace_pool_id == POOL and self.pipeline is None:
            self.pipeline = ServerPipeline(self.pool, PIPELINE)

    def answer(self, event):
        pool = self.pool
        if isinstance(event, CreatePipelineEvent):
            self.pipeline.start()
        elif isinstance(event, GetCommandMetadataEvent):
            self.pipeline.start()
            self.pipeline.write_output({"Count": 0})
        elif isinstance(event, PipelineInputEvent):
            self.pipeline.write_output(event.data)
        elif isinstance(event, EndOfPipelineInputEvent):
            self.streams()
        elif isinstance(
            event, (SetMaxRunspacesEvent, SetMinRunspacesEvent, ResetRunspaceStateEvent)
        ):
            pool.runspace_availability_response(event.ci, True)
        elif isinstance(event, GetAvailableRunspacesEvent):
            pool.runspace_availability_response(event.ci, 3)

    def streams(self):
        p = self.pipeline
        p.write_error(
            NETException(Message="no"),
            category_info=ErrorCategoryInfo(),
            target_object="C:",
            fully_qualified_error_id="Nothing",
        )
        p.write_debug("d")
        p.write_verbose("v")
        p.write_warning("w")
        p.write_progress("Copying", 4, "Good", percent_complete=20)
        p.write_information("hello", "here", tags=["PSHOST"], computer="B", user="alice")
        p.host_call(HostMethodIdentifier.ReadLine)
        self.pool.host_call(HostMethodIdentifier.SetWindowTitle, ["title"])

    def do(self, word):
        if word == "complete":
            self.pipeline.complete()
        elif word == "key":
            self.pool.request_key()


class Client:
    def __init__(self):
        self.pool = ClientRunspacePool(runspace_pool_id=POOL, max_runspaces=2)
        self.pipeline = None

    def before(self):
        pass

    def answer(self, event):
        if isinstance(event, PipelineHostCallEvent):
            self.pipeline.host_response(event.ci, return_value="Alice")
        elif isinstance(event, RunspacePoolHostCallEvent):
            error = ErrorRecord(
                Exception=NETException(Message="no host"), CategoryInfo=ErrorCategoryInfo()
            )
            self.pool.host_response(event.ci, error_record=error)

    def do(self, word):
        pool = self.pool
        if word == "open":
            pool.open()
        elif word == "key":
            pool.exchange_key()
        elif word == "runspaces":
            pool.set_max_runspaces(4)
            pool.set_min_runspaces(2)
            pool.get_available_runspaces()
            pool.reset_runspace_state()
        elif word == "pipeline":
            self.pipeline = ClientPowerShell(pool, no_input=False, pipeline_id=PIPELINE)
            self.pipeline.add_command("Get-Item").add_parameter("Path", "C:\\")
            self.pipeline.add_statement()
            self.pipeline.add_command("Use-Secret").add_argument(PSSecureString("geheim"))
            self.pipeline.start()
        elif word == "input":
            for value in (1, "a\n_x0041_\U0001F600", [1, "b"], {"k": 1.5}, b"\x01\x02"):
                self.pipeline.send(value)
            self.pipeline.send_eof()
        elif word == "metadata":
            self.pipeline = ClientGetCommandMetadata(pool, ["Get-*"], pipeline_id=PIPELINE)
            self.pipeline.start()


end = Server() if ROLE == "server" else Client()
for line in sys.stdin:
    word, _, argument = line.strip().partition(" ")
    end.before()
    if word == "receive":
        data = bytes.fromhex(argument)
        end.pool.receive_data(PSRPPayload(data, StreamType.default, None))
        while True:
            event = end.pool.next_event()
            if event is None:
                break
            print("event", describe(event))
            end.answer(event)
    else:
        end.do(argument)
    while True:
        payload = end.pool.data_to_send()
        if payload is None:
            break
        print("send", payload.data.hex())
    print(".", flush=True)
