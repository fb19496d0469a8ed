"""Runs Samba's own Kerberos test modules against a domain controller that is not Samba's.

Arguments: names below samba.tests.krb5, as unittest takes them. What could only work against
Samba itself is replaced here: keys are not read by DRSUAPI but come from a file, and from the
passwords that the tests themselves set; there is no second, read-only controller. One line of
JSON for each test goes into the file named by SUITE_RESULTS.
"""
import json
import os
import sys
import unittest

import samba

root = os.environ['SUITE_ROOT']
samba.__path__.append(os.path.join(root, 'python', 'samba'))


def without_replication():
    import samba.tests.krb5.kdc_base_test as base

    with open(os.environ['SUITE_KEYS']) as file:
        known = json.load(file)

    def get_keys(self, creds, expected_etypes=None):
        keys = known.get(creds.get_username(), {})
        return {int(etype): key for etype, key in keys.items()}

    make = base.KDCBaseTest.create_account_opts

    def create_account_opts(self, samdb, use_cache, **options):
        options.update(
            allowed_replication_mock=False,
            denied_replication_mock=False,
            revealed_to_mock_rodc=False,
        )
        return make(self, samdb, use_cache, **options)

    base.KDCBaseTest.get_keys = get_keys
    base.KDCBaseTest.create_account_opts = create_account_opts

    if os.environ.get('SUITE_BIND_DN'):

        def get_samdb(self):
            if self._ldb is None:
                creds = self.get_admin_creds()
                creds.set_bind_dn(os.environ['SUITE_BIND_DN'])
                type(self)._ldb = base.SamDB(
                    url='ldaps://' + self.dc_host,
                    session_info=base.system_session(),
                    credentials=creds,
                    lp=self.get_lp(),
                )
            return self._ldb

        base.KDCBaseTest.get_samdb = get_samdb


class Result(unittest.TextTestResult):
    outcomes = {}
    reasons = {}

    def note(self, test, outcome, reason=''):
        self.outcomes[test.id()] = outcome
        if reason:
            self.reasons[test.id()] = str(reason)

    def startTest(self, test):
        super().startTest(test)
        self.note(test, 'ok')

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.note(test, 'failed', err[1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, 'failed', err[1])

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, 'failed', err[1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, 'skipped', reason)


PACKAGE = 'samba.tests.krb5'


def main():
    without_replication()
    tests = unittest.TestLoader().loadTestsFromNames([f'{PACKAGE}.{name}' for name in sys.argv[1:]])
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result)
    runner.run(tests)
    with open(os.environ['SUITE_RESULTS'], 'w') as file:
        for name, outcome in sorted(Result.outcomes.items()):
            reason = Result.reasons.get(name, '')[:2000]
            short = name.removeprefix(PACKAGE + '.')
            json.dump({'name': short, 'outcome': outcome, 'reason': reason}, file)
            file.write('\n')


main()
