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
sys.argv = [os.path.join(folder, sys.argv[1]), *sys.argv[2:]]
runpy.run_path(sys.argv[0], run_name='__main__')
