// Names of a test domain, resolved for one command only.
import { run, type Outcome, type RunOptions } from './run.ts';

/** Text of a hosts file: `localhost` and the given names. */
export function hostsFile(names: Readonly<Record<string, readonly string[]>>): string {
  const lines = Object.entries(names).map(([address, hosts]) => `${address} ${hosts.join(' ')}`);
  return ['127.0.0.1 localhost', ...lines, ''].join('\n');
}

/**
 * Runs a command that sees `hostsPath` as /etc/hosts, in a mount namespace of its own: the
 * machine's file is untouched and no other process sees the change. Needs root.
 */
export function withHosts(
  hostsPath: string,
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
  const inside = ['sh', '-c', script, hostsPath, command, ...args];
  return run('unshare', ['--mount', '--propagation', 'private', ...inside], options);
}
