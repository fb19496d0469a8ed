// Samba's own test programs, run against our domain controller: tests that its authors also run
// against Windows. They are in the source package of the installed version only.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Corp, keysJson } from '../../support/corp.ts';
import { withHosts } from '../../support/hosts.ts';
import { sambaSuiteRoot } from '../../support/packages.ts';

/** How one test of a suite ended. */
export interface SuiteResult {
  /** `s4u_tests.S4UKerberosTests.test_s4u2self_simple` */
  readonly name: string;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  /** The exception, or why it was skipped. */
  readonly reason: string;
}

/** What to run and how. */
export interface SuiteOptions {
  /** `samba.tests.krb5`, or '' for the programs of `source4/dsdb/tests/python`. */
  readonly package: string;
  /** Modules, or `module.Class.test`. */
  readonly names: readonly string[];
  /** Variables that tell what the controller does not support: `FAST_SUPPORT: '0'`. */
  readonly env?: Readonly<Record<string, string>>;
  /** LDAPS with a simple bind, where the tests would use LDAP with GSS-SPNEGO. */
  readonly simpleBind?: boolean;
  /** Milliseconds; five minutes when absent. */
  readonly timeout?: number;
}

const TIMEOUT_MS = 300_000;

/** Runs the modules; also leaves everything they printed in `DIR/suite.log`. */
export async function runSambaSuite(corp: Corp, options: SuiteOptions): Promise<SuiteResult[]> {
  const { address, dir, realm, netbios, controller, host, hosts, administrator } = corp;
  const folder = join(dir, 'suite');
  mkdirSync(join(folder, 'state'), { recursive: true });
  const config = join(folder, 'smb.conf');
  writeFileSync(config, smbConf(corp, join(folder, 'state')));
  const keys = join(folder, 'keys.json');
  writeFileSync(keys, keysJson(corp, ['krbtgt', `${controller}$`]));
  const results = join(folder, 'results.jsonl');
  const { name, password } = administrator;
  const supported = Object.fromEntries(SUPPORTED.map((variable) => [variable, '1']));
  const env = {
    ...corp.env,
    SMB_CONF_PATH: config,
    SERVER: controller.toLowerCase(),
    DC_SERVER: host,
    SERVER_IP: address,
    DC_SERVER_IP: address,
    DOMAIN: netbios,
    REALM: realm,
    ADMIN_USERNAME: name,
    ADMIN_PASSWORD: password,
    ADMIN_KVNO: '1',
    USERNAME: name,
    PASSWORD: password,
    DC_USERNAME: name,
    DC_PASSWORD: password,
    SERVICE_USERNAME: controller.toLowerCase(),
    FOR_USER: name,
    STRICT_CHECKING: '0',
    ...supported,
    KADMIN_IS_TGS: '0',
    AS_REQ_LOGGING_SUPPORT: '0',
    TGS_REQ_LOGGING_SUPPORT: '0',
    ...options.env,
    SUITE_ROOT: sambaSuiteRoot,
    SUITE_PACKAGE: options.package,
    SUITE_KEYS: keys,
    SUITE_RESULTS: results,
    ...(options.simpleBind === true ? { SUITE_BIND_DN: `CN=${name},CN=Users,${corp.baseDn}` } : {}),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const runner = fileURLToPath(new URL('runner.py', import.meta.url));
  const { stdout, stderr, status } = await withHosts(
    hosts,
    '/usr/bin/python3',
    [runner, ...options.names],
    { env, cwd: folder, timeout: options.timeout ?? TIMEOUT_MS },
  );
  writeFileSync(join(folder, 'suite.log'), stdout + stderr);
  if (!existsSync(results)) {
    throw new Error(`the suite broke off with ${status}: ${(stdout + stderr).slice(-2000)}`);
  }
  return readFileSync(results, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => withoutPackage(JSON.parse(line), options.package));
}

/** What the suites may expect of us (python/samba/tests/krb5/raw_testcase.py reads them). */
const SUPPORTED = [
  'FAST_SUPPORT',
  'CLAIMS_SUPPORT',
  'COMPOUND_ID_SUPPORT',
  'TKT_SIG_SUPPORT',
  'FULL_SIG_SUPPORT',
  'EXPECT_PAC',
  'EXPECT_EXTRA_PAC_BUFFERS',
  'CHECK_CNAME',
  'CHECK_PADATA',
  'EXPECT_NT_STATUS',
];

function smbConf({ netbios, realm, address }: Corp, state: string): string {
  return `[global]
 workgroup = ${netbios}
 realm = ${realm}
 server role = standalone server
 interfaces = ${address}/8
 bind interfaces only = yes
 tls verify peer = no_check
 lock directory = ${state}
 state directory = ${state}
 cache directory = ${state}
 private dir = ${state}
`;
}

function withoutPackage(result: SuiteResult, prefix: string): SuiteResult {
  const start = prefix === '' ? 0 : prefix.length + 1;
  return { ...result, name: result.name.slice(start) };
}
