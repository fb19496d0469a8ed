// Samba's own test programs, run against our domain controller: tests that its authors also run
// against Windows. They are in the source package of the installed version only.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Directory } from '@doublehop/directory/directory';
import { type Corp, type CorpOptions, keysJson } from '../../support/corp.ts';
import { withHosts } from '../../support/hosts.ts';
import { sambaSuiteRoot } from '../../support/packages.ts';
import type { Outcome } from '../../support/run.ts';

/** How one test of a suite ended. */
export interface SuiteResult {
  /** `s4u_tests.S4UKerberosTests.test_s4u2self_simple`, `acl.AclAddTests.test_add_u1` */
  readonly name: string;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  /** What went wrong, or why it was skipped. */
  readonly reason: string;
}

/** A domain to run a suite against: one of ours in this process, or of any controller. */
export type SuiteDomain = Pick<
  Corp,
  | 'dir'
  | 'env'
  | 'hosts'
  | 'address'
  | 'realm'
  | 'netbios'
  | 'baseDn'
  | 'controller'
  | 'host'
  | 'administrator'
>;

/** What is told to a suite. */
export interface SuiteOptions {
  /** Variables that say what the controller does not support: `FAST_SUPPORT: '0'`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Kerberos suites: LDAPS with a simple bind, where they would use LDAP with GSS-SPNEGO. */
  readonly simpleBind?: boolean;
  /**
   * Kerberos suites: a JSON file with the keys of krbtgt and the controller by encryption type, as
   * `doublehop dc export-keys --json` writes it. Absent: they are taken from the domain itself.
   */
  readonly keys?: string;
  /** Milliseconds; five minutes when absent. */
  readonly timeout?: number;
}

const TIMEOUT_MS = 300_000;

/**
 * Runs modules of `python/samba/tests/krb5`, or `module.Class.test` of them. What they print is in
 * `suite.log` below the domain's folder.
 */
