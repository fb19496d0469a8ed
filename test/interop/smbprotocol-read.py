# Reads a share with PyPI's smbprotocol and Kerberos. Arguments: host, port, dialect (as smbprotocol
# names it), whether to encrypt. Prints one JSON object.
import json
import sys

import smbclient
from smbprotocol import Dialects
from smbprotocol.connection import Connection
from smbprotocol.exceptions import SMBOSError

host, port, dialect, encrypt = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4] == 'encrypt'

# The library's files take no dialect: the connection is put where it looks for one.
connect = Connection.connect


def connect_in_dialect(self, *args, **kwargs):
    kwargs['dialect'] = getattr(Dialects, dialect)
    return connect(self, *args, **kwargs)


Connection.connect = connect_in_dialect
smbclient.register_session(host, port=port, auth_protocol='kerberos', encrypt=encrypt)
root = '\\\\%s\\data' % host
result = {'files': sorted(smbclient.listdir(root, port=port))}
with smbclient.open_file(root + '\\hello.txt', mode='r', port=port) as file:
    result['hello'] = file.read()
stat = smbclient.stat(root + '\\docs\\b.md', port=port)
result['size'] = stat.st_size
result['walk'] = [[top, folders, files] for top, folders, files in smbclient.walk(root, port=port)]
result['exists'] = [smbclient.path.exists(root + name, port=port) for name in ('\\docs', '\\none')]
try:
    smbclient.mkdir(root + '\\new', port=port)
except SMBOSError as error:
    result['mkdir'] = '%08x' % error.ntstatus
with smbclient.open_file('\\\\%s\\C$\\big.bin' % host, mode='rb', port=port) as file:
    result['big'] = len(file.read())
smbclient.reset_connection_cache()
print(json.dumps(result))
