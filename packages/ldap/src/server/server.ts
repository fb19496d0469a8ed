import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import type { SecureContext } from 'node:tls';
import { LdapError } from '../errors.ts';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from '../limits.ts';
import type { SaslServerFactory } from '../sasl/mechanism.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import type { CloseReason, LdapServerLog } from './events.ts';
import type { LdapHandler } from './handler.ts';
import { DEFAULT_SERVER_POLICY, type ServerPolicy } from './policy.ts';

/** What a server is made of. */
export interface LdapServerOptions<I> {
  readonly handler: LdapHandler<I>;
  /** SASL mechanisms offered; none by default. */
  readonly mechanisms?: readonly SaslServerFactory[];
  /** What Sicily binds use (MS-ADTS 5.1.1.1.3): NTLM alone; absent: they are refused. */
  readonly sicily?: SaslServerFactory | undefined;
  /** Certificate and key, from `tls.createSecureContext`; absent: neither StartTLS nor LDAPS. */
  readonly tls?: SecureContext | undefined;
  /** Milliseconds since 1970: for the durations in the log. */
  readonly clock: () => number;
  readonly limits?: Partial<ServerLimits>;
  readonly policy?: Partial<ServerPolicy>;
  readonly log?: LdapServerLog;
}

/** What a connection is to be served as. */
export interface ServeOptions {
  /** LDAPS. */
  readonly implicitTls?: boolean;
  /** A port of the global catalog (MS-ADTS 3.1.1.3.1.10): the handler's sessions say so. */
  readonly globalCatalog?: boolean;
}

/** Where to listen, and for what. */
export interface ListenOptions extends ServeOptions {
  readonly host?: string;
  readonly port: number;
}

/** A running engine: it owns no data and knows its connections only. */
export interface LdapServer {
  /** Starts listening; may be called for several addresses. */
  listen(options: ListenOptions): Promise<AddressInfo>;
  /** Serves a connection that somebody else accepted. */
  accept(socket: Socket, options?: ServeOptions): void;
  /** Connections now. */
  readonly connections: number;
  /**
   * Stops listening, lets operations in progress finish (at most `closeTimeout`), tells every
   * client `unavailable` (RFC 4511 §4.4.1) and ends its connection.
   */
  close(): Promise<void>;
}

/** Makes an LDAP server around a handler; it listens when told to. */
export function createLdapServer<I>(options: LdapServerOptions<I>): LdapServer {
  return new Engine(options);
}

class Engine<I> implements LdapServer {
  readonly #options: ConnectionOptions<I>;
  readonly #servers = new Set<Server>();
  readonly #connections = new Set<Connection<I>>();
  readonly #byAddress = new Map<string, number>();
  #nextId = 1;
  #closing = false;

  constructor({ limits, policy, mechanisms, sicily, tls, log, ...options }: LdapServerOptions<I>) {
    this.#options = {
      ...options,
      mechanisms: mechanisms ?? [],
      sicily,
      tls,
      limits: { ...DEFAULT_SERVER_LIMITS, ...limits },
      policy: { ...DEFAULT_SERVER_POLICY, ...policy },
      log: log ?? (() => undefined),
    };
  }

  get connections(): number {
    return this.#connections.size;
  }

  async listen({ host, port, ...serve }: ListenOptions): Promise<AddressInfo> {
    if (serve.implicitTls === true) this.#requireTls();
    const server = createServer({ noDelay: true }, (socket) => {
      this.accept(socket, serve);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
    // Errors of accepting, such as no more descriptors: the server goes on.
    server.on('error', (error) => this.#options.log({ kind: 'error', connection: 0, error }));
    this.#servers.add(server);
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not a TCP server');
    return address;
  }

  accept(socket: Socket, { implicitTls = false, globalCatalog = false }: ServeOptions = {}): void {
    if (implicitTls) this.#requireTls();
    // A socket handed over may have died on the way: it would never tell us of its end.
    if (socket.destroyed) return;
    const address = socket.remoteAddress ?? '';
    const id = this.#nextId;
    this.#nextId += 1;
    const reason = this.#refusal(address);
    if (reason !== undefined) {
      socket.on('error', () => undefined);
      socket.destroy();
      this.#options.log({ kind: 'close', connection: id, address, reason });
      return;
    }
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    const connection = new Connection({ id, globalCatalog }, socket, this.#options, () => {
      this.#connections.delete(connection);
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, left);
    });
    this.#connections.add(connection);
    if (implicitTls) connection.startImplicitTls();
  }

  async close(): Promise<void> {
    this.#closing = true;
    const closed = Array.from(
      this.#servers,
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    this.#servers.clear();
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, this.#options.limits.closeTimeout);
    const ended = Array.from(this.#connections, (connection) => connection.shutdown());
    await Promise.all([...closed, ...ended]);
    clearTimeout(timer);
  }

  #refusal(address: string): CloseReason | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#options.limits;
    if (this.#closing) return 'shutdown';
    if (this.#connections.size >= maxConnections) return 'too-many-connections';
    if ((this.#byAddress.get(address) ?? 0) >= maxConnectionsPerAddress) {
      return 'too-many-connections-of-address';
    }
    return undefined;
  }

  #requireTls(): void {
    if (this.#options.tls === undefined) {
      throw new LdapError('paramError', 'LDAPS needs a certificate');
    }
  }
}
