// What every foreign KDC offers to a test.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A foreign realm that runs until `stop()`, or until the test process is gone. */
export interface Peer {
  readonly realm: string;
  /** The loopback address that it alone listens on. */
  readonly address: string;
  readonly port: number;
  /** Folder with everything it made; remove it after `stop()`. */
  readonly dir: string;
  /** Client configuration: KRB5_CONFIG, and a credential cache private to `dir`. */
  readonly env: Readonly<Record<string, string>>;
  /** The process that answers requests, e.g. to read its CPU time. */
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

export interface ClientConfig {
  readonly realm: string;
  /** `address` or `address:port`. */
  readonly kdc: string;
  /** The same for changes of passwords; absent: port 464 of nobody. */
  readonly kpasswd?: string;
  /** More lines of [libdefaults]. */
  readonly libdefaults?: readonly string[];
}

/** A krb5.conf for one realm, understood by MIT's and by Heimdal's library; no DNS. */
export function clientConfig({ realm, kdc, kpasswd, libdefaults = [] }: ClientConfig): string {
  const domain = realm.toLowerCase();
  return `[libdefaults]
 default_realm = ${realm}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
${libdefaults.map((line) => ` ${line}\n`).join('')}[realms]
 ${realm} = {
  kdc = ${kdc}
${kpasswd === undefined ? '' : `  kpasswd_server = ${kpasswd}\n`} }
[domain_realm]
 .${domain} = ${realm}
 ${domain} = ${realm}
`;
}

/** Writes `krb5.conf` into `dir`; returns the environment that makes clients use it. */
export function clientEnv(dir: string, config: ClientConfig): Record<string, string> {
  const path = join(dir, 'krb5.conf');
  writeFileSync(path, clientConfig(config));
  return { KRB5_CONFIG: path, KRB5CCNAME: `FILE:${join(dir, 'ccache')}` };
}
