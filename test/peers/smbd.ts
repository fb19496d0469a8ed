// Samba's file server as ServerC: a member of our domain by its keytab, with winbindd beside it.
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Contoso } from '../support/contoso.ts';
import { startGuarded, whenReady } from '../support/guarded.ts';
import { freePort, waitForPort } from '../support/ports.ts';
import { runOrThrow } from '../support/run.ts';

/** A running smbd. */
export interface Smbd {
  readonly address: string;
  readonly port: number;
  /** The folder that the share `data` shows. */
  readonly folder: string;
  /** What smbd logged of its connections so far. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Settings that a test changes. */
export interface SmbdOptions {
  /** More lines of [global]. */
  readonly global?: readonly string[];
}

/**
 * Starts smbd and winbindd in a mount namespace of their own, where the domain's people have local
 * accounts. No controller is asked for anything: domain SID and machine password are put in place.
 */
export async function startSmbd(
  dir: string,
  contoso: Contoso,
  { global = [] }: SmbdOptions = {},
): Promise<Smbd> {
  const folder = join(dir, 'share');
  const runtime = join(dir, 'run');
  for (const path of [folder, runtime]) mkdirSync(path, { recursive: true });
  // smbd looks at files as the user.
  for (const path of [dirname(dir), dir, folder]) chmodSync(path, 0o755);
  const port = await freePort(contoso.address);
  const conf = join(dir, 'smb.conf');
  writeFileSync(conf, configuration(dir, contoso, { port, folder, global }));
  const passwd = join(dir, 'passwd');
  writeFileSync(passwd, `${readFileSync('/etc/passwd', 'utf8')}${LOCAL.join('\n')}\n`);
  const env = { KRB5_CONFIG: contoso.env['KRB5_CONFIG'] ?? '' };
  const domainSid = contoso.account('alice').sid.replace(/-\d+$/u, '');
  await runOrThrow('/usr/bin/net', ['-s', conf, 'setdomainsid', domainSid], { env });
  await runOrThrow('/usr/bin/python3', ['-c', JOINED, join(dir, 'private', 'secrets.tdb')]);
  const script = [
    'mkdir -p /run/samba && mount --bind "$0" /run/samba || exit 1',
    'mount --bind "$1" /etc/passwd || exit 1',
    'hostname serverc.contoso.com',
    `/usr/sbin/winbindd -F --no-process-group -s "$2" >"${dir}/winbindd.out" 2>&1 &`,
    'exec /usr/sbin/smbd -F --no-process-group -s "$2"',
  ].join('\n');
  // Samba's helpers leave the process group; none outlives the first process of a namespace.
  const alone = ['--pid', '--fork', '--kill-child', '--mount-proc'];
  const namespaces = ['--mount', '--uts', '--propagation', 'private', ...alone];
  const inside = [...namespaces, 'sh', '-c', script];
  const args = [...inside, runtime, passwd, conf];
  const server = await startGuarded('unshare', args, join(dir, 'smbd.out'), { env });
  await whenReady(server, () => waitForPort(port, contoso.address));
  return {
    address: contoso.address,
    port,
    folder,
    log: () =>
      readdirSync(dir)
        .filter((name) => /^log\.[\d.]+$/u.test(name))
        .map((name) => readFileSync(join(dir, name), 'utf8'))
        .join(''),
    stop: server.stop,
  };
}

/** What a join leaves in secrets.tdb beside the domain's SID; the keys that count are elsewhere. */
const JOINED = `
import struct, sys, tdb
secrets = tdb.open(sys.argv[1])
for name, value in {
    'MACHINE_PASSWORD': b'Machine-Passw0rd\\0',
    'MACHINE_LAST_CHANGE_TIME': struct.pack('<I', 1),
    'MACHINE_SEC_CHANNEL_TYPE': struct.pack('<I', 2),
}.items():
    secrets[('SECRETS/' + name + '/CONTOSO').encode()] = value
`;

/** Local accounts by the names that winbindd gives to smbd. */
const LOCAL = ['alice', 'bob', 'administrator'].map(
  (name, index) => `CONTOSO\\${name}:x:${61_000 + index}:65534::/nonexistent:/bin/false`,
);

function configuration(
  dir: string,
  contoso: Contoso,
  { port, folder, global }: { port: number; folder: string; global: readonly string[] },
): string {
  const folders = ['private', 'lock', 'state', 'cache', 'pid', 'ncalrpc'].map((name) => {
    const path = join(dir, name);
    mkdirSync(path, { recursive: true, mode: 0o755 });
    return name === 'private' || name === 'ncalrpc'
      ? `${name} dir = ${path}`
      : `${name} directory = ${path}`;
  });
  return [
    '[global]',
    'netbios name = SERVERC',
    'workgroup = CONTOSO',
    'realm = CONTOSO.COM',
    'security = ads',
    'kerberos method = dedicated keytab',
    `dedicated keytab file = ${contoso.keytab('serverc')}`,
    `interfaces = ${contoso.address}/8`,
    'bind interfaces only = yes',
    `smb ports = ${port}`,
    'idmap config * : backend = tdb',
    'idmap config * : range = 100000-199999',
    'disable netbios = yes',
    'load printers = no',
    'disable spoolss = yes',
    `log file = ${join(dir, 'log.%m')}`,
    'logging = file',
    'log level = 3 auth_audit:5',
    'max log size = 0',
    'winbind offline logon = no',
    ...folders,
    ...global,
    '[data]',
    `path = ${folder}`,
    'read only = yes',
    '[sealed]',
    `path = ${folder}`,
    'smb encrypt = required',
    '[dfs]',
    `path = ${folder}`,
    'msdfs root = yes',
    '',
  ].join('\n');
}
