# One GSS-API context between an initiator and an acceptor of MIT's library, in one process: the
# initiator takes KRB5CCNAME, the acceptor KRB5_KTNAME. Arguments: the service, how to delegate
# (none, policy, always), and the credential cache for what the acceptor was given. Prints who came,
# and whether he was delegated: `alice@REALM yes`.
import sys

import gssapi

service, how, ccache = sys.argv[1:]
Flag = gssapi.RequirementFlag
flags = [Flag.mutual_authentication] + {
    'none': [],
    # GSS_C_DELEG_POLICY_FLAG: only where the ticket has OK-AS-DELEGATE.
    'policy': [Flag.ok_as_delegate],
    'always': [Flag.delegate_to_peer],
}[how]
name = gssapi.Name(service, gssapi.NameType.kerberos_principal)
initiator = gssapi.SecurityContext(name=name, usage='initiate', flags=flags)
acceptor = gssapi.SecurityContext(creds=gssapi.Credentials(usage='accept'), usage='accept')
initiator.step(acceptor.step(initiator.step()))
delegated = acceptor.delegated_creds
if delegated is not None:
    delegated.store({'ccache': ccache}, usage='initiate', overwrite=True)
print(acceptor.initiator_name, 'no' if delegated is None else 'yes')
