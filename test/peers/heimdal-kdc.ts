// Heimdal's KDC and clients, run from the folder that they were unpacked into.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startGuarded, whenReady } from '../support/guarded.ts';
import { heimdalRoot } from '../support/packages.ts';
import { freePort, loopbackAddress, waitForPort } from '../support/ports.ts';
import { run, runOrThrow, type Outcome, type RunOptions } from '../support/run.ts';
import { clientConfig, type Peer } from './peer.ts';

export interface HeimdalKdc extends Peer {
  /** Runs one command of kadmin on the database itself, e.g. `['get', 'alice']`. */
  readonly kadmin: (...command: readonly string[]) => Promise<string>;
  readonly addUser: (name: string, password: string) => Promise<void>;
  /** A service with random keys, which are also written to (or added to) `keytab`. */
  readonly addService: (name: string, keytab: string) => Promise<void>;
}

/** Starts Heimdal's KDC with an empty realm (HEIMDAL.TEST) below `dir`. */
export async function startHeimdalKdc(dir: string, realm = 'HEIMDAL.TEST'): Promise<HeimdalKdc> {
  const address = loopbackAddress();
  const port = await freePort(address);
  mkdirSync(dir, { recursive: true });
  const config = join(dir, 'krb5.conf');
  const client = clientConfig({ realm, kdc: `${address}:${port}` });
  writeFileSync(config, `${client}${kdcSection(dir, realm)}`);
  const env = { KRB5_CONFIG: config, KRB5CCNAME: `FILE:${join(dir, 'ccache')}` };
  const serverEnv = { ...env, ...libraries() };

  const tool = (command: string, args: readonly string[]): Promise<string> =>
    runOrThrow(join(heimdalRoot, 'usr', command), args, { env: serverEnv });
  const kadmin = (...command: readonly string[]): Promise<string> =>
    tool('bin/kadmin', ['--local', ...command]);
  await tool('sbin/kstash', ['--random-key', `--key-file=${join(dir, 'stash')}`]);
  const unlimited = ['--realm-max-ticket-life=unlimited', '--realm-max-renewable-life=unlimited'];
  await kadmin('init', ...unlimited, realm);

  const server = await startGuarded(
    join(heimdalRoot, 'usr/lib/heimdal-servers/kdc'),
    [`--config-file=${config}`, `--addresses=${address}`, `--ports=${port}`],
    join(dir, 'kdc.out'),
    { env: serverEnv },
  );
  await whenReady(server, () => waitForPort(port, address));
  return {
    realm,
    address,
    port,
    dir,
    env,
    pid: server.pid,
    stop: server.stop,
    kadmin,
    addUser: async (name, password) => {
      await kadmin('add', '--use-defaults', `--password=${password}`, name);
    },
    addService: async (name, keytab) => {
      await kadmin('add', '--use-defaults', '--random-key', name);
      await kadmin('ext_keytab', `--keytab=${keytab}`, name);
    },
  };
}

/** Runs a client of Heimdal: kinit, klist, kgetcred, kdestroy, kpasswd, ktutil, … */
export function heimdal(
  name: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const path = join(heimdalRoot, 'usr', 'bin', name);
  return run(path, args, { ...options, env: { ...options.env, ...libraries() } });
}

function libraries(): { LD_LIBRARY_PATH: string } {
  const parent = join(heimdalRoot, 'usr', 'lib');
  const folders = readdirSync(parent).filter((name) => name.includes('-linux-'));
  return { LD_LIBRARY_PATH: folders.map((name) => join(parent, name)).join(':') };
}

function kdcSection(dir: string, realm: string): string {
  return `[kdc]
 database = {
  dbname = ${join(dir, 'heimdal')}
  realm = ${realm}
  mkey_file = ${join(dir, 'stash')}
  acl_file = ${join(dir, 'kadmind.acl')}
  log_file = ${join(dir, 'kadmin.log')}
 }
[kadmin]
 require-preauth = true
[logging]
 kdc = FILE:${join(dir, 'kdc.log')}
 default = FILE:${join(dir, 'krb5.log')}
`;
}
