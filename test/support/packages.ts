// Foreign clients and servers for the interop tests, from Debian's (or Ubuntu's) own packages.
// Everything is installed by one call, as root, where something is missing; where that cannot be
// done, every peer that is not there has a reason that its tests are skipped with.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { NEWER_ADCLI_SUITE, newerAdcliRoot } from './newer-adcli.ts';
import { run, type Outcome } from './run.ts';
import { makeTempDir, peersCache, removeDir } from './temp.ts';

/** Foreign software that tests talk to. */
export type PeerName =
  | 'mit'
  | 'gssapi'
  | 'heimdal'
  | 'samba'
  | 'impacket'
  | 'ldap'
  | 'curl'
  | 'tshark'
  | 'samba-suite'
  | 'smb'
  | 'smbprotocol'
  | 'psrpcore'
  | 'winrm'
  | 'adcli'
  | 'newer-adcli'
  | 'msktutil'
  | 'ldap3'
  | 'java'
  | 'go'
  | 'bloodhound'
  | 'slapd'
  | 'dnsmasq'
  | 'zsh'
  | 'fish';

/** Why a peer cannot be used; a peer that is ready is not mentioned. */
export type MissingPeers = Partial<Record<PeerName, string>>;

interface Peer {
  readonly packages: readonly string[];
  /** Files that are there when the packages are. */
  readonly files: readonly string[];
  /** Services that the packages would start at boot. */
  readonly units?: readonly string[];
}

/** Heimdal lives here, unpacked: its packages conflict with MIT's. */
export const heimdalRoot: string = join(peersCache, 'heimdal');

/** Samba's test programs, from the source package of the Samba that is installed. */
export const sambaSuiteRoot: string = join(peersCache, 'samba-suite');

/** A Python environment with the collector of PyPI's `bloodhound`, which Debian does not have. */
export const bloodhoundRoot: string = join(peersCache, 'bloodhound');
const BLOODHOUND_VERSION = '1.8.0';

/** A Python environment with PyPI's `smbprotocol`, and its Kerberos. */
export const smbprotocolRoot: string = join(peersCache, 'smbprotocol');
const SMBPROTOCOL_VERSION = '1.15.0';

/** A Python environment with PyPI's `psrpcore`, a codec of PSRP. */
export const psrpcoreRoot: string = join(peersCache, 'psrpcore');
const PSRPCORE_VERSION = '0.3.1';

/**
 * A Python environment with clients of PowerShell remoting, of PyPI: `pypsrp` and the tests that
 * its source package has, `pywinrm`, `ansible-core`, `evil-winrm-py`.
 */
export const winrmRoot: string = join(peersCache, 'winrm');
const WINRM_VERSIONS = [
  'pypsrp==0.9.1',
  'pyspnego==0.12.4',
  'krb5==0.10.0',
  'requests-credssp==2.0.0',
  'pywinrm==0.5.0',
  'pykerberos==1.2.4',
  'ansible-core==2.19.14',
  'pytest',
  'pytest-mock',
  'pyyaml',
  'xmldiff',
  'prompt_toolkit',
  'tqdm',
];

/** `evil-winrm-py` is apart: it needs an older pypsrp. A PYTHONPATH. */
export const evilWinrmPath: string = join(winrmRoot, 'evil-winrm');
const EVIL_WINRM_VERSIONS = ['evil-winrm-py==1.7.0', 'pypsrp==0.8.1'];

/** Where pypsrp's own tests are, and what it recorded of Windows servers. */
export const pypsrpTests: string = join(winrmRoot, 'pypsrp', 'tests', 'tests_pypsrp');

const impacketScripts = '/usr/share/doc/python3-impacket/examples';

/** Taken from backports where the release's own are too old. */
const OF_BACKPORTS: ReadonlySet<PeerName> = new Set(['samba', 'samba-suite', 'smb']);

/** Not installed, but unpacked into a folder of their own. */
const UNPACKED: ReadonlySet<PeerName> = new Set(['heimdal', 'newer-adcli']);

