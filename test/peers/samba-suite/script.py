"""Runs one of Samba's directory test programs: script.py PROGRAM ARGUMENTS.

They are made to be run from Samba's source tree; here the tests' package comes from there, and
everything else from the Samba that is installed.
"""
import os
import runpy
import sys

import samba

root = os.environ['SUITE_ROOT']
samba.__path__.append(os.path.join(root, 'python', 'samba'))
folder = os.path.join(root, 'source4', 'dsdb', 'tests', 'python')
sys.path.insert(0, folder)
if sys.argv[1] == 'user_account_control.py':
    # It opens SAMR before every test, over RPC that we do not speak, and never asks it anything.
    class Unasked:
        def __init__(self, *_):
            pass

        def __getattr__(self, _):
            return lambda *_: None

    from samba.dcerpc import samr

    samr.samr = Unasked
sys.argv = [os.path.join(folder, sys.argv[1]), *sys.argv[2:]]
runpy.run_path(sys.argv[0], run_name='__main__')
