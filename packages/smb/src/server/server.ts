import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { decodeGuid } from '@doublehop/security/guid';
import { ALL_DIALECTS } from '../dialects.ts';
import { DEFAULT_SERVER_LIMITS } from '../limits.ts';
import { rpcPipe } from '../rpc/server.ts';
import { srvsvc } from '../rpc/srvsvc.ts';
import { ServerConnection } from './connection.ts';
import type { PipeHandler, ServerSettings, Share, ShareServerOptions } from './options.ts';

/** Where to listen. */
export interface ShareListenOptions {
  readonly host?: string;
  readonly port: number;
}

/** A file server that owns no data and knows its connections only. */
export interface ShareServer {
  /** Starts listening; may be called for several addresses. */
  listen(options: ShareListenOptions): Promise<AddressInfo>;
  /** Serves a connection that somebody else accepted. */
  accept(socket: Socket): void;
  /** Connections now. */
  readonly connections: number;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

/**
 * Makes a file server for reading: SMB 3.1.1, 3.0.2 and 2.1, Kerberos alone, everything signed or
 * encrypted. It listens when told to.
 */
export function createShareServer(options: ShareServerOptions): ShareServer {
  return new Engine(options);
}

/** The options with their defaults, and the pipe of the server service among the pipes. */
export function serverSettings(options: ShareServerOptions): ServerSettings {
  const shares = (): readonly Share[] =>
    typeof options.shares === 'function' ? options.shares() : options.shares;
  const pipes = new Map<string, PipeHandler>([
    ['srvsvc', rpcPipe([srvsvc(shares)])],
    ...Object.entries(options.pipes ?? {}),
  ]);
  return {
    ...options,
    limits: { ...DEFAULT_SERVER_LIMITS, ...options.limits },
    dialects: options.dialects ?? ALL_DIALECTS,
    log: options.log ?? (() => undefined),
    shareNamed: (name) => shares().find((share) => share.name.toUpperCase() === name.toUpperCase()),
    pipeNamed: (name) => pipes.get(name),
    sessions: new Map(),
  };
}

class Engine implements ShareServer {
  readonly #settings: ServerSettings;
  readonly #guid;
  readonly #servers = new Set<Server>();
  readonly #connections = new Set<ServerConnection>();
  readonly #byAddress = new Map<string, number>();
  #nextId = 1;
  #closing = false;

  constructor(options: ShareServerOptions) {
    this.#settings = serverSettings(options);
    this.#guid = decodeGuid(options.random(16));
  }

  get connections(): number {
    return this.#connections.size;
  }

  async listen({ host, port }: ShareListenOptions): Promise<AddressInfo> {
    const server = createServer({ noDelay: true }, (socket) => this.accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
    // Errors of accepting, such as no more descriptors: the server goes on.
    const { log } = this.#settings;
    server.on('error', (error) => log({ kind: 'defect', connection: 0, error }));
    this.#servers.add(server);
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not a TCP server');
    return address;
  }

  accept(socket: Socket): void {
    // A socket handed over may have died on the way: it would never tell us of its end.
    if (socket.destroyed) return;
    const address = socket.remoteAddress ?? '';
    const { log, limits } = this.#settings;
    const id = this.#nextId;
    this.#nextId += 1;
    const count = this.#byAddress.get(address) ?? 0;
    const isFull =
      this.#closing ||
      this.#connections.size >= limits.maxConnections ||
      count >= limits.maxConnectionsPerAddress;
    if (isFull) {
      socket.on('error', () => undefined);
      socket.destroy();
      log({ kind: 'close', connection: id, reason: 'too many connections' });
      return;
    }
    this.#byAddress.set(address, count + 1);
    const connection = new ServerConnection(id, socket, this.#settings, this.#guid, () => {
      this.#connections.delete(connection);
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, left);
    });
    this.#connections.add(connection);
  }

  async close(): Promise<void> {
    this.#closing = true;
    const closed = Array.from(
      this.#servers,
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    this.#servers.clear();
    const over = Array.from(this.#connections, (connection) => {
      connection.destroy('the server closes');
      return connection.over;
    });
    await Promise.all([...closed, ...over]);
  }
}
