# pywinrm as the client of an endpoint. Arguments: the connection as JSON; prints as JSON who the
# service says it is, and what comes of a command shell, twice on the same connection.
import json
import sys

from winrm.exceptions import InvalidCredentialsError, WSManFaultError
from winrm.protocol import Protocol

options = json.loads(sys.argv[1])
protocol = Protocol(**options)
told = []
for _ in range(2):
    try:
        told.append(protocol.open_shell())
    except WSManFaultError as fault:
        told.append(["fault", int(fault.wsman_fault_code), fault.fault_subcode])
    except InvalidCredentialsError:
        told.append("refused")

identify = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
    "<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>"
)
protocol.transport.session.auth = None
answer = protocol.transport.session.post(
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