/** 4.19 is the first Samba whose KDC knows resource-based constrained delegation. */
const SAMBA_MINIMUM = [4, 19] as const;
const INSTALL_TIMEOUT_MS = 900_000;

const peers: Readonly<Record<PeerName, Peer>> = {
  mit: {
    packages: ['krb5-user', 'krb5-kdc', 'krb5-admin-server'],
    files: ['/usr/bin/kvno', '/usr/sbin/krb5kdc', '/usr/sbin/kadmin.local'],
    units: ['krb5-kdc', 'krb5-admin-server'],
  },
  gssapi: {
    packages: ['python3-gssapi'],
    files: ['/usr/lib/python3/dist-packages/gssapi'],
  },
  heimdal: {
    packages: ['heimdal-clients', 'heimdal-kdc'],
    files: [`${heimdalRoot}/usr/bin/kinit`, `${heimdalRoot}/usr/lib/heimdal-servers/kdc`],
  },
  samba: {
    packages: ['samba-ad-dc', 'samba-ad-provision', 'ldb-tools', 'krb5-user'],
    files: [
      '/usr/sbin/samba',
      '/usr/bin/samba-tool',
      '/usr/bin/ldbsearch',
      '/usr/share/samba/setup',
    ],
    units: ['samba-ad-dc', 'smbd', 'nmbd', 'winbind'],
  },
  impacket: {
    packages: ['python3-impacket'],
    files: ['getTGT.py', 'getST.py', 'findDelegation.py', 'rbcd.py'].map((name) =>
      join(impacketScripts, name),
    ),
  },
  ldap: {
    packages: ['ldap-utils', 'libsasl2-modules', 'libsasl2-modules-gssapi-mit'],
    files: ['/usr/bin/ldapsearch', '/usr/share/doc/libsasl2-modules-gssapi-mit'],
  },
  curl: { packages: ['curl'], files: ['/usr/bin/curl'] },
  tshark: { packages: ['tshark', 'tcpdump'], files: ['/usr/bin/tshark', '/usr/bin/tcpdump'] },
  'samba-suite': {
    packages: ['python3-samba', 'python3-pyasn1', 'python3-cryptography'],
    files: [
      '/usr/lib/python3/dist-packages/samba/__init__.py',
      '/usr/lib/python3/dist-packages/pyasn1/__init__.py',
      '/usr/lib/python3/dist-packages/cryptography/__init__.py',
      join(sambaSuiteRoot, 'python/samba/tests/krb5/s4u_tests.py'),
      join(sambaSuiteRoot, 'source4/dsdb/tests/python/acl.py'),
    ],
  },
  adcli: { packages: ['adcli'], files: ['/usr/sbin/adcli'] },
  'newer-adcli': {
    packages: ['adcli'],
    files: [join(newerAdcliRoot, 'usr/sbin/adcli'), join(newerAdcliRoot, 'usr/lib64')],
  },
  msktutil: { packages: ['msktutil'], files: ['/usr/sbin/msktutil'] },
  ldap3: {
    packages: ['python3-ldap3', 'python3-gssapi'],
    files: ['/usr/lib/python3/dist-packages/ldap3/__init__.py'],
  },
  java: { packages: ['openjdk-17-jdk-headless'], files: ['/usr/bin/java', '/usr/bin/javac'] },
  go: {
    packages: ['golang-go', 'golang-github-jcmturner-gokrb5.v8-dev'],
    files: ['/usr/lib/go/bin/go', '/usr/share/gocode/src/github.com/jcmturner/gokrb5'],
  },
  bloodhound: {
    packages: ['python3-venv', 'python3-pip'],
    files: [join(bloodhoundRoot, 'bin', 'bloodhound-python')],
  },
  smb: {
    packages: ['samba', 'smbclient', 'winbind'],
    files: ['/usr/sbin/smbd', '/usr/bin/smbclient', '/usr/sbin/winbindd'],
    units: ['smbd', 'nmbd', 'winbind'],
  },
  smbprotocol: {
    packages: [
      'python3-venv',
      'python3-pip',
      'python3-gssapi',
      'python3-dev',
      'libkrb5-dev',
      'gcc',
    ],
    files: [join(smbprotocolRoot, 'bin', 'pyspnego-parse')],
  },
  psrpcore: {
    packages: ['python3-venv', 'python3-pip'],
    files: [join(psrpcoreRoot, 'bin', 'psrpcore-ready')],
  },
  winrm: {
    packages: [
      'python3-venv',
      'python3-pip',
      'python3-gssapi',
      'python3-dev',
      'libkrb5-dev',
      'gcc',
      'openssl',
    ],
    files: [join(evilWinrmPath, 'evil_winrm_py'), join(pypsrpTests, 'responses')],
  },
  slapd: { packages: ['slapd'], files: ['/usr/sbin/slapd'], units: ['slapd'] },
  dnsmasq: { packages: ['dnsmasq-base'], files: ['/usr/sbin/dnsmasq'] },
  zsh: { packages: ['zsh'], files: ['/usr/bin/zsh'] },
  fish: { packages: ['fish'], files: ['/usr/bin/fish'] },
};
// The keys of the record above are exactly the PeerName union.
const peerNames = Object.keys(peers) as PeerName[];

