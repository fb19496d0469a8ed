import type { Endpoint } from '@doublehop/remoting/endpoint/endpoint';
import type { Host } from '../hosts/host.ts';
import type { ServiceAddress } from '../hosts/network.ts';
import { MAX_REMOTING_CONNECTIONS } from '../limits.ts';
import { listenLazily } from '../process/lazy-listener.ts';
import type { WinRmOptions } from './win-rm.ts';

export interface RemotingServiceOptions {
  readonly http: ServiceAddress;
  readonly https: ServiceAddress;
  /** Makes what the service has, when its first client connects. */
  readonly load: (host: Host) => Promise<Omit<WinRmOptions, 'log'>>;
  readonly log: (line: string) => void;
}

/** A listening WinRM service. */
export interface RemotingService {
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Shells that are open. */
  readonly shells: () => number;
  close(): Promise<void>;
}

/** The WinRM service of a host on its two ports. Throws LabError `address`. */
export async function listenRemoting(
  host: Host,
  { http, https, load, log }: RemotingServiceOptions,
): Promise<RemotingService> {
  let endpoint: Endpoint | undefined;
  let loading: Promise<Endpoint> | undefined;
  const loaded = (): Promise<Endpoint> => {
    loading ??= Promise.all([import('./win-rm.ts'), load(host)]).then(
      ([{ winRmEndpoint }, options]) => {
        endpoint = winRmEndpoint(host, { ...options, log });
        return endpoint;
      },
    );
    return loading;
  };
  const common = { maxConnections: MAX_REMOTING_CONNECTIONS, log };
  const plain = await listenLazily({
    ...common,
    ...http,
    name: `${host.name}: WinRM (HTTP)`,
    load: async () => {
      const { http: server } = await loaded();
      return (socket) => void server.emit('connection', socket);
    },
  });
  const secure = await listenLazily({
    ...common,
    ...https,
    name: `${host.name}: WinRM (HTTPS)`,
    load: async () => {
      const { https: server } = await loaded();
      return (socket) => void server?.emit('connection', socket);
    },
  }).catch(async (error: unknown) => {
    await plain.close();
    throw error;
  });
  return {
    httpPort: plain.port,
    httpsPort: secure.port,
    shells: () => endpoint?.shells ?? 0,
    async close() {
      await Promise.all([plain.close(), secure.close(), loading?.then((one) => one.close())]);
    },
  };
}
