import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { directorySuiteDomain, runDirectorySuite } from '../peers/samba-suite/samba-suite.ts';
import { startCorp } from '../support/corp.ts';
import { requirePeers, requireRoot } from '../support/peers.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

/** Programs, and the tests of each that fail; docs/interop.md says why each does. */
const PROGRAMS: readonly (readonly [program: string, failing: readonly string[]])[] = [
  ['asq', []],
  ['deletetest', []],
  ['linked_attributes', ['LATests.test_la_invisible_backlink']],
  [
    'token_group',
    [
      'DynamicTokenTest.test_pac_groups',
      'DynamicTokenTest.test_samr_GetGroupsForUser',
      'DynamicTokenTest.test_samr_GetGroupsForUser_nomember',
      'StaticTokenTest.test_pac_groups',
    ],
  ],
  [
    'tombstone_reanimation',
    [
      'RestoreUserObjectTestCase.test_restore_user',
      'RestoreUserPwdObjectTestCase.test_restorepw_user',
    ],
  ],
];

describe("Samba's tests of the directory, against our LDAP", () => {
  const dir = makeTempDir('samba-directory');
  afterAll(() => removeDir(dir));

  test.for(PROGRAMS)('%s', { timeout: 300_000 }, async ([program, failing], context) => {
    requireRoot(context);
    requirePeers(context, 'samba', 'samba-suite');
    const corp = await startCorp(join(dir, program), directorySuiteDomain(program));
    try {
      const results = await runDirectorySuite(corp, program);
      const failed = results.filter(({ outcome }) => outcome === 'failed');
      expect(failed.map(({ name }) => name.slice(program.length + 1)).sort()).toEqual(failing);
      expect(corp.defects).toEqual([]);
    } finally {
      await corp.stop();
    }
  });
});
