// Hosts with their file servers on real sockets of this machine.
import type { Host, HostOptions } from '../../src/hosts/host.ts';
import { type Network, nameOfHost } from '../../src/hosts/network.ts';
import { CONTOSO } from '../../src/scenario.ts';
import { type FileService, listenShares } from '../../src/shares/share-service.ts';
import type { TestDomain } from './domain.ts';
import type { TestWinRm } from './win-rm.ts';

const ADDRESS = '127.0.0.1';

/** Hosts that reach each other. */
export class TestHosts {
  /** Where the hosts' WinRM services are, for those that have one. */
  readonly winRm = new Map<string, Pick<TestWinRm, 'service' | 'ca'>>();
  readonly #hosts = new Map<string, Host>();
  readonly #files = new Map<string, FileService>();

  static async start(
    domain: TestDomain,
    names: readonly string[],
    more: Partial<HostOptions> = {},
  ): Promise<TestHosts> {
    const hosts = new TestHosts();
    const winRmOf = (name: string) => hosts.winRm.get(nameOfHost(CONTOSO, name) ?? '');
    const network: Network = {
      fileServer: (name) => {
        const files = hosts.#files.get(nameOfHost(CONTOSO, name) ?? '');
        return files && { address: ADDRESS, port: files.port };
      },
      winRm: (name) => {
        const port = winRmOf(name)?.service.httpPort;
        return port === undefined ? undefined : { address: ADDRESS, port };
      },
      winRmTls: async (name) => {
        const there = winRmOf(name);
        return there && { address: ADDRESS, port: there.service.httpsPort, ca: there.ca };
      },
    };
    for (const name of names) {
      const host = domain.host(name, { ...more, network });
      const where = { address: ADDRESS, port: 0 };
      hosts.#hosts.set(name, host);
      hosts.#files.set(name, await listenShares(host, where, domain.system.log));
    }
    return hosts;
  }

  get(name: string): Host {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`${name} was not started`);
    return host;
  }

  port(name: string): number {
    return this.#files.get(name)?.port ?? 0;
  }

  /** Ends a file server: the computer cannot be reached any more. */
  async stop(name: string): Promise<void> {
    await this.#files.get(name)?.close();
  }

  async close(): Promise<void> {
    for (const files of this.#files.values()) await files.close();
  }
}
