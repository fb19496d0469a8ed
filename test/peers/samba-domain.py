# Fills a freshly provisioned Samba domain with the accounts that the tests use, and writes a
# keytab for each. Arguments: smb.conf, folder for the keytabs.
import base64
import os
import sys

from samba import dckeytab  # noqa: F401 (gives Net its export_keytab)
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
from samba.net import Net
from samba.param import LoadParm
from samba.samdb import SamDB

NORMAL_ACCOUNT, WORKSTATION_TRUST_ACCOUNT = 0x200, 0x1000  # MS-ADTS 2.2.16
NOT_DELEGATED, TRUSTED_TO_AUTH_FOR_DELEGATION = 0x100000, 0x1000000

config, keytabs = sys.argv[1:]
settings = LoadParm()
settings.load(config)
realm = settings.get('realm')
dns = realm.lower()
db = SamDB(session_info=system_session(), lp=settings)
base = str(db.get_default_basedn())


def replace(dn, attribute, value):
    lines = 'dn: ' + dn, 'changetype: modify', 'replace: ' + attribute, attribute + ':' + value
    db.modify_ldif('\n'.join(lines) + '\n')


def computer(name):
    return 'CN=%s,CN=Computers,%s' % (name.upper(), base)


def export(name, principal):
    # In a process of its own: a second export in one process aborts inside Samba.
    child = os.fork()
    if child == 0:
        session = SamDB(session_info=system_session(), lp=settings)
        path = os.path.join(keytabs, name + '.keytab')
        full = '%s@%s' % (principal, realm)
        Net(None, settings).export_keytab(samdb=session, keytab=path, principal=full)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit('no keytab for ' + principal)


for attribute in 'minPwdAge', 'maxPwdAge', 'pwdHistoryLength':
    replace(base, attribute, ' 0')

for name in 'alice', 'bob', 'carol':
    db.newuser(name, 'Passw0rd.' + name)
    export(name, name)
replace('CN=bob,CN=Users,' + base, 'userAccountControl', ' %d' % (NORMAL_ACCOUNT | NOT_DELEGATED))
db.add_remove_group_members('Protected Users', ['carol'])

for name in 'servera', 'serverb', 'serverc':
    services = ['%s/%s' % (service, name) for service in ('HOST', 'HTTP', 'cifs')]
    qualified = ['%s.%s' % (service, dns) for service in services]
    db.newcomputer(name.upper(), service_principal_name_list=services + qualified)
    db.setpassword('(sAMAccountName=%s$)' % name.upper(), 'Passw0rd.' + name)
    for principal in [name.upper() + '$'] + qualified:
        export(name, principal)

# SERVERA: classic constrained delegation to SERVERC, without protocol transition.
replace(computer('servera'), 'msDS-AllowedToDelegateTo', ' cifs/serverc.' + dns)
# SERVERB: named by SERVERC's descriptor. Samba makes S4U2Self tickets forwardable for accounts
# with TRUSTED_TO_AUTH_FOR_DELEGATION only, and its S4U2Proxy refuses evidence that is not.
flags = WORKSTATION_TRUST_ACCOUNT | TRUSTED_TO_AUTH_FOR_DELEGATION
replace(computer('serverb'), 'userAccountControl', ' %d' % flags)
found = db.search(computer('serverb'), attrs=['objectSid'])[0]
sid = ndr_unpack(security.dom_sid, found['objectSid'][0])
domain_sid = security.dom_sid(db.get_domain_sid())
descriptor = security.descriptor.from_sddl('O:BAD:(A;;0xf01ff;;;%s)' % sid, domain_sid)
encoded = base64.b64encode(ndr_pack(descriptor)).decode()
replace(computer('serverc'), 'msDS-AllowedToActOnBehalfOfOtherIdentity', ': ' + encoded)
