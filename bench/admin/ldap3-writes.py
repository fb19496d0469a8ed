# What a script does without doublehop: finds computers, and gives each the same list, one by one.
# Arguments: LDAPS URL, bind name, base, count, hexadecimal descriptor. The password is on standard
# input: with Kerberos it has no sealing, which controllers ask for.
import sys
import time

from ldap3 import MODIFY_DELETE, MODIFY_REPLACE, SUBTREE, Connection, Server

url, name, base, count, descriptor = sys.argv[1:]
ATTRIBUTE = 'msDS-AllowedToActOnBehalfOfOtherIdentity'
connection = Connection(Server(url, get_info=None), name, sys.stdin.readline().strip(),
                        auto_bind=True, raise_exceptions=True)
found = connection.extend.standard.paged_search(
    base, '(objectClass=computer)', SUBTREE, attributes=['objectSid', ATTRIBUTE], paged_size=1000)
targets = [entry['dn'] for entry in found if entry['type'] == 'searchResEntry'][:int(count)]
value = bytes.fromhex(descriptor)
start = time.perf_counter()
for dn in targets:
    change = [(MODIFY_REPLACE, [value])] if value else [(MODIFY_DELETE, [])]
    connection.modify(dn, {ATTRIBUTE: change})
seconds = time.perf_counter() - start
print(f'{{"writes": {len(targets)}, "seconds": {seconds:.6f}}}')
