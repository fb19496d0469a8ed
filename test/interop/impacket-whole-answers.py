# Runs one of impacket's scripts so that it reads answers to their end: impacket 0.10 takes what
# came by one read for all of it, asks again, and takes each answer for that of the next question.
# Arguments: those of impacket-without-smb.py.
import pathlib
import runpy

from impacket.ldap import ldap

read_some = ldap.LDAPConnection.recv


def recv(self):
    messages = read_some(self)
    while messages and messages[-1]['protocolOp'].getName().startswith('searchResE'):
        messages += read_some(self)
    return messages


ldap.LDAPConnection.recv = recv
without_smb = pathlib.Path(__file__).with_name('impacket-without-smb.py')
runpy.run_path(str(without_smb), run_name='__main__')
