# Reads a PAC from standard input with Samba's NDR library and prints it as JSON, one member for
# each buffer; fails on what it cannot read, and on octets that are left over.
import json
import sys

from samba.dcerpc import krb5pac
from samba.ndr import ndr_unpack

# Of the server, the KDC, the ticket, and the whole PAC (MS-PAC 2.8).
SIGNATURES = (6, 7, 16, 19)

pac = ndr_unpack(krb5pac.PAC_DATA, sys.stdin.buffer.read())
found = {}
for buffer in pac.buffers:
    info = buffer.info
    if buffer.type == krb5pac.PAC_TYPE_LOGON_INFO:
        info3 = info.info.info3
        base = info3.base
        found['logonInfo'] = {
            'account': base.account_name.string,
            'domain': base.logon_domain.string,
            'server': base.logon_server.string,
            'rid': base.rid,
            'primaryGroup': base.primary_gid,
            'groups': [group.rid for group in base.groups.rids or []],
            'domainSid': str(base.domain_sid),
            'extraSids': [str(extra.sid) for extra in info3.sids or []],
        }
    elif buffer.type == krb5pac.PAC_TYPE_LOGON_NAME:
        found['logonName'] = info.account_name
    elif buffer.type == krb5pac.PAC_TYPE_UPN_DNS_INFO:
        found['upn'] = [info.upn_name, info.dns_domain_name, info.ex.samaccountname]
        found['upnSid'] = str(info.ex.objectsid)
    elif buffer.type == krb5pac.PAC_TYPE_CONSTRAINED_DELEGATION:
        delegation = info.info
        services = delegation.transited_services or []
        found['delegation'] = {
            'target': delegation.proxy_target.string,
            'services': [service.string for service in services],
        }
    elif buffer.type == krb5pac.PAC_TYPE_ATTRIBUTES_INFO:
        found['attributes'] = info.flags
    elif buffer.type == krb5pac.PAC_TYPE_REQUESTER_SID:
        found['requester'] = str(info.sid)
    elif buffer.type in SIGNATURES:
        signatures = found.setdefault('signatures', {})
        signatures[str(buffer.type)] = {'type': info.type, 'size': len(info.signature)}
json.dump(found, sys.stdout)
