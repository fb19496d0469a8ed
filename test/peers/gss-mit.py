"""MIT krb5's GSS-API, driven by lines of JSON on standard input; octets travel in hexadecimal.

Every line is {"op": ..., ...}; every answer is one line: {"ok": ...} or {"error": "..."}.
"""

import json
import sys

import gssapi
import gssapi.raw as raw

MECHANISMS = {
    "krb5": gssapi.OID.from_int_seq("1.2.840.113554.1.2.2"),
    "spnego": gssapi.OID.from_int_seq("1.3.6.1.5.5.2"),
}
contexts = {}


def octets(text):
    return None if text is None else bytes.fromhex(text)


def bindings(request):
    data = octets(request.get("bindings"))
    return None if data is None else raw.ChannelBindings(application_data=data)


def start_initiator(request):
    # "A/b.c@REALM" stays as it is: no host name is looked up.
    name = gssapi.Name(request["target"], gssapi.NameType.kerberos_principal)
    return gssapi.SecurityContext(
        name=name,
        usage="initiate",
        mech=MECHANISMS[request["mechanism"]],
        flags=request["flags"],
        channel_bindings=bindings(request),
    )


def start_acceptor(request):
    creds = gssapi.Credentials(usage="accept")
    return gssapi.SecurityContext(creds=creds, usage="accept", channel_bindings=bindings(request))


def step(context, request):
    token = context.step(octets(request.get("token")))
    answer = {"token": token.hex() if token else None, "complete": context.complete}
    if context.complete:
        answer["flags"] = int(context.actual_flags)
        answer["initiator"] = str(context.initiator_name)
        answer["target"] = str(context.target_name)
    return answer


def wrap(context, request):
    wrapped = context.wrap(octets(request["message"]), request["seal"])
    return {"token": wrapped.message.hex(), "sealed": wrapped.encrypted}


def unwrap(context, request):
    unwrapped = context.unwrap(octets(request["token"]))
    return {"message": unwrapped.message.hex(), "sealed": unwrapped.encrypted}


def wrap_iov(context, request):
    data = octets(request["message"])
    iov = raw.IOV(raw.IOVBufferType.header, data, raw.IOVBufferType.padding, std_layout=False)
    raw.wrap_iov(context, iov, confidential=True)
    header, data, padding = [part.value or b"" for part in iov]
    return {"header": header.hex(), "data": data.hex(), "padding": padding.hex()}


def mic(context, request):
    return {"token": context.get_signature(octets(request["message"])).hex()}


def verify(context, request):
    context.verify_signature(octets(request["message"]), octets(request["token"]))
    return {}


def store_delegated(context, request):
    context.delegated_creds.store({"ccache": request["ccache"]}, usage="initiate", overwrite=True)
    return {"name": str(context.delegated_creds.name)}


OPERATIONS = {
    "step": step,
    "wrap": wrap,
    "unwrap": unwrap,
    "wrapIov": wrap_iov,
    "mic": mic,
    "verify": verify,
    "storeDelegated": store_delegated,
}


def perform(request):
    operation, identifier = request["op"], request["context"]
    if operation == "initiate":
        contexts[identifier] = start_initiator(request)
        return {}
    if operation == "accept":
        contexts[identifier] = start_acceptor(request)
        return {}
    return OPERATIONS[operation](contexts[identifier], request)


for line in sys.stdin:
    try:
        answer = {"ok": perform(json.loads(line))}
    except Exception as error:  # whatever it is, the test wants to read it
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