export async function runKerberosSuite(
  corp: Corp | (SuiteDomain & { readonly account?: undefined }),
  names: readonly string[],
  options: SuiteOptions = {},
): Promise<SuiteResult[]> {
  const folder = suiteFolder(corp);
  const keys = options.keys ?? join(folder, 'keys.json');
  if (options.keys === undefined) {
    if (corp.account === undefined) throw new RangeError('whose keys? Name a file with them');
    writeFileSync(keys, keysJson(corp, ['krbtgt', `${corp.controller}$`]));
  }
  const results = join(folder, 'results.jsonl');
  const { name } = corp.administrator;
  const bindDn = `CN=${name},CN=Users,${corp.baseDn}`;
  const more = {
    SUITE_KEYS: keys,
    SUITE_RESULTS: results,
    ...(options.simpleBind === true ? { SUITE_BIND_DN: bindDn } : {}),
  };
  const program = new URL('runner.py', import.meta.url);
  const outcome = await runPython(corp, [fileURLToPath(program), ...names], { ...options, more });
  if (!existsSync(results)) throw brokenOff(outcome);
  return readFileSync(results, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/**
 * The domain that a program of `source4/dsdb/tests/python` is made for: Samba's own, where `sam`
 * binds with passwords in the clear and makes accounts that have none.
 */
export function directorySuiteDomain(program: string): CorpOptions {
  const isSam = program === 'sam';
  return {
    legacyRc4: true,
    ldap: { ntlm: 'v2', allowClearTextSimpleBind: isSam },
    ...(isSam ? { prepare: anyPasswordLength } : {}),
  };
}

async function anyPasswordLength(directory: Directory): Promise<void> {
  const head = directory.domain?.dn ?? '';
  const attribute = 'minPwdLength';
  await directory.modify(head, [{ operation: 'replace', attribute, values: ['0'] }]);
}

/** Runs one program of `source4/dsdb/tests/python`, all of it or the tests named. */
export async function runDirectorySuite(
  corp: Corp,
  program: string,
  tests: readonly string[] = [],
  options: SuiteOptions = {},
): Promise<SuiteResult[]> {
  const { name, password } = corp.administrator;
  const script = fileURLToPath(new URL('script.py', import.meta.url));
  const where = NEEDS_URL.has(program) ? `ldap://${corp.host}` : corp.host;
  const data = join(sambaSuiteRoot, 'source4', 'dsdb', 'tests', 'python', 'testdata');
  const more = {
    DATA_DIR: data,
    TEST_SERVER: `ldap://${corp.host}`,
    TEST_USERNAME: name,
    TEST_PASSWORD: password,
  };
  const given = TAKES_VARIABLES.has(program)
    ? tests
    : [where, '-U', `${name}%${password}`, ...(ARGUMENTS[program] ?? []), ...tests];
  const outcome = await runPython(corp, [script, `${program}.py`, ...given], { ...options, more });
  const results = parseSubunit(outcome.stdout, program);
  if (results.length === 0) throw brokenOff(outcome);
  return results;
}

/** Programs that read the controller and the administrator from TEST_SERVER and so on. */
const TAKES_VARIABLES: ReadonlySet<string> = new Set(['tombstone_reanimation']);

/** What programs are told besides: what Samba's own runs of them against Windows are told. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  linked_attributes: ['--no-reveal-internals'],
  token_group: ['--use-kerberos=required'],
};

/** Programs that take the controller as a URL; the others make one of its name. */
const NEEDS_URL: ReadonlySet<string> = new Set(['sort', 'vlv', 'large_ldap', 'ldap_modify_order']);

/** A failure of a test, or of several: `failure: NAME [`, lines, `]` (subunit, version 1). */
function parseSubunit(text: string, program: string): SuiteResult[] {
  const results: SuiteResult[] = [];
  const pattern =
    /^(successful|success|failure|error|skip|xfail): (\S+)(?: \[\n([\s\S]*?)\n\])?$/gmu;
  for (const [, word = '', name = '', reason = ''] of text.matchAll(pattern)) {
    const good = word.startsWith('success') || word === 'xfail';
    const outcome = good ? 'ok' : word === 'skip' ? 'skipped' : 'failed';
    const last = reason.trimEnd().split('\n').at(-1) ?? '';
    results.push({ name: `${program}.${name.replace(/^__main__\./u, '')}`, outcome, reason: last });
  }
  return results;
}

function suiteFolder({ dir }: SuiteDomain): string {
  const folder = join(dir, 'suite');
  mkdirSync(join(folder, 'state'), { recursive: true });
  return folder;
}

async function runPython(
  corp: SuiteDomain,
  args: readonly string[],
  options: SuiteOptions & { readonly more?: Readonly<Record<string, string>> },
): Promise<Outcome> {
  const folder = suiteFolder(corp);
  const config = join(folder, 'smb.conf');
  writeFileSync(config, smbConf(corp, join(folder, 'state')));
  const env = {
    ...corp.env,
    ...environment(corp),
    SMB_CONF_PATH: config,
    SUITE_ROOT: sambaSuiteRoot,
    PYTHONDONTWRITEBYTECODE: '1',
    ...options.more,
    ...options.env,
  };
  const timeout = options.timeout ?? TIMEOUT_MS;
  const run = { env, cwd: folder, timeout };
  const outcome = await withHosts(corp.hosts, '/usr/bin/python3', args, run);
  writeFileSync(join(folder, 'suite.log'), outcome.stdout + outcome.stderr);
  return outcome;
}

/** What the suites read of the controller and its domain (raw_testcase.py, tests/__init__.py). */
function environment(corp: SuiteDomain): Record<string, string> {
  const { address, realm, netbios, controller, host, administrator } = corp;
  const { name, password } = administrator;
  return {
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
    ...Object.fromEntries(SUPPORTED.map((variable) => [variable, '1'])),
    KADMIN_IS_TGS: '0',
    AS_REQ_LOGGING_SUPPORT: '0',
    TGS_REQ_LOGGING_SUPPORT: '0',
  };
}

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

function smbConf({ netbios, realm, address }: SuiteDomain, state: string): string {
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

function brokenOff({ stdout, stderr, status }: Outcome): Error {
  return new Error(`the suite broke off with ${status}: ${(stdout + stderr).slice(-2000)}`);
}