/** Command and first argument that run impacket's script `name`, e.g. `getST`. */
export function impacketScript(name: string): readonly [string, string] {
  return ['/usr/bin/python3', join(impacketScripts, `${name}.py`)];
}

/** What of `wanted` is not ready now, without trying to change that. Takes milliseconds. */
export function missingPeers(wanted: readonly PeerName[] = peerNames): PeerName[] {
  return wanted.filter((name) => !isReady(name));
}

/** Installs what is missing of `wanted`; returns what could not be, each with its reason. */
export async function installPeers(wanted: readonly PeerName[] = peerNames): Promise<MissingPeers> {
  const missing = missingPeers(wanted);
  if (missing.length === 0) {
    return {};
  }
  const obstacle = whyNotInstallable();
  if (obstacle !== undefined) {
    return Object.fromEntries(missing.map((name) => [name, obstacle]));
  }
  process.stderr.write(`installing for the interop tests: ${missing.join(', ')} …\n`);
  const apt = new Apt();
  try {
    return await installAll(apt, missing);
  } finally {
    apt.close();
  }
}

function isReady(name: PeerName): boolean {
  const there = peers[name].files.every((file) => existsSync(file));
  return there && (name !== 'samba' || isSambaNewEnough());
}

function isSambaNewEnough(): boolean {
  const text = execFileSync('/usr/sbin/samba', ['--version'], { encoding: 'utf8' });
  const [major = 0, minor = 0] = (/\d+\.\d+/u.exec(text)?.[0] ?? '').split('.').map(Number);
  return major > SAMBA_MINIMUM[0] || (major === SAMBA_MINIMUM[0] && minor >= SAMBA_MINIMUM[1]);
}

function whyNotInstallable(): string | undefined {
  if (!existsSync('/usr/bin/apt-get')) {
    return 'not installed, and there is no apt-get to install it with';
  }
  return process.getuid?.() === 0 ? undefined : 'not installed, and only root can install it';
}

