// A machine of the domain: commands that find the controller by DNS, as members do.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Corp } from './corp.ts';
import { startGuarded, whenReady } from './guarded.ts';
import { waitForPort } from './ports.ts';
import { run, type Outcome, type RunOptions } from './run.ts';

/** A place to run commands in, whose resolver knows the domain. */
export interface Member {
  readonly dir: string;
  /** Runs a command that sees this domain's DNS, hosts file and krb5.conf, and no others. */
  readonly run: (
    command: string,
    args: readonly string[],
    options?: RunOptions,
  ) => Promise<Outcome>;
  readonly stop: () => Promise<void>;
}

const DNS_PORT = 53;

/**
 * Starts a name server (dnsmasq) with the records that a domain's clients ask for, on the
 * controller's address; `records` are options of dnsmasq for more. Needs root, and the peer
 * `dnsmasq`.
 */
export async function startMember(
  corp: Corp,
  name = 'member1',
  records: readonly string[] = [],
): Promise<Member> {
  const dir = join(corp.dir, name);
  mkdirSync(dir, { recursive: true });
  const files = {
    hosts: join(dir, 'hosts'),
    resolver: join(dir, 'resolv.conf'),
    kerberos: corp.env['KRB5_CONFIG'] ?? '',
  };
  // The resolver alone knows the controller: whoever asks for services finds them there.
  writeFileSync(files.hosts, `127.0.0.1 localhost\n127.0.0.1 ${name}.${corp.domain} ${name}\n`);
  writeFileSync(files.resolver, `nameserver ${corp.address}\nsearch ${corp.domain}\n`);
  const server = await startGuarded(
    '/usr/sbin/dnsmasq',
    [...dnsmasq(corp), ...records],
    join(dir, 'dnsmasq.log'),
  );
  await whenReady(server, () => waitForPort(DNS_PORT, corp.address));
  const script =
    'mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf &&' +
    ' touch /etc/krb5.conf && mount --bind "$2" /etc/krb5.conf && shift 2 && exec "$@"';
  return {
    dir,
    run: (command, args, options = {}) => {
      const inside = [files.hosts, files.resolver, files.kerberos, command, ...args];
      const all = ['--mount', '--uts', '--propagation', 'private', 'sh', '-c'];
      const named = `hostname ${name}.${corp.domain} && ${script}`;
      return run('unshare', [...all, named, ...inside], {
        ...options,
        env: { ...corp.env, ...options.env },
      });
    },
    stop: server.stop,
  };
}

function dnsmasq({ address, domain, host }: Corp): string[] {
  const services = {
    '_ldap._tcp': 389,
    '_ldap._tcp.dc._msdcs': 389,
    '_ldap._tcp.pdc._msdcs': 389,
    '_ldap._tcp.gc._msdcs': 3268,
    '_gc._tcp': 3268,
    '_ldap._tcp.Default-First-Site-Name._sites': 389,
    '_ldap._tcp.Default-First-Site-Name._sites.dc._msdcs': 389,
    '_kerberos._tcp': 88,
    '_kerberos._udp': 88,
    '_kerberos._tcp.dc._msdcs': 88,
    '_kpasswd._tcp': 464,
    '_kpasswd._udp': 464,
  };
  const records = Object.entries(services).map(
    ([service, port]) => `--srv-host=${service}.${domain},${host},${port}`,
  );
  return [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--user=root',
    '--bind-interfaces',
    `--listen-address=${address}`,
    '--no-resolv',
    '--no-hosts',
    `--local=/${domain}/`,
    `--host-record=${host},${address}`,
    `--address=/${domain}/${address}`,
    ...records,
  ];
}
