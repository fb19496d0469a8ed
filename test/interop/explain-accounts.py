# Fills a Samba domain with accounts of the table of hops, in the database itself: over LDAP
# Samba lets nobody write who may act for users. Standard input has JSON: "accounts" are made,
# unless they are "made" already, and their SIDs printed; "descriptors" are set. Argument: smb.conf.
import base64
import json
import sys

import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

RBCD = 'msDS-AllowedToActOnBehalfOfOtherIdentity'

settings = LoadParm()
settings.load(sys.argv[1])
db = SamDB(session_info=system_session(), lp=settings)
base = str(db.get_default_basedn())
given = json.load(sys.stdin)


def modify(name, attribute, values):
    replace(str(db.search(base, expression='(sAMAccountName=%s)' % name)[0].dn), attribute, values)


def replace(dn, attribute, values):
    # A value that begins with a colon is base64 (RFC 2849).
    values = [value if value.startswith(':') else ' ' + value for value in values]
    lines = ['dn: ' + dn, 'changetype: modify', 'replace: ' + attribute]
    db.modify_ldif('\n'.join(lines + ['%s:%s' % (attribute, value) for value in values]) + '\n')


def sid_of(name):
    found = db.search(base, expression='(sAMAccountName=%s)' % name, attrs=['objectSid'])[0]
    return str(ndr_unpack(security.dom_sid, found['objectSid'][0]))


for attribute, values in given.get('domain', {}).items():
    replace(base, attribute, values)

for account in given.get('accounts', []):
    name, password = account['name'], account['password']
    if account['made']:
        pass
    elif name.endswith('$'):
        db.newcomputer(name[:-1])
        db.setpassword('(sAMAccountName=%s)' % name, password)
    else:
        db.newuser(name, password)
    for attribute, values in account['attributes'].items():
        modify(name, attribute, values)

for group in given.get('groups', []):
    db.newgroup(group['name'], grouptype=group['type'])
    db.add_remove_group_members(group['name'], group['members'])
for name in given.get('protected', []):
    db.add_remove_group_members('Protected Users', [name])

for name, value in given.get('descriptors', {}).items():
    # Octet for octet: what is no descriptor cannot be said in LDIF.
    message = ldb.Message(db.search(base, expression='(sAMAccountName=%s)' % name)[0].dn)
    octets = base64.b64decode(value)
    message[RBCD] = ldb.MessageElement(octets, ldb.FLAG_MOD_REPLACE, RBCD)
    db.modify(message)

names = [entry['name'] for entry in given.get('accounts', []) + given.get('groups', [])]
json.dump({name: sid_of(name) for name in names}, sys.stdout)
