# Runs one of impacket's scripts against a controller that has no SMB server: with -k, the scripts
# ask for the controller's name by SMB. Arguments: that name (host.domain), the script, its own.
import runpy
import sys

from impacket import smbconnection

host, _, domain = sys.argv[1].partition('.')


class NameOnly:
    def __init__(self, *_args):
        pass

    def login(self, *_args):
        pass

    def logoff(self):
        pass

    def getServerName(self):
        return host

    def getServerDNSDomainName(self):
        return domain


smbconnection.SMBConnection = NameOnly
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name='__main__')
