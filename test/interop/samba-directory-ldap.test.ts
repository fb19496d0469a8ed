// The directory's tests of Samba's authors that need LDAP alone, against ours. Those that fail are
// explained below; whatever else fails is a defect.
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { runDirectorySuite } from '../peers/samba-suite/samba-suite.ts';
import { startCorp } from '../support/corp.ts';
import { requirePeers, requireRoot } from '../support/peers.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

/** Programs, and those of their tests that fail, with the reason. */
const PROGRAMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ldap: {
    'BasicTests.test_ldapSearchNoAttributes': 'a name of 23 characters, which Windows refuses',
    'BasicTests.test_objectclasses': 'a user becomes an inetOrgPerson (MS-ADTS 3.1.1.5.3.5)',
    'BasicTests.test_security_descriptor_modify': 'ACEs are sorted (MS-ADTS 6.1.3.1)',
    'BasicTests.test_system_only': 'makes a secret by LSA, which is RPC',
  },
  ldap_modify_order: {},
  ldap_schema: { 'SchemaTests.test_schemaUpdateNow': 'reads replPropertyMetaData' },
  passwords: {
    'PasswordTests.test_modify_dsheuristics_userPassword':
      'dSHeuristics hold for connections that are open already',
  },
  password_settings: {
    'password_settings.PasswordSettingsTestCase.test_pso_add_user':
      'PASSWD_NOTREQD: no minimum length (MS-ADTS 2.2.16)',
  },
  sites: {},
};

describe("Samba's tests of a directory", () => {
  const dir = makeTempDir('samba-directory-ldap');
  afterAll(() => removeDir(dir));
  beforeEach((context) => {
    requirePeers(context, 'samba', 'samba-suite');
    requireRoot(context);
  });

  test.for(Object.entries(PROGRAMS))(
    '%s: those fail that are explained, and no others',
    { timeout: 60_000 },
    async ([program, explained]) => {
      const corp = await startCorp(`${dir}/${program}`, { legacyRc4: true, ldap: { ntlm: 'v2' } });
      const results = await runDirectorySuite(corp, program);
      await corp.stop();
      const failed = results.filter(({ outcome }) => outcome === 'failed');
      expect(failed.map(({ name }) => name.slice(program.length + 1)).sort()).toEqual(
        Object.keys(explained).sort(),
      );
      expect(results.length).toBeGreaterThan(failed.length);
      expect(corp.defects).toEqual([]);
    },
  );
});
