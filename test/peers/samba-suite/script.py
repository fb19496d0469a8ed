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
if sys.argv[1] in ('sort.py', 'vlv.py'):
    # They want en_US, which minimal systems have not built; C orders the tests' ASCII values in
    # the same way but for upper and lower case, which the stand-in for strcoll lays aside.
    import locale

    locale.setlocale = lambda *_: 'en_US.UTF-8'
    locale.strcoll = lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower())
sys.argv = [os.path.join(folder, sys.argv[1]), *sys.argv[2:]]
if sys.argv[0].endswith('tombstone_reanimation.py'):
    # It is run by unittest's own program, whose words are not subunit's, and without a smb.conf.
    import unittest

    import samba.tests
    from samba.param import LoadParm
    from samba.tests.subunitrun import TestProgram

    connect = samba.tests.connect_samdb

    def connect_configured(url, credentials, lp):
        lp = LoadParm()
        lp.load(os.environ['SMB_CONF_PATH'])
        credentials.set_domain(lp.get('workgroup'))
        return connect(url, credentials=credentials, lp=lp)

    samba.tests.connect_samdb = connect_configured
    unittest.main = lambda: TestProgram(module='__main__')
if sys.argv[0].endswith('/sort.py'):
    # It leaves the running to others.
    import sort
    from samba.tests.subunitrun import TestProgram

    TestProgram(module='sort', opts=sort.subunitopts)
with open(sys.argv[0]) as source:
    text = source.read()
    is_program = 'parse_args' in text or 'unittest.main' in text
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
