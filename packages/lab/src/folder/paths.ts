import { isAbsolute, join, resolve } from 'node:path';
import { LabError } from '../errors.ts';
import { MAX_SOCKET_PATH } from '../limits.ts';

/** Where everything of one lab is. */
export interface LabPaths {
  /** Absolute. */
  readonly dir: string;
  /** Addresses, ports and process ids. */
  readonly state: string;
  readonly lock: string;
  readonly krb5Conf: string;
  /** Passwords of the people, mode 0600. */
  readonly passwords: string;
  /** Folder of keytabs. */
  readonly keytabs: string;
  /** Folder of the directory's store. */
  readonly store: string;
  /** Folder in which a new store is made before it takes its place. */
  readonly newStore: string;
  /** The same of the other domain, and its passwords. */
  readonly otherStore: string;
  readonly newOtherStore: string;
  readonly otherPasswords: string;
  readonly logs: string;
  /** One JSON line for each request to the KDC. */
  readonly audit: string;
  /** Credential cache of the shells that use the lab. */
  readonly ccache: string;
  /** Folder of Unix sockets, for the lab's owner only. */
  readonly control: string;
  readonly hostsSocket: string;
  /** PEM: what clients of LDAPS trust. */
  readonly ca: string;
  readonly tlsKey: string;
  /** PEM: what clients of the hosts' WinRM over HTTPS trust. */
  readonly hostsCa: string;
  readonly hostsTlsKey: string;
}

/** The files of a lab. Throws LabError `usage` for a folder that programs could not be told of. */
export function labPaths(folder: string): LabPaths {
  const dir = resolve(folder);
  // KRB5_CONFIG separates files by colons, and its files cannot hold such names.
  if (folder === '' || /[:\n\r\0"]|%\{/u.test(dir)) {
    throw new LabError('usage', `a lab cannot be in "${folder}": choose a plainer --dir`);
  }
  const control = join(dir, 'control');
  const hostsSocket = join(control, 'hosts.sock');
  if (Buffer.byteLength(hostsSocket) > MAX_SOCKET_PATH) {
    throw new LabError('usage', `${dir} is too long a name for a lab: choose a shorter --dir`);
  }
  const logs = join(dir, 'logs');
  return {
    dir,
    state: join(dir, 'lab.json'),
    lock: join(dir, 'lock'),
    krb5Conf: join(dir, 'krb5.conf'),
    passwords: join(dir, 'passwords.json'),
    keytabs: join(dir, 'keytabs'),
    store: join(dir, 'store'),
    newStore: join(dir, 'store.new'),
    otherStore: join(dir, 'other-domain', 'store'),
    newOtherStore: join(dir, 'other-domain', 'store.new'),
    otherPasswords: join(dir, 'other-domain', 'passwords.json'),
    logs,
    audit: join(logs, 'audit.jsonl'),
    ccache: join(dir, 'ccache'),
    control,
    hostsSocket,
    ca: join(dir, 'tls', 'ca.pem'),
    tlsKey: join(dir, 'tls', 'dc.key'),
    hostsCa: join(dir, 'tls', 'hosts.pem'),
    hostsTlsKey: join(dir, 'tls', 'hosts.key'),
  };
}

/** The keytab of an account: `SERVERB$` and `ServerB` are `keytabs/serverb.keytab`. */
export function keytabPath({ keytabs }: LabPaths, account: string): string {
  return join(keytabs, `${account.toLowerCase().replace(/\$$/u, '')}.keytab`);
}

/** Folder of the session configurations of a host: `hosts/serverb/configurations`. */
export function configurationsPath({ dir }: LabPaths, host: string): string {
  return join(dir, 'hosts', host.toLowerCase(), 'configurations');
}

/** Members of a host's group Administrators, where somebody changed them. */
export function administratorsPath({ dir }: LabPaths, host: string): string {
  return join(dir, 'hosts', host.toLowerCase(), 'administrators.json');
}

/** The folder of the lab when none is named (XDG Base Directory Specification, XDG_STATE_HOME). */
export function defaultLabDir(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: state = '', HOME: home = '' } = env;
  // Relative paths in these variables are to be ignored, says the specification.
  if (isAbsolute(state)) return join(state, 'doublehop', 'lab');
  if (isAbsolute(home)) return join(home, '.local', 'state', 'doublehop', 'lab');
  throw new LabError('usage', 'neither XDG_STATE_HOME nor HOME is set: name a folder with --dir');
}
