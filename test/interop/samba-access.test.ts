import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { directorySuiteDomain, runDirectorySuite } from '../peers/samba-suite/samba-suite.ts';
import { startCorp } from '../support/corp.ts';
import { requirePeers, requireRoot } from '../support/peers.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

/** Programs, and the tests of each that fail; docs/interop.md says why each does. */
const PROGRAMS: readonly (readonly [program: string, failing: readonly string[]])[] = [
  ['acl_modify', []],
  [
    'sam',
    [
      'SamTests.test_smartcard_required1',
      'SamTests.test_smartcard_required2',
      'SamTests.test_smartcard_required3',
    ],
  ],
  ['sec_descriptor', []],
];

describe("Samba's tests of access control, against our LDAP", () => {
  const dir = makeTempDir('samba-access');
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