async function installAll(apt: Apt, missing: readonly PeerName[]): Promise<MissingPeers> {
  const failures = new Map<PeerName, string>();
  const updated = await apt.update();
  if (updated.status !== 0) {
    return Object.fromEntries(missing.map((name) => [name, reason('apt-get update', updated)]));
  }
  const plain = missing.filter((name) => !OF_BACKPORTS.has(name) && !UNPACKED.has(name));
  const together = await apt.install(plain.flatMap((name) => peers[name].packages));
  // One peer that cannot be had is no reason to miss the others.
  for (const name of together.status === 0 ? [] : plain) {
    const alone = await apt.install(peers[name].packages);
    if (alone.status !== 0) {
      failures.set(name, reason('apt-get install', alone));
    }
  }
  for (const name of missing.filter((one) => OF_BACKPORTS.has(one))) {
    const samba = await apt.install(peers[name].packages, apt.backports);
    if (samba.status !== 0) {
      failures.set(name, reason('apt-get install', samba));
    }
  }
  if (missing.includes('heimdal')) {
    const heimdal = await unpackHeimdal(apt);
    if (heimdal !== undefined) {
      failures.set('heimdal', heimdal);
    }
  }
  if (missing.includes('newer-adcli')) {
    const adcli = await unpackNewerAdcli();
    if (adcli !== undefined) {
      failures.set('newer-adcli', adcli);
    }
  }
  if (missing.includes('impacket') && !isReady('impacket')) {
    await unpackImpacketScripts(apt);
  }
  if (missing.includes('samba-suite')) {
    const suite = await unpackSambaSuite(apt);
    if (suite !== undefined) {
      failures.set('samba-suite', suite);
    }
  }
  for (const [name, install] of FROM_PYPI) {
    const failure = missing.includes(name) ? await install() : undefined;
    if (failure !== undefined) {
      failures.set(name, failure);
    }
  }
  await disableUnits(missing);
  const left = missingPeers(missing);
  return Object.fromEntries(
    left.map((name) => [name, failures.get(name) ?? 'installed, but too old or not complete']),
  );
}

function reason(step: string, { stdout, stderr }: Outcome): string {
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => /^(E:|W:| )/u.test(line));
  return `not installed: ${step}: ${lines.slice(-2).join(' ').trim()}`;
}

/** Heimdal's packages and the libraries that only they use, unpacked side by side. */
async function unpackHeimdal(apt: Apt): Promise<string | undefined> {
  const installed = await installedPackages();
  const names = await apt.closure(peers.heimdal.packages, /heimdal/u, installed);
  return unpack(apt, names, heimdalRoot);
}

/** The program and all that it needs, the C library too, of a release that this one is not. */
async function unpackNewerAdcli(): Promise<string | undefined> {
  const apt = new Apt(NEWER_ADCLI_SUITE);
  try {
    const updated = await apt.update();
    if (updated.status !== 0) {
      return reason('apt-get update', updated);
    }
    const names = await apt.closure(peers['newer-adcli'].packages, /^/u, new Set());
    return await unpack(apt, names, newerAdcliRoot);
  } finally {
    apt.close();
  }
}

/** Unpacks packages, not installing them, into a folder that is there whole or not at all. */
async function unpack(
  apt: Apt,
  names: readonly string[],
  root: string,
): Promise<string | undefined> {
  const dir = makeTempDir('unpack');
  try {
    const downloaded = await apt.download(names, dir);
    if (downloaded.status !== 0) {
      return reason('apt-get download', downloaded);
    }
    mkdirSync(peersCache, { recursive: true });
    const staged = `${root}.${process.pid}`;
    for (const file of readdirSync(dir)) {
      await run('dpkg', ['-x', join(dir, file), staged]);
    }
    giveOwnNames(join(staged, 'usr', 'bin'));
    rmSync(root, { recursive: true, force: true });
    renameSync(staged, root);
    return undefined;
  } finally {
    removeDir(dir);
  }
}

/** Debian has `kinit.heimdal` etc. beside MIT's; some of the tools look at what they are called. */
function giveOwnNames(folder: string): void {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of names.filter((file) => file.endsWith('.heimdal'))) {
    symlinkSync(name, join(folder, name.replace('.heimdal', '')));
  }
}

/** Some container images leave documentation out, and Debian ships impacket's scripts as such. */
async function unpackImpacketScripts(apt: Apt): Promise<void> {
  const dir = makeTempDir('impacket');
  try {
    await apt.download(peers.impacket.packages, dir);
    for (const file of readdirSync(dir)) {
      await run('dpkg', ['-x', join(dir, file), join(dir, 'root')]);
    }
    const scripts = join(dir, 'root', impacketScripts);
    if (existsSync(scripts)) {
      cpSync(scripts, impacketScripts, { recursive: true });
    }
  } finally {
    removeDir(dir);
  }
}

