# pywinrm as the client of an endpoint. Arguments: the connection as JSON; prints as JSON who the
# service says it is, and what comes of commands in a command shell.
import base64
import json
import sys

from winrm.protocol import Protocol

options = json.loads(sys.argv[1])
protocol = Protocol(**options)
told = []
shell = protocol.open_shell(env_vars={"PLACE": "here"})


def run(command, *arguments):
    running = protocol.run_command(shell, command, arguments)
    out, err, code = protocol.get_command_output(shell, running)
    protocol.cleanup_command(shell, running)
    told.append([out.decode(), err.decode()[:40], code])


run("whoami")
run("echo", "%PLACE%")
run("nothing")
script = base64.b64encode("Write-Output 'from PowerShell'".encode("utf_16_le")).decode()
run("powershell", "-encodedcommand", script)

identify = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
    "<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>"
)
session = protocol.transport.session
protocol.close_shell(shell)
session.auth = None
answer = session.post(
    options["endpoint"],
    data=identify,
    verify=options["ca_trust_path"],
    headers={
        "WSMANIDENTIFY": "unauthenticated",
        "Content-Type": "application/soap+xml;charset=UTF-8",
    },
)
told.append([answer.status_code, "<wsmid:ProductVendor>doublehop<" in answer.text])
print(json.dumps(told))
