// A real Active Directory domain controller: Samba (4.19 or newer) on a loopback address.
//
// Provisioning takes seconds, so it happens once; every start works on a copy of its own. The
// ports of a DC are fixed (88, 389, 464, …), so every start has an address of its own and needs
// root. Names resolve through the `hosts` file only (see withHosts).
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostsFile } from '../support/hosts.ts';
import { startGuarded, whenReady } from '../support/guarded.ts';
import { loopbackAddress, waitForPort } from '../support/ports.ts';
import { run, runOrThrow, type Outcome } from '../support/run.ts';
import { peersCache } from '../support/temp.ts';
import { clientEnv, type Peer } from './peer.ts';

const REALM = 'CORP.TEST';
const HOST = 'dc1';
const KDC_PORT = 88;
/** LDAP, LDAPS, kpasswd, the KDC: a DC is up when all of them answer. */
const PORTS = [389, 636, 464, KDC_PORT];
const PROVISION_TIMEOUT_MS = 120_000;

/**
 * The domain CORP.TEST with users alice (plain), bob (sensitive, cannot be delegated), carol
 * (member of Protected Users) and computers SERVERA (classic delegation to SERVERC), SERVERB
 * (granted on SERVERC by RBCD, with protocol transition) and SERVERC. Every password is
 * `Passw0rd.NAME`, e.g. `Passw0rd.alice`; the administrator's is `Passw0rd.admin`.
 */
export interface SambaDc extends Peer {
  /** DNS name of the DC, e.g. for the SPN ldap/dc1.corp.test. */
  readonly host: string;
  readonly baseDn: string;
  /** A hosts file with the names of the DC and of its computers. */
  readonly hosts: string;
  /** Keytab of an account: alice, bob, carol, servera, serverb, serverc. */
  readonly keytab: (account: string) => string;
  /** Runs samba-tool on the domain's database, e.g. `tool('delegation', 'show', 'SERVERC$')`. */
  readonly tool: (...args: readonly string[]) => Promise<Outcome>;
}

/** Starts a fresh copy of the domain below `dir`, with more settings of smb.conf(5) if given. */
export async function startSambaDc(
  dir: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<SambaDc> {
  const template = await provisionedDomain();
  const address = loopbackAddress();
  const state = join(dir, 'samba');
  mkdirSync(dir, { recursive: true });
  // The database files are sparse, 1 GB each by size.
  await runOrThrow('cp', ['-a', '--sparse=always', template, state]);
  const config = join(state, 'etc', 'smb.conf');
  const text = readFileSync(config, 'utf8').replaceAll(PLACE, state).replaceAll(ANYWHERE, address);
  const more = Object.entries(settings).map(([name, value]) => `  ${name} = ${value}\n`);
  writeFileSync(config, text.replace('[global]\n', `[global]\n${more.join('')}`));
  mkdirSync(join(state, 'run'), { recursive: true });

  const domain = REALM.toLowerCase();
  const host = `${HOST}.${domain}`;
  const hosts = join(dir, 'hosts');
  const computers = ['servera', 'serverb', 'serverc'].map((name) => `${name}.${domain}`);
  writeFileSync(hosts, hostsFile({ [address]: [host, HOST, ...computers] }));
  // Tickets with a PAC rarely fit into a UDP answer.
  const libdefaults = ['udp_preference_limit = 1', 'forwardable = true'];
  const env = clientEnv(dir, { realm: REALM, kdc: address, kpasswd: address, libdefaults });

  const args = ['--foreground', '--no-process-group', '--debug-stdout', '-s', config];
  const server = await startGuarded('/usr/sbin/samba', args, join(dir, 'samba.out'));
  await whenReady(server, () => Promise.all(PORTS.map((port) => waitForPort(port, address))));
  return {
    realm: REALM,
    address,
    port: KDC_PORT,
    dir,
    env,
    pid: server.pid,
    stop: server.stop,
    host,
    baseDn: domain
      .split('.')
      .map((label) => `DC=${label}`)
      .join(','),
    hosts,
    keytab: (account) => join(state, 'keytabs', `${account}.keytab`),
    tool: (...command) => run('/usr/bin/samba-tool', [...command, '-s', config]),
  };
}

/** Stands in the template's smb.conf for the address that it is started on. */
const ANYWHERE = '127.0.0.20';
/** Stands in the template's smb.conf for the folder that it is copied to. */
const PLACE = '/nowhere/samba';

/** The folder with the provisioned domain, made on first use and when this recipe changes. */
async function provisionedDomain(): Promise<string> {
  const fill = fileURLToPath(new URL('samba-domain.py', import.meta.url));
  const version = await runOrThrow('/usr/sbin/samba', ['--version']);
  const recipe = [version, readFileSync(fill), readFileSync(fileURLToPath(import.meta.url))];
  const key = recipe.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
  const folder = join(peersCache, `samba-${key.slice(0, 12)}`);
  if (!existsSync(folder)) {
    const staged = `${folder}.${process.pid}`;
    rmSync(staged, { recursive: true, force: true });
    await provision(staged, fill);
    publish(staged, folder);
    removeOlder(folder);
  }
  return folder;
}

async function provision(dir: string, fill: string): Promise<void> {
  mkdirSync(join(dir, 'keytabs'), { recursive: true });
  const options = [
    `interfaces=${ANYWHERE}/8`,
    'bind interfaces only=yes',
    'server services=rpc, ldap, cldap, kdc',
    'ad dc functional level=2016',
    'dns forwarder=',
    `pid directory=${dir}/run`,
    `ncalrpc dir=${dir}/run/ncalrpc`,
    `ntp signd socket directory=${dir}/run/ntp_signd`,
    `log file=${dir}/samba.log`,
    'log level=1',
  ];
  const timeout = PROVISION_TIMEOUT_MS;
  const domain = [
    `--realm=${REALM}`,
    '--domain=CORP',
    '--function-level=2016',
    '--base-schema=2019',
  ];
  const host = ['--server-role=dc', `--host-name=${HOST}`, `--host-ip=${ANYWHERE}`];
  const stores = [`--targetdir=${dir}`, '--backend-store=mdb', '--backend-store-size=1Gb'];
  const rest = ['--dns-backend=SAMBA_INTERNAL', '--adminpass=Passw0rd.admin', '--quiet'];
  const extra = options.map((option) => `--option=${option}`);
  const command = ['domain', 'provision', '-s', '/dev/null'];
  const args = [...command, ...domain, ...host, ...stores, ...rest, ...extra];
  await runOrThrow('/usr/bin/samba-tool', args, { timeout });
  const config = join(dir, 'etc', 'smb.conf');
  await runOrThrow('/usr/bin/python3', [fill, config, join(dir, 'keytabs')], { timeout });
  // The DC's own ldap/, GC/ … names.
  await runOrThrow('/usr/sbin/samba_spnupdate', ['-s', config], { timeout });
  writeFileSync(config, readFileSync(config, 'utf8').replaceAll(dir, PLACE));
}

/** Whoever is first wins; both made the same. */
function publish(staged: string, folder: string): void {
  try {
    renameSync(staged, folder);
  } catch (error) {
    rmSync(staged, { recursive: true, force: true });
    if (!existsSync(folder)) {
      throw new Error(`cannot make ${basename(folder)}`, { cause: error });
    }
  }
}

function removeOlder(folder: string): void {
  const others = readdirSync(peersCache).filter((name) => /^samba-[0-9a-f]+$/u.test(name));
  for (const name of others.filter((other) => other !== basename(folder))) {
    rmSync(join(peersCache, name), { recursive: true, force: true });
  }
}