/** Debian does not package the tests of newer Samba; the source of the same version has them. */
async function unpackSambaSuite(apt: Apt): Promise<string | undefined> {
  const dir = makeTempDir('samba-suite');
  try {
    const { stdout } = await run('dpkg-query', ['-W', '-f', '${Version}', 'python3-samba']);
    const source = await apt.source(`samba=${stdout}`, dir);
    const archive = readdirSync(dir).find((file) => file.includes('.orig.tar.'));
    if (source.status !== 0 || archive === undefined) {
      return reason('apt-get source', source);
    }
    const staged = `${sambaSuiteRoot}.${process.pid}`;
    mkdirSync(staged, { recursive: true });
    const wanted = ['samba-*/python/samba/tests', 'samba-*/source4/dsdb/tests/python'];
    const options = ['--wildcards', '--strip-components=1', '-C', staged];
    const unpacked = await run('tar', ['-xf', join(dir, archive), ...options, ...wanted], {
      timeout: INSTALL_TIMEOUT_MS,
    });
    if (unpacked.status !== 0) {
      return `not unpacked: ${unpacked.stderr.trim()}`;
    }
    rmSync(sambaSuiteRoot, { recursive: true, force: true });
    renameSync(staged, sambaSuiteRoot);
    return undefined;
  } finally {
    removeDir(dir);
  }
}

/** What Debian does not have; each gives the reason why it cannot be had. */
const FROM_PYPI: readonly (readonly [PeerName, () => Promise<string | undefined>])[] = [
  ['bloodhound', installBloodhound],
  ['smbprotocol', installSmbprotocol],
  ['psrpcore', installPsrpcore],
  ['winrm', installWinrm],
];

async function installBloodhound(): Promise<string | undefined> {
  rmSync(bloodhoundRoot, { recursive: true, force: true });
  const made = await run('/usr/bin/python3', ['-m', 'venv', bloodhoundRoot]);
  if (made.status !== 0) {
    return `not installed: python3 -m venv: ${made.stderr.trim()}`;
  }
  const pip = ['install', '--quiet', `bloodhound==${BLOODHOUND_VERSION}`];
  const { status, stderr } = await run(join(bloodhoundRoot, 'bin', 'pip'), pip, {
    timeout: INSTALL_TIMEOUT_MS,
  });
  return status === 0 ? undefined : `not installed: pip: ${stderr.trim().slice(-200)}`;
}

async function installSmbprotocol(): Promise<string | undefined> {
  rmSync(smbprotocolRoot, { recursive: true, force: true });
  // Debian's gssapi is seen through: PyPI's would have to be compiled.
  const venv = ['-m', 'venv', '--system-site-packages', smbprotocolRoot];
  const made = await run('/usr/bin/python3', venv);
  if (made.status !== 0) {
    return `not installed: python3 -m venv: ${made.stderr.trim()}`;
  }
  const pip = ['install', '--quiet', `smbprotocol==${SMBPROTOCOL_VERSION}`, 'krb5'];
  const { status, stderr } = await run(join(smbprotocolRoot, 'bin', 'pip'), pip, {
    timeout: INSTALL_TIMEOUT_MS,
  });
  return status === 0 ? undefined : `not installed: pip: ${stderr.trim().slice(-200)}`;
}

