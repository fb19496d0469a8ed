// MIT's krb5kdc with a realm of its own: nothing in /etc, a loopback address and port for itself.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startGuarded, whenReady } from '../support/guarded.ts';
import { freePort, loopbackAddress, waitForPort } from '../support/ports.ts';
import { runOrThrow } from '../support/run.ts';
import { clientEnv, type Peer } from './peer.ts';

export interface MitKdcOptions {
  readonly realm?: string;
  /** Encryption types of new keys, the strongest first. */
  readonly enctypes?: readonly string[];
  /** More lines for the database in [dbmodules]. */
  readonly moduleSettings?: readonly string[];
}

export interface MitKdc extends Peer {
  /** Runs one kadmin.local query, e.g. `getprinc alice`. */
  readonly kadmin: (query: string) => Promise<string>;
  readonly addUser: (name: string, password: string) => Promise<void>;
  /** A service with random keys, which are also written to (or added to) `keytab`. */
  readonly addService: (name: string, keytab: string) => Promise<void>;
  /**
   * Adds `count` users `user1` … `user<count>` who all have the keys of `password` (salted with
   * the realm alone), by loading a database dump: 100,000 take seconds.
   */
  readonly addManyUsers: (count: number, password: string) => Promise<void>;
}

const DEFAULT_ENCTYPES = [
  'aes256-cts-hmac-sha1-96',
  'aes128-cts-hmac-sha1-96',
  'aes256-cts-hmac-sha384-192',
  'aes128-cts-hmac-sha256-128',
] as const;
const LOAD_TIMEOUT_MS = 300_000;

/** Starts krb5kdc with an empty realm (MIT.TEST) below `dir`. */
export async function startMitKdc(dir: string, options: MitKdcOptions = {}): Promise<MitKdc> {
  const realm = options.realm ?? 'MIT.TEST';
  const address = loopbackAddress();
  const port = await freePort(address);
  mkdirSync(dir, { recursive: true });
  const profile = join(dir, 'kdc.conf');
  writeFileSync(profile, kdcConfig(dir, realm, `${address}:${port}`, options));
  const clients = clientEnv(dir, { realm, kdc: `${address}:${port}` });
  const env = { ...clients, KRB5_KDC_PROFILE: profile };

  const tool = (command: string, args: readonly string[]): Promise<string> =>
    runOrThrow(command, ['-r', realm, ...args], { env, timeout: LOAD_TIMEOUT_MS });
  const kadmin = (query: string): Promise<string> => tool('/usr/sbin/kadmin.local', ['-q', query]);
  await tool('/usr/sbin/kdb5_util', ['create', '-s', '-P', 'master']);

  const log = join(dir, 'krb5kdc.out');
  const server = await startGuarded('/usr/sbin/krb5kdc', ['-n', '-r', realm], log, { env });
  await whenReady(server, () => waitForPort(port, address));
  return {
    realm,
    address,
    port,
    dir,
    env: clients,
    pid: server.pid,
    stop: server.stop,
    kadmin,
    addUser: async (name, password) => {
      await kadmin(`addprinc -pw ${password} ${name}`);
    },
    addService: async (name, keytab) => {
      await kadmin(`addprinc -randkey ${name}`);
      await kadmin(`ktadd -k ${keytab} ${name}`);
    },
    addManyUsers: async (count, password) => {
      const model = join(dir, 'model.dump');
      const [enctype] = options.enctypes ?? DEFAULT_ENCTYPES;
      await kadmin(`addprinc -e ${enctype}:onlyrealm -pw ${password} user1`);
      await tool('/usr/sbin/kdb5_util', ['dump', model, `user1@${realm}`]);
      const copies = join(dir, 'users.dump');
      writeFileSync(copies, multiplyDump(readFileSync(model, 'utf8'), count, realm));
      await tool('/usr/sbin/kdb5_util', ['load', '-update', copies]);
    },
  };
}

function kdcConfig(dir: string, realm: string, listen: string, options: MitKdcOptions): string {
  const enctypes = (options.enctypes ?? DEFAULT_ENCTYPES).map((name) => `${name}:normal`);
  return `[kdcdefaults]
 kdc_listen = ${listen}
 kdc_tcp_listen = ${listen}
[realms]
 ${realm} = {
  database_module = store
  key_stash_file = ${join(dir, 'stash')}
  acl_file = ${join(dir, 'kadm5.acl')}
  supported_enctypes = ${enctypes.join(' ')}
  default_principal_flags = +preauth
  max_life = 10h
  max_renewable_life = 7d
 }
[dbmodules]
 store = {
  db_library = db2
  database_name = ${join(dir, 'principal')}
${(options.moduleSettings ?? []).map((line) => `  ${line}\n`).join('')} }
[logging]
 kdc = FILE:${join(dir, 'krb5kdc.log')}
 default = FILE:${join(dir, 'krb5.log')}
`;
}

/**
 * A dump in which the record of user1 stands `count` times under different names. A record is a
 * line of tab-separated fields: `princ`, base length, length of the name, numbers of tagged and
 * key data, length of extra data, the name, … Keys are encrypted with the master key alone, so
 * that a copy has the same keys.
 */
function multiplyDump(dump: string, count: number, realm: string): string {
  const [header = '', record = ''] = dump.split('\n');
  const fields = record.split('\t');
  const lines = [header];
  for (let number = 1; number <= count; number += 1) {
    const name = `user${number}@${realm}`;
    lines.push(
      [...fields.slice(0, 2), name.length, ...fields.slice(3, 6), name, ...fields.slice(7)].join(
        '\t',
      ),
    );
  }
  return `${lines.join('\n')}\n`;
}
