# What programs written with python-ldap3 do to Active Directory: its own extensions for it,
# over LDAPS with a simple bind. Arguments: host, CA file, bind name, password, base.
import ssl
import sys

from ldap3 import ALL, MODIFY_REPLACE, SUBTREE, Connection, Server, Tls

host, ca, name, password, base = sys.argv[1:]
tls = Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=ca, valid_names=[host])
server = Server(host, use_ssl=True, tls=tls, get_info=ALL)
connection = Connection(server, name, password, auto_bind=True, raise_exceptions=True)
schema = server.schema
print('schema', 'sAMAccountName' in schema.attribute_types, 'user' in schema.object_classes)
print('domain', server.info.other['defaultNamingContext'][0])

user = f'CN=eve,CN=Users,{base}'
connection.add(user, ['user'], {'sAMAccountName': 'eve', 'userPrincipalName': 'eve@corp.example'})
microsoft = connection.extend.microsoft
print('password', microsoft.modify_password(user, 'Sup3r.secret.one'))
connection.modify(user, {'userAccountControl': [(MODIFY_REPLACE, [512])]})
own = Connection(server, 'eve@corp.example', 'Sup3r.secret.one', auto_bind=True)
print('who', own.extend.standard.who_am_i())
group = f'CN=team,CN=Users,{base}'
connection.add(group, ['group'], {'sAMAccountName': 'team'})
print('joined', microsoft.add_members_to_groups([user], [group]))
wanted = ['memberOf', 'objectSid', 'objectGUID', 'whenCreated', 'pwdLastSet']
connection.search(user, '(objectClass=*)', attributes=wanted)
entry = connection.entries[0]
print('memberOf', entry.memberOf.value)
print('sid', entry.objectSid.value.startswith('S-1-5-21-'), 'guid', len(entry.objectGUID.value))
print('times', entry.whenCreated.value.year >= 2024, entry.pwdLastSet.value.year >= 2024)
print('left', microsoft.remove_members_from_groups([user], [group]))
print('unlocked', microsoft.unlock_account(user))
pages = connection.extend.standard.paged_search(
    base, '(objectClass=*)', SUBTREE, attributes=['distinguishedName'], paged_size=7)
print('paged', sum(1 for page in pages if page['type'] == 'searchResEntry') > 50)
sync = microsoft.dir_sync(base, attributes=['name'])
print('dirsync', any('eve' in str(item.get('dn')) for item in sync.loop()))
connection.delete(user)
connection.delete(group)
print('gone', connection.search(f'CN=Users,{base}', '(sAMAccountName=eve)'))