async function installPsrpcore(): Promise<string | undefined> {
  rmSync(psrpcoreRoot, { recursive: true, force: true });
  const made = await run('/usr/bin/python3', ['-m', 'venv', psrpcoreRoot]);
  if (made.status !== 0) {
    return `not installed: python3 -m venv: ${made.stderr.trim()}`;
  }
  const pip = ['install', '--quiet', `psrpcore==${PSRPCORE_VERSION}`];
  const { status, stderr } = await run(join(psrpcoreRoot, 'bin', 'pip'), pip, {
    timeout: INSTALL_TIMEOUT_MS,
  });
  if (status !== 0) return `not installed: pip: ${stderr.trim().slice(-200)}`;
  // It has no program of its own to tell that it is there.
  writeFileSync(join(psrpcoreRoot, 'bin', 'psrpcore-ready'), PSRPCORE_VERSION);
  return undefined;
}

async function installWinrm(): Promise<string | undefined> {
  rmSync(winrmRoot, { recursive: true, force: true });
  const pip = join(winrmRoot, 'bin', 'pip');
  const source = join(winrmRoot, 'source');
  const [pypsrp = ''] = WINRM_VERSIONS;
  const steps: readonly (readonly [string, ...string[]])[] = [
    // Debian's gssapi is seen through: PyPI's would have to be compiled.
    ['/usr/bin/python3', '-m', 'venv', '--system-site-packages', winrmRoot],
    [pip, 'install', '--quiet', ...WINRM_VERSIONS],
    [pip, 'install', '--quiet', '--no-deps', '--target', evilWinrmPath, ...EVIL_WINRM_VERSIONS],
    [pip, 'download', '--quiet', '--no-deps', '--no-binary', ':all:', '--dest', source, pypsrp],
  ];
  for (const [command, ...args] of steps) {
    const { status, stderr } = await run(command, args, { timeout: INSTALL_TIMEOUT_MS });
    if (status !== 0) return `not installed: ${command}: ${stderr.trim().slice(-200)}`;
  }
  const [archive = ''] = readdirSync(source);
  const staged = join(winrmRoot, 'pypsrp');
  mkdirSync(staged);
  const tar = ['-xf', join(source, archive), '--strip-components=1', '-C', staged];
  const { status, stderr } = await run('tar', tar);
  return status === 0 ? undefined : `not unpacked: ${stderr.trim()}`;
}

/** A newly installed server is also kept from starting at the next boot. */
async function disableUnits(installed: readonly PeerName[]): Promise<void> {
  const units = installed.flatMap((name) => peers[name].units ?? []);
  if (existsSync('/usr/bin/systemctl') && units.length > 0) {
    await run('systemctl', ['disable', '--quiet', ...units]);
  }
}

/**
 * apt-get with package lists of its own: this machine's sources, and on Debian 12 its backports
 * beside them. The machine's lists and sources stay as they are.
 */
class Apt {
  /** The extra suite to take Samba from, where the release's own is too old. */
  readonly backports: string | undefined;
  readonly #state: string = makeTempDir('apt');
  readonly #policy = '/usr/sbin/policy-rc.d';
  readonly #ownPolicy: boolean;

  /** A suite to know instead of what the machine's sources have. */
  readonly #only: string | undefined;

