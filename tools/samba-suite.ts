// Runs Samba's own test programs against a new domain of ours, one controller for each name:
//
//   npm run samba-suite -- krb5 s4u_tests kdc_tgs_tests.KdcTgsTests.test_ldap_service_ticket
//   npm run samba-suite -- dsdb acl asq:__main__.ASQTest.test_asq [--details]
//
// Needs root, and installs what it needs. Prints the tests that fail, with one line of their reason
// (--details: all of it), and a count for each name. What a program printed stays in
// .cache/samba-suite/NAME. The domain has RC4 as Windows had it; --aes-rc4 has accounts without
// msDS-SupportedEncryptionTypes support AES and RC4 (DEFAULT_ETYPES=28). --simple-bind: Kerberos
// tests use LDAPS and a password in place of LDAP with GSS-SPNEGO.
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  directorySuiteDomain,
  runDirectorySuite,
  runKerberosSuite,
  type SuiteResult,
} from '../test/peers/samba-suite/samba-suite.ts';
import { type Corp, startCorp } from '../test/support/corp.ts';
import { installPeers } from '../test/support/packages.ts';

const [kind, ...rest] = process.argv.slice(2);
const details = rest.includes('--details');
const simpleBind = rest.includes('--simple-bind');
const aesRc4 = rest.includes('--aes-rc4');
const names = rest.filter((name) => !name.startsWith('--'));
if ((kind !== 'krb5' && kind !== 'dsdb') || names.length === 0) {
  process.stderr.write(
    'npm run samba-suite -- krb5|dsdb NAME... [--details] [--simple-bind] [--aes-rc4]\n',
  );
  process.exit(1);
}
const missing = await installPeers(['samba', 'samba-suite']);
for (const [name, reason] of Object.entries(missing)) throw new Error(`${name}: ${reason}`);

const AES_AND_RC4 = 0x1c;
let failed = 0;
for (const name of names) {
  const dir = resolve('.cache', 'samba-suite', name.replaceAll(/[^\w.]/gu, '_'));
  rmSync(dir, { recursive: true, force: true });
  const [program = ''] = name.split(':');
  const options = directorySuiteDomain(kind === 'dsdb' ? program : '');
  const settings = aesRc4 ? { defaultSupportedEncryptionTypes: AES_AND_RC4 } : {};
  const corp = await startCorp(dir, { ...options, settings });
  const results = await runOne(corp, name).catch((error: unknown) => {
    process.stdout.write(`${name}: ${error instanceof Error ? error.message : 'failed'}\n`);
    return [];
  });
  await corp.stop();
  failed += report(name, results, corp, dir);
}
process.exit(failed === 0 ? 0 : 1);

function runOne(corp: Corp, name: string): Promise<SuiteResult[]> {
  if (kind === 'krb5') {
    const env = aesRc4 ? { DEFAULT_ETYPES: String(AES_AND_RC4) } : {};
    return runKerberosSuite(corp, [name], { simpleBind, env, timeout: 600_000 });
  }
  const [program = '', ...tests] = name.split(':');
  return runDirectorySuite(corp, program, tests);
}

function report(name: string, results: readonly SuiteResult[], corp: Corp, dir: string): number {
  for (const { name: test, outcome, reason } of results) {
    if (outcome === 'ok') continue;
    const text = details ? reason : (reason.split('\n')[0] ?? '').slice(0, 160);
    process.stdout.write(`${outcome} ${test}: ${text}\n`);
  }
  for (const defect of corp.defects) {
    process.stdout.write(`defect: ${defect instanceof Error ? (defect.stack ?? '') : 'unknown'}\n`);
  }
  const count = (outcome: SuiteResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length;
  const counts = `${count('ok')} ok, ${count('failed')} failed, ${count('skipped')} skipped`;
  process.stdout.write(
    `${name}: ${counts}, ${corp.defects.length} defects; see ${join(dir, 'suite', 'suite.log')}\n`,
  );
  return count('failed') + (results.length === 0 ? 1 : 0);
}
