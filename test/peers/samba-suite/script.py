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
with open(sys.argv[0]) as source:
    is_program = 'parse_args' in source.read()
if is_program:
    runpy.run_path(sys.argv[0], run_name='__main__')
else:
    # A module of tests that are told about the controller by the environment.
    import samba.tests
    from samba.credentials import Credentials
    from samba.subunit.run import TestProgram

    # Who connects without credentials of its own does so as the one who runs the tests.
    samba.tests.cmdline_credentials = Credentials()
    samba.tests.cmdline_credentials.guess(samba.tests.env_loadparm())
    samba.tests.cmdline_credentials.parse_string(sys.argv[sys.argv.index('-U') + 1])
    name = os.path.basename(sys.argv[0]).removesuffix('.py')
    TestProgram(module=None, argv=[sys.argv[0], name])