  constructor(only?: string) {
    this.#only = only;
    this.backports = codename() === 'bookworm' ? 'bookworm-backports' : undefined;
    chmodSync(this.#state, 0o755); // apt's own user reads it
    mkdirSync(join(this.#state, 'sources'));
    mkdirSync(join(this.#state, 'lists', 'partial'), { recursive: true });
    // invoke-rc.d(8): exit code 101 keeps packages from starting their services.
    this.#ownPolicy = !existsSync(this.#policy);
    if (this.#ownPolicy) {
      writeFileSync(this.#policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    }
  }

  close(): void {
    if (this.#ownPolicy) {
      rmSync(this.#policy, { force: true });
    }
    removeDir(this.#state);
  }

  async update(): Promise<Outcome> {
    const sources = join(this.#state, 'sources');
    if (this.#only !== undefined) {
      writeFileSync(join(sources, 'only.sources'), await sourceOf(this.#only));
      return this.#apt('apt-get', ['update', '--error-on=any']);
    }
    if (existsSync('/etc/apt/sources.list.d')) {
      cpSync('/etc/apt/sources.list.d', sources, { recursive: true });
    }
    if (existsSync('/etc/apt/sources.list')) {
      copyFileSync('/etc/apt/sources.list', join(sources, 'main.list'));
    }
    const release = codename();
    if (this.backports !== undefined) {
      writeFileSync(join(sources, 'backports.sources'), await sourceOf(this.backports));
    } else if (release !== '') {
      writeFileSync(join(sources, 'with-source.sources'), await sourceOf(release));
    }
    return this.#apt('apt-get', ['update', '--error-on=any']);
  }

  async install(packages: readonly string[], suite?: string): Promise<Outcome> {
    if (packages.length === 0) {
      return { stdout: '', stderr: '', status: 0 };
    }
    const from = suite === undefined ? [] : ['-t', suite];
    const options = ['--yes', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=600', ...from];
    return this.#apt('apt-get', ['install', ...options, ...new Set(packages)]);
  }

  download(packages: readonly string[], dir: string): Promise<Outcome> {
    return this.#apt('apt-get', ['download', ...packages], dir);
  }

  source(name: string, dir: string): Promise<Outcome> {
    return this.#apt('apt-get', ['source', '--download-only', '--tar-only', name], dir);
  }

  /**
   * `roots` and what they need, transitively through names that match; libraries that are not
   * `installed`.
   */
  async closure(
    roots: readonly string[],
    through: RegExp,
    installed: ReadonlySet<string>,
  ): Promise<string[]> {
    const options = ['depends', '--recurse', '--important', ...roots];
    const { stdout } = await this.#apt('apt-cache', options);
    const needs = new Map<string, string[]>();
    let current: string[] = [];
    for (const line of stdout.split('\n')) {
      const needed = /^ [ |](?:Pre)?Depends: (\S+)/u.exec(line)?.[1];
      if (needed !== undefined) {
        current.push(needed);
      } else if (/^\S/u.test(line)) {
        needs.set(line, (current = []));
      }
    }
    const found = new Set(roots);
    for (const name of found) {
      for (const needed of needs.get(name) ?? []) {
        if (through.test(needed) || (needed.startsWith('lib') && !installed.has(needed))) {
          found.add(needed);
        }
      }
    }
    return [...found];
  }

  #apt(command: string, args: readonly string[], cwd = '/'): Promise<Outcome> {
    const settings = {
      'Dir::Etc::sourcelist': '/dev/null',
      'Dir::Etc::sourceparts': join(this.#state, 'sources'),
      'Dir::State::lists': join(this.#state, 'lists'),
      'Dir::Cache::pkgcache': join(this.#state, 'pkgcache.bin'),
      'Dir::Cache::srcpkgcache': join(this.#state, 'srcpkgcache.bin'),
      'APT::Sandbox::User': 'root',
    };
    const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    return run(command, ['-q', ...options, ...args], {
      cwd,
      env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
      timeout: INSTALL_TIMEOUT_MS,
    });
  }
}

function codename(): string {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^VERSION_CODENAME=(\S+)$/mu.exec(text)?.[1] ?? '';
}

/** A suite, its sources too, from the mirror that serves the release itself. */
async function sourceOf(suite: string): Promise<string> {
  const format = '$(CODENAME) $(COMPONENT) $(REPO_URI)';
  const { stdout } = await run('apt-get', [
    'indextargets',
    '--format',
    format,
    'Identifier: Packages',
  ]);
  const mirror = new RegExp(`^${codename()} main (\\S+)$`, 'mu').exec(stdout)?.[1];
  return [
    'Types: deb deb-src',
    `URIs: ${mirror ?? 'http://deb.debian.org/debian'}`,
    `Suites: ${suite}`,
    'Components: main',
    'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
    '',
  ].join('\n');
}

async function installedPackages(): Promise<Set<string>> {
  const { stdout } = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n']);
  return new Set([...stdout.matchAll(/^(\S+) installed$/gmu)].map(([, name = '']) => name));
}
